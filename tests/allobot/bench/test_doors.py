"""The two doors, in front of small servers that play the gateway and Rasa."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

from allobot.bench.doors import Failed, Gateway, Rest, loopback, read_gateway, read_rest, session
from allobot.errors import UsageError
from web.sentences import sentences

CARD = {"kind": "decision"}


class Server:
    """Notes what is asked, answers `body` with `status`."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Any, str]] = []
        self.body: Any = None
        self.status = 200
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        cookie = request.headers.get("Cookie", "")
        self.asked.append((request.path, await request.json(), cookie))
        response = web.json_response(self.body, status=self.status)
        response.set_cookie("allobot", f"seen-{len(self.asked)}")
        return response


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    played = Server()
    app = web.Application()
    app.router.add_post("/{path:.*}", played.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    played.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield played
    await runner.cleanup()


def gateway_body(text: str = "Bonjour") -> dict[str, Any]:
    buttons = [{"id": "b1", "label": "Oui"}]
    return {"messages": [{"text": text, "card": CARD, "buttons": buttons}]}


async def test_a_browser_keeps_its_cookie_and_names_the_button(server: Server) -> None:
    server.body = gateway_body()
    async with session() as client:
        door = Gateway(client, server.url)
        answer = await door.open()
        await door.say("bonjour")
        await door.press(answer.buttons["Oui"])
    (opened, nothing, no_cookie), (said, text, first), (pressed, button, second) = server.asked
    assert (opened, said, pressed) == (
        "/api/conversation",
        "/api/conversation/messages",
        "/api/conversation/messages",
    )
    assert nothing == {}
    assert text["text"] == "bonjour"
    assert button["button"] == "b1"
    assert text["id"] != button["id"]
    assert (no_cookie, first, second) == ("", "allobot=seen-1", "allobot=seen-2")
    assert answer.cards == ("decision",)


async def test_rasa_s_channel_gets_what_the_gateway_would_send_it(server: Server) -> None:
    buttons = [{"title": "Oui", "payload": "/affirmer"}]
    server.body = [{"text": "Bonjour", "buttons": buttons}, {"custom": CARD}]
    async with session() as client:
        door = Rest(client, server.url)
        answer = await door.open()
        await door.press(answer.buttons["Oui"])
        other = Rest(client, server.url)
        await other.say("bonjour")
    paths, bodies, cookies = zip(*server.asked, strict=True)
    assert set(paths) == {"/webhooks/rest/webhook"}
    assert [body["message"] for body in bodies] == ["/salutation", "/affirmer", "bonjour"]
    assert bodies[0]["sender"] == bodies[1]["sender"] != bodies[2]["sender"]
    assert set(cookies) == {""}
    assert answer.cards == ("decision",)


@pytest.mark.parametrize("status", [302, 400, 429, 500, 503])
async def test_another_status_is_an_error(server: Server, status: int) -> None:
    server.body, server.status = gateway_body(), status
    async with session() as client:
        with pytest.raises(Failed, match=f"status {status}"):
            await Gateway(client, server.url).open()


async def test_nobody_there_is_an_error(server: Server) -> None:
    async with session() as client:
        with pytest.raises(Failed, match="ClientConnectorError"):
            await Rest(client, "http://127.0.0.1:1").open()


def test_saying_that_rasa_is_down_is_not_an_answer() -> None:
    with pytest.raises(Failed, match="rasa unavailable"):
        read_gateway(gateway_body(sentences().rasa_unavailable))


@pytest.mark.parametrize(
    ("read", "body"),
    [
        (read_gateway, {"messages": []}),
        (read_gateway, {"error": {}}),
        (read_gateway, None),
        (read_rest, []),
        (read_rest, None),
    ],
)
def test_what_says_nothing_is_an_error(read: Callable[[Any], Awaitable[Any]], body: Any) -> None:
    with pytest.raises(Failed, match="answer"):
        read(body)


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:8080", "http://127.8.9.10", "http://[::1]:80", "http://localhost"]
)
def test_this_machine_may_be_loaded(address: str) -> None:
    assert loopback(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "https://www.caf.fr",
        "http://192.168.1.10:8080",
        "http://0.0.0.0:8080",
        "http://127.0.0.1.example.org",
        "http://localhost.example.org",
        "http://127.0.0.1@example.org",
        "nonsense",
        "",
    ],
)
async def test_any_other_host_is_refused(address: str) -> None:
    async with session() as client:
        for door in (Gateway, Rest):
            with pytest.raises(UsageError, match="ne parle qu'à cette machine"):
                door(client, address)
