"""What data/ says, for the pages that the gateway makes: read once, when it is first needed."""

import asyncio
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from actions.cards import Cards
from actions.eligibility.content import RuleContent
from actions.knowledge.loader import Knowledge, check
from actions.sentences import Sentences, read_sentences


@dataclass(frozen=True)
class Content:
    """The rules by name, the words around them, and what writes figures, contacts and sources."""

    rules: Mapping[str, RuleContent]
    cards: Cards
    sentences: Sentences


class LazyContent:
    """Reads nothing until it is asked to; a failure is tried again the next time."""

    def __init__(self, read: Callable[[], Knowledge] = check) -> None:
        self._read = read
        self._lock = threading.Lock()
        self._content: Content | None = None

    async def get(self) -> Content:
        """Return the content. Raises InvalidData when a file of data/ does not fit."""
        if self._content is not None:
            return self._content
        return await asyncio.to_thread(self._load)

    def _load(self) -> Content:
        with self._lock:
            if self._content is None:
                known = self._read()
                self._content = Content(known.rules, Cards.of(known), read_sentences())
            return self._content
