"""An estimation without dialogue: facts given at once, for the command line and the API."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from actions.cards import Card, Cards
from actions.eligibility.content import RuleContent
from actions.eligibility.decision import Decision
from actions.eligibility.presentation import decision_card
from actions.eligibility.rules import RULES
from actions.sentences import Sentences


class UnknownRule(LookupError):
    """No rule has this name."""


@dataclass(frozen=True)
class Estimate:
    """A decision and the card that says it."""

    decision: Decision
    card: Card

    def public(self) -> dict[str, Any]:
        """JSON: the decision's ids (verdict, conditions, missing facts…) and its card."""
        decision = asdict(self.decision)
        return {
            "rule": self.decision.rule,
            "date": self.decision.date.isoformat(),
            "estimation": True,
            "verdict": self.decision.verdict.value,
            "missing": list(self.decision.missing),
            "conditions": [
                {"id": condition["id"], "status": condition["status"].value}
                for condition in decision["conditions"]
            ],
            "notes": [note["id"] for note in decision["notes"]],
            "steps": list(self.decision.steps),
            "card": self.card.model_dump(mode="json"),
        }


def estimate(
    name: str,
    facts: Mapping[str, object],
    date: dt.date,
    rules: Mapping[str, RuleContent],
    cards: Cards,
    sentences: Sentences,
) -> Estimate:
    """Apply the rule `name` to `facts` at `date`; facts not given are not known.

    Raises:
        UnknownRule: no rule has this name.
        InvalidSituation: a fact is not one of the rule's, or its value does not fit.
    """
    if name not in RULES:
        raise UnknownRule(name)
    rule = RULES[name]
    decision = rule.decide(rule.read(facts), date, cards.parameters)
    return Estimate(decision, decision_card(decision, rules[name], cards, sentences))
