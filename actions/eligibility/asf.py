"""Allocation de soutien familial (ASF), for the children of one family.

Source: webinar of the Caf de la Haute-Marne, 6 October 2025, « L'allocation de soutien familial
(ASF) : synthèse » (conditions, amounts, end of the right), « Situations et exemples » (six
situations) and « Les missions de l'Aripa » (the three kinds of ASF). One situation of the other
parent, and one pension per child, hold for all the children.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from actions.eligibility.decision import (
    Amount,
    Condition,
    Decision,
    Note,
    Verdict,
    decided,
    verdict_of,
)
from actions.knowledge.errors import UnknownAtDate
from actions.knowledge.parameters import Parameter, Parameters

RULE = "asf"
MONTANT, MONTANT_RECUEILLI, AGE_LIMITE = "asf/montant", "asf/montant_recueilli", "asf/age_limite"
ARRIERES = "aripa/arrieres"
TOTAL_UNIT = "€ par mois"


class Lien(StrEnum):
    """Who raises the children."""

    PARENT = "parent"
    RECUEILLANT = "recueillant"


class AutreParent(StrEnum):
    """What the other parent does about a pension alimentaire."""

    NE_PAIE_PAS = "ne_paie_pas"
    PAIE_EN_PARTIE = "paie_en_partie"
    PAIE_TOUT = "paie_tout"
    PENSION_NON_FIXEE = "pension_non_fixee"
    NE_PEUT_PAS = "ne_peut_pas"
    NON_RECONNU = "non_reconnu"
    DECEDE = "decede"
    VIOLENCES = "violences"


ENTITLED_WITHOUT_MORE = {
    AutreParent.NE_PAIE_PAS,
    AutreParent.NE_PEUT_PAS,
    AutreParent.NON_RECONNU,
    AutreParent.DECEDE,
}
PAYING = {AutreParent.PAIE_EN_PARTIE, AutreParent.PAIE_TOUT}
UNPAID = {AutreParent.NE_PAIE_PAS, AutreParent.PAIE_EN_PARTIE}
WITHOUT_PENSION = {AutreParent.NON_RECONNU, AutreParent.DECEDE}
# Notes that say the kind of ASF, or the situation when the document gives it no kind.
NOTES = {
    AutreParent.NE_PAIE_PAS: ("recouvrable", "impaye_un_mois"),
    AutreParent.PAIE_EN_PARTIE: ("recouvrable", "impaye_un_mois"),
    AutreParent.PAIE_TOUT: ("complementaire",),
    AutreParent.NE_PEUT_PAS: ("non_recouvrable",),
    AutreParent.PENSION_NON_FIXEE: ("pension_non_fixee",),
    AutreParent.NON_RECONNU: ("non_reconnu",),
    AutreParent.DECEDE: ("decede",),
}


@dataclass(frozen=True)
class Situation:
    """What is known; None is "not known".

    ages_enfants: completed years of each dependent child. pension_recue: € per month, per child.
    demarche_pension: a step was taken to have a pension fixed. violences_attestees: an official
    document attests the violence of the other parent.
    """

    lien_enfant: Lien | None = None
    vit_seul: bool | None = None
    ages_enfants: tuple[int, ...] | None = None
    residence_stable: bool | None = None
    autre_parent: AutreParent | None = None
    pension_recue: Decimal | None = None
    demarche_pension: bool | None = None
    violences_attestees: bool | None = None


@dataclass(frozen=True)
class _Scale:
    """The figures in force, and how many of the children they leave.

    arrears: months, None before the document that says it. children: those young enough, None
    when the ages are not known; too_old: the others.
    """

    maximum: Parameter
    limit: int
    arrears: int | None
    children: int | None
    too_old: int


def decide(situation: Situation, date: dt.date, parameters: Parameters) -> Decision:
    """Whether, and how much, the ASF is due at `date`. An estimation.

    Raises:
        UnknownAtDate: no scale is known that early.
    """
    scale = _scale(situation, date, parameters)
    conditions = _conditions(situation, scale)
    refused = verdict_of(conditions) is Verdict.NON
    notes = _refusal_notes(situation, scale) if refused else _notes(situation, scale)
    return decided(
        RULE,
        date,
        conditions,
        amount=_amount(situation, scale),
        notes=[*_safety_notes(situation), *notes, *_age_notes(situation, scale)],
        steps=_refusal_steps(situation, scale) if refused else _steps(situation),
    )


def _scale(situation: Situation, date: dt.date, parameters: Parameters) -> _Scale:
    name = MONTANT_RECUEILLI if situation.lien_enfant is Lien.RECUEILLANT else MONTANT
    limit = int(parameters.at(AGE_LIMITE, date).value)
    ages = situation.ages_enfants
    children = None if ages is None else sum(age < limit for age in ages)
    too_old = len(ages or ()) - (children or 0)
    arrears = _arrears(date, parameters)
    return _Scale(parameters.at(name, date), limit, arrears, children, too_old)


def _arrears(date: dt.date, parameters: Parameters) -> int | None:
    try:
        return int(parameters.at(ARRIERES, date).value)
    except UnknownAtDate:
        return None


def _conditions(situation: Situation, scale: _Scale) -> tuple[Condition, ...]:
    young_enough = None if scale.children is None else scale.children > 0
    common = (
        Condition.of("residence", situation.residence_stable, "residence_stable"),
        Condition.of("age", young_enough, "ages_enfants"),
    )
    if situation.lien_enfant is Lien.RECUEILLANT:
        return (*common, Condition.of("recueilli", True))
    if situation.lien_enfant is Lien.PARENT:
        alone = Condition.of("vit_seul", situation.vit_seul, "vit_seul")
        return (*common, alone, _pension(situation, scale.maximum.value))
    return (*common, Condition.of("lien", None, "lien_enfant"))


def _pension(situation: Situation, maximum: Decimal) -> Condition:
    """Whether the other parent's contribution, or its lack, opens the right."""
    other = situation.autre_parent
    if other is None:
        return Condition.of("pension", None, "autre_parent")
    if other in PAYING:
        received = situation.pension_recue
        low = None if received is None else received < maximum
        return Condition.of("pension", low, "pension_recue")
    if other is AutreParent.PENSION_NON_FIXEE:
        return _only_the_caf_can_refuse(situation.demarche_pension, "demarche_pension")
    if other is AutreParent.VIOLENCES:
        return _only_the_caf_can_refuse(situation.violences_attestees, "violences_attestees")
    return Condition.of("pension", True)


def _only_the_caf_can_refuse(fact: bool | None, name: str) -> Condition:
    """The document makes exceptions for "particular situations": a no is not a refusal."""
    return Condition.of("pension", fact or None, *(() if fact is False else (name,)))


def _amount(situation: Situation, scale: _Scale) -> Amount | None:
    """For all the children together; none when they, or the scale, are not known."""
    if not scale.children or situation.lien_enfant is None:
        return None
    low, high = _amount_per_child(situation, scale.maximum.value)
    number, of = scale.children, scale.maximum
    return Amount(low * number, high * number, TOTAL_UNIT, of.since, of.up_to_date)


def _amount_per_child(situation: Situation, maximum: Decimal) -> tuple[Decimal, Decimal]:
    received, other = situation.pension_recue, situation.autre_parent
    if situation.lien_enfant is Lien.RECUEILLANT or other not in {*PAYING, None}:
        return maximum, maximum
    if other is None or received is None:
        return Decimal(0), maximum
    left = max(maximum - received, Decimal(0))
    return left, left


def _safety_notes(situation: Situation) -> list[Note]:
    """Said whatever the verdict."""
    return [Note("violences")] if situation.autre_parent is AutreParent.VIOLENCES else []


def _notes(situation: Situation, scale: _Scale) -> list[Note]:
    """What to know when the right is open, or may be."""
    notes: list[Note] = []
    if situation.lien_enfant is Lien.RECUEILLANT:
        notes += [Note("recueilli"), *_several(scale), Note("fin_de_droit_recueilli")]
    elif situation.lien_enfant is Lien.PARENT:
        notes += _other_parent_notes(situation, scale)
        notes += [*_several(scale), Note("fin_de_droit")]
    if not scale.maximum.up_to_date:
        notes.append(Note("montant_ancien", {"depuis": scale.maximum.since}))
    return notes


def _other_parent_notes(situation: Situation, scale: _Scale) -> list[Note]:
    other = situation.autre_parent
    if other is None:
        return []
    notes = [Note(name) for name in NOTES.get(other, ())]
    if other in UNPAID and scale.arrears is not None:
        notes.append(Note("arrieres", {"mois": scale.arrears}))
    if other in PAYING and situation.pension_recue is not None:
        maximum, received = scale.maximum.value, situation.pension_recue
        values = {"maximum": maximum, "recue": received, "reste": maximum - received}
        notes.append(Note("calcul", {**values}))
    return notes


def _several(scale: _Scale) -> list[Note]:
    children = scale.children or 0
    return [Note("plusieurs_enfants", {"nombre": children})] if children > 1 else []


def _refusal_notes(situation: Situation, scale: _Scale) -> list[Note]:
    notes = []
    if situation.lien_enfant is Lien.PARENT and situation.vit_seul is False:
        notes.append(Note("couple"))
    if _pension_too_high(situation, scale):
        partly = situation.autre_parent is AutreParent.PAIE_EN_PARTIE
        notes.append(Note("partielle_suffisante" if partly else "pension_suffisante"))
        if not scale.maximum.up_to_date:
            notes.append(Note("seuil_ancien", {"depuis": scale.maximum.since}))
    return notes


def _pension_too_high(situation: Situation, scale: _Scale) -> bool:
    if situation.lien_enfant is not Lien.PARENT or situation.autre_parent not in PAYING:
        return False
    received = situation.pension_recue
    return received is not None and received >= scale.maximum.value


def _age_notes(situation: Situation, scale: _Scale) -> list[Note]:
    """Children who do not count, or soon will not: the right ends the month of the birthday."""
    notes = []
    if scale.too_old:
        notes.append(Note("enfants_trop_grands", {"nombre": scale.too_old}))
    if scale.limit - 1 in (situation.ages_enfants or ()):
        notes.append(Note("bientot_trop_grand"))
    return notes


def _steps(situation: Situation) -> list[str]:
    if situation.lien_enfant is not Lien.PARENT:
        recueilli = situation.lien_enfant is Lien.RECUEILLANT
        return ["demander_sans_pension", "signaler"] if recueilli else ["appeler_caf"]
    return [*_first_steps(situation), *_request_steps(situation), "signaler"]


def _first_steps(situation: Situation) -> list[str]:
    """What comes before the request."""
    match situation.autre_parent:
        case AutreParent.VIOLENCES if situation.violences_attestees:
            return ["se_proteger", "joindre_document"]
        case AutreParent.VIOLENCES:
            return ["se_proteger", "obtenir_document"]
        case AutreParent.PENSION_NON_FIXEE if not situation.demarche_pension:
            return ["faire_fixer"]
        case AutreParent.PENSION_NON_FIXEE:
            return ["poursuivre_demarche"]
        case _:
            return []


def _request_steps(situation: Situation) -> list[str]:
    other = situation.autre_parent
    if other in WITHOUT_PENSION:
        return ["demander_sans_pension"]
    return ["demander", "recuperer_impayes", "aripa"] if other in UNPAID else ["demander", "aripa"]


def _refusal_steps(situation: Situation, scale: _Scale) -> list[str]:
    steps = []
    if situation.autre_parent is AutreParent.VIOLENCES:
        steps.append("se_proteger")
    if situation.autre_parent in UNPAID and situation.lien_enfant is Lien.PARENT:
        steps.append("recuperer_impayes")
    if _pension_too_high(situation, scale):
        steps.append("aripa")
    return [*steps, "appeler_caf"]
