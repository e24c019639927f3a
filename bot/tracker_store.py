"""Keeps out of Rasa's file what a person in danger wrote, and anyone's personal data.

While the message is answered the words are there, in memory; they are never written. What comes
back at the next message is « [violences_conjugales] », or the text masked: the gateway masks before
Rasa, this is for other channels and for what it would let through. Used from endpoints.yml.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.events import Event, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from allobot.masking import mask
from bot.classifier import SECOND
from bot.danger import CATEGORIES

NAMES_ONLY = ("intent", "intent_ranking", "bande", SECOND)  # of parse_data: no word of the person


class DiscreetTrackerStore(SQLTrackerStore):
    """Rasa's SQL store, whose rows quote nothing of a talk about danger."""

    async def stream_events(self, tracker: DialogueStateTracker) -> None:
        """No event leaves for a broker: it would carry the words."""

    def _additional_events(self, session: Any, tracker: DialogueStateTracker) -> Iterator[Event]:
        for event in super()._additional_events(session, tracker):
            yield discreet(event)


def discreet(event: Event) -> Event:
    """The event, or a copy without the person's words of danger or personal data."""
    if not isinstance(event, UserUttered):
        return event
    category = _danger(event)
    if category is not None:
        return _quiet(event, f"[{category}]")
    # Everything Rasa derives from the text repeats it, in a form that may hide a number.
    kept = _strings([event.text, event.parse_data, event.entities, event.metadata])
    if any(mask(string).kinds for string in kept):
        return _quiet(event, mask(event.text or "").text)
    return event


def _quiet(event: UserUttered, text: str) -> UserUttered:
    parsed = {name: event.parse_data[name] for name in NAMES_ONLY if name in event.parse_data}
    quiet = copy.copy(event)
    quiet.text, quiet.entities, quiet.metadata = text, [], {}
    quiet.parse_data = {
        **parsed,
        "text": text,
        "entities": [],
        "metadata": {},
        "message_id": event.message_id,
    }
    return quiet


def _strings(value: Any) -> Iterator[str]:
    """Every string inside."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from _strings(list(value.values()))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _strings(item)


def _danger(event: UserUttered) -> str | None:
    """The category that a message speaks of, first or second."""
    names = (event.intent_name, event.parse_data.get(SECOND))
    return next((name for name in names if name in CATEGORIES), None)
