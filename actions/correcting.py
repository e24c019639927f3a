"""A correction typed after a decision: the answers change, and the form decides again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, FollowupAction

from actions import memory
from actions.eligibility.questions import Reader
from actions.forms import DANGER, FORM, with_changes
from actions.memory import intent_of, text_of
from actions.reading import is_correction
from actions.resources import Resources

DECISION = "action_decider"
LISTEN = "action_listen"


def corrected(tracker: Tracker, resources: Resources) -> list[EventType]:
    """What "en fait je gagne 1 500 euros" changes just after a decision; nothing otherwise.

    The classifier, which saw few such sentences, may take it for another subject.
    """
    questionnaire = resources.questionnaires.get(memory.questionnaire(tracker) or "")
    text = text_of(tracker)
    if questionnaire is None or intent_of(tracker) in DANGER or not is_correction(text):
        return []
    if not _decision_was_last(tracker.events):
        return []
    answers = memory.answers(tracker)
    reader = Reader(resources.today(), resources.territories)
    changes = questionnaire.spotted(text, questionnaire.answered(answers), reader)
    if not changes:
        return []
    return [*memory.keep(with_changes(answers, {**changes})), FollowupAction(FORM)]


def _decision_was_last(events: Sequence[dict[str, Any]]) -> bool:
    """Whether the last thing done before the person's message was to say a decision."""
    latest = max((i for i, e in enumerate(events) if e.get("event") == "user"), default=0)
    done = [e.get("name") for e in events[:latest] if e.get("event") == "action"]
    return next((name for name in reversed(done) if name != LISTEN), None) == DECISION
