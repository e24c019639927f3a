"""Locks: one at a time, in order, and none left behind."""

import asyncio

import pytest

from web.conversations.locks import ConversationLocks


async def test_one_at_a_time_and_in_order() -> None:
    locks = ConversationLocks()
    seen: list[str] = []

    async def work(name: str) -> None:
        async with locks.hold("c"):
            seen.append(f"+{name}")
            await asyncio.sleep(0)
            seen.append(f"-{name}")

    await asyncio.gather(*(work(name) for name in "abc"))
    assert seen == ["+a", "-a", "+b", "-b", "+c", "-c"]
    assert len(locks) == 0


async def test_conversations_are_apart() -> None:
    locks = ConversationLocks()
    async with locks.hold("a"), locks.hold("b"):
        assert len(locks) == 2
    assert len(locks) == 0


async def test_an_error_frees_the_lock() -> None:
    locks = ConversationLocks()
    with pytest.raises(ValueError, match="x"):
        async with locks.hold("a"):
            raise ValueError("x")
    assert len(locks) == 0


async def test_one_who_gives_up_waiting_frees_its_place() -> None:
    locks = ConversationLocks()
    async with locks.hold("a"):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01), locks.hold("a"):
                pytest.fail("the lock was held")
        assert len(locks) == 1
    assert len(locks) == 0
