"""Where conversations are kept: the abstract store and its in-memory twin.

An exchange is a person's message, whose id the browser chose, and the bot's messages that answer
it. It is claimed before Rasa hears of it and answered once, so that nothing is ever sent twice.
"""

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from web.errors import InvalidMessage, NoConversation, StoreUnavailable, UnknownButton
from web.messages import Button, Message


@dataclass(frozen=True, slots=True)
class Begun:
    """An exchange as the store knows it.

    `answer` is as `answer_to` says: None when the message is claimed now. `button` is the one
    pressed, when the message is claimed now by one.
    """

    answer: list[Message] | None
    button: Button | None = None


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a person thinks of a message of the bot, whose id is `message`."""

    message: str
    useful: bool
    reasons: tuple[str, ...] = ()


class ConversationStore(ABC):
    """Every method may raise StoreUnavailable."""

    @abstractmethod
    async def create(self, conversation_id: str, greeting: Sequence[Message]) -> None:
        """Keep a new conversation and its first messages."""

    @abstractmethod
    async def touch(self, conversation_id: str) -> bool:
        """Note that a conversation is used now; False when there is none."""

    @abstractmethod
    async def history(self, conversation_id: str) -> list[Message]:
        """Return every message, in the order it was said."""

    @abstractmethod
    async def begin(
        self, conversation_id: str, question_id: str, *, text: str = "", button: str | None = None
    ) -> Begun:
        """Note that a conversation is used now, and claim a person's message, all at once.

        What is kept of it is `text`, or the label of the button whose id is `button`. Raises
        NoConversation, UnknownButton, and InvalidMessage when the id is that of another message.
        """

    @abstractmethod
    async def claim(self, conversation_id: str, question: Message) -> bool:
        """Keep a person's message; False when its id is already there.

        Raises NoConversation when the conversation was erased.
        """

    @abstractmethod
    async def answer_to(self, conversation_id: str, question_id: str) -> list[Message] | None:
        """Return the answer kept for a message: [] while it has none, None if never claimed."""

    @abstractmethod
    async def keep_answer(
        self,
        conversation_id: str,
        question_id: str,
        answer: Sequence[Message],
        *,
        instead: str | None = None,
    ) -> None:
        """Keep the bot's messages that answer a claimed message.

        `instead`, at the same time, takes the place of what the person wrote.
        """

    @abstractmethod
    async def button(self, conversation_id: str, button_id: str) -> Button | None:
        """Return a button issued in this very conversation."""

    @abstractmethod
    async def keep_feedback(self, conversation_id: str, feedback: Feedback) -> bool:
        """Keep an opinion in the place of the one before; False when the bot said no such thing."""

    @abstractmethod
    async def erase(self, conversation_id: str) -> None:
        """Erase everything of a conversation."""

    @abstractmethod
    async def count_unused(self, before: dt.datetime) -> int:
        """Return how many conversations were not used since then."""

    @abstractmethod
    async def purge(self, before: dt.datetime, limit: int) -> Mapping[str, int]:
        """Erase the oldest `limit` conversations not used since then.

        Returns the rows erased, by table; nothing when none is left.
        """

    @abstractmethod
    async def scrub(self) -> None:
        """Leave nothing of what was erased in any file."""

    @abstractmethod
    async def ping(self) -> None:
        """Do nothing, when the store answers."""


@dataclass(slots=True)
class _Conversation:
    messages: list[Message] = field(default_factory=list)
    answers: dict[str, list[Message]] = field(default_factory=dict)
    last_used_at: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC))
    feedback: dict[str, Feedback] = field(default_factory=dict)


class MemoryStore(ConversationStore):
    """The twin for tests; forgets everything when it stops."""

    def __init__(self) -> None:
        self._conversations: dict[str, _Conversation] = {}

    async def create(self, conversation_id: str, greeting: Sequence[Message]) -> None:
        """Keep a new conversation and its first messages."""
        self._conversations[conversation_id] = _Conversation(list(greeting))

    async def touch(self, conversation_id: str) -> bool:
        """Note that a conversation is used now; False when there is none."""
        conversation = self._conversations.get(conversation_id)
        if conversation is not None:
            conversation.last_used_at = dt.datetime.now(dt.UTC)
        return conversation is not None

    async def history(self, conversation_id: str) -> list[Message]:
        """Return every message, in the order it was said."""
        return list(self._find(conversation_id).messages)

    async def begin(
        self, conversation_id: str, question_id: str, *, text: str = "", button: str | None = None
    ) -> Begun:
        """Note the use of a conversation, and claim a person's message."""
        if not await self.touch(conversation_id):
            raise NoConversation
        known = await self.answer_to(conversation_id, question_id)
        if known is not None:
            return Begun(known)
        pressed = await self.button(conversation_id, button) if button is not None else None
        if button is not None and pressed is None:
            raise UnknownButton
        shown = pressed.label if pressed else text
        if not await self.claim(conversation_id, Message(question_id, "person", shown)):
            raise InvalidMessage
        return Begun(None, pressed)

    async def claim(self, conversation_id: str, question: Message) -> bool:
        """Keep a person's message; False when its id is already there."""
        conversation = self._conversations.get(conversation_id)
        if conversation is None:
            raise NoConversation
        if any(message.id == question.id for message in conversation.messages):
            return False
        conversation.messages.append(question)
        conversation.answers[question.id] = []
        return True

    async def answer_to(self, conversation_id: str, question_id: str) -> list[Message] | None:
        """Return the answer kept for a message."""
        answer = self._find(conversation_id).answers.get(question_id)
        return None if answer is None else list(answer)

    async def keep_answer(
        self,
        conversation_id: str,
        question_id: str,
        answer: Sequence[Message],
        *,
        instead: str | None = None,
    ) -> None:
        """Keep the bot's messages that answer a claimed message."""
        conversation = self._find(conversation_id)
        if len({message.id for message in answer}) < len(answer):
            raise StoreUnavailable  # a database refuses an id twice, and then changes nothing
        if instead is not None:
            conversation.messages = [
                replace(message, text=instead) if message.id == question_id else message
                for message in conversation.messages
            ]
        conversation.messages += answer
        conversation.answers[question_id] += answer

    async def button(self, conversation_id: str, button_id: str) -> Button | None:
        """Return a button issued in this very conversation."""
        messages = self._find(conversation_id).messages
        issued = (button for message in messages for button in message.buttons)
        return next((button for button in issued if button.id == button_id), None)

    async def keep_feedback(self, conversation_id: str, feedback: Feedback) -> bool:
        """Keep an opinion in the place of the one before."""
        conversation = self._find(conversation_id)
        said = {message.id for message in conversation.messages if message.author == "bot"}
        if feedback.message not in said:
            return False
        conversation.feedback[feedback.message] = feedback
        return True

    async def erase(self, conversation_id: str) -> None:
        """Erase everything of a conversation."""
        self._conversations.pop(conversation_id, None)

    async def count_unused(self, before: dt.datetime) -> int:
        """Return how many conversations were not used since then."""
        return len(self._unused(before))

    async def purge(self, before: dt.datetime, limit: int) -> Mapping[str, int]:
        """Forget the oldest `limit` conversations not used since then."""
        ids = self._unused(before)[:limit]
        for conversation_id in ids:
            del self._conversations[conversation_id]
        return {"conversation": len(ids)} if ids else {}

    async def scrub(self) -> None:
        """Nothing is in a file."""

    async def ping(self) -> None:
        """Always answer."""

    def _unused(self, before: dt.datetime) -> list[str]:
        used = {name: kept.last_used_at for name, kept in self._conversations.items()}
        return sorted((name for name in used if used[name] < before), key=used.__getitem__)

    def _find(self, conversation_id: str) -> _Conversation:
        return self._conversations.get(conversation_id, _Conversation())
