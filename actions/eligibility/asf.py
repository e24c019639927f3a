"""Allocation de soutien familial (ASF), for one child.

Source: webinar of the Caf de la Haute-Marne, 6 October 2025, « L'allocation de soutien familial
(ASF) : synthèse » and « Situations et exemples »; Code de la sécurité sociale, art. L. 523-1
and L. 581-2 (differential allowance when a pension is partly paid).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from actions.eligibility.decision import Amount, Condition, Decision, Status, Verdict, verdict_of
from actions.knowledge.errors import UnknownAtDate
from actions.knowledge.parameters import Parameter, Parameters

RULE = "asf"
MONTANT, MONTANT_RECUEILLI, AGE_LIMITE = "asf/montant", "asf/montant_recueilli", "asf/age_limite"


class Lien(StrEnum):
    """Who raises the child."""

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


@dataclass(frozen=True)
class Situation:
    """What is known; None is "not known". Ages in years, pension in € per month for the child."""

    lien: Lien | None = None
    vit_seul: bool | None = None
    age_enfant: int | None = None
    residence_stable: bool | None = None
    autre_parent: AutreParent | None = None
    pension_recue: Decimal | None = None
    demarche_engagee: bool | None = None
    document_violences: bool | None = None


def decide(situation: Situation, date: dt.date, parameters: Parameters) -> Decision:
    """Whether, and how much, the ASF is due for this child at `date`. An estimation."""
    try:
        maximum = parameters.at(_amount_name(situation), date)
        limit = int(parameters.at(AGE_LIMITE, date).value)
    except UnknownAtDate:
        return Decision(RULE, date, Verdict.A_PRECISER, (), missing=("date",))
    conditions = _conditions(situation, limit, maximum.value)
    verdict = verdict_of(conditions)
    return Decision(
        RULE,
        date,
        verdict,
        conditions,
        amount=None if verdict is Verdict.NON else _amount(situation, maximum),
        missing=_missing(conditions, situation),
        notes=_notes(situation, verdict, maximum),
    )


def _amount_name(situation: Situation) -> str:
    return MONTANT_RECUEILLI if situation.lien is Lien.RECUEILLANT else MONTANT


def _conditions(situation: Situation, limit: int, maximum: Decimal) -> tuple[Condition, ...]:
    age = situation.age_enfant
    facts: dict[str, bool | None] = {
        "residence": situation.residence_stable,
        "age": None if age is None else age < limit,
    }
    if situation.lien is Lien.RECUEILLANT:
        facts["recueilli"] = True
    elif situation.lien is Lien.PARENT:
        facts["vit_seul"] = situation.vit_seul
        facts["pension"] = _deprived_of_pension(situation, maximum)
    else:
        facts["lien"] = None
    return tuple(Condition(name, Status.of(fact)) for name, fact in facts.items())


def _deprived_of_pension(situation: Situation, maximum: Decimal) -> bool | None:
    """Whether the other parent's contribution opens the right."""
    other = situation.autre_parent
    if other in ENTITLED_WITHOUT_MORE:
        return True
    if other in PAYING:
        received = situation.pension_recue
        return None if received is None else received < maximum
    if other is AutreParent.PENSION_NON_FIXEE:
        # Without any step to have it fixed the right ends, "except in particular situations".
        return situation.demarche_engagee or None
    if other is AutreParent.VIOLENCES:
        return situation.document_violences or None
    return None


def _amount(situation: Situation, maximum: Parameter) -> Amount:
    low = high = maximum.value
    if situation.autre_parent in PAYING and situation.lien is Lien.PARENT:
        received = situation.pension_recue
        low = Decimal(0) if received is None else maximum.value - received
        high = maximum.value if received is None else low
    return Amount(low, high, maximum.unit, maximum.since, maximum.up_to_date)


def _missing(conditions: tuple[Condition, ...], situation: Situation) -> tuple[str, ...]:
    unknown = [c.id for c in conditions if c.status is Status.UNKNOWN]
    return tuple(_missing_pension(situation) if name == "pension" else name for name in unknown)


def _missing_pension(situation: Situation) -> str:
    other = situation.autre_parent
    if other in PAYING:
        return "pension_recue"
    if other is AutreParent.PENSION_NON_FIXEE:
        return "demarche"
    return "document_violences" if other is AutreParent.VIOLENCES else "autre_parent"


def _notes(situation: Situation, verdict: Verdict, maximum: Parameter) -> tuple[str, ...]:
    notes = []
    if verdict is not Verdict.NON and situation.lien is Lien.PARENT and situation.autre_parent:
        notes.append(situation.autre_parent.value)
    if verdict is Verdict.NON and _pension_too_high(situation, maximum.value):
        notes.append("pension_suffisante")
    if verdict is not Verdict.NON:
        notes.append("fin_de_droit")
    if not maximum.up_to_date:
        notes.append("montant_ancien")
    return tuple(notes)


def _pension_too_high(situation: Situation, maximum: Decimal) -> bool:
    received = situation.pension_recue
    return situation.autre_parent in PAYING and received is not None and received >= maximum
