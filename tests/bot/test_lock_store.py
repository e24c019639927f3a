"""Two Rasas on a real Redis: one message of a conversation at a time."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from rasa.core.lock_store import LockError, LockStore
from rasa.utils.endpoints import EndpointConfig

from bot import lock_store
from bot.lock_store import PREFIX, SharedLocks

URL = "redis://127.0.0.1:6379/15"


@pytest.fixture
def server() -> Iterator[Any]:
    """Database 15 of a Redis on this machine, else a skip; ours is removed from it."""
    client = redis.Redis.from_url(URL, socket_connect_timeout=1)
    try:
        client.ping()
    except redis.ConnectionError:
        pytest.skip("no Redis on 127.0.0.1:6379")
    yield client
    for key in client.scan_iter(f"{PREFIX}*"):
        client.delete(key)
    client.close()


def make(url: str = URL) -> SharedLocks:
    """Made by Rasa, as from endpoints.yml."""
    made = LockStore.create(EndpointConfig(type="bot.lock_store.SharedLocks", url=url))
    assert isinstance(made, SharedLocks)
    return made


async def close(*stores: SharedLocks) -> None:
    for store in stores:
        await store._redis.close(close_connection_pool=True)


async def test_one_at_a_time_among_two(server: Any) -> None:
    stores = [make(), make()]
    inside, most, done = 0, 0, 0

    async def message(number: int) -> None:
        nonlocal inside, most, done
        async with stores[number % 2].lock("one"):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.01)
            inside -= 1
            done += 1

    await asyncio.gather(*map(message, range(12)))
    assert (most, done) == (1, 12)
    assert not list(server.scan_iter(f"{PREFIX}*"))
    await close(*stores)


async def test_conversations_do_not_wait_for_each_other(server: Any) -> None:
    store = make()
    async with store.lock("one"):
        begun = time.monotonic()
        async with store.lock("two"):
            assert time.monotonic() - begun < 3
    await close(store)


async def test_a_long_message_keeps_its_turn(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock_store, "PATIENCE", 0.2)
    first, second = make(), make()
    async with first.lock("one", lock_lifetime=0.4):
        await asyncio.sleep(1)
        with pytest.raises(LockError):
            async with second.lock("one"):
                raise AssertionError("two messages at once")
    await close(first, second)


async def test_the_conversation_of_a_rasa_that_died_is_soon_free(server: Any) -> None:
    dead, alive = make(), make()
    key = lock_store._key("one")
    await dead._redis.lock(key, timeout=0.5).acquire()  # never renewed, never given back
    begun = time.monotonic()
    async with alive.lock("one"):
        assert 0.2 < time.monotonic() - begun < 1.5
    await close(dead, alive)


def test_a_death_is_overcome_within_the_time_of_a_message() -> None:
    assert lock_store.LEASE < lock_store.PATIENCE < 10


async def test_without_redis_messages_go_on(
    unused_tcp_port: int, caplog: pytest.LogCaptureFixture
) -> None:
    store = make(f"redis://:motdepasse@127.0.0.1:{unused_tcp_port}/0")
    with caplog.at_level(logging.WARNING):
        async with store.lock("one"):
            pass
    assert "Redis does not answer" in caplog.text
    assert "motdepasse" not in caplog.text
    await close(store)


async def test_redis_does_not_learn_the_conversation(server: Any) -> None:
    store = make()
    async with store.lock("identifiant-secret"):
        keys = [key.decode() for key in server.scan_iter("*")]
        assert any(key.startswith(PREFIX) for key in keys)
        assert not any("identifiant-secret" in key for key in keys)
        assert server.ttl(lock_store._key("identifiant-secret")) <= lock_store.LEASE
    await close(store)


async def test_a_client_that_swallows_a_cancellation_keeps_no_turn(
    server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the Redis client does when it is cancelled while its server comes back."""

    async def stubborn(_lock: Any) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(0.3)

    monkeypatch.setattr(lock_store.Lock, "reacquire", stubborn)
    store = make()
    async with asyncio.timeout(2):
        async with store.lock("one", lock_lifetime=0.4):
            await asyncio.sleep(0.15)  # in the middle of the first renewal
    assert not list(server.scan_iter(f"{PREFIX}*"))
    await close(store)
