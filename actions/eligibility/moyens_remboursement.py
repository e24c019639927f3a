"""Which way to repay the Caf fits, and what to do first.

Source: webinar of the Caf de la Haute-Marne, 4 May 2026, « Rembourser une créance : le paiement en
ligne par carte bancaire » (four ways) and « Comment rembourser mes dettes en ligne ? »; webinar of
7 March 2024, « Fraudes : une majoration de 10 % des indus frauduleux », « Motifs de rendez-vous »
and « À quoi servent les accès directs ? » (deductions from what is paid).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from actions.eligibility.decision import Condition, Decision, Note, decided
from actions.knowledge.parameters import Parameters

RULE = "moyens_remboursement"
MINIMUM, MAJORATION = "dette/remboursement_minimum", "fraude/majoration_indu"
CENT = Decimal("0.01")


class Part(StrEnum):
    """How much of the debt is to be paid now."""

    TOUT = "tout"
    UNE_PARTIE = "une_partie"


class Moyen(StrEnum):
    """With what the person can pay."""

    CARTE = "carte"
    PRELEVEMENT = "prelevement"
    VIREMENT = "virement"
    CHEQUE = "cheque"
    ESPECES = "especes"
    AUCUN = "aucun"


# A cheque is an exception that the Caf grants; its document names neither cash nor other means.
TAKEN = {Moyen.CARTE, Moyen.PRELEVEMENT, Moyen.VIREMENT}
IN_MON_COMPTE = {None, Moyen.CARTE, Moyen.PRELEVEMENT}
PARTIAL_NOT_DESCRIBED = {Moyen.PRELEVEMENT, Moyen.VIREMENT}
ASKING = {
    Moyen.CHEQUE: "demander_cheque",
    Moyen.ESPECES: "demander_especes",
    Moyen.AUCUN: "demander_solution",
}

CHOOSING = {
    None: "choisir_montant",
    Part.TOUT: "choisir_tout",
    Part.UNE_PARTIE: "choisir_une_partie",
}


@dataclass(frozen=True)
class Situation:
    """What is known; None is "not known".

    `dette_versee_a_tort`: € wrongly paid, before any increase. `fraude`: what the Caf says, not
    what the person did.
    """

    dette_reclamee: bool | None = None
    dette_contestee: bool | None = None
    fraude: bool | None = None
    dette_versee_a_tort: Decimal | None = None
    dette_difficulte: bool | None = None
    moyen_paiement: Moyen | None = None
    dette_remboursement: Part | None = None
    acces_mon_compte: bool | None = None
    allocataire: bool | None = None


def decide(situation: Situation, date: dt.date, parameters: Parameters) -> Decision:
    """The ways to repay that fit, in order. Yes means "here is how".

    Raises:
        UnknownAtDate: before the four ways are known.
    """
    parameters.at(MINIMUM, date)
    rate = parameters.at(MAJORATION, date).value
    owed = situation.dette_reclamee is not False
    return decided(
        RULE,
        date,
        _conditions(situation),
        wanted=_wanted(situation),
        notes=_notes(situation, rate) if owed else (),
        steps=_steps(situation) if owed else ("verifier_dettes",),
    )


def _conditions(situation: Situation) -> tuple[Condition, ...]:
    contested, mean = situation.dette_contestee, situation.moyen_paiement
    agreed = True if contested is False else None
    # Whether a contested sum is due is for the Caf to say: nothing more to ask the person.
    asked = () if contested else ("dette_contestee",)
    conditions = [
        Condition.of("dette", situation.dette_reclamee, "dette_reclamee"),
        Condition.of("somme_reconnue", agreed, *asked),
    ]
    # Without a preference every way is told: that is an answer too.
    if mean and not contested:
        conditions.append(Condition.of("moyen", mean in TAKEN or None))
    return tuple(conditions)


def _wanted(situation: Situation) -> list[str]:
    """What orders the steps. Who contests is not yet asked how to pay."""
    facts: list[tuple[str, bool]] = [
        ("fraude", True),
        ("dette_versee_a_tort", situation.fraude is True),
    ]
    if not situation.dette_contestee:
        mean = situation.moyen_paiement
        facts += [
            ("dette_difficulte", True),
            ("moyen_paiement", True),
            ("dette_remboursement", mean is None or mean in TAKEN),
            ("acces_mon_compte", mean in IN_MON_COMPTE),
            ("allocataire", True),
        ]
    return [name for name, useful in facts if useful and getattr(situation, name) is None]


def _notes(situation: Situation, rate: Decimal) -> list[Note]:
    notes = [Note("a_rembourser"), *_fraud_notes(situation, rate)]
    if situation.dette_contestee:
        return [*notes, Note("pendant_la_contestation")]
    if situation.allocataire:
        notes.append(Note("retenues"))
    return [*notes, *map(Note, _means_notes(situation))]


def _fraud_notes(situation: Situation, rate: Decimal) -> list[Note]:
    if not situation.fraude:
        return []
    notes = [Note("majoration"), Note("pas_de_remise")]
    paid = situation.dette_versee_a_tort
    if paid is None or paid < 0:
        return notes
    increase = (paid * rate / 100).quantize(CENT, ROUND_HALF_UP)
    values: dict[str, Decimal | dt.date | int | str] = {
        "versee": paid,
        "majoration": increase,
        "total": paid + increase,
    }
    return [notes[0], Note("majoration_calculee", values), *notes[1:]]


def _means_notes(situation: Situation) -> list[str]:
    mean, partial = situation.moyen_paiement, situation.dette_remboursement is Part.UNE_PARTIE
    notes = []
    if mean is None or mean is Moyen.CARTE:
        notes.append("carte_gratuite")
    if mean is Moyen.CHEQUE:
        notes.append("cheque_exceptionnel")
    if mean is Moyen.ESPECES:
        notes.append("especes_pas_prevues")
    if partial:
        notes.append("partie_autrement" if mean in PARTIAL_NOT_DESCRIBED else "minimum")
    return notes


def _steps(situation: Situation) -> list[str]:
    steps = ["voir_dette"] if situation.dette_contestee is not False else []
    if situation.dette_contestee:
        return [*steps, "contester", "mediateur", "rembourser_ensuite"]
    if situation.dette_difficulte:
        steps.append("difficulte_fraude" if situation.fraude else "difficulte")
    return [*steps, *_paying(situation)]


def _paying(situation: Situation) -> list[str]:
    mean, steps = situation.moyen_paiement, []
    if mean in IN_MON_COMPTE and situation.acces_mon_compte is False:
        steps.append("retrouver_acces")
    if mean in ASKING:
        return [ASKING[mean], "autres_moyens"]
    if mean is Moyen.PRELEVEMENT:
        return [*steps, "mandat_sepa"]
    if mean is Moyen.VIREMENT:
        return ["demander_rib", "faire_virement"]
    steps += ["ouvrir_dettes", CHOOSING[situation.dette_remboursement], "payer", "recu"]
    return steps if mean else [*steps, "mandat_sepa", "demander_rib", "faire_virement"]
