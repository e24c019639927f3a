"""Appointments, for the public: contact details, codes, and a file for one's calendar.

Nothing personal goes further than here: a phone number goes to the vault, a code is verified, and
Rasa receives tokens that are worth nothing outside the conversation.
"""

import asyncio
import datetime as dt
from typing import Annotated
from uuid import UUID

from aiohttp import hdrs, web
from babel.units import format_unit
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import Engine

from actions.appointments.codes import Codes
from actions.appointments.ics import calendar_file
from actions.appointments.intake import Intake, Taken
from actions.appointments.phones import BadPhone, read_phone
from actions.appointments.vault import Coordonnees, Vault
from allobot.masking.codes import codes, plain_codes
from allobot.settings import PARIS, BadKey, Settings
from web.bodies import Body, read_body
from web.conversations.service import Question, Reception
from web.conversations.sql_store import in_thread
from web.conversations.text import clean
from web.errors import (
    EmptyText,
    InvalidName,
    InvalidPhone,
    NoConversation,
    NotFound,
    TextTooLong,
    TooManyRequests,
)
from web.keys import CONVERSATIONS, SESSIONS, SETTINGS
from web.limits import Limits, limit_client
from web.sentences import sentences

MAX_NAME = 80
MAX_PHONE = 40
CALENDAR_PATH = "/rendez-vous/{debut:[0-9]{8}T[0-9]{4}}.ics"
CALENDAR_NAME = "rendez-vous.ics"
# What an appointment of this year can be: another address is a mistake, or a game.
PAST, FUTURE = dt.timedelta(days=62), dt.timedelta(days=366)
FIRST_HOUR, LAST_HOUR = 6, 21

routes = web.RouteTableDef()


class DatabaseReception(Reception):
    """The reception in front of the vault, in threads: argon2 and SQL take their time.

    Every method may raise StoreUnavailable.
    """

    def __init__(self, engine: Engine, settings: Settings, limits: Limits) -> None:
        """Use an engine of the caller's. Raises OSError or BadKey when a key cannot be used."""
        keys = settings.vault_keys()
        try:
            self._vault = Vault(engine, keys)
        except ValueError:
            raise BadKey("vault_key") from None
        self._intake = Intake(self._vault, Codes(engine))
        self._limits = limits
        self._settings = settings

    @property
    def note(self) -> str:
        """What the form says of the details it asks for."""
        days = format_unit(self._settings.rdv_retention_days, "duration-day", locale="fr")
        return sentences().appointments.note.format(duree=days)

    async def take(
        self, text: str, *, conversation: str, client: str | None, booking: bool
    ) -> Taken:
        """Return what Rasa and people may see of a text; each code counts for both limits."""
        number = max(sum(1 for _ in codes(text)), len(plain_codes(text)))
        verify = await self._may_try(number, conversation, client)
        return await in_thread(
            lambda: self._intake.read(
                text,
                conversation=conversation,
                now=self._settings.now(),
                booking=booking,
                verify=verify,
            )
        )

    async def keep(self, coordonnees: Coordonnees, *, conversation: str) -> str:
        """Return the token of contact details, now in the vault."""
        return await in_thread(
            lambda: self._vault.put(
                coordonnees, conversation=conversation, now=self._settings.now()
            )
        )

    async def _may_try(self, number: int, conversation: str, client: str | None) -> bool:
        """Count codes; tell whether all of them may be tried. None is when one may not."""
        try:
            for who in (client, conversation) if client else (conversation,):
                for _ in range(number):
                    await self._limits.hit("codes", who)
        except TooManyRequests:
            return False
        return True


class Details(Body):
    """`{"id", "nom", "telephone"}`; the name may be left out."""

    id: UUID
    nom: Annotated[str, Field(max_length=4 * MAX_NAME)] | None = None
    telephone: Annotated[str, Field(max_length=4 * MAX_PHONE)]

    def question(self) -> Question:
        """Return it as the conversations take it. Raises InvalidName, InvalidPhone."""
        nom = None if self.nom is None else read_name(self.nom)
        contact = Coordonnees(nom=nom, telephone=read_number(self.telephone))
        asker = self.asker
        return Question(id=str(self.id), contact=contact, device=asker.device, client=asker.client)


def read_name(written: str) -> str:
    """Return a name of 1 to 80 characters, on one line. Raises InvalidName."""
    try:
        name = " ".join(clean(written).split())
    except (EmptyText, TextTooLong):
        raise InvalidName from None
    if len(name) > MAX_NAME or not any(character.isalpha() for character in name):
        raise InvalidName
    return name


def read_number(written: str) -> str:
    """Return a French phone number as E.164. Raises InvalidPhone."""
    try:
        return read_phone(clean(written)[:MAX_PHONE])
    except (EmptyText, TextTooLong):
        raise InvalidPhone("illisible") from None
    except BadPhone as error:
        raise InvalidPhone(error.kind) from None


@routes.post("/api/conversation/coordonnees")
async def give_details(request: web.Request) -> web.Response:
    """Keep contact details for the booking under way, and give the bot's answer."""
    body = await read_body(request, Details)
    sessions = request.app[SESSIONS]
    conversation_id = sessions.read(request)
    if conversation_id is None:
        raise NoConversation
    answer = await request.app[CONVERSATIONS].answer(conversation_id, body.question())
    response = web.json_response({"messages": [message.public() for message in answer]})
    sessions.issue(response, conversation_id)
    return response


class _Event(BaseModel):
    """The query of a calendar file: how many minutes."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    m: Annotated[int, Field(ge=5, le=120)]


@routes.get(CALENDAR_PATH)
async def calendar(request: web.Request) -> web.Response:
    """Give a file for one's calendar, made from the address alone; no cookie is read or set."""
    await limit_client(request, "pages")
    try:
        minutes = _Event.model_validate(dict(request.query)).m
        debut = _plausible(request.match_info["debut"], request.app[SETTINGS].now())
    except (ValidationError, ValueError):
        raise NotFound from None
    said = sentences().appointments
    body = await asyncio.to_thread(
        calendar_file,
        debut,
        minutes,
        uid=f"{request.match_info['debut']}-{minutes}@allobot",
        title=said.event_title,
        description=said.event_description,
    )
    return web.Response(
        body=body,
        content_type="text/calendar",
        charset="utf-8",
        headers={hdrs.CONTENT_DISPOSITION: f'attachment; filename="{CALENDAR_NAME}"'},
    )


def _plausible(written: str, now: dt.datetime) -> dt.datetime:
    """Return the beginning that an address tells. Raises ValueError when it cannot be one."""
    debut = dt.datetime.strptime(written, "%Y%m%dT%H%M").replace(tzinfo=PARIS)
    exists = debut.astimezone(dt.UTC).astimezone(PARIS).replace(tzinfo=None) == debut.replace(
        tzinfo=None
    )
    in_time = now - PAST <= debut <= now + FUTURE
    if not exists or not in_time or not FIRST_HOUR <= debut.hour <= LAST_HOUR:
        raise ValueError(written)
    return debut
