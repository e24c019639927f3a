"""A gateway on a real port, its database in a temporary folder, and a stand-in for Rasa."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from allobot.settings import Settings
from tests import databases
from tests.web.api_client import Api
from tests.web.fake_rasa import FakeRasa
from web.app import make_app
from web.conversations.store import ConversationStore
from web.knowledge import LazyContent

OpenGateway = Callable[..., Awaitable[Api]]

sqlite_url, postgres_url = databases.sqlite_url, databases.postgres_url
database_url, engine = databases.database_url, databases.engine


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings of whoever runs the tests change nothing."""
    for name in os.environ:
        if name.startswith("ALLOBOT_") or name == "DATABASE_URL":
            monkeypatch.delenv(name)


@pytest.fixture
async def rasa() -> AsyncIterator[FakeRasa]:
    fake = FakeRasa()
    async with TestServer(fake.app()) as server:
        assert server.port
        fake.port = server.port
        yield fake


@pytest.fixture
def settings(tmp_path: Path, rasa: FakeRasa) -> Settings:
    return Settings(
        var=tmp_path,
        rasa_port=rasa.port,
        actions_port=rasa.port,
        secret="s" * 32,
        rasa_timeout=1.0,
        limit_messages="1000/second",  # a test talks faster than a person
    )


@pytest.fixture
async def open_gateway(settings: Settings) -> AsyncIterator[OpenGateway]:
    """Starts gateways: `await open_gateway(settings, store)`; stops them all at the end."""
    clients: list[TestClient[Any, Any]] = []

    async def start(
        given: Settings = settings,
        store: ConversationStore | None = None,
        content: LazyContent | None = None,
    ) -> Api:
        client: TestClient[Any, Any] = TestClient(TestServer(make_app(given, store, content)))
        clients.append(client)
        await client.start_server()
        return Api(client)

    yield start
    for client in clients:
        await client.close()


@pytest.fixture
async def api(open_gateway: OpenGateway) -> Api:
    return await open_gateway()


@pytest.fixture
async def opened(api: Api) -> Api:
    """A gateway with a conversation open."""
    answer = await api.open()
    assert answer.status == 201
    return api
