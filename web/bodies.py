"""Reads the JSON bodies of the API: within a size, within a time, of an exact shape."""

import asyncio
from dataclasses import dataclass
from typing import Self, TypeVar
from uuid import UUID

from aiohttp import ClientError, hdrs, web
from aiohttp.http_exceptions import HttpProcessingError
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, model_validator

from web.conversations.service import Question
from web.errors import BodyTimeout, BodyTooLarge, InvalidJson, InvalidMessage, InvalidRequest
from web.limits import client_of
from web.rasa_client import Device, device_of

MAX_BYTES = 4096
SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks: the class of their device, and what the limits count them as."""

    device: Device | None = None
    client: str | None = None


def asker_of(request: web.Request) -> Asker:
    """Return who sends a request."""
    return Asker(device_of(request.headers.get(hdrs.USER_AGENT, "")), client_of(request))


class Body(BaseModel):
    """A body that holds nothing but its fields, each of its exact type."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)

    _asker: Asker = PrivateAttr(default=Asker())

    @property
    def asker(self) -> Asker:
        """Who sent it."""
        return self._asker


class NewConversation(Body):
    """`{}`."""


class NewMessage(Body):
    """`{"id", "text"}` or `{"id", "button"}`."""

    id: UUID
    text: str | None = None
    button: str | None = Field(default=None, min_length=1, max_length=64)

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if len(self.model_fields_set) != 2 or (self.text is None) == (self.button is None):
            raise ValueError("text or button")
        return self

    def question(self) -> Question:
        """Return it as the conversations take it."""
        return Question(
            id=str(self.id),
            text=self.text,
            button=self.button,
            device=self.asker.device,
            client=self.asker.client,
        )


Shape = TypeVar("Shape", bound=Body)


async def read_body(request: web.Request, shape: type[Shape]) -> Shape:
    """Return the body of a request.

    Raises BodyTooLarge, BodyTimeout, InvalidJson or InvalidMessage.
    """
    raw = await read_bytes(request)
    try:
        body = shape.model_validate_json(raw)
    except ValidationError as error:
        syntax = any(item["type"] == "json_invalid" for item in error.errors())
        raise (InvalidJson if syntax else InvalidMessage) from None
    body._asker = asker_of(request)
    return body


async def read_bytes(request: web.Request, limit: int = MAX_BYTES) -> bytes:
    """Return the raw body, of `limit` bytes at most.

    Raises BodyTooLarge, BodyTimeout or InvalidRequest.
    """
    if (request.content_length or 0) > limit:
        raise BodyTooLarge
    body = b""
    try:
        async with asyncio.timeout(SECONDS):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > limit:
                    raise BodyTooLarge
    except TimeoutError as error:
        raise BodyTimeout from error
    except (ClientError, HttpProcessingError, ConnectionError) as error:
        raise InvalidRequest from error
    return body


def is_plain_json(request: web.Request) -> bool:
    """Tell whether the body is declared as JSON, and not compressed."""
    return _is_plain(request, "application/json")


def is_plain_form(request: web.Request) -> bool:
    """Tell whether the body is declared as an HTML form, and not compressed."""
    return _is_plain(request, "application/x-www-form-urlencoded")


def _is_plain(request: web.Request, kind: str) -> bool:
    encoding = request.headers.get(hdrs.CONTENT_ENCODING, "identity")
    return request.content_type == kind and encoding.lower() == "identity"
