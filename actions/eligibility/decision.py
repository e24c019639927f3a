"""What a rule returns: a verdict, an amount, and each condition with its state. No sentence."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from actions.knowledge.errors import UnknownAtDate


class Verdict(StrEnum):
    OUI = "oui"
    NON = "non"
    A_PRECISER = "a_preciser"


class Status(StrEnum):
    SATISFIED = "satisfied"
    NOT_SATISFIED = "not_satisfied"
    UNKNOWN = "unknown"

    @classmethod
    def of(cls, fact: bool | None) -> Status:
        if fact is None:
            return cls.UNKNOWN
        return cls.SATISFIED if fact else cls.NOT_SATISFIED


@dataclass(frozen=True)
class Condition:
    """One condition of the right; its label and source are in data/eligibility/<rule>.yml.

    `missing`: the facts that would settle it, empty unless it is unknown. An unknown condition
    without any is one that only the Caf can judge.
    """

    id: str
    status: Status
    missing: tuple[str, ...] = ()

    @classmethod
    def of(cls, id_: str, holds: bool | None, *facts: str) -> Condition:
        """A condition that holds, does not, or (None) cannot be told without `facts`."""
        return cls(id_, Status.of(holds), facts if holds is None else ())


@dataclass(frozen=True)
class Amount:
    """From `min` to `max`, both in `unit` (equal when the amount is certain).

    `since`: from when the scale used applies; `up_to_date` is False once it was revalued since.
    """

    min: Decimal
    max: Decimal
    unit: str
    since: dt.date
    up_to_date: bool


@dataclass(frozen=True)
class Note:
    """A sentence to say, by its id in the rule's content, with the values it holds.

    Decimals are euros; dates and whole numbers are said as such.
    """

    id: str
    values: dict[str, Decimal | dt.date | int | str] = field(default_factory=dict)


@dataclass(frozen=True)
class Decision:
    """An estimation, for a date.

    `missing`: facts of the situation still to be known, whether for the verdict or the amount;
    none when the verdict is no. `steps`: what to do next, in order, by their ids in the content.
    """

    rule: str
    date: dt.date
    verdict: Verdict
    conditions: tuple[Condition, ...]
    amount: Amount | None = None
    missing: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
    steps: tuple[str, ...] = ()


UNKNOWN_AT_DATE = "inconnu_a_cette_date"  # note: no version of the rule is known for the date


def decided(
    rule: str,
    date: dt.date,
    conditions: tuple[Condition, ...],
    *,
    amount: Amount | None = None,
    wanted: Iterable[str] = (),
    notes: Iterable[Note] = (),
    steps: Iterable[str] = (),
) -> Decision:
    """The decision that these conditions make.

    Args:
        amount: dropped when the verdict is no.
        wanted: facts not known that would make the amount, the notes or the steps more precise.
    """
    verdict = verdict_of(conditions)
    refused = verdict is Verdict.NON
    facts = [*(fact for condition in conditions for fact in condition.missing), *wanted]
    return Decision(
        rule,
        date,
        verdict,
        conditions,
        amount=None if refused else amount,
        missing=() if refused else tuple(dict.fromkeys(facts)),
        notes=tuple(notes),
        steps=tuple(steps),
    )


def require_known(rule: str, date: dt.date, since: dt.date) -> None:
    """Raise UnknownAtDate before the first document that tells of a rule without figures."""
    if date < since:
        raise UnknownAtDate(f"{rule}: inconnu au {date}")


def unknown_at(rule: str, date: dt.date) -> Decision:
    """The decision when no version of the rule is known for `date`: nothing is guessed."""
    return Decision(rule, date, Verdict.A_PRECISER, (), notes=(Note(UNKNOWN_AT_DATE),))


def verdict_of(conditions: Iterable[Condition]) -> Verdict:
    """Non as soon as one condition fails; oui when all hold; otherwise something is missing."""
    statuses = {condition.status for condition in conditions}
    if Status.NOT_SATISFIED in statuses:
        return Verdict.NON
    return Verdict.A_PRECISER if Status.UNKNOWN in statuses else Verdict.OUI
