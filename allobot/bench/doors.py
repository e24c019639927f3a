"""The two doors people talk through: Allobot's gateway, and Rasa's REST channel. Loopback only."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Protocol
from urllib.parse import urlsplit

from aiohttp import ClientError, ClientSession, ClientTimeout, DummyCookieJar, TCPConnector

from allobot.errors import UsageError
from allobot.messages import say
from web.conversations.service import GREETING
from web.sentences import sentences

PATIENCE = 30.0  # seconds a person waits for an answer


class Failed(Exception):
    """No answer, or not one of the bot's; the text is a short reason, the same for its like."""


@dataclass(frozen=True)
class Answer:
    """What came back: what each button's label is worth, and the kinds of the cards."""

    buttons: Mapping[str, str]
    cards: tuple[str, ...] = ()


class Door(Protocol):
    """One conversation. Every method may raise Failed."""

    async def open(self) -> Answer:
        """Begin, and be greeted."""

    async def say(self, text: str) -> Answer:
        """Type a text."""

    async def press(self, value: str) -> Answer:
        """Press a button, of that value."""


Doors = Callable[[ClientSession], Door]


def session() -> ClientSession:
    """A client for all the people; one connection a message, as the gateway does with Rasa."""
    return ClientSession(
        connector=TCPConnector(force_close=True, limit=0),
        cookie_jar=DummyCookieJar(),
        timeout=ClientTimeout(total=PATIENCE),
    )


def loopback(address: str) -> str:
    """The address, when it is one of this very machine.

    Raises:
        UsageError: it is another host; nobody's server is loaded by mistake.
    """
    host = urlsplit(address).hostname or ""
    try:
        inside = ip_address(host).is_loopback
    except ValueError:
        inside = host == "localhost"
    if not inside:
        raise UsageError(say("bench_hote", hote=host or address))
    return address


class Gateway:
    """A browser in front of Allobot."""

    def __init__(self, client: ClientSession, address: str) -> None:
        """Raises UsageError when the address is not of this machine."""
        self._client = client
        self._url = loopback(address) + "/api/conversation"
        self._cookie = ""

    async def open(self) -> Answer:
        return await self._post("", {})

    async def say(self, text: str) -> Answer:
        return await self._post("/messages", {"id": str(uuid.uuid4()), "text": text})

    async def press(self, value: str) -> Answer:
        return await self._post("/messages", {"id": str(uuid.uuid4()), "button": value})

    async def _post(self, path: str, body: object) -> Answer:
        headers = {"Cookie": self._cookie} if self._cookie else {}
        answer, cookies = await _post(self._client, self._url + path, body, headers)
        if cookies:
            self._cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
        return read_gateway(answer)


class Rest:
    """A client of Rasa's REST channel, which greets and presses as the gateway makes Rasa do."""

    def __init__(self, client: ClientSession, address: str) -> None:
        """Raises UsageError when the address is not of this machine."""
        self._client = client
        self._url = loopback(address) + "/webhooks/rest/webhook"
        self._sender = uuid.uuid4().hex

    async def open(self) -> Answer:
        return await self.say(GREETING)

    async def say(self, text: str) -> Answer:
        body = {"sender": self._sender, "message": text}
        return read_rest((await _post(self._client, self._url, body, {}))[0])

    async def press(self, value: str) -> Answer:
        return await self.say(value)


def read_gateway(body: Any) -> Answer:
    """The gateway's answer. Raises Failed when it only says that Rasa did not answer."""
    try:
        messages = body["messages"]
        if any(message["text"] == sentences().rasa_unavailable for message in messages):
            raise Failed("rasa unavailable")
        return _answer(messages, "id", "label", "card")
    except (KeyError, TypeError) as error:
        raise Failed("unreadable answer") from error


def read_rest(body: Any) -> Answer:
    """The answer of Rasa's channel. Raises Failed."""
    try:
        return _answer(body, "payload", "title", "custom")
    except (KeyError, TypeError) as error:
        raise Failed("unreadable answer") from error


def _answer(messages: Iterable[Mapping[str, Any]], value: str, label: str, card: str) -> Answer:
    messages = list(messages)
    if not messages:
        raise Failed("empty answer")
    buttons = (button for message in messages for button in message.get("buttons") or [])
    cards = (message.get(card) for message in messages)
    return Answer(
        {button[label]: button[value] for button in buttons if value in button},
        tuple(str(one.get("kind")) for one in cards if one),
    )


async def _post(
    client: ClientSession, url: str, body: object, headers: Mapping[str, str]
) -> tuple[Any, dict[str, str]]:
    """The JSON of the answer, and the cookies it sets. Raises Failed."""
    try:
        async with client.post(url, json=body, headers=headers, allow_redirects=False) as response:
            if response.status not in (200, 201):
                raise Failed(f"status {response.status}")
            cookies = {name: morsel.value for name, morsel in response.cookies.items()}
            return await response.json(), cookies
    except TimeoutError as error:
        raise Failed("time-out") from error
    except (ClientError, ValueError) as error:
        raise Failed(type(error).__name__) from error
