"""A correction typed after a decision: the answers change, and the form decides again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import EventType

from actions import memory
from actions.forms import take_up, with_changes
from actions.memory import before_latest_message, intent_of, text_of
from actions.reading import is_correction
from actions.resources import Resources
from allobot.dangers import DANGERS

DECISION = "action_decider"
LISTEN = "action_listen"


def corrected(tracker: Tracker, resources: Resources) -> list[EventType]:
    """What "en fait je gagne 1 500 euros" changes just after a decision; nothing otherwise.

    The classifier, which saw few such sentences, may take it for another subject.
    """
    questionnaire = resources.questionnaires.get(memory.questionnaire(tracker) or "")
    text = text_of(tracker)
    if questionnaire is None or intent_of(tracker) in DANGERS or not is_correction(text):
        return []
    if not _decision_was_last(tracker.events):
        return []
    answers = memory.answers(tracker)
    changes = questionnaire.spotted(text, answers, resources.reader())
    return take_up(with_changes(answers, {**changes})) if changes else []


def _decision_was_last(events: Sequence[dict[str, Any]]) -> bool:
    """Whether the last thing done before the person's message was to say a decision."""
    before = before_latest_message(events)
    done = [event.get("name") for event in before if event.get("event") == "action"]
    return next((name for name in reversed(done) if name != LISTEN), None) == DECISION
