"""A place in an AVIP crèche (à vocation d'insertion professionnelle).

Source: webinar of the Caf de la Haute-Marne, 4 May 2026, « Quel public ? », « Quelles nouveautés
en 2026 ? », « Qui pour orienter les familles ? », « Comment orienter les familles ? » and the
national charter. The public is there « inscrit à France Travail et engagé dans un parcours », then,
as a novelty of 2026, « tout parent engagé dans un parcours »: a parent who is not registered is
neither accepted nor refused here.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from actions.eligibility.decision import Condition, Decision, Note, Status, decided
from actions.knowledge.parameters import Parameters

RULE = "creche_avip"
AGE = "creche/age_avip"
HAUTE_MARNE = "52"  # the only list of crèches that is known


class Parcours(StrEnum):
    """What the parent is doing towards a job or social inclusion."""

    RECHERCHE_EMPLOI = "recherche_emploi"
    FORMATION = "formation"
    RSA = "rsa"
    REFUGIE = "refugie"
    SOCIAL = "social"
    AUCUN = "aucun"


# Who, for each, can direct the parent to a crèche: never the parent alone.
CONSEILLER = {
    Parcours.RECHERCHE_EMPLOI: "conseiller_emploi",
    Parcours.FORMATION: "conseiller_emploi",
    Parcours.RSA: "conseiller_rsa",
    Parcours.REFUGIE: "conseiller_refugie",
    Parcours.SOCIAL: "conseiller_social",
}


@dataclass(frozen=True)
class Situation:
    """What is known; None is "not known".

    `ages_enfants`: completed years of each child. `recherche_emploi_accompagnee`: a professional
    helps in looking for a job. `departement`: number of the one lived in.
    """

    ages_enfants: tuple[int, ...] | None = None
    avip_parcours: Parcours | None = None
    recherche_emploi_accompagnee: bool | None = None
    inscrit_france_travail: bool | None = None
    vit_seul: bool | None = None
    departement: str | None = None


def decide(situation: Situation, date: dt.date, parameters: Parameters) -> Decision:
    """Whether a place can be asked for at `date`. An estimation: the crèche answers.

    Raises:
        UnknownAtDate: the rule is not known that early.
    """
    conditions = (
        _age(situation.ages_enfants, parameters.at(AGE, date).value),
        _parcours(situation),
        _france_travail(situation.inscrit_france_travail),
    )
    failed = {c.id for c in conditions if c.status is Status.NOT_SATISFIED}
    return decided(
        RULE,
        date,
        conditions,
        wanted=[name for name in ("vit_seul", "departement") if getattr(situation, name) is None],
        notes=_refusal_notes(situation, failed) if failed else _notes(situation),
        steps=_refusal_steps(failed) if failed else _steps(situation),
    )


def _age(ages: tuple[int, ...] | None, limit: Decimal) -> Condition:
    young = None if ages is None else any(age < limit for age in ages)
    return Condition.of("age", young, "ages_enfants")


def _parcours(situation: Situation) -> Condition:
    match situation.avip_parcours:
        case None:
            return Condition.of("parcours", None, "avip_parcours")
        case Parcours.RECHERCHE_EMPLOI:
            helped = situation.recherche_emploi_accompagnee
            return Condition.of("parcours", helped, "recherche_emploi_accompagnee")
        case parcours:
            return Condition.of("parcours", parcours is not Parcours.AUCUN)


def _france_travail(registered: bool | None) -> Condition:
    if registered is False:
        return Condition("france_travail", Status.UNKNOWN)  # the two sayings of the document
    return Condition.of("france_travail", registered, "inscrit_france_travail")


def _notes(situation: Situation) -> list[Note]:
    notes = [Note("monoparental")] if situation.vit_seul else []
    if situation.inscrit_france_travail is False:
        notes.append(Note("public_elargi"))
    return [*notes, Note("reponse_creche"), Note("continuite")]


def _refusal_notes(situation: Situation, failed: set[str]) -> list[Note]:
    notes = [Note("trop_grand")] if "age" in failed and situation.ages_enfants else []
    if "parcours" in failed:
        alone = situation.avip_parcours is Parcours.RECHERCHE_EMPLOI
        notes.append(Note("recherche_seule" if alone else "parcours_a_commencer"))
    return notes


def _steps(situation: Situation) -> list[str]:
    parcours = situation.avip_parcours
    local = situation.departement == HAUTE_MARNE
    return [
        "conseiller" if parcours is None else CONSEILLER[parcours],
        "trouver_creche_52" if local else "trouver_creche",
        "orientation",
        "horaires",
        "charte",
    ]


def _refusal_steps(failed: set[str]) -> list[str]:
    if "age" in failed:
        return ["autre_accueil"]
    return ["demander_accompagnement", "autre_accueil"]
