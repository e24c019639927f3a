"""Several Rasas behind one gateway: where a message goes, and when it goes elsewhere."""

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestServer

from allobot.settings import Settings
from tests.web.api_client import Api
from tests.web.fake_rasa import FakeRasa
from web import rasa_client
from web.errors import RasaUnavailable, StoreUnavailable
from web.rasa_client import Metadata, RasaClient

Open = Callable[[], Awaitable[FakeRasa]]
Client = Callable[..., RasaClient]
OpenGateway = Callable[..., Awaitable[Api]]
ABOUT = Metadata(message="m1", device=None, received=0.0)


@pytest.fixture
async def open_rasa() -> AsyncIterator[Open]:
    """Starts stand-ins for Rasa."""
    async with AsyncExitStack() as stack:

        async def start() -> FakeRasa:
            fake = FakeRasa()
            server = await stack.enter_async_context(TestServer(fake.app()))
            assert server.port
            fake.port = server.port
            return fake

        yield start


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with aiohttp.ClientSession() as session:

        def make(*ports: int, timeout: float = 2.0, heard: bool | Exception = False) -> RasaClient:
            async def has_heard(_sender: str, _message: str | None) -> bool:
                if isinstance(heard, Exception):
                    raise heard
                return heard

            return RasaClient(session, [address(port) for port in ports], timeout, has_heard)

        yield make


def address(port: int) -> str:
    return f"http://127.0.0.1:{port}"


class Mortal:
    """A Rasa that reads a message, then dies without an answer: `listens` says whether wholly."""

    def __init__(self, *, listens: bool) -> None:
        self.received: list[str] = []
        self._listens = listens
        self.port = 0

    async def __aenter__(self) -> "Mortal":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:  # who only looked whether we listen
            writer.close()
            return
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        self.received.append(json.loads(await reader.readexactly(length))["message"])
        if not self._listens:
            self._server.close()
        writer.transport.abort()


def first_for(client: RasaClient, port: int) -> str:
    """A sender whose first choice is the Rasa of this port."""
    return next(f"p{i}" for i in range(1000) if client._order(f"p{i}")[0] == address(port))


async def test_a_conversation_stays_with_one_and_all_are_used(
    open_rasa: Open, client: Client
) -> None:
    rasas = [await open_rasa() for _ in range(3)]
    bot = client(*(rasa.port for rasa in rasas))
    for _ in range(3):
        for number in range(30):
            await bot.say(f"person {number}", "bonjour", ABOUT)
    senders = [{item["sender"] for item in rasa.received} for rasa in rasas]
    assert sum(map(len, senders)) == 30, "each person has one Rasa"
    assert all(len(some) >= 4 for some in senders)


def test_one_more_moves_only_what_it_takes(client: Client) -> None:
    two, three = client(1001, 1002), client(1001, 1002, 1003)
    people = [f"person {number}" for number in range(300)]
    moved = [it for it in people if two._order(it)[0] != three._order(it)[0]]
    assert all(three._order(it)[0] == address(1003) for it in moved)
    assert 60 < len(moved) < 140


async def test_the_next_one_answers_when_nobody_listens(
    open_rasa: Open, client: Client, unused_tcp_port: int
) -> None:
    alive = await open_rasa()
    bot = client(alive.port, unused_tcp_port)
    sender = first_for(bot, unused_tcp_port)
    [item] = await bot.say(sender, "bonjour", ABOUT)
    assert item.text == "Reçu 7 signes."
    assert alive.messages() == ["bonjour"]


async def test_the_dead_come_last_then_are_tried_again(
    open_rasa: Open, client: Client, unused_tcp_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    alive = await open_rasa()
    bot = client(alive.port, unused_tcp_port)
    sender = first_for(bot, unused_tcp_port)
    await bot.say(sender, "bonjour", ABOUT)
    assert bot._order(sender) == [address(alive.port), address(unused_tcp_port)]
    later = time.monotonic() + rasa_client.DEAD_SECONDS
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert bot._order(sender)[0] == address(unused_tcp_port)


async def test_one_that_starts_again_gets_no_message_before_it_answers(
    open_rasa: Open, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rasa_client, "DEAD_SECONDS", 0.1)
    monkeypatch.setattr(rasa_client, "CONNECT_SECONDS", 0.2)
    alive = await open_rasa()
    with socket.create_server(("127.0.0.1", 0)) as starting:  # it listens, and that is all
        port: int = starting.getsockname()[1]
        bot = client(alive.port, port)
        sender = first_for(bot, port)
        bot._doubt(address(port))
        for _ in range(2):
            await asyncio.sleep(0.15)
            [item] = await bot.say(sender, "bonjour", ABOUT)
            assert item.text == "Reçu 7 signes."
    assert alive.messages() == ["bonjour"] * 2


async def test_after_an_empty_answer_the_next_message_goes_elsewhere(
    open_rasa: Open, client: Client
) -> None:
    whole, without_actions = await open_rasa(), await open_rasa()
    without_actions.reply = lambda _message: []
    bot = client(whole.port, without_actions.port)
    sender = first_for(bot, without_actions.port)
    with pytest.raises(RasaUnavailable):
        await bot.say(sender, "bonjour", ABOUT)
    assert whole.messages() == [], "it was heard: never twice"
    [item] = await bot.say(sender, "bonsoir", ABOUT)
    assert item.text == "Reçu 7 signes."


async def test_a_message_lost_with_its_rasa_is_said_to_the_next(
    open_rasa: Open, client: Client
) -> None:
    alive = await open_rasa()
    async with Mortal(listens=False) as mortal:
        bot = client(alive.port, mortal.port, heard=False)
        [item] = await bot.say(first_for(bot, mortal.port), "bonjour", ABOUT)
    assert item.text == "Reçu 7 signes."
    assert (mortal.received, alive.messages()) == (["bonjour"], ["bonjour"])


@pytest.mark.parametrize(
    ("listens", "heard"),
    [(False, True), (True, False), (False, StoreUnavailable())],
    ids=["it was kept", "its Rasa still lives", "nobody knows"],
)
async def test_a_message_that_may_have_been_heard_is_not_said_twice(
    open_rasa: Open, client: Client, listens: bool, heard: bool | Exception
) -> None:
    alive = await open_rasa()
    async with Mortal(listens=listens) as mortal:
        bot = client(alive.port, mortal.port, heard=heard)
        sender = first_for(bot, mortal.port)
        with pytest.raises(RasaUnavailable):
            await bot.say(sender, "bonjour", ABOUT)
    assert (mortal.received, alive.messages()) == (["bonjour"], [])
    assert await bot.say(sender, "et alors", ABOUT), "the next message goes to the other"


async def test_a_slow_one_is_not_asked_elsewhere(open_rasa: Open, client: Client) -> None:
    slow, alive = await open_rasa(), await open_rasa()
    slow.delay = 5
    bot = client(slow.port, alive.port, timeout=0.3)
    sender = first_for(bot, slow.port)
    with pytest.raises(RasaUnavailable, match="time-out"):
        await bot.say(sender, "bonjour", ABOUT)
    assert alive.messages() == []
    assert bot._order(sender)[0] == address(alive.port), "the next message goes to the other"


async def test_an_error_is_an_answer(open_rasa: Open, client: Client) -> None:
    broken, alive = await open_rasa(), await open_rasa()
    broken.status = 500
    bot = client(broken.port, alive.port)
    with pytest.raises(RasaUnavailable, match="status 500"):
        await bot.say(first_for(bot, broken.port), "bonjour", ABOUT)
    assert alive.messages() == []


async def test_all_are_tried_within_the_time_of_one(client: Client) -> None:
    """Machines that vanished answer nothing at all: their queue of connections is full."""
    with socket.socket() as first, socket.socket() as second:
        for full in (first, second):
            full.bind(("127.0.0.1", 0))
            full.listen(0)
        ports = [full.getsockname()[1] for full in (first, second)]
        fillers = [socket.socket() for _ in range(8)]
        for number, filler in enumerate(fillers):
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", ports[number % 2]))
        begun = time.monotonic()
        with pytest.raises(RasaUnavailable):
            await client(*ports, timeout=1.5).say("someone", "bonjour", ABOUT)
        assert time.monotonic() - begun < 2.0
        for filler in fillers:
            filler.close()


@pytest.fixture
def two(settings: Settings, rasa: FakeRasa, unused_tcp_port: int) -> Settings:
    """Two Rasas, of which one answers."""
    urls = (address(rasa.port), address(unused_tcp_port))
    return settings.model_copy(update={"rasa_urls": urls})


async def test_a_person_sees_nothing_of_a_dead_one(
    open_gateway: OpenGateway, two: Settings, rasa: FakeRasa
) -> None:
    for _ in range(6):
        api = await open_gateway(two)
        assert (await api.open()).json["messages"][0]["text"] == "Bonjour, je suis Allobot."
        assert (await api.say("bonjour")).json["messages"][0]["text"] == "Reçu 7 signes."
    assert rasa.messages() == ["bonjour"] * 6


async def test_health_names_those_that_do_not_answer(
    open_gateway: OpenGateway, two: Settings
) -> None:
    answer = await (await open_gateway(two)).request("GET", "/health/ready")
    assert answer.status == 200
    assert answer.json == {
        "rasa": True,
        "actions": True,
        "database": True,
        "replicas": {"rasa-1": True, "rasa-2": False, "actions-1": True},
    }


async def test_no_address_is_told(open_gateway: OpenGateway, two: Settings) -> None:
    answer = await (await open_gateway(two)).request("GET", "/health/ready")
    assert "127.0.0.1" not in json.dumps(answer.json)


GOOD: list[Any] = [
    "http://127.0.0.1:5005",
    "http://10.0.0.2:5005 http://[fd00::2]:5005",
    "http://rasa-1:5005,http://rasa-2:5005",
    "http://rasa-0.rasa.allobot.svc.cluster.local:5005",
]
BAD = [
    "http://example.org:5005",
    "http://8.8.8.8:5005",
    "https://10.0.0.2:5005",
    "http://10.0.0.2",
    "http://user:pass@10.0.0.2:5005",
    "http://10.0.0.2:5005/webhooks",
]


@pytest.mark.parametrize("urls", GOOD)
def test_rasa_may_be_elsewhere_on_a_private_network(urls: str) -> None:
    settings = Settings(
        rasa_urls=urls,  # type: ignore[arg-type]
        tracker_url="postgresql://allobot@db/allobot",
    )
    assert list(settings.rasa_addresses) == urls.replace(",", " ").split()


@pytest.mark.parametrize("urls", BAD)
@pytest.mark.parametrize("name", ["rasa_urls", "actions_urls"])
def test_nowhere_else(name: str, urls: str) -> None:
    with pytest.raises(ValueError, match=name):
        Settings(**{name: urls}, tracker_url="postgresql://allobot@db/allobot")  # type: ignore[arg-type]


def test_a_file_is_not_shared_by_machines(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="ALLOBOT_TRACKER_URL"):
        Settings(var=tmp_path, rasa_urls=("http://10.0.0.2:5005",))
    assert Settings(var=tmp_path, rasa_urls=(address(5005), address(5006))).tracker


def test_where_rasa_keeps_what_is_said(tmp_path: Path) -> None:
    server = "postgresql://allobot@db/allobot"
    assert Settings(var=tmp_path).tracker == f"sqlite:///{tmp_path}/rasa.sqlite"
    assert Settings(var=tmp_path, database_url=server).tracker == server
    other = f"sqlite:///{tmp_path}/other.sqlite"
    assert Settings(database_url=server, tracker_url=other).tracker == other


def test_one_redis_serves_both_uses() -> None:
    shared = Settings(redis_url="redis://one/0")  # type: ignore[arg-type]
    assert shared.limits_url == shared.lock_url == shared.redis_url
    limits = Settings(limits_url="redis://one/0")  # type: ignore[arg-type]
    assert limits.lock_url == limits.limits_url
    assert Settings().lock_url is None
