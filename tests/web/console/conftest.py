"""A gateway with the console, and people of each role signed in.

    async def test_page(console: OpenConsole) -> None:
        analyst = await console("analyste")
        answer = await analyst.get("/console/a-lire")
        answer = await analyst.post_form("/console/a-lire/12", {"etat": "vu"})

`console("")` is a browser where nobody signed in. Several may be open at once; each person is
added the first time, with its role as login and PASSWORD.
"""

import asyncio
import datetime as dt
import html
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from argon2 import PasswordHasher
from multidict import CIMultiDictProxy
from sqlalchemy import Engine

from allobot.settings import Settings
from tests import databases
from web.app import make_app
from web.console.access import COOKIE
from web.console.errors import UnknownUser
from web.console.keys import CONSOLE_USERS
from web.console.people import Role
from web.console.users import Users

PASSWORD = "quatre-mots-sans-lien"
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
CSRF = re.compile(r'name="csrf" value="([0-9a-f]{64})"')


class Clock:
    """The time the console believes it is; only a test moves it."""

    def __init__(self) -> None:
        self.now = dt.datetime.now(dt.UTC)

    def __call__(self) -> dt.datetime:
        return self.now

    def advance(self, **units: float) -> None:
        self.now += dt.timedelta(**units)


@dataclass(frozen=True)
class Answer:
    """A response, read."""

    status: int
    headers: CIMultiDictProxy[str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def said(self) -> str:
        """What a person reads, its apostrophes plain; no place to look for hostile tags."""
        return html.unescape(self.text)

    @property
    def location(self) -> str:
        return self.headers.get("Location", "")


class Console:
    """A browser, where somebody may be signed in; it follows no redirection."""

    def __init__(self, client: TestClient[Any, Any]) -> None:
        self.client = client
        self.csrf = ""

    async def request(self, method: str, path: str, **options: Any) -> Answer:
        async with self.client.request(method, path, allow_redirects=False, **options) as response:
            answer = Answer(response.status, response.headers, await response.read())
        found = CSRF.search(answer.body.decode("utf-8", "replace"))
        self.csrf = found[1] if found else self.csrf
        return answer

    async def get(self, path: str, **options: Any) -> Answer:
        return await self.request("GET", path, **options)

    async def post_form(
        self,
        path: str,
        data: Mapping[str, str] | list[tuple[str, str]] | None = None,
        **options: Any,
    ) -> Answer:
        """Send a form with the token of the last page read."""
        pairs = list(data.items()) if isinstance(data, Mapping) else list(data or [])
        fields = [("csrf", self.csrf), *pairs]
        return await self.request("POST", path, data=fields, **options)

    async def sign_in(self, login: str, password: str = PASSWORD, suite: str = "") -> Answer:
        await self.get("/console/connexion")
        fields = {"identifiant": login, "mot_de_passe": password, "suite": suite}
        answer = await self.post_form("/console/connexion", fields)
        if answer.status == 303 and "/code" not in answer.location:
            await self.get("/console/compte")
        return answer

    @property
    def token(self) -> str:
        """The value of the cookie; empty without."""
        cookies = self.client.session.cookie_jar.filter_cookies(self.client.make_url("/console"))
        return cookies[COOKIE].value if COOKIE in cookies else ""


OpenConsole = Callable[[str], Awaitable[Console]]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """With a log of months: the gateway does not forget it under the test."""
    return settings.model_copy(update={"retention_days": 365})


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    """The application's database, with its tables."""
    with databases.opened(settings.database_url) as engine:
        yield engine


@pytest.fixture
def users(settings: Settings, engine: Engine, clock: Clock) -> Users:
    """People of the console, whose passwords take no time to check."""
    idle = dt.timedelta(minutes=settings.console_minutes)
    return Users(engine, settings.vault_keys(), idle, hasher=CHEAP, clock=clock)


@pytest.fixture
def app(settings: Settings, engine: Engine, users: Users) -> web.Application:
    """A gateway with the console, not started."""
    app = make_app(settings)
    app[CONSOLE_USERS] = users
    return app


@pytest.fixture
async def console(app: web.Application, users: Users) -> AsyncIterator[OpenConsole]:
    server = TestServer(app)
    opened: list[TestClient[Any, Any]] = []

    async def open_as(role: str) -> Console:
        client: TestClient[Any, Any] = TestClient(server)
        opened.append(client)
        await client.start_server()
        browser = Console(client)
        if role:
            await asyncio.to_thread(ensure, users, role)  # type: ignore[arg-type]
            answer = await browser.sign_in(role)
            assert answer.status == 303, answer
        else:
            await browser.get("/console/connexion")
        return browser

    yield open_as
    for client in opened:
        await client.close()


def ensure(users: Users, role: Role) -> None:
    """Add the person whose login is their role, unless they are there."""
    try:
        users.find(role)
    except UnknownUser:
        users.add(role, role, PASSWORD, "essai")
