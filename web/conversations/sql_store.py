"""The store in a database: all the SQL of the gateway.

A synchronous engine behind `asyncio.to_thread`, not an async one: the same drivers, pool settings
and migrations serve the gateway and the action server, and each call is a few short statements.
"""

import asyncio
import datetime as dt
from collections.abc import Callable, Sequence
from typing import TypeVar

from sqlalchemy import Engine, Select, delete, select, text, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from allobot.database import for_writing
from web.conversations.models import ButtonRow, ConversationRow, MessageRow
from web.conversations.store import ConversationStore
from web.errors import NoConversation, StoreUnavailable
from web.messages import Button, Message

Result = TypeVar("Result")


class SqlStore(ConversationStore):
    """Conversations in SQLite or PostgreSQL. The engine stays the caller's."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._read = sessionmaker(engine)
        self._write = sessionmaker(for_writing(engine))

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

        What `instead` replaces leaves the write-ahead log of SQLite too.
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
            await self._empty_log()

    async def button(self, conversation_id: str, button_id: str) -> Button | None:
        """Return a button issued in this very conversation."""
        statement = select(ButtonRow).where(
            ButtonRow.id == button_id, ButtonRow.conversation_id == conversation_id
        )

        def work(session: Session) -> Button | None:
            row = session.scalar(statement)
            return None if row is None else _button(row)

        return await self._run(self._read, work)

    async def erase(self, conversation_id: str) -> None:
        """Erase everything of a conversation, the write-ahead log of SQLite included."""
        statements = (
            delete(ButtonRow).where(ButtonRow.conversation_id == conversation_id),
            delete(MessageRow).where(MessageRow.conversation_id == conversation_id),
            delete(ConversationRow).where(ConversationRow.id == conversation_id),
        )

        def work(session: Session) -> None:
            for statement in statements:
                session.execute(statement)

        await self._run(self._write, work)
        await self._empty_log()

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

    async def _empty_log(self) -> None:
        """Empty the write-ahead log of SQLite, where what was erased still is."""

        def work() -> None:
            connection = self._engine.raw_connection()
            try:
                connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            finally:
                connection.close()

        if self._engine.dialect.name == "sqlite":
            await _in_thread(work)


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
