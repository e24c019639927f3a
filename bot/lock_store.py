"""Messages of one conversation take turns, whichever Rasa they come to.

Rasa's own Redis locks are read, changed and written in three steps, so that two Rasas may enter
together, and are polled every second. These are the Redis client's: taken and given back in one
step each. Used from the endpoints that `allobot run` writes, when there is a Redis.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from rasa.core.lock import TicketLock
from rasa.core.lock_store import LockError, LockStore
from rasa.utils.endpoints import EndpointConfig
from redis.asyncio import Redis  # type: ignore[import-untyped]
from redis.asyncio.lock import Lock  # type: ignore[import-untyped]
from redis.exceptions import LockError as LostLock  # type: ignore[import-untyped]
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

LEASE = 3.0  # seconds after which the conversation of a Rasa that died is free; renewed meanwhile
POLL = 0.05  # seconds
PATIENCE = 8.0  # seconds a message waits for the one before: less than the gateway waits for us
ANSWER = 0.5  # seconds Redis has
PREFIX = "allobot:tour:"


class SharedLocks(LockStore):
    """One message of a conversation at a time, among all the Rasas that share a Redis.

    Without Redis, messages go on as if this Rasa were alone: the gateway already sends those of
    a conversation one by one.
    """

    def __init__(self, endpoint_config: EndpointConfig) -> None:
        url = str(endpoint_config.url).replace("redis+unix://", "unix://", 1)
        self._redis: Any = Redis.from_url(
            url, socket_timeout=ANSWER, socket_connect_timeout=ANSWER, health_check_interval=30
        )
        super().__init__()

    @asynccontextmanager
    async def lock(
        self,
        conversation_id: str,
        lock_lifetime: float = LEASE,
        wait_time_in_seconds: float = POLL,
    ) -> AsyncIterator[TicketLock]:
        """Wait for the turn of a message. Raises LockError after 8 s."""
        lock = self._redis.lock(
            _key(conversation_id),
            timeout=lock_lifetime,
            sleep=wait_time_in_seconds,
            blocking_timeout=PATIENCE,
        )
        held = await _take(lock)
        done = asyncio.Event()
        renewal = asyncio.create_task(_renew(lock, lock_lifetime, done)) if held else None
        try:
            yield TicketLock(conversation_id)
        finally:
            if renewal:
                done.set()
                await renewal
                with suppress(LostLock, RedisError):
                    await lock.release()


async def _take(lock: Lock) -> bool:
    """Whether the lock is ours; False when Redis does not answer."""
    try:
        if await lock.acquire():
            return True
    except RedisError as error:
        logger.warning(
            "Redis does not answer, messages do not take turns: %s", type(error).__name__
        )
        return False
    raise LockError("the message before this one takes too long")


async def _renew(lock: Lock, lease: float, done: asyncio.Event) -> None:
    """Keep a lock until `done`; never cancelled: the Redis client may swallow that, and go on."""
    with suppress(LostLock, RedisError):
        while not done.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(done.wait(), lease / 4)
                return
            await lock.reacquire()


def _key(conversation_id: str) -> str:
    """Redis does not learn which conversations there are."""
    return PREFIX + hashlib.sha256(conversation_id.encode()).hexdigest()
