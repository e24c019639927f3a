"""Higher bonification of the prime d'activité since April 2026: is this person concerned?

Source: webinar of the Caf de la Haute-Marne, 4 May 2026, « Revalorisation de la prime
d'activité ». The document says the range of the incomes (« compris entre »: both ends are in it)
and that nothing has to be done; it gives no amount, and does not speak of other incomes.
It does not speak of couples either: each person who works is looked at with their own income.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from actions.eligibility.decision import Condition, Decision, Note, decided
from actions.knowledge.parameters import Parameters

RULE = "prime_activite_bonification"
MINIMUM = "prime_activite/bonification_revenu_minimum"
MAXIMUM = "prime_activite/bonification_revenu_maximum"

# First payments « à partir de l'été 2026 »: until its end they may still be to come.
FIN_ETE_2026 = dt.date(2026, 8, 31)
# The prime is revalued « comme chaque année » in April: the figures of 2026 are then old.
PROCHAINE_REVALORISATION = dt.date(2027, 4, 1)


@dataclass(frozen=True)
class Situation:
    """What is known; None is "not known". Incomes from work, in € per month, one person each."""

    revenu_activite: Decimal | None = None
    autre_travailleur: bool | None = None
    autre_revenu_activite: Decimal | None = None
    prime_activite_recue: bool | None = None


@dataclass(frozen=True)
class _Range:
    """Incomes for which the bonification rises, ends included."""

    low: Decimal
    high: Decimal

    def holds(self, income: Decimal | None) -> bool | None:
        return None if income is None else self.low <= income <= self.high


def decide(situation: Situation, date: dt.date, parameters: Parameters) -> Decision:
    """Whether the rise of April 2026 is for this household. An estimation, without amount."""
    incomes = _Range(parameters.at(MINIMUM, date).value, parameters.at(MAXIMUM, date).value)
    own = incomes.holds(situation.revenu_activite)
    other = _other(situation, incomes)
    concerned = True if own or other else (None if None in (own, other) else False)
    conditions = (
        Condition.of("revenu", concerned, *_missing_incomes(situation)),
        _receives(situation),
    )
    return decided(
        RULE,
        date,
        conditions,
        notes=[
            *_about_income(situation, incomes, concerned),
            *_about_rise(situation, date, concerned),
        ],
        steps=_steps(situation, concerned),
    )


def _other(situation: Situation, incomes: _Range) -> bool | None:
    """Whether the other person who works, if there is one, is in the range."""
    if situation.autre_travailleur is False:
        return False
    return incomes.holds(situation.autre_revenu_activite)


def _missing_incomes(situation: Situation) -> Iterator[str]:
    if situation.revenu_activite is None:
        yield "revenu_activite"
    if situation.autre_revenu_activite is not None:
        return
    if situation.autre_travailleur is None:
        yield "autre_travailleur"
    elif situation.autre_travailleur:
        yield "autre_revenu_activite"


def _receives(situation: Situation) -> Condition:
    """Without the prime today, only a simulation tells: its ceiling rose at the same time."""
    received = situation.prime_activite_recue
    unknown = ("prime_activite_recue",) if received is None else ()
    return Condition.of("prime", received or None, *unknown)


def _about_income(situation: Situation, incomes: _Range, concerned: bool | None) -> Iterator[Note]:
    income = situation.revenu_activite
    if income is None or incomes.holds(income):
        return
    if concerned:
        yield Note("autre_personne")
    elif income < incomes.low:
        yield Note("revenu_au_dessous")
    else:
        yield Note("revenu_au_dessus")


def _about_rise(situation: Situation, date: dt.date, concerned: bool | None) -> Iterator[Note]:
    if concerned is not False:
        yield Note("sans_montant")
        started = date > FIN_ETE_2026
        yield Note("versements_commences" if started else "versements_a_venir")
    if situation.prime_activite_recue is not False:
        yield Note("hausse_generale")
    if not situation.prime_activite_recue:
        yield Note("plafond")
    if date >= PROCHAINE_REVALORISATION:
        yield Note("chiffres_anciens")


def _steps(situation: Situation, concerned: bool | None) -> Iterator[str]:
    if situation.prime_activite_recue is not False:
        yield "declarations"
    if not situation.prime_activite_recue:
        yield "simuler"
    if situation.prime_activite_recue and concerned is not False:
        yield "regarder_paiements"
