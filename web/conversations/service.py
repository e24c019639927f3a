"""What can be done with a conversation: open it, read it, say something, erase it."""

import asyncio
import json
import secrets
import time
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeVar

from actions.appointments.intake import CODE, PHONE, Taken
from actions.appointments.vault import Coordonnees
from allobot.masking import Masked, mask
from allobot.masking.codes import hide_codes, hide_codes_in
from web.conversations.locks import ConversationLocks
from web.conversations.store import Begun, ConversationStore, Feedback
from web.conversations.text import as_words, clean
from web.conversations.tracker_events import Tracker, erase_sender
from web.errors import (
    NoBooking,
    NoConversation,
    RasaUnavailable,
    UnknownMessage,
)
from web.logs import LOGGER
from web.messages import Button, Message, from_bot, from_rasa
from web.rasa_client import Device, Metadata, RasaItem
from web.sentences import sentences

GREETING = "/salutation"
DETAILS = "/repondre"  # what Rasa receives when contact details are in the vault
BOOKING = "rendez_vous"  # kind of the cards of a booking
ID_BYTES = 24
CLOSE_SECONDS = 15.0

Result = TypeVar("Result")


class Bot(Protocol):
    """What answers: RasaClient."""

    async def say(self, sender: str, message: str, metadata: Metadata) -> list[RasaItem]:
        """Return the answer to a message; raises RasaUnavailable."""


class Reception(Protocol):
    """What takes personal data apart, for appointments; may raise StoreUnavailable."""

    @property
    def note(self) -> str:
        """What the form says of the details it asks for."""

    async def take(
        self, text: str, *, conversation: str, client: str | None, booking: bool
    ) -> Taken:
        """Return what Rasa and people may see of a text."""

    async def keep(self, coordonnees: Coordonnees, *, conversation: str) -> str:
        """Return the token of contact details, now in the vault."""


@dataclass(frozen=True, slots=True)
class Question:
    """What the browser sent: a text, the id of a button, or contact details.

    `id` is the browser's UUID. `device` is a class of devices, `client` what the limits count as
    one; `received` is in epoch seconds.
    """

    id: str
    text: str | None = None
    button: str | None = None
    contact: Coordonnees | None = field(default=None, repr=False)
    device: Device | None = None
    client: str | None = None
    received: float = field(default_factory=time.time)


@dataclass(frozen=True, slots=True)
class _Said:
    """A question ready to be kept (`shown`) and sent to the bot (`sent`).

    Of a button pressed, the store keeps the label. `notices` are said before the bot's answer.
    """

    shown: str = ""
    sent: str = ""
    notices: Sequence[str] = ()


class Conversations:
    """The conversations of the gateway, one thing at a time in each.

    What is begun is finished, even when the browser leaves: its retry finds the answer, and
    "erase" erases.
    """

    def __init__(
        self,
        store: ConversationStore,
        bot: Bot,
        tracker: Tracker,
        reception: Reception | None = None,
    ) -> None:
        """Without a `reception`, nobody is asked for a number, and what is typed is masked."""
        self._store = store
        self._reception = reception
        self._bot = bot
        self._tracker = tracker
        self._under_way: set[asyncio.Task[Any]] = set()
        self.locks = ConversationLocks()

    async def close(self) -> None:
        """Let what is under way end, 15 s at most."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=CLOSE_SECONDS)

    async def open(self) -> tuple[str, list[Message]]:
        """Open a conversation; return its id (also Rasa's sender) and the greeting."""
        conversation_id = secrets.token_urlsafe(ID_BYTES)
        metadata = Metadata(message=None, device=None, received=time.time())
        greeting = await self._ask(conversation_id, GREETING, metadata)
        await self._store.create(conversation_id, greeting)
        return conversation_id, greeting

    async def history(self, conversation_id: str) -> list[Message]:
        """Return all that was said. Raises NoConversation."""
        if not await self._store.touch(conversation_id):
            raise NoConversation
        return self._with_notes(await self._store.history(conversation_id))

    async def answer(self, conversation_id: str, question: Question) -> list[Message]:
        """Return the bot's answer; the same question id again returns the same answer.

        But for a code of appointment: it is given once, and hidden in what is kept.

        Raises NoConversation, UnknownButton, EmptyText, TextTooLong, InvalidMessage, NoBooking.
        """
        if question.text is not None:
            question = replace(question, text=clean(question.text))
        answer = await self._see_through(self._exchange(conversation_id, question))
        return self._with_notes(answer)

    async def give_feedback(self, conversation_id: str, feedback: Feedback) -> None:
        """Keep what the person thinks of a message. Raises NoConversation, UnknownMessage."""
        async with self.locks.hold(conversation_id):
            if not await self._store.touch(conversation_id):
                raise NoConversation
            if not await self._store.keep_feedback(conversation_id, feedback):
                raise UnknownMessage

    async def erase(self, conversation_id: str) -> None:
        """Erase a conversation here and in Rasa; a message under way is finished first."""
        await self._see_through(self._erase(conversation_id))

    async def _see_through(self, work: Coroutine[Any, Any, Result]) -> Result:
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return await asyncio.shield(task)

    async def _exchange(self, conversation_id: str, question: Question) -> list[Message]:
        async with self.locks.hold(conversation_id):
            begun, said = await self._begin(conversation_id, question)
            if begun.answer:
                return begun.answer
            if begun.answer is None:
                answer = await self._reply(conversation_id, question, said)
            else:  # claimed without an answer: the gateway stopped half-way, Rasa may have heard
                answer = [_sorry()]
            instead = sentences().discreet if any(map(_is_danger, answer)) else None
            kept = [_without_codes(message) for message in answer]
            await self._store.keep_answer(conversation_id, question.id, kept, instead=instead)
            return answer

    async def _erase(self, conversation_id: str) -> None:
        async with self.locks.hold(conversation_id):
            await asyncio.to_thread(erase_sender, self._tracker, conversation_id)
            await self._store.erase(conversation_id)

    async def _begin(self, conversation_id: str, question: Question) -> tuple[Begun, _Said]:
        """Claim a question; return what is known of it, and what is to be said to the bot."""
        if question.button is not None:
            begun = await self._store.begin(conversation_id, question.id, button=question.button)
            return begun, _Said(sent=begun.button.payload if begun.button else "")
        masked = mask(question.text or "")
        if question.contact is None and not self._concerns_reception(masked):
            said = _Said(masked.text, as_words(masked.text), _notices(masked.kinds))
        elif (known := await self._known(conversation_id, question.id)) is not None:
            return Begun(known), _Said()  # nothing of it is taken apart twice
        else:
            said = await self._take_apart(conversation_id, question, masked)
        return await self._store.begin(conversation_id, question.id, text=said.shown), said

    def _concerns_reception(self, masked: Masked) -> bool:
        return self._reception is not None and not {CODE, PHONE}.isdisjoint(masked.kinds)

    async def _known(self, conversation_id: str, question_id: str) -> list[Message] | None:
        """Return the answer kept for a question, as the store does. Raises NoConversation."""
        if not await self._store.touch(conversation_id):
            raise NoConversation
        return await self._store.answer_to(conversation_id, question_id)

    async def _take_apart(self, conversation_id: str, question: Question, masked: Masked) -> _Said:
        """Give the reception what is personal in a question. Raises NoBooking."""
        if question.contact is not None:
            return await self._give(conversation_id, question.contact)
        assert self._reception is not None
        taken = await self._reception.take(
            question.text or "",
            conversation=conversation_id,
            client=question.client,
            booking=PHONE in masked.kinds and await self._is_booking(conversation_id),
        )
        notices = [*_notices(taken.kinds), *([sentences().appointments.kept] if taken.kept else [])]
        return _Said(shown=taken.shown, sent=as_words(taken.sent), notices=notices)

    async def _give(self, conversation_id: str, contact: Coordonnees) -> _Said:
        if self._reception is None or not await self._is_booking(conversation_id):
            raise NoBooking
        token = await self._reception.keep(contact, conversation=conversation_id)
        sent = f"{DETAILS}{json.dumps({'jeton': token})}"
        return _Said(shown=sentences().appointments.details, sent=sent)

    async def _is_booking(self, conversation_id: str) -> bool:
        answer = last_answer(await self._store.history(conversation_id))
        return any(message.card and message.card["kind"] == BOOKING for message in answer)

    async def _reply(self, conversation_id: str, question: Question, said: _Said) -> list[Message]:
        metadata = Metadata(message=question.id, device=question.device, received=question.received)
        answer = await self._ask(conversation_id, said.sent, metadata)
        return [*map(from_bot, said.notices), *answer]

    async def _ask(self, conversation_id: str, message: str, metadata: Metadata) -> list[Message]:
        """Return the bot's messages, or the sentence that says where to turn when it is down."""
        try:
            messages = from_rasa(await self._bot.say(conversation_id, message, metadata))
        except RasaUnavailable as error:
            LOGGER.warning("rasa unavailable: %s", error)
            return [_sorry()]
        return messages or [_sorry()]

    def _with_notes(self, messages: Sequence[Message]) -> list[Message]:
        """Return messages as they are answered: a form says how long we keep what it asks for."""
        return [
            replace(message, form_note=self._reception.note)
            if self._reception and message.card and message.card.get("form")
            else message
            for message in messages
        ]


def _notices(kinds: Sequence[str]) -> list[str]:
    """Return the sentence that says what was masked, if anything was."""
    return [sentences().masked.notice_of(kinds)] if kinds else []


def last_answer(messages: Sequence[Message]) -> list[Message]:
    """Return the messages of the last answer, the last one first.

    An answer that did not come does not end what was under way: it is passed over.
    """
    answer: list[Message] = []
    for message in reversed(messages):
        if message.author == "bot":
            answer += [] if message.text == sentences().rasa_unavailable else [message]
        elif answer:
            break
    return answer


def _without_codes(message: Message) -> Message:
    """Return a message as it is kept: a code of appointment is for the browser, once."""
    buttons = tuple(Button(it.id, hide_codes(it.label), it.payload) for it in message.buttons)
    card = hide_codes_in(message.card)
    return replace(message, text=hide_codes(message.text), card=card, buttons=buttons)


def _is_danger(message: Message) -> bool:
    """Tell whether a message gives emergency numbers: what was said is then not kept."""
    return message.card is not None and message.card["kind"] == "danger"


def _sorry() -> Message:
    return from_bot(sentences().rasa_unavailable)
