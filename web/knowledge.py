"""What data/ says, for the pages that the gateway makes: read once, when it is first needed."""

import asyncio
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from actions.cards import Cards
from actions.eligibility.content import RuleContent

if TYPE_CHECKING:
    from actions.knowledge.loader import Knowledge


@dataclass(frozen=True)
class Content:
    """The rules, by name, and what writes their figures, contacts and sources."""

    knowledge: "Knowledge"
    cards: Cards

    @property
    def rules(self) -> Mapping[str, RuleContent]:
        """What each rule says."""
        return self.knowledge.rules


class LazyContent:
    """Reads nothing until it is asked to; a failure is tried again the next time."""

    def __init__(self, read: "Callable[[], Knowledge] | None" = None) -> None:
        self._read = read or _check
        self._lock = threading.Lock()
        self._content: Content | None = None

    async def get(self) -> Content:
        """Return the content. Raises InvalidData when a file of data/ does not fit."""
        if self._content is not None:
            return self._content
        return await asyncio.to_thread(self._load)

    def _load(self) -> Content:
        with self._lock:
            if self._content is not None:
                return self._content
            known = self._read()
            cards = Cards(known.contacts, known.sources, known.parameters)
            self._content = content = Content(known, cards)
            return content


def _check() -> "Knowledge":
    """Import the rules and read data/: a second or two that the start of the gateway is spared."""
    from actions.knowledge.loader import check

    return check()
