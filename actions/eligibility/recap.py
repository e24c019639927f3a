"""The address of a plan's page: the rule and the steps of a decision as codes, no word.

Whoever sees the address, or the history of the browser, learns nothing from it. A rule's code
comes from its name. A step's code is its place in the rule's `etapes`: "1" to "9", then "a" to
"z". New steps go to the end of the file, so that an address already printed or shared keeps its
meaning.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable

from actions.eligibility.content import RuleContent

PATH = "/recapitulatif"
CODES = "123456789abcdefghijklmnopqrstuvwxyz"
RULE_CODE = 6  # characters


class UnknownStep(ValueError):
    """A step, or a code, that the rule does not have."""


def rule_code(rule: str) -> str:
    """The code of a rule, for its address."""
    return hashlib.sha256(rule.encode()).hexdigest()[:RULE_CODE]


def find_rule(asked: str, rules: Iterable[str]) -> str | None:
    """The rule of a code, or of its own name; None when there is none."""
    return next((rule for rule in rules if asked in (rule, rule_code(rule))), None)


def encode(steps: Iterable[str], content: RuleContent) -> str:
    """The codes of steps, in their order.

    Raises:
        UnknownStep: the rule has no such step, or it comes after the 35th.
    """
    codes = dict(zip(content.etapes, CODES, strict=False))
    try:
        return "".join(codes[step] for step in dict.fromkeys(steps))
    except KeyError as error:
        raise UnknownStep(str(error)) from None


def decode(codes: str, content: RuleContent) -> list[str]:
    """The steps that codes stand for, in their order; the reverse of `encode`.

    Raises:
        UnknownStep: a code stands for nothing, comes twice, or there is none.
    """
    steps = dict(zip(CODES, content.etapes, strict=False))
    if not codes or len(set(codes)) < len(codes) or not set(codes) <= set(steps):
        raise UnknownStep("code")
    return [steps[code] for code in codes]


def address(
    rule: str, steps: Iterable[str], content: RuleContent, date: dt.date | None = None
) -> str | None:
    """The page of a plan, its figures those of `date` (None: of the day); None without a step.

    Raises:
        UnknownStep: as `encode`.
    """
    codes = encode(steps, content)
    if not codes:
        return None
    return f"{PATH}?r={rule_code(rule)}&e={codes}" + (f"&d={date.isoformat()}" if date else "")
