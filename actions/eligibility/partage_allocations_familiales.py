"""Sharing the allocations familiales (AF) between parents when the children live in both homes.

Source: webinar of the Caf de la Haute-Marne, 6 October 2025, « Je me sépare : l'offre de
service », « Partage des allocations familiales en cas de résidence alternée », and « Je me
sépare : les principales démarches ». It gives no amount, no number of children, and says nothing
of other benefits: neither does this rule.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from actions.eligibility.decision import (
    Condition,
    Decision,
    Note,
    Verdict,
    decided,
    require_known,
    verdict_of,
)
from actions.knowledge.parameters import Parameters

RULE = "partage_allocations_familiales"
CONNUE_DEPUIS = dt.date(2025, 10, 6)


class Residence(StrEnum):
    """Where the children live."""

    ALTERNEE = "alternee"
    CERTAINS = "certains"
    VISITES = "visites"
    PREVUE = "prevue"
    UN_PARENT = "un_parent"


class Accord(StrEnum):
    """What the parents chose together, if they did."""

    PARTAGE = "partage"
    TOUT_POUR_MOI = "tout_pour_moi"
    TOUT_POUR_AUTRE = "tout_pour_autre"
    DESACCORD = "desaccord"
    PAS_DECIDE = "pas_decide"


class Versement(StrEnum):
    """Who is paid the allocations familiales today."""

    MOI = "moi"
    AUTRE = "autre"
    DEUX = "deux"
    PERSONNE = "personne"


# A simple right to visit: the document does not say whether it counts, only the Caf can.
ALTERNATING = {
    Residence.ALTERNEE: True,
    Residence.CERTAINS: True,
    Residence.VISITES: None,
    Residence.PREVUE: False,
    Residence.UN_PARENT: False,
}
UNDECIDED = {None, Accord.PAS_DECIDE}
SPLIT = {Accord.PARTAGE, Accord.DESACCORD}
UNCHANGED = {
    (Accord.TOUT_POUR_MOI, Versement.MOI),
    (Accord.TOUT_POUR_AUTRE, Versement.AUTRE),
}
EFFECT_OF_A_SPLIT = {
    Versement.MOI: "vous_gardez_une_part",
    Versement.AUTRE: "une_part_pour_vous",
    Versement.DEUX: "deja_partage",
}
TELLING = {
    Accord.PARTAGE: "dire_partage",
    Accord.TOUT_POUR_MOI: "dire_un_parent",
    Accord.TOUT_POUR_AUTRE: "dire_un_parent",
    Accord.DESACCORD: "dire_desaccord",
}


@dataclass(frozen=True)
class Situation:
    """What is known; None is "not known". No amount and no duration: only choices.

    `separe`: the parents are separated, read only while the children's home is not known.
    """

    residence_enfants: Residence | None = None
    separe: bool | None = None
    af_recues: Versement | None = None
    af_accord: Accord | None = None
    allocataire: bool | None = None


def decide(situation: Situation, date: dt.date, parameters: Parameters) -> Decision:
    """Whether the parents may share the AF, or choose who is paid them. No figure is used.

    Raises:
        UnknownAtDate: before the document.
    """
    require_known(RULE, date, CONNUE_DEPUIS)
    conditions = _conditions(situation)
    refused = verdict_of(conditions) is Verdict.NON
    return decided(
        RULE,
        date,
        conditions,
        wanted=_wanted(situation),
        notes=map(Note, _refusal_notes(situation) if refused else _notes(situation)),
        steps=_refusal_steps(situation) if refused else _steps(situation),
    )


def _conditions(situation: Situation) -> tuple[Condition, ...]:
    residence = situation.residence_enfants
    if residence is None:
        return (
            Condition.of("residence", None, "residence_enfants"),
            Condition.of("separes", situation.separe, "separe"),
            _allowance_paid(situation),
        )
    lives_in_both = ALTERNATING[residence]
    home = Condition.of("residence", lives_in_both)
    # Without an alternating home for sure, who is paid the AF would settle nothing.
    return (home, _allowance_paid(situation)) if lives_in_both else (home,)


def _allowance_paid(situation: Situation) -> Condition:
    """There must be something to share; whether a right could open is for the Caf to say."""
    paid = situation.af_recues
    if paid is Versement.PERSONNE:
        return Condition.of("allocations", None)
    return Condition.of("allocations", None if paid is None else True, "af_recues")


def _wanted(situation: Situation) -> tuple[str, ...]:
    wanted = []
    if situation.residence_enfants is not Residence.VISITES and situation.af_accord is None:
        wanted.append("af_accord")
    if situation.allocataire is None and not _already_done(situation):
        wanted.append("allocataire")
    return tuple(wanted)


def _already_done(situation: Situation) -> bool:
    """The AF are shared already, and go on so."""
    return situation.af_recues is Versement.DEUX and situation.af_accord in SPLIT


def _notes(situation: Situation) -> list[str]:
    if situation.residence_enfants is Residence.VISITES:
        return ["visites", "autres_aides"]
    notes = [_effect(situation)]
    if situation.af_accord is Accord.DESACCORD:
        notes.append("desaccord")
    if situation.residence_enfants is Residence.CERTAINS:
        notes.append("certains")
    if situation.af_recues is Versement.PERSONNE:
        notes.append("personne")
    return [*notes, "quotient", "autres_aides", "montant_inconnu"]


def _effect(situation: Situation) -> str:
    """What the choice changes, for this parent."""
    accord, paid = situation.af_accord, situation.af_recues
    if accord is None or accord is Accord.PAS_DECIDE:
        return "choix_ouvert"
    if accord in SPLIT:
        return "une_part_chacun" if paid is None else EFFECT_OF_A_SPLIT.get(paid, "une_part_chacun")
    return "rien_ne_change" if (accord, paid) in UNCHANGED else accord.value


def _refusal_notes(situation: Situation) -> list[str]:
    return ["prevue"] if situation.residence_enfants is Residence.PREVUE else ["si_alternance"]


def _refusal_steps(situation: Situation) -> list[str]:
    if situation.residence_enfants is Residence.PREVUE:
        return ["declarer_debut", "rendez_vous"]
    return ["rendez_vous"]


def _steps(situation: Situation) -> list[str]:
    if situation.residence_enfants is Residence.VISITES:
        return [_declaring(situation), "demander_visites"]
    if _already_done(situation):
        return ["verifier_paiements", "rendez_vous", "autres_droits"]
    steps = ["simuler"] if situation.af_recues is Versement.PERSONNE else []
    steps += _agreeing(situation.af_accord)
    steps.append(_declaring(situation))
    if situation.af_accord in TELLING:
        steps.append(TELLING[situation.af_accord])
    return [*steps, "rendez_vous", "autres_droits"]


def _agreeing(accord: Accord | None) -> list[str]:
    """Help to agree, for those who have not."""
    if accord is Accord.DESACCORD:
        return ["mediation"]
    return ["decider", "mediation"] if accord in UNDECIDED else []


def _declaring(situation: Situation) -> str:
    if situation.allocataire is None:
        return "declarer"
    return "declarer_allocataire" if situation.allocataire else "declarer_non_allocataire"
