"""Complément inclusif: what the Caf adds when a leisure centre (ALSH) takes a disabled child.

Source: webinar of the Caf de la Haute-Marne, 7 March 2024, « La mise en place du « complément
inclusif ALSH » », « Éligibilité et modalités de mise en place ». The money goes to whoever runs
the centre, never to the parents.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from actions.eligibility.decision import Amount, Condition, Decision, Note, Status, decided
from actions.knowledge.parameters import Parameter, Parameters

RULE = "complement_inclusif_alsh"
MONTANT = "handicap/complement_inclusif"
AGE_MINIMUM = "handicap/complement_inclusif_age_minimum"
AGE_MAXIMUM = "handicap/complement_inclusif_age_maximum"
# When a study was announced, to extend it to children whose disability is being recognised.
ETUDE_ANNONCEE = dt.date(2024, 3, 7)


class Accueil(StrEnum):
    """Where the child is looked after."""

    PERISCOLAIRE = "periscolaire"
    EXTRASCOLAIRE = "extrascolaire"
    ADOLESCENTS = "adolescents"
    CRECHE = "creche"
    AUTRE = "autre"


class Role(StrEnum):
    """Who is asking."""

    PARENT = "parent"
    GESTIONNAIRE = "gestionnaire"


@dataclass(frozen=True)
class Situation:
    """What is known; None is "not known".

    `aeeh`: one of the children receives the AEEH; the facts that follow are about that child, or,
    without AEEH, the child whose disability is being recognised. `age_enfant_handicap`: completed
    years. `accueil_ados_finance_caf`: the centre for teenagers gets the Pso Alsh.
    `heures_accueil_loisirs`: hours during which the child was looked after.
    """

    aeeh: bool | None = None
    reconnaissance_handicap_en_cours: bool | None = None
    age_enfant_handicap: int | None = None
    accueil_enfant_handicap: Accueil | None = None
    accueil_ados_finance_caf: bool | None = None
    role_accueil_loisirs: Role | None = None
    heures_accueil_loisirs: int | None = None


def decide(situation: Situation, date: dt.date, parameters: Parameters) -> Decision:
    """Whether the centre can have the complement for this child at `date`. An estimation.

    Raises:
        UnknownAtDate: the complement did not exist yet.
    """
    rate = parameters.at(MONTANT, date)
    ages = [int(parameters.at(name, date).value) for name in (AGE_MINIMUM, AGE_MAXIMUM)]
    conditions = (_aeeh(situation), _age(situation.age_enfant_handicap, ages), _accueil(situation))
    failed = {c.id for c in conditions if c.status is Status.NOT_SATISFIED}
    return decided(
        RULE,
        date,
        conditions,
        amount=Amount(rate.value, rate.value, rate.unit, rate.since, rate.up_to_date),
        wanted=_wanted(situation),
        notes=_refusal_notes(situation) if failed else _notes(situation, rate),
        steps=_refusal_steps(failed) if failed else _steps(situation),
    )


def _aeeh(situation: Situation) -> Condition:
    if situation.aeeh is not False:
        return Condition.of("aeeh", situation.aeeh, "aeeh")
    if situation.reconnaissance_handicap_en_cours:
        return Condition("aeeh", Status.UNKNOWN)  # what the study led to is not known
    recognising = situation.reconnaissance_handicap_en_cours
    return Condition.of("aeeh", recognising, "reconnaissance_handicap_en_cours")


def _age(age: int | None, limits: list[int]) -> Condition:
    within = None if age is None else limits[0] <= age <= limits[1]
    return Condition.of("age", within, "age_enfant_handicap")


def _accueil(situation: Situation) -> Condition:
    match situation.accueil_enfant_handicap:
        case None:
            return Condition.of("accueil", None, "accueil_enfant_handicap")
        case Accueil.ADOLESCENTS:
            financed = situation.accueil_ados_finance_caf
            return Condition.of("accueil", financed, "accueil_ados_finance_caf")
        case accueil:
            return Condition.of("accueil", accueil in {Accueil.PERISCOLAIRE, Accueil.EXTRASCOLAIRE})


def _wanted(situation: Situation) -> list[str]:
    if situation.role_accueil_loisirs is None:
        return ["role_accueil_loisirs"]
    manager = situation.role_accueil_loisirs is Role.GESTIONNAIRE
    return (
        ["heures_accueil_loisirs"] if manager and situation.heures_accueil_loisirs is None else []
    )


def _notes(situation: Situation, rate: Parameter) -> list[Note]:
    notes = [] if situation.role_accueil_loisirs is Role.GESTIONNAIRE else [Note("pas_aux_parents")]
    hours = situation.heures_accueil_loisirs or 0
    if hours > 0 and situation.role_accueil_loisirs is Role.GESTIONNAIRE:
        notes.append(Note("total", {"heures": hours, "total": rate.value * hours}))
    if situation.aeeh is False:
        notes.append(Note("etude", {"annonce": ETUDE_ANNONCEE}))
    return [*notes, Note("montant_connu", {"depuis": rate.since})]


def _refusal_notes(situation: Situation) -> list[Note]:
    notes = [Note("aide_creche")] if situation.accueil_enfant_handicap is Accueil.CRECHE else []
    return [*notes, Note("autres_soutiens")]


def _steps(situation: Situation) -> list[str]:
    if situation.aeeh is False:
        return ["demander_a_la_caf", "handicap"]
    role = situation.role_accueil_loisirs
    parent = ["donner_notification", "parler_accueil"] if role is not Role.GESTIONNAIRE else []
    manager = ["garder_notification", "compter_heures", "conseiller_caf"]
    return [*parent, *(manager if role is not Role.PARENT else [])]


def _refusal_steps(failed: set[str]) -> list[str]:
    return ["parler_accueil", *(["handicap"] if "aeeh" in failed else []), "demander_a_la_caf"]
