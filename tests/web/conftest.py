"""A gateway on a real port, its database in a temporary folder, and a stand-in for Rasa."""

import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from aiohttp.test_utils import TestClient, TestServer

from allobot.settings import Settings
from tests.web.api_client import Api
from tests.web.fake_rasa import FakeRasa
from web.app import make_app
from web.conversations.store import ConversationStore
from web.knowledge import LazyContent

POSTGRES = "postgresql://root@127.0.0.1:5432"

OpenGateway = Callable[..., Awaitable[Api]]


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


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'scratch.sqlite'}"


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """A scratch database when a PostgreSQL server answers on this machine, else a skip."""
    try:
        server = psycopg.connect(f"{POSTGRES}/postgres", autocommit=True, connect_timeout=2)
    except psycopg.OperationalError:
        pytest.skip("no PostgreSQL server on 127.0.0.1:5432")
    name = f"allobot_test_{secrets.token_hex(4)}"
    with server:
        server.execute(f"CREATE DATABASE {name}")
        yield f"{POSTGRES}/{name}"
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Each kind of database in turn."""
    url: str = request.getfixturevalue(
        "sqlite_url" if request.param == "sqlite" else "postgres_url"
    )
    return url
