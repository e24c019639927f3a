"""What a rule returns: a verdict, an amount, and each condition with its state. No sentence."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


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
    """One condition of the right; its label and source are in data/eligibility/<rule>.yml."""

    id: str
    status: Status


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
class Decision:
    """An estimation, for a date. `missing` and `notes` are ids of the rule's content file."""

    rule: str
    date: dt.date
    verdict: Verdict
    conditions: tuple[Condition, ...]
    amount: Amount | None = None
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def verdict_of(conditions: tuple[Condition, ...]) -> Verdict:
    """Non as soon as one condition fails; oui when all hold; otherwise something is missing."""
    statuses = {condition.status for condition in conditions}
    if Status.NOT_SATISFIED in statuses:
        return Verdict.NON
    return Verdict.A_PRECISER if Status.UNKNOWN in statuses else Verdict.OUI
