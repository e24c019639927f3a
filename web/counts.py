"""Counts of hits kept in memory, in a bounded room.

The storage that comes with `limits` looks at every count at each hit: 40 ms with 50,000 clients,
which one IPv6 network can feign. Here a hit costs the same whatever their number.
"""

import time
from typing import NamedTuple

from cachetools import TLRUCache
from limits.aio.storage import Storage

MAX_COUNTS = 100_000  # some 40 MB; beyond, the count used longest ago is forgotten


class Count(NamedTuple):
    """Hits since the first one, and the end of their window (on time.time's clock)."""

    hits: int
    until: float


class Counts(Storage):
    """What a fixed window asks of a storage."""

    STORAGE_SCHEME = None

    def __init__(self) -> None:
        """Begin empty."""
        super().__init__()
        self._counts: TLRUCache[str, Count] = TLRUCache(
            MAX_COUNTS, ttu=lambda _key, count, _now: count.until, timer=time.time
        )

    @property
    def base_exceptions(self) -> tuple[type[Exception], ...]:
        """Memory has no failure of its own."""
        return ()

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Add to a count; a new one lasts `expiry` seconds. Return the count."""
        hits, until = self._counts.get(key) or Count(0, time.time() + expiry)
        self._counts[key] = Count(hits + amount, until)
        return hits + amount

    async def get(self, key: str) -> int:
        """Return a count, 0 when there is none."""
        count = self._counts.get(key)
        return count.hits if count else 0

    async def get_expiry(self, key: str) -> float:
        """Return the end of a count's window; now when there is none."""
        count = self._counts.get(key)
        return count.until if count else time.time()

    async def check(self) -> bool:
        """Memory is there."""
        return True

    async def reset(self) -> int:
        """Forget everything; return how many counts there were."""
        size = len(self._counts)
        self._counts.clear()
        return size

    async def clear(self, key: str) -> None:
        """Forget a count."""
        self._counts.pop(key, None)
