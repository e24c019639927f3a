"""Client of Rasa's REST channel: one Rasa, or several that share what they keep.

A conversation goes to the same Rasa as long as it answers, to another of its list when it does not.
A message is sent again only when nothing can have come of it: the connection was refused, or it
was cut, nobody listens there any more and Rasa's store does not hold the message. After a time-out
it is not: the Rasa that received it may still answer it.
"""

import asyncio
import hashlib
import math
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Literal, TypedDict

import aiohttp
from aiohttp import ClientTimeout
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from web.errors import RasaUnavailable, StoreUnavailable

WEBHOOK = "/webhooks/rest/webhook"
CONNECT_SECONDS = 1.0  # to a machine that is there, a millisecond
NOTHING = b"[]"  # what a Rasa answers when its action server is down
DEAD_SECONDS = 5.0  # a Rasa that did not answer comes last for that long, then is asked first

# Tells whether Rasa kept a message of a sender (without an id: any message of theirs).
Heard = Callable[[str, str | None], Awaitable[bool]]

Device = Literal["telephone", "tablette", "ordinateur"]
# In this order: an Android tablet does not say Mobile, a phone does.
DEVICES: tuple[tuple[Device, re.Pattern[str]], ...] = (
    ("tablette", re.compile(r"ipad|tablet|kindle|silk|playbook", re.IGNORECASE)),
    ("telephone", re.compile(r"iphone|ipod|mobi|phone|kaios", re.IGNORECASE)),
    ("tablette", re.compile(r"android", re.IGNORECASE)),
    ("ordinateur", re.compile(r"windows nt|macintosh|x11|cros|linux", re.IGNORECASE)),
)


class Metadata(TypedDict):
    """What goes with a message, for the log of conversations.

    `message` is its id in the gateway, none for a greeting; `received` is in epoch seconds.
    """

    message: str | None
    device: Device | None
    received: float


def device_of(user_agent: str) -> Device | None:
    """Return the class of a device, all that is ever kept of what its browser says of itself."""
    return next((device for device, signs in DEVICES if signs.search(user_agent)), None)


class RasaButton(BaseModel):
    """A button of the bot; `payload` stays on the server."""

    model_config = ConfigDict(frozen=True, strict=True)

    title: str
    payload: str | None = None


class RasaItem(BaseModel):
    """One item of an answer: a text with its buttons, or a card alone in `custom`."""

    model_config = ConfigDict(frozen=True, strict=True)

    text: str | None = None
    buttons: list[RasaButton] = []
    custom: Any = None


ANSWER = TypeAdapter(list[RasaItem])


class NotReached(Exception):
    """No connection: the message was not sent."""


class Cut(Exception):
    """The connection ended before the answer."""


class RasaClient:
    """Says one message to Rasa and returns its answer."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        addresses: Sequence[str],
        timeout: float,
        heard: Heard,
    ) -> None:
        """Use a session of the caller's; `timeout` is in seconds, from connection to last byte."""
        self._session = session
        self._addresses = addresses
        self._seconds = timeout
        self._heard = heard
        self._dead_until: dict[str, float] = {}

    async def say(self, sender: str, message: str, metadata: Metadata) -> list[RasaItem]:
        """Send a message of a conversation.

        Raises RasaUnavailable on a time-out, an error status, an answer of another shape, or an
        empty one, and when no Rasa can be reached.
        """
        items = _read(
            await self._send(sender, {"sender": sender, "message": message, "metadata": metadata})
        )
        if not items:
            raise RasaUnavailable("empty answer")
        return items

    async def _send(self, sender: str, body: dict[str, object]) -> bytes:
        """Return the answer of the first Rasa that gives one, in the order of the conversation."""
        deadline = time.monotonic() + self._seconds
        failure: Exception | None = None
        for address in self._order(sender):
            left = deadline - time.monotonic()
            if left <= 0:
                break
            if not await self._is_back(address):
                continue
            try:
                answer = await self._post(address, body, left)
            except (NotReached, Cut) as error:
                self._doubt(address)
                failure = error
                if isinstance(error, Cut) and not await self._is_lost(address, body):
                    break
            except RasaUnavailable:
                self._doubt(address)
                raise
            else:
                if answer == NOTHING:  # not sent elsewhere: this Rasa heard it
                    self._doubt(address)
                else:
                    self._dead_until.pop(address, None)
                return answer
        raise RasaUnavailable(str(failure or "time-out")) from failure

    def _order(self, sender: str) -> list[str]:
        """Each conversation has an order of its own, which does not change when one is added.

        Those that answered last time come first (rendezvous hashing, then health).
        """
        now = time.monotonic()
        return sorted(
            self._addresses,
            key=lambda one: (self._dead_until.get(one, 0.0) > now, _rank(one, sender)),
        )

    def _doubt(self, address: str) -> None:
        self._dead_until[address] = time.monotonic() + DEAD_SECONDS

    async def _is_back(self, address: str) -> bool:
        """Tell whether a Rasa answers, when it did not last time and has had time to recover.

        One that is starting accepts connections many seconds before it answers: a message given
        to it would wait in vain, then be read when the person was told that it failed.
        """
        until = self._dead_until.get(address, math.inf)
        if len(self._addresses) < 2 or until > time.monotonic():
            return True
        self._doubt(address)  # meanwhile the other messages go elsewhere
        limit = ClientTimeout(total=CONNECT_SECONDS)
        try:
            async with self._session.get(
                f"{address}/", timeout=limit, allow_redirects=False
            ) as response:
                back = response.status < 500
        except (aiohttp.ClientError, TimeoutError):
            return False
        if back:
            self._dead_until.pop(address, None)
        return back

    async def _post(self, address: str, body: dict[str, object], seconds: float) -> bytes:
        # A busy Rasa is slow to open its door: only where another stands ready is it left so soon.
        hurried = CONNECT_SECONDS if len(self._addresses) > 1 else None
        limit = ClientTimeout(total=seconds, sock_connect=hurried)
        try:
            async with self._session.post(
                address + WEBHOOK, json=body, timeout=limit, allow_redirects=False
            ) as response:
                if response.status != 200:
                    raise RasaUnavailable(f"status {response.status}")
                return await response.read()
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotReached(type(error).__name__) from error
        except TimeoutError as error:
            raise RasaUnavailable("time-out") from error
        except aiohttp.ClientError as error:
            raise Cut(type(error).__name__) from error

    async def _is_lost(self, address: str, body: dict[str, object]) -> bool:
        """Tell whether nothing came of a message, nor will: its Rasa is gone, and kept nothing."""
        if len(self._addresses) < 2 or await _listens(address):
            return False
        metadata = body["metadata"]
        assert isinstance(metadata, dict)
        try:
            return not await self._heard(str(body["sender"]), metadata["message"])
        except StoreUnavailable:
            return False


def _rank(address: str, sender: str) -> bytes:
    return hashlib.sha256(f"{address} {sender}".encode()).digest()


async def _listens(address: str) -> bool:
    """Tell whether a connection can be made."""
    host, _, port = address.removeprefix("http://").rpartition(":")
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            _, writer = await asyncio.open_connection(host.strip("[]"), int(port))
    except OSError:  # TimeoutError too
        return False
    writer.close()
    return True


def _read(body: bytes) -> list[RasaItem]:
    try:
        return ANSWER.validate_json(body)
    except ValidationError as error:
        raise RasaUnavailable("unreadable answer") from error
