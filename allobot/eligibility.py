"""`allobot eligibility`: a rule applied to facts given as JSON, without dialogue."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

from actions.cards import Cards, card_text
from actions.eligibility.content import RuleContent
from actions.eligibility.estimates import Estimate, UnknownRule, estimate
from actions.eligibility.rules import RULES, InvalidSituation
from actions.knowledge.loader import check
from actions.sentences import read_sentences
from allobot.errors import UsageError
from allobot.messages import say
from allobot.preparation import data_errors


def decide(rule: str, facts: str, date: dt.date, *, text: bool) -> str:
    """The estimation as indented JSON, or as it would be said when `text`.

    Raises:
        UsageError: an unknown rule, unreadable JSON, or facts that are not the rule's; it says
            which, and what the rule takes.
        DataError: a file of data/ does not fit.
    """
    found = _estimate(rule, _object(facts), date)
    if text:
        return card_text(found.card, read_sentences().carte)
    return json.dumps(found.public(), ensure_ascii=False, indent=2)


def _estimate(rule: str, facts: dict[str, Any], date: dt.date) -> Estimate:
    with data_errors():
        knowledge = check()
    try:
        return estimate(rule, facts, date, knowledge.rules, Cards.of(knowledge), read_sentences())
    except UnknownRule as error:
        raise UsageError(say("regle_inconnue", regle=rule, regles=", ".join(RULES))) from error
    except InvalidSituation as error:
        listed = "\n".join(_facts(knowledge.rules[rule]))
        raise UsageError(say("faits_invalides", regle=rule, raison=error, faits=listed)) from error


def _facts(content: RuleContent) -> Iterator[str]:
    """The facts of a rule, one a line, with the values that a choice takes."""
    for fact, question in content.questions.items():
        kind = " | ".join(question.choix) or question.lecture.value
        yield f"  {fact} ({kind}) : {question.champ}"


def _object(facts: str) -> dict[str, Any]:
    try:
        read = json.loads(facts)
    except ValueError as error:
        raise UsageError(say("json_illisible", raison=error)) from error
    if not isinstance(read, dict):
        raise UsageError(say("json_illisible", raison=type(read).__name__))
    return read
