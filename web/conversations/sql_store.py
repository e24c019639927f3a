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
    Column,
    Connection,
    Engine,
    MetaData,
    Select,
    Table,
    delete,
    func,
    select,
    text,
    update,
)
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from allobot.database import for_writing
from web.conversations import scrub
from web.conversations.models import ButtonRow, ConversationRow, FeedbackRow, MessageRow
from web.conversations.store import ConversationStore, Feedback
from web.errors import NoConversation, StoreUnavailable
from web.logs import LOGGER, describe
from web.messages import Button, Message

Result = TypeVar("Result")


class SqlStore(ConversationStore):
    """Conversations in SQLite or PostgreSQL. The engine stays the caller's."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._read = sessionmaker(engine)
        self._write = sessionmaker(for_writing(engine))
        self._columns: Sequence[Column[Any]] | None = None

    async def create(self, conversation_id: str, greeting: Sequence[Message]) -> None:
        """Keep a new conversation and its first messages."""

        def work(session: Session) -> None:
            now = dt.datetime.now(dt.UTC)
            session.add(ConversationRow(id=conversation_id, created_at=now, last_used_at=now))
            session.flush()
            session.add_all(_row(conversation_id, message, None) for message in greeting)

        await self._run(self._write, work)

    async def touch(self, conversation_id: str) -> bool:
        """Note that a conversation is used now; False when there is none."""
        statement = (
            update(ConversationRow)
            .where(ConversationRow.id == conversation_id)
            .values(last_used_at=dt.datetime.now(dt.UTC))
            .returning(ConversationRow.id)
        )
        return await self._run(self._write, lambda session: bool(session.scalar(statement)))

    async def history(self, conversation_id: str) -> list[Message]:
        """Return every message, in the order it was said."""
        statement = _messages(conversation_id)
        return await self._run(self._read, lambda session: _read(session.scalars(statement).all()))

    async def claim(self, conversation_id: str, question: Message) -> bool:
        """Keep a person's message; False when its id is already there."""

        def work(session: Session) -> bool:
            if session.get(ConversationRow, conversation_id) is None:
                raise NoConversation
            session.add(_row(conversation_id, question, None))
            try:
                session.flush()
            except IntegrityError:
                session.rollback()
                return False
            return True

        return await self._run(self._write, work)

    async def answer_to(self, conversation_id: str, question_id: str) -> list[Message] | None:
        """Return the answer kept for a message: [] while it has none, None if never claimed."""
        claimed = select(MessageRow.position).where(
            MessageRow.conversation_id == conversation_id,
            MessageRow.id == question_id,
            MessageRow.author == "person",
        )
        replies = _messages(conversation_id).where(MessageRow.reply_to == question_id)

        def work(session: Session) -> list[Message] | None:
            if session.scalar(claimed) is None:
                return None
            return _read(session.scalars(replies).all())

        return await self._run(self._read, work)

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
        rows = [_row(conversation_id, message, question_id) for message in answer]
        said = (
            update(MessageRow)
            .where(
                MessageRow.conversation_id == conversation_id,
                MessageRow.id == question_id,
                MessageRow.author == "person",
            )
            .values(text=instead)
        )

        def work(session: Session) -> None:
            if instead is not None:
                session.execute(said)
            session.add_all(rows)

        await self._run(self._write, work)
        if instead is not None:
            await self._scrub(scrub.SMALL)

    async def button(self, conversation_id: str, button_id: str) -> Button | None:
        """Return a button issued in this very conversation."""
        statement = select(ButtonRow).where(
            ButtonRow.id == button_id, ButtonRow.conversation_id == conversation_id
        )

        def work(session: Session) -> Button | None:
            row = session.scalar(statement)
            return None if row is None else _button(row)

        return await self._run(self._read, work)

    async def keep_feedback(self, conversation_id: str, feedback: Feedback) -> bool:
        """Keep an opinion in the place of the one before; False when the bot said no such thing."""
        said = select(MessageRow.position).where(
            MessageRow.conversation_id == conversation_id,
            MessageRow.id == feedback.message,
            MessageRow.author == "bot",
        )

        def work(session: Session) -> bool:
            position = session.scalar(said)
            if position is None:
                return False
            session.merge(
                FeedbackRow(
                    message_position=position,
                    conversation_id=conversation_id,
                    useful=feedback.useful,
                    reasons=list(feedback.reasons),
                    given_at=dt.datetime.now(dt.UTC),
                )
            )
            return True

        return await self._run(self._write, work)

    async def erase(self, conversation_id: str) -> None:
        """Erase everything of a conversation, and what SQLite's files still hold of it."""

        def work(session: Session) -> None:
            self._delete(session, [conversation_id])

        await self._run(self._write, work)
        await self._scrub(scrub.SMALL)

    async def count_unused(self, before: dt.datetime) -> int:
        """Return how many conversations were not used since then."""
        unused = select(func.count()).where(ConversationRow.last_used_at < before)
        return await self._run(self._read, lambda session: session.scalar(unused) or 0)

    async def purge(self, before: dt.datetime, limit: int) -> Mapping[str, int]:
        """Erase the oldest `limit` conversations not used since then; return the rows by table.

        Chosen and erased in one transaction: nothing used meanwhile is erased, and of two
        gateways that purge at once (PostgreSQL) each takes the rows that the other left.
        """
        unused = (
            select(ConversationRow.id)
            .where(ConversationRow.last_used_at < before)
            .order_by(ConversationRow.last_used_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        return await self._run(
            self._write, lambda session: self._delete(session, session.scalars(unused).all())
        )

    async def scrub(self) -> None:
        """Rewrite SQLite's file, unless it is huge; PostgreSQL has its own vacuum."""
        if not await self._scrub(scrub.LARGE):
            LOGGER.warning("the database was not rewritten: too large, or in use")

    async def ping(self) -> None:
        """Do nothing, when the database answers."""
        await self._run(self._read, lambda session: session.execute(text("SELECT 1")))

    async def _run(
        self, sessions: sessionmaker[Session], work: Callable[[Session], Result]
    ) -> Result:
        """Do some work in a thread, in one transaction."""

        def transaction() -> Result:
            with sessions.begin() as session:
                return work(session)

        return await _in_thread(transaction)

    def _delete(self, session: Session, ids: Sequence[str]) -> dict[str, int]:
        """Delete every row that names these conversations; return how many, by table."""
        if not ids:
            return {}
        if self._columns is None:
            self._columns = naming_columns(session.connection())
        statements = {
            column.table.name: delete(column.table).where(column.in_(ids))
            for column in self._columns
        }
        # The count is the driver's: every driver we use gives it for a DELETE.
        return {name: session.execute(it).rowcount for name, it in statements.items()}  # type: ignore[attr-defined]

    async def _scrub(self, up_to: int) -> bool:
        """Leave nothing of what was erased in SQLite's file and log; tell whether it was done.

        When another process holds them, the rows are gone all the same: the next one does it.
        """

        def work() -> bool:
            connection = self._engine.raw_connection()
            try:
                driver = connection.driver_connection
                assert isinstance(driver, sqlite3.Connection)
                return scrub.scrub(driver, up_to=up_to)
            except sqlite3.OperationalError as error:
                LOGGER.warning("the database is rewritten later: %s", describe(error))
                return False
            finally:
                connection.close()

        return self._engine.dialect.name != "sqlite" or await _in_thread(work)


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


async def _in_thread(work: Callable[[], Result]) -> Result:
    try:
        return await asyncio.to_thread(work)
    except SQLAlchemyError as error:
        raise StoreUnavailable from error


def _messages(conversation_id: str) -> Select[MessageRow]:
    return (
        select(MessageRow)
        .where(MessageRow.conversation_id == conversation_id)
        .order_by(MessageRow.position)
    )


def _row(conversation_id: str, message: Message, reply_to: str | None) -> MessageRow:
    return MessageRow(
        conversation_id=conversation_id,
        id=message.id,
        author=message.author,
        text=message.text,
        card=message.card,
        reply_to=reply_to,
        buttons=[
            ButtonRow(
                id=button.id,
                conversation_id=conversation_id,
                rank=rank,
                label=button.label,
                payload=button.payload,
            )
            for rank, button in enumerate(message.buttons)
        ],
    )


def _read(rows: Sequence[MessageRow]) -> list[Message]:
    return [
        Message(
            id=row.id,
            author="person" if row.author == "person" else "bot",
            text=row.text,
            card=row.card,
            buttons=tuple(_button(button) for button in row.buttons),
        )
        for row in rows
    ]


def _button(row: ButtonRow) -> Button:
    return Button(row.id, row.label, row.payload)
