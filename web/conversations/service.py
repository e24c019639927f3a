"""What can be done with a conversation: open it, read it, say something, erase it."""

import asyncio
import secrets
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from allobot.masking import mask
from web.conversations.locks import ConversationLocks
from web.conversations.store import ConversationStore, Feedback
from web.conversations.text import as_words, clean
from web.conversations.tracker_events import erase_sender
from web.errors import (
    InvalidMessage,
    NoConversation,
    RasaUnavailable,
    UnknownButton,
    UnknownMessage,
)
from web.logs import LOGGER
from web.messages import Message, from_bot, from_rasa
from web.rasa_client import RasaItem
from web.sentences import sentences

GREETING = "/salutation"
ID_BYTES = 24
CLOSE_SECONDS = 15.0

Result = TypeVar("Result")


class Bot(Protocol):
    """What answers: RasaClient."""

    async def say(self, sender: str, message: str) -> list[RasaItem]:
        """Return the answer to a message; raises RasaUnavailable."""


@dataclass(frozen=True, slots=True)
class Question:
    """What the browser sent: a text, or the id of a button; `id` is the browser's UUID."""

    id: str
    text: str | None = None
    button: str | None = None


@dataclass(frozen=True, slots=True)
class _Said:
    """A question ready to be kept (`shown`) and sent to the bot (`sent`)."""

    shown: str
    sent: str
    kinds: Sequence[str] = ()


class Conversations:
    """The conversations of the gateway, one thing at a time in each.

    What is begun is finished, even when the browser leaves: its retry finds the answer, and
    "erase" erases.
    """

    def __init__(self, store: ConversationStore, bot: Bot, tracker: Path) -> None:
        self._store = store
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
        greeting = await self._ask(conversation_id, GREETING)
        await self._store.create(conversation_id, greeting)
        return conversation_id, greeting

    async def history(self, conversation_id: str) -> list[Message]:
        """Return all that was said. Raises NoConversation."""
        if not await self._store.touch(conversation_id):
            raise NoConversation
        return await self._store.history(conversation_id)

    async def answer(self, conversation_id: str, question: Question) -> list[Message]:
        """Return the bot's answer; the same question id again returns the same answer.

        Raises NoConversation, UnknownButton, EmptyText, TextTooLong, InvalidMessage.
        """
        said = None if question.text is None else _prepare(question.text)
        return await self._see_through(self._exchange(conversation_id, question, said))

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

    async def _exchange(
        self, conversation_id: str, question: Question, said: _Said | None
    ) -> list[Message]:
        async with self.locks.hold(conversation_id):
            if not await self._store.touch(conversation_id):
                raise NoConversation
            known = await self._store.answer_to(conversation_id, question.id)
            if known:
                return known
            said = said or await self._press(conversation_id, question.button or "")
            person = Message(question.id, "person", said.shown)
            fresh = await self._store.claim(conversation_id, person)
            if not fresh and known is None:
                raise InvalidMessage  # the id of another message
            # Claimed but without an answer: the gateway stopped half-way. Rasa may have heard it.
            answer = await self._reply(conversation_id, said) if fresh else [_sorry()]
            instead = sentences().discreet if any(map(_is_danger, answer)) else None
            await self._store.keep_answer(conversation_id, question.id, answer, instead=instead)
            return answer

    async def _erase(self, conversation_id: str) -> None:
        async with self.locks.hold(conversation_id):
            await asyncio.to_thread(erase_sender, self._tracker, conversation_id)
            await self._store.erase(conversation_id)

    async def _press(self, conversation_id: str, button_id: str) -> _Said:
        button = await self._store.button(conversation_id, button_id)
        if button is None:
            raise UnknownButton
        return _Said(shown=button.label, sent=button.payload)

    async def _reply(self, conversation_id: str, said: _Said) -> list[Message]:
        answer = await self._ask(conversation_id, said.sent)
        if said.kinds:
            answer.insert(0, from_bot(sentences().masked.notice_of(said.kinds)))
        return answer

    async def _ask(self, conversation_id: str, message: str) -> list[Message]:
        """Return the bot's messages, or the sentence that says where to turn when it is down."""
        try:
            messages = from_rasa(await self._bot.say(conversation_id, message))
        except RasaUnavailable as error:
            LOGGER.warning("rasa unavailable: %s", error)
            return [_sorry()]
        return messages or [_sorry()]


def _prepare(text: str) -> _Said:
    masked = mask(clean(text))
    return _Said(shown=masked.text, sent=as_words(masked.text), kinds=masked.kinds)


def _is_danger(message: Message) -> bool:
    """Tell whether a message gives emergency numbers: what was said is then not kept."""
    return message.card is not None and message.card["kind"] == "danger"


def _sorry() -> Message:
    return from_bot(sentences().rasa_unavailable)
