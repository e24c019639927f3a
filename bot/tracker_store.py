"""Keeps what a person in danger wrote out of Rasa's file: only the category of danger is stored.

While the message is answered the words are there, in memory; they are never written. What comes
back at the next message is « [violences_conjugales] ». Used from endpoints.yml.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.events import Event, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from bot.classifier import SECOND
from bot.danger import CATEGORIES

NAMES_ONLY = ("intent", "intent_ranking", "bande")  # of parse_data: no word of the person


class DiscreetTrackerStore(SQLTrackerStore):
    """Rasa's SQL store, whose rows quote nothing of a talk about danger."""

    async def stream_events(self, tracker: DialogueStateTracker) -> None:
        """No event leaves for a broker: it would carry the words."""

    def _additional_events(self, session: Any, tracker: DialogueStateTracker) -> Iterator[Event]:
        for event in super()._additional_events(session, tracker):
            yield discreet(event)


def discreet(event: Event) -> Event:
    """The event, or a copy without the person's words when they speak of danger."""
    category = _danger(event)
    if category is None:
        return event
    hidden = f"[{category}]"
    parsed = {name: event.parse_data[name] for name in NAMES_ONLY if name in event.parse_data}
    quiet = copy.copy(event)
    quiet.text, quiet.entities, quiet.metadata = hidden, [], {}
    quiet.parse_data = {
        **parsed,
        "text": hidden,
        "entities": [],
        "metadata": {},
        "message_id": event.message_id,
    }
    return quiet


def _danger(event: Event) -> str | None:
    """The category that a message speaks of, first or second."""
    if not isinstance(event, UserUttered):
        return None
    names = (event.intent_name, event.parse_data.get(SECOND))
    return next((name for name in names if name in CATEGORIES), None)
