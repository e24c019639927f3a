"""Client of Rasa's REST channel, on the loopback."""

from typing import Any

import aiohttp
from aiohttp import ClientTimeout
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from web.errors import RasaUnavailable

WEBHOOK = "/webhooks/rest/webhook"


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


class RasaClient:
    """Says one message to Rasa and returns its answer."""

    def __init__(self, session: aiohttp.ClientSession, port: int, timeout: float) -> None:
        """Use a session of the caller's; `timeout` is in seconds, from connection to last byte."""
        self._session = session
        self._url = f"http://127.0.0.1:{port}{WEBHOOK}"
        self._timeout = ClientTimeout(total=timeout)

    async def say(self, sender: str, message: str) -> list[RasaItem]:
        """Send a message of a conversation.

        Raises RasaUnavailable on a time-out, a refused connection, an error status, an answer of
        another shape, or an empty one.
        """
        items = _read(await self._post({"sender": sender, "message": message}))
        if not items:
            raise RasaUnavailable("empty answer")
        return items

    async def _post(self, body: dict[str, str]) -> bytes:
        try:
            async with self._session.post(
                self._url, json=body, timeout=self._timeout, allow_redirects=False
            ) as response:
                if response.status != 200:
                    raise RasaUnavailable(f"status {response.status}")
                return await response.read()
        except TimeoutError as error:
            raise RasaUnavailable("time-out") from error
        except aiohttp.ClientError as error:
            raise RasaUnavailable(type(error).__name__) from error


def _read(body: bytes) -> list[RasaItem]:
    try:
        return ANSWER.validate_json(body)
    except ValidationError as error:
        raise RasaUnavailable("unreadable answer") from error
