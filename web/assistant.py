"""The conversation on a full page, and the same without JavaScript: a form, answered in HTML.

The page holds the widget; inside its element, what a browser without JavaScript shows. A form
carries a signed token, worth for one conversation and as long as its cookie, and the id of the
message it will send: sent twice, it is answered once.
"""

import hashlib
import uuid
from http import HTTPStatus
from itertools import takewhile
from typing import Any, Literal, Self
from urllib.parse import parse_qsl
from uuid import UUID

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler
from itsdangerous import BadData, URLSafeTimedSerializer
from pydantic import BaseModel, ConfigDict, Field, model_validator

from actions.appointments.vault import Coordonnees
from web import embed
from web.appointments import MAX_NAME, read_name, read_number
from web.bodies import asker_of, read_bytes
from web.conversations.service import Question, last_answer
from web.conversations.text import MAX_CHARACTERS, clean
from web.errors import (
    BodyTimeout,
    BodyTooLarge,
    GatewayError,
    InvalidMessage,
    InvalidName,
    InvalidPhone,
    NoConversation,
    StaleForm,
    TooManyRequests,
    sentence_of,
)
from web.files import FOLDER
from web.keys import CONVERSATIONS, SESSIONS, SETTINGS
from web.limits import LIMITS, limit_client
from web.logs import LOGGER, describe
from web.messages import Message
from web.minified import minified
from web.pages import page
from web.privacy import information
from web.security import CONTENT_SECURITY_POLICY
from web.session import loads_recent

PATH = "/assistant"
GUIDE = "/assistant/integrer"
MAX_FORM_BYTES = 8192  # 500 characters of 4 bytes, each byte written %XX, and the token
MAX_FIELDS = 8
PURPOSE = "allobot.web.form"
ELSEWHERE = "https://meteofrance.com"
EMERGENCIES = ("tel:17", "tel:3919")  # what may save a life comes first
OUR_PHONE = "tel:3230"

routes = web.RouteTableDef()


class FormTokens:
    """Makes and checks the token that a form of ours carries."""

    def __init__(self, key: str, minutes: int) -> None:
        """Sign with `key`; a token is worth `minutes`."""
        self._key = key
        self._seconds = minutes * 60

    def make(self, conversation_id: str | None) -> str:
        """Return a token for a conversation, or for one that is still to be opened."""
        value = self._serializer(conversation_id).dumps("")
        return value.decode() if isinstance(value, bytes) else value

    def check(self, token: str, conversation_id: str | None) -> None:
        """Raise StaleForm when the token was not made for this conversation, or long ago."""
        try:
            loads_recent(self._serializer(conversation_id), token, self._seconds)
        except BadData:
            raise StaleForm from None

    def _serializer(self, conversation_id: str | None) -> URLSafeTimedSerializer:
        """Sign under the name of the conversation, which the token itself does not tell."""
        return URLSafeTimedSerializer(
            self._key,
            salt=f"{PURPOSE}.{conversation_id or ''}",
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )


FORM_TOKENS = web.AppKey("form_tokens", FormTokens)


class _Form(BaseModel):
    """What a form of the page sends: a text, a button, contact details or an erasure."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    token: str = Field(max_length=200)
    id: UUID
    text: str | None = None
    button: str | None = Field(default=None, min_length=1, max_length=64)
    nom: str | None = None
    telephone: str | None = None
    erase: Literal["stay", "leave"] | None = None

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        if [self.text, self.button, self.telephone, self.erase].count(None) != 3:
            raise ValueError("text, button, telephone or erase")
        if (self.nom is None) != (self.telephone is None):
            raise ValueError("nom and telephone")
        return self

    def question(self, request: web.Request) -> Question:
        """Return it as the conversations take it. Raises InvalidName, InvalidPhone."""
        contact = None
        if self.nom is not None and self.telephone is not None:
            contact = Coordonnees(nom=read_name(self.nom), telephone=read_number(self.telephone))
        asker = asker_of(request)
        return Question(
            id=str(self.id),
            text=self.text,
            button=self.button,
            contact=contact,
            device=asker.device,
            client=asker.client,
        )

    def typed(self) -> dict[str, str]:
        """Return what was typed, by field."""
        fields = {"text": self.text, "nom": self.nom, "telephone": self.telephone}
        return {name: value for name, value in fields.items() if value is not None}


@routes.get(PATH)
async def show(request: web.Request) -> web.Response:
    """Give the page: the conversation of the cookie, or how to begin one."""
    await limit_client(request, "pages")
    return await _conversation_page(request)


@routes.post(PATH)
async def submit(request: web.Request) -> web.Response:
    """Do what a form asks, then have the browser read the page again."""
    form = await _read_form(request)
    if not form.erase:  # erasing, and the quick exit with it, is never refused
        await limit_client(request, "requests")
    conversation_id = request.app[SESSIONS].read(request)
    try:
        request.app[FORM_TOKENS].check(form.token, conversation_id)
        if form.erase:
            return await _erase(request, conversation_id, form.erase)
        conversation_id = await _talk(request, conversation_id, form.question(request))
    except GatewayError as error:
        return await _error_page(request, error, form)
    response = _see(f"{PATH}#suite")
    request.app[SESSIONS].issue(response, conversation_id)
    return response


@routes.get(GUIDE)
async def guide(request: web.Request) -> web.Response:
    """Give the tag that a webmaster pastes, with the hash of the script as it is served now."""
    settings = request.app[SETTINGS]
    scheme = "https" if settings.cookie_secure else request.scheme
    values = {
        "address": f"{scheme}://{request.host}",
        "integrity": embed.integrity(minified(FOLDER / "widget" / "allobot.js")[0]),
        "open": bool(settings.embed_origins),
    }
    return _protect(request, await page("assistant_embed.html", values))


@web.middleware
async def pages(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Tell the errors of this page in the page itself."""
    try:
        return await handler(request)
    except GatewayError as error:
        if request.path != PATH:
            raise
        return await _error_page(request, error)


async def _read_form(request: web.Request) -> _Form:
    """Return the form sent. Raises BodyTooLarge, BodyTimeout, InvalidRequest, InvalidMessage."""
    raw = await read_bytes(request, MAX_FORM_BYTES)
    try:
        pairs = parse_qsl(
            raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS
        )
        return _Form.model_validate(dict(pairs))
    except ValueError:  # a ValidationError is one, a UnicodeError too
        raise InvalidMessage from None


async def _talk(request: web.Request, conversation_id: str | None, question: Question) -> str:
    """Say something, in a new conversation when there is none; return the conversation's id.

    Raises NoConversation for what is not a text: it was asked in a conversation that is no more.
    """
    conversations = request.app[CONVERSATIONS]
    if question.text is not None:
        clean(question.text)  # nothing is opened for nothing
    try:
        if conversation_id is None:
            raise NoConversation
        await request.app[LIMITS].hit("messages", conversation_id)
        await conversations.answer(conversation_id, question)
    except NoConversation:
        if question.text is None:
            raise
        await limit_client(request, "openings")
        conversation_id, _greeting = await conversations.open()
        await conversations.answer(conversation_id, question)
    return conversation_id


async def _erase(
    request: web.Request, conversation_id: str | None, then: Literal["stay", "leave"]
) -> web.Response:
    if conversation_id is not None:
        await request.app[CONVERSATIONS].erase(conversation_id)
    response = _see(PATH if then == "stay" else ELSEWHERE)
    request.app[SESSIONS].clear(response)
    return response


async def _error_page(
    request: web.Request, error: GatewayError, form: _Form | None = None
) -> web.Response:
    """Give the page with what went wrong at its top, and what was typed still in its field."""
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        LOGGER.error("%s: %s", error.code, describe(error))
    response = await _conversation_page(request, error, form)
    if isinstance(error, BodyTimeout | BodyTooLarge):
        response.force_close()  # the rest of the body is not worth reading
    if isinstance(error, TooManyRequests):
        response.headers[hdrs.RETRY_AFTER] = str(error.seconds)
    return response


async def _conversation_page(
    request: web.Request, error: GatewayError | None = None, form: _Form | None = None
) -> web.Response:
    conversation_id, messages = await _history(request, error)
    asked = next((message for message in last_answer(messages) if _has_form(message)), None)
    values = {
        "messages": [_view(message) for message in messages],
        "last_said": max((i for i, m in enumerate(messages) if m.author == "person"), default=-1),
        "buttons": _open_buttons(messages),
        "token": request.app[FORM_TOKENS].make(conversation_id),
        "id": str(uuid.uuid4()),
        "error": sentence_of(error) if error else None,
        "wrong": _field_of(error) if asked else "question",
        "asked": asked,
        "typed": {"text": "", "nom": "", "telephone": ""} | (form.typed() if form else {}),
        "max_characters": MAX_CHARACTERS,
        "max_name": MAX_NAME,
        "elsewhere": ELSEWHERE,
        "information": information(request.app[SETTINGS]),
    }
    status = error.status if error else HTTPStatus.OK
    response = _protect(request, await page("assistant.html", values, status))
    if conversation_id is not None:
        request.app[SESSIONS].issue(response, conversation_id)
    return response


async def _history(
    request: web.Request, error: GatewayError | None
) -> tuple[str | None, list[Message]]:
    """Return the conversation of the cookie and what was said; nothing when there is none.

    An error to tell is told even when the store is down: it is then most often that one.
    """
    conversation_id = request.app[SESSIONS].read(request)
    if conversation_id is None:
        return None, []
    try:
        return conversation_id, await request.app[CONVERSATIONS].history(conversation_id)
    except NoConversation:
        return None, []
    except GatewayError:
        if error is None:
            raise
        return conversation_id, []


def _has_form(message: Message) -> bool:
    return bool(message.card and message.card.get("form"))


def _field_of(error: GatewayError | None) -> str:
    """Return the id of the field where an error is put right."""
    if isinstance(error, InvalidName):
        return "nom"
    return "telephone" if isinstance(error, InvalidPhone) else "question"


def _view(message: Message) -> dict[str, Any]:
    """Return a message as the template reads it; in danger, the calls come first and apart."""
    shown = message.public()
    card = shown.setdefault("card", None)
    if card and card["kind"] == "danger":
        calls = [contact for contact in card["contacts"] if _is_emergency(contact)]
        calls.sort(key=lambda contact: _rank(contact["href"]))
        others = [contact for contact in card["contacts"] if not _is_emergency(contact)]
        shown["card"] = {**card, "calls": calls, "contacts": others}
    return shown


def _is_emergency(contact: dict[str, Any]) -> bool:
    href = contact["href"] or ""
    return href.startswith("tel:") and href != OUR_PHONE


def _rank(href: str) -> int:
    return EMERGENCIES.index(href) if href in EMERGENCIES else len(EMERGENCIES)


def _open_buttons(messages: list[Message]) -> list[dict[str, str]]:
    """Return the quick replies that nobody answered yet."""
    last = list(takewhile(lambda message: message.author == "bot", reversed(messages)))
    return [
        {"id": button.id, "label": button.label}
        for message in reversed(last)
        for button in message.buttons
    ]


def _see(address: str) -> web.Response:
    """Return a 303: the browser reads that address, and reloading sends nothing again."""
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={hdrs.LOCATION: address})


def _protect(request: web.Request, response: web.Response) -> web.Response:
    """Allow a page its forms and, to the sites that embed it, a frame.

    Without a referrer at all, a browser would not say either that the form is ours (Origin: null).
    """
    policy = CONTENT_SECURITY_POLICY.replace(
        "form-action 'none'", f"form-action 'self' {ELSEWHERE}"
    ).replace("frame-ancestors 'self'", f"frame-ancestors {embed.frame_ancestors(request)}")
    response.headers["Content-Security-Policy"] = policy
    response.headers["Referrer-Policy"] = "same-origin"
    return response
