"""The tracker store of `make shell explain=1`: in memory, and it says each turn on stderr.

The line is written when the turn is saved: just before the last message of the answer, so that it
never lies over the choices that Rasa's shell draws below that message.
"""

from __future__ import annotations

import os
import sys
import time
from typing import Any, TextIO

from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import InMemoryTrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker

from allobot.explain import explained, last_turn

DIM, PLAIN = "\x1b[2m", "\x1b[0m"


class ExplainingTrackerStore(InMemoryTrackerStore):
    """Rasa's store in memory; `sink` (stderr by default) gets a line a turn."""

    def __init__(
        self,
        domain: Domain,
        event_broker: EventBroker | None = None,
        sink: TextIO | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(domain, event_broker, **kwargs)
        self._sink = sink
        self._begun: dict[str, float] = {}  # when each conversation was read, to time its turn
        self._told: dict[str, float] = {}  # when its last message that was explained came

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        self._begun.setdefault(sender_id, time.monotonic())
        return await super().retrieve(sender_id)

    async def save(self, tracker: DialogueStateTracker) -> None:
        await super().save(tracker)
        sender, said = tracker.sender_id, tracker.latest_message
        # Rasa also saves a new conversation before anyone speaks.
        if said is None or not said.text or self._told.get(sender) == said.timestamp:
            return
        self._told[sender] = said.timestamp
        begun = self._begun.pop(sender)
        turn = last_turn([event.as_dict() for event in tracker.events])
        if line := explained(turn, time.monotonic() - begun):
            self._write(line)

    def _write(self, line: str) -> None:
        sink = self._sink or sys.stderr
        dim = sink.isatty() and not os.environ.get("NO_COLOR")
        print(f"{DIM}{line}{PLAIN}" if dim else line, file=sink, flush=True)
