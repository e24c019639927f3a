"""Health: each part that is down is named, and none delays the others."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from allobot.settings import Settings
from tests.web.api_client import Api
from tests.web.fake_rasa import FakeRasa
from web import health
from web.conversations.store import MemoryStore
from web.errors import StoreUnavailable

OpenGateway = Callable[..., Awaitable[Api]]


async def test_live(api: Api, rasa: FakeRasa) -> None:
    rasa.status = 500
    assert (await api.request("GET", "/health/live")).status == 200


async def test_ready(api: Api) -> None:
    answer = await api.request("GET", "/health/ready")
    assert answer.status == 200
    assert answer.json == {"rasa": True, "actions": True, "database": True}


async def test_another_program_on_rasas_port_is_not_rasa(api: Api, rasa: FakeRasa) -> None:
    rasa.root = "Hello from somewhere"
    answer = await api.request("GET", "/health/ready")
    assert answer.status == 503
    assert answer.json == {"rasa": False, "actions": True, "database": True}


@pytest.mark.parametrize("part", ["rasa", "actions"])
async def test_a_part_that_is_down(
    settings: Settings, open_gateway: OpenGateway, unused_tcp_port: int, part: str
) -> None:
    api = await open_gateway(settings.model_copy(update={f"{part}_port": unused_tcp_port}))
    answer = await api.request("GET", "/health/ready")
    assert answer.status == 503
    assert answer.json == {"rasa": True, "actions": True, "database": True, part: False}


async def test_slow_parts_are_asked_together(
    settings: Settings,
    open_gateway: OpenGateway,
    rasa: FakeRasa,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Slow(MemoryStore):
        async def ping(self) -> None:
            await asyncio.sleep(5)

    monkeypatch.setattr(health, "SECONDS", 0.3)
    rasa.delay = 5
    api = await open_gateway(settings, Slow())
    start = asyncio.get_running_loop().time()
    answer = await api.request("GET", "/health/ready")
    assert asyncio.get_running_loop().time() - start < 0.8
    assert answer.json == {"rasa": False, "actions": False, "database": False}


async def test_a_broken_database(settings: Settings, open_gateway: OpenGateway) -> None:
    class Broken(MemoryStore):
        async def ping(self) -> None:
            raise StoreUnavailable

    api = await open_gateway(settings, Broken())
    answer = await api.request("GET", "/health/ready")
    assert (answer.status, answer.json["database"]) == (503, False)


def test_two_seconds_each() -> None:
    assert health.SECONDS == 2.0
