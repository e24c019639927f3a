"""The store in a database: all the SQL of the gateway.

A synchronous engine behind `asyncio.to_thread`, not an async one: the same drivers, pool settings
and migrations serve the gateway and the action server, and each call is a few short statements.
"""

import asyncio
import datetime as dt
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import (
    BindParameter,
    Column,
    Connection,
    Engine,
    MetaData,
    Select,
    Table,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy import text as sql
from sqlalchemy.exc import SQLAlchemyError

from allobot.database import for_writing
from web.conversations import scrub
from web.conversations.models import ButtonRow, ConversationRow, FeedbackRow, MessageRow
from web.conversations.store import Begun, ConversationStore, Feedback
from web.errors import InvalidMessage, NoConversation, StoreUnavailable, UnknownButton
from web.logs import LOGGER
from web.messages import Button, Message

Result = TypeVar("Result")

CONVERSATIONS: Table = ConversationRow.__table__  # type: ignore[assignment]
MESSAGES: Table = MessageRow.__table__  # type: ignore[assignment]
BUTTONS: Table = ButtonRow.__table__  # type: ignore[assignment]
FEEDBACK: Table = FeedbackRow.__table__  # type: ignore[assignment]

# What each message takes, made once: to make a statement costs more than to execute it.
CONVERSATION: BindParameter[str] = bindparam("conversation")
MESSAGE: BindParameter[str] = bindparam("message")
TOUCH = update(CONVERSATIONS).where(CONVERSATIONS.c.id == CONVERSATION)
TOUCH = TOUCH.values(last_used_at=bindparam("now"))
HOLD = select(CONVERSATIONS.c.id).where(CONVERSATIONS.c.id == CONVERSATION).with_for_update()
AUTHOR = select(MESSAGES.c.author).where(
    MESSAGES.c.conversation_id == CONVERSATION, MESSAGES.c.id == MESSAGE
)
HISTORY = select(MESSAGES).where(MESSAGES.c.conversation_id == CONVERSATION)
ANSWER = HISTORY.where(MESSAGES.c.reply_to == MESSAGE)
BUTTON = select(BUTTONS).where(
    BUTTONS.c.id == bindparam("button"), BUTTONS.c.conversation_id == CONVERSATION
)
KEEP_MESSAGE = insert(MESSAGES).returning(MESSAGES.c.position)
KEEP_BUTTONS = insert(BUTTONS)
REPLACE = (
    update(MESSAGES)
    .where(
        MESSAGES.c.conversation_id == CONVERSATION,
        MESSAGES.c.id == MESSAGE,
        MESSAGES.c.author == "person",
    )
    .values(text=bindparam("instead"))
)


class SqlStore(ConversationStore):
    """Conversations in SQLite or PostgreSQL. The engine stays the caller's."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writer = for_writing(engine)
        self._columns: Sequence[Column[Any]] | None = None

    async def create(self, conversation_id: str, greeting: Sequence[Message]) -> None:
        """Keep a new conversation and its first messages."""

        def work(connection: Connection) -> None:
            now = dt.datetime.now(dt.UTC)
            row = {"id": conversation_id, "created_at": now, "last_used_at": now}
            connection.execute(insert(CONVERSATIONS), row)
            _keep(connection, conversation_id, greeting, None)

        await self._run(self._writer, work)

    async def touch(self, conversation_id: str) -> bool:
        """Note that a conversation is used now; False when there is none."""
        return await self._run(self._writer, lambda it: _touch(it, conversation_id))

    async def history(self, conversation_id: str) -> list[Message]:
        """Return every message, in the order it was said."""
        which = {"conversation": conversation_id}
        return await self._run(self._engine, lambda it: _read(it, HISTORY, which))

    async def begin(
        self, conversation_id: str, question_id: str, *, text: str = "", button: str | None = None
    ) -> Begun:
        """Note the use of a conversation, and claim a person's message, in one transaction."""

        def work(connection: Connection) -> Begun:
            if not _touch(connection, conversation_id):
                raise NoConversation
            known = _answer_to(connection, conversation_id, question_id)
            if known is not None:
                return Begun(known)
            pressed = None if button is None else _button(connection, conversation_id, button)
            if button is not None and pressed is None:
                raise UnknownButton
            question = Message(question_id, "person", pressed.label if pressed else text)
            if not _claim(connection, conversation_id, question):
                raise InvalidMessage
            return Begun(None, pressed)

        return await self._run(self._writer, work)

    async def claim(self, conversation_id: str, question: Message) -> bool:
        """Keep a person's message; False when its id is already there."""

        def work(connection: Connection) -> bool:
            if connection.scalar(HOLD, {"conversation": conversation_id}) is None:
                raise NoConversation
            return _claim(connection, conversation_id, question)

        return await self._run(self._writer, work)

    async def answer_to(self, conversation_id: str, question_id: str) -> list[Message] | None:
        """Return the answer kept for a message: [] while it has none, None if never claimed."""
        return await self._run(
            self._engine, lambda it: _answer_to(it, conversation_id, question_id)
        )

    async def keep_answer(
        self,
        conversation_id: str,
        question_id: str,
        answer: Sequence[Message],
        *,
        instead: str | None = None,
    ) -> None:
        """Keep the bot's messages that answer a claimed message.

        What `instead` replaces leaves the files of SQLite too.
        """

        def work(connection: Connection) -> None:
            if instead is not None:
                values = {"message": question_id, "instead": instead}
                connection.execute(REPLACE, {"conversation": conversation_id, **values})
            _keep(connection, conversation_id, answer, question_id)

        await self._run(self._writer, work)
        if instead is not None:
            await self._scrub(scrub.SMALL)

    async def button(self, conversation_id: str, button_id: str) -> Button | None:
        """Return a button issued in this very conversation."""
        return await self._run(self._engine, lambda it: _button(it, conversation_id, button_id))

    async def keep_feedback(self, conversation_id: str, feedback: Feedback) -> bool:
        """Keep an opinion in the place of the one before; False when the bot said no such thing."""
        said = select(MESSAGES.c.position).where(
            MESSAGES.c.conversation_id == conversation_id,
            MESSAGES.c.id == feedback.message,
            MESSAGES.c.author == "bot",
        )

        def work(connection: Connection) -> bool:
            position = connection.scalar(said)
            if position is None:
                return False
            connection.execute(delete(FEEDBACK).where(FEEDBACK.c.message_position == position))
            row = {
                "message_position": position,
                "conversation_id": conversation_id,
                "useful": feedback.useful,
                "reasons": list(feedback.reasons),
                "given_at": dt.datetime.now(dt.UTC),
            }
            connection.execute(insert(FEEDBACK), row)
            return True

        return await self._run(self._writer, work)

    async def erase(self, conversation_id: str) -> None:
        """Erase everything of a conversation, and what SQLite's files still hold of it."""

        def work(connection: Connection) -> None:
            self._delete(connection, [conversation_id])

        await self._run(self._writer, work)
        await self._scrub(scrub.SMALL)

    async def count_unused(self, before: dt.datetime) -> int:
        """Return how many conversations were not used since then."""
        unused = select(func.count()).where(CONVERSATIONS.c.last_used_at < before)
        return await self._run(self._engine, lambda it: it.scalar(unused) or 0)

    async def purge(self, before: dt.datetime, limit: int) -> Mapping[str, int]:
        """Erase the oldest `limit` conversations not used since then; return the rows by table.

        Chosen and erased in one transaction: nothing used meanwhile is erased, and of two
        gateways that purge at once (PostgreSQL) each takes the rows that the other left.
        """
        unused = (
            select(CONVERSATIONS.c.id)
            .where(CONVERSATIONS.c.last_used_at < before)
            .order_by(CONVERSATIONS.c.last_used_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        return await self._run(self._writer, lambda it: self._delete(it, it.scalars(unused).all()))

    async def scrub(self) -> None:
        """Rewrite SQLite's file, unless it is huge; PostgreSQL has its own vacuum."""
        if not await self._scrub(scrub.LARGE):
            LOGGER.warning("the database was not rewritten: too large, or in use")

    async def ping(self) -> None:
        """Do nothing, when the database answers."""
        await self._run(self._engine, lambda it: it.execute(sql("SELECT 1")))

    async def _run(self, engine: Engine, work: Callable[[Connection], Result]) -> Result:
        """Do some work in a thread, in one transaction."""

        def transaction() -> Result:
            with engine.begin() as connection:
                return work(connection)

        return await in_thread(transaction)

    def _delete(self, connection: Connection, ids: Sequence[str]) -> dict[str, int]:
        """Delete every row that names these conversations; return how many, by table."""
        if not ids:
            return {}
        if self._columns is None:
            self._columns = naming_columns(connection)
        statements = {
            column.table.name: delete(column.table).where(column.in_(ids))
            for column in self._columns
        }
        # The count is the driver's: every driver we use gives it for a DELETE.
        return {name: connection.execute(it).rowcount for name, it in statements.items()}

    async def _scrub(self, up_to: int) -> bool:
        """Leave nothing of what was erased in SQLite's file and log; tell whether it was done."""

        def work() -> bool:
            connection = self._engine.raw_connection()
            try:
                driver = connection.driver_connection
                assert isinstance(driver, sqlite3.Connection)
                return scrub.scrub(driver, up_to=up_to, name="the database")
            finally:
                connection.close()

        return self._engine.dialect.name != "sqlite" or await in_thread(work)


def naming_columns(connection: Connection) -> list[Column[Any]]:
    """Return the column of each table that names a conversation, children before parents.

    Read from the database itself: a table made tomorrow is erased from too, whoever made it.
    """
    found = MetaData()
    found.reflect(connection)
    columns = (_naming_column(table) for table in reversed(found.sorted_tables))
    return [column for column in columns if column is not None]


def _naming_column(table: Table) -> Column[Any] | None:
    is_parent = table.name == ConversationRow.__tablename__
    return table.columns.get("id" if is_parent else "conversation_id")


async def in_thread(work: Callable[[], Result]) -> Result:
    """Do SQL outside the event loop. Raises StoreUnavailable when the database does not answer."""
    try:
        return await asyncio.to_thread(work)
    except SQLAlchemyError as error:
        raise StoreUnavailable from error


def _touch(connection: Connection, conversation_id: str) -> bool:
    values = {"conversation": conversation_id, "now": dt.datetime.now(dt.UTC)}
    return connection.execute(TOUCH, values).rowcount == 1


def _claim(connection: Connection, conversation_id: str, question: Message) -> bool:
    """Keep a person's message; False when its id is already there.

    Within a transaction that holds the conversation: nobody else claims in it meanwhile.
    """
    which = {"conversation": conversation_id, "message": question.id}
    if connection.scalar(AUTHOR, which) is not None:
        return False
    _keep(connection, conversation_id, [question], None)
    return True


def _answer_to(
    connection: Connection, conversation_id: str, question_id: str
) -> list[Message] | None:
    which = {"conversation": conversation_id, "message": question_id}
    if connection.scalar(AUTHOR, which) != "person":
        return None
    return _read(connection, ANSWER, which)


def _button(connection: Connection, conversation_id: str, button_id: str) -> Button | None:
    which = {"conversation": conversation_id, "button": button_id}
    row = connection.execute(BUTTON, which).first()
    return None if row is None else Button(row.id, row.label, row.payload)


def _keep(
    connection: Connection, conversation_id: str, messages: Sequence[Message], reply_to: str | None
) -> None:
    """Add messages to a conversation, in order, with their buttons."""
    buttons: list[dict[str, Any]] = []
    for message in messages:
        row = {
            "conversation_id": conversation_id,
            "id": message.id,
            "author": message.author,
            "text": message.text,
            "card": message.card,
            "reply_to": reply_to,
        }
        position = connection.execute(KEEP_MESSAGE, row).scalar_one()
        buttons += [
            {
                "id": button.id,
                "conversation_id": conversation_id,
                "message_position": position,
                "rank": rank,
                "label": button.label,
                "payload": button.payload,
            }
            for rank, button in enumerate(message.buttons)
        ]
    if buttons:
        connection.execute(KEEP_BUTTONS, buttons)


def _read(connection: Connection, messages: Select[Any], which: Mapping[str, str]) -> list[Message]:
    """Return the messages selected, in the order they were said, with their buttons."""
    rows = connection.execute(messages.order_by(MESSAGES.c.position), which).all()
    positions = messages.with_only_columns(MESSAGES.c.position)
    issued = select(BUTTONS).where(BUTTONS.c.message_position.in_(positions))
    buttons: dict[int, list[Button]] = {}
    for row in connection.execute(issued.order_by(BUTTONS.c.rank), which):
        button = Button(row.id, row.label, row.payload)
        buttons.setdefault(row.message_position, []).append(button)
    return [
        Message(
            id=row.id,
            author="person" if row.author == "person" else "bot",
            text=row.text,
            card=row.card,
            buttons=tuple(buttons.get(row.position, ())),
        )
        for row in rows
    ]
