"""National aid of the Caf for the Bafa (to lead groups of children), paid to the candidate.

Source: « La Caf aux côtés des élus », national vade-mecum of 2022, section « Le Bafa ». It gives
the amount, whom it is paid to, and that local aids and aids to local authorities exist: no age,
no income, no deadline, no step of the training. None is invented here.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from actions.eligibility.decision import Amount, Condition, Decision, Note, decided
from actions.knowledge.parameters import Parameter, Parameters

RULE = "bafa"
AIDE_NATIONALE = "bafa/aide_nationale"


class Candidat(StrEnum):
    """Who prepares, or pays for, the Bafa."""

    MOI = "moi"
    PROCHE = "proche"
    COLLECTIVITE = "collectivite"


class Formation(StrEnum):
    """How far the training is."""

    PAS_INSCRIT = "pas_inscrit"
    EN_COURS = "en_cours"
    TERMINEE = "terminee"
    AUTRE_DIPLOME = "autre_diplome"


@dataclass(frozen=True)
class Situation:
    """What is known; None is "not known". The amount is in €, once for the training."""

    bafa_candidat: Candidat | None = None
    bafa_formation: Formation | None = None
    allocataire: bool | None = None


def decide(situation: Situation, date: dt.date, parameters: Parameters) -> Decision:
    """Whether the national aid may be paid, and how much. An estimation.

    Raises:
        UnknownAtDate: before the vade-mecum.
    """
    aid = parameters.at(AIDE_NATIONALE, date)
    return decided(
        RULE,
        date,
        _conditions(situation),
        amount=_amount(aid, date),
        wanted=() if situation.allocataire is not None else ("allocataire",),
        notes=_notes(situation, aid),
        steps=_steps(situation),
    )


def _amount(aid: Parameter, date: dt.date) -> Amount:
    """The document tells the amount of its year only: later it is said to be an old one."""
    up_to_date = aid.up_to_date and date.year == aid.since.year
    return Amount(aid.value, aid.value, aid.unit, aid.since, up_to_date)


def _conditions(situation: Situation) -> tuple[Condition, ...]:
    who, training = situation.bafa_candidat, situation.bafa_formation
    person = None if who is None else who is not Candidat.COLLECTIVITE
    diploma = None if training is None else training is not Formation.AUTRE_DIPLOME
    conditions = (
        Condition.of("candidat", person, "bafa_candidat"),
        Condition.of("diplome", diploma, "bafa_formation"),
    )
    if training is Formation.TERMINEE:
        # The deadline is not in the document: only the Caf can tell whether it has passed.
        return (*conditions, Condition.of("delai", None))
    return conditions


def _notes(situation: Situation, aid: Parameter) -> list[Note]:
    if situation.bafa_candidat is Candidat.COLLECTIVITE:
        return [Note("collectivite")]
    if situation.bafa_formation is Formation.AUTRE_DIPLOME:
        return [Note("autre_diplome")]
    notes = [
        Note("annee_du_montant", {"annee": str(aid.since.year)}),
        Note("versee_au_proche" if situation.bafa_candidat is Candidat.PROCHE else "versee"),
        Note("autres_conditions"),
        Note("aide_locale"),
    ]
    if situation.bafa_formation is Formation.TERMINEE:
        return [Note("delai_inconnu"), *notes]
    return notes


def _steps(situation: Situation) -> list[str]:
    if situation.bafa_candidat is Candidat.COLLECTIVITE:
        return ["conseiller", "convention"]
    if situation.bafa_formation is Formation.AUTRE_DIPLOME:
        return ["demander_a_la_caf"]
    steps = ["verifier", "aide_locale", "commune", _contact(situation)]
    if situation.bafa_formation is Formation.PAS_INSCRIT:
        return ["trouver_formation", *steps]
    if situation.bafa_formation is Formation.TERMINEE:
        return ["demander_vite", *steps]
    return steps


def _contact(situation: Situation) -> str:
    return "ecrire_mon_compte" if situation.allocataire else "prendre_rendez_vous"
