"""Follows Rasa's events into the log: each is told once, whatever stops or runs twice.

What was read and how far it was read are written in one transaction, and the cursor's revision
lets one writer alone through. Reading the same events again changes nothing: a conversation is
always computed whole, and its turns are known by their moments.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Engine, Table, delete, exists, select, update

from allobot.database import for_writing
from web.conversation_log import search
from web.conversation_log.models import LogConversationRow, LogCursorRow, LogTurnRow
from web.conversation_log.source import Source
from web.conversation_log.turns import QUIET, ReadConversation, Said, read
from web.conversation_log.writing import chunks, utc, write
from web.conversations import scrub
from web.conversations.models import ConversationRow, FeedbackRow, MessageRow

BATCH = 4000  # events in one transaction: a conversation is read anew in each that it is in
SKEW = dt.timedelta(minutes=1)  # between the clocks of two gateways
PAGE = 200
DEMO = "demo-"  # conversations that nobody held: nothing of the site erases them
CURSOR: Table = LogCursorRow.__table__  # type: ignore[assignment]

Clock = Callable[[], dt.datetime]


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class Tail:
    """Reads one source into one log; the engines stay the caller's."""

    def __init__(self, tracker: Engine, engine: Engine, clock: Clock = _now) -> None:
        self._source = Source(tracker)
        self._engine = engine
        self._writer = for_writing(engine)
        self._clock = clock

    def run_once(self) -> int:
        """Read the next events, BATCH at most; return how many, 0 when there is nothing new.

        Also reads anew the conversations with a new opinion, and those just left. Raises
        SQLAlchemyError when a database does not answer: nothing is then written.
        """
        while (number := self._step()) is None:
            pass  # another writer went further: from there
        return number

    def _step(self) -> int | None:
        """As `run_once`; None when what was read is not what there is any more."""
        cursor = self._cursor()
        start = self._start(cursor)
        events = self._source.after(start, BATCH)
        if self._start(cursor) != start:
            return None
        upto, mark = (events[-1][0], events[-1][2]) if events else (start, self._source.mark(start))
        now = self._clock()
        opinions, opinions_at = self._opinions(cursor, now)
        senders = {sender for _, sender, _ in events}
        senders |= self._late(start) | opinions | self._left(cursor, now)
        found = self._read(senders, upto, now)
        moved = {"event_id": upto, "mark": mark, "feedback_at": opinions_at, "quiet_at": now}
        still = (upto, mark, opinions_at) == (cursor.event_id, cursor.mark, cursor.feedback_at)
        if still and not found and not cursor.words_to_merge:
            return 0
        if not self._write(cursor.revision, found, moved):
            return None
        if cursor.words_to_merge:
            self._forget_words()
        return len(events)

    def run(self, on_batch: Callable[[int], None] = lambda _: None) -> None:
        """Read all there is now; `on_batch` is told how many events each time."""
        while number := self.run_once():
            on_batch(number)

    def restart(self) -> None:
        """Read everything again from the first event. Nothing of the log is removed."""
        with self._writer.begin() as connection:
            connection.execute(
                update(CURSOR).values(
                    event_id=0,
                    mark=None,
                    feedback_at=None,
                    quiet_at=None,
                    revision=CURSOR.c.revision + 1,
                )
            )

    def forget(self, before: dt.datetime) -> int:
        """Remove the conversations left since then that no gateway holds; return how many.

        Those of the site go with it; these were held in a terminal, or Rasa's events outlived
        the site's. The counts stay: they are numbers.
        """
        table = LogConversationRow
        held = exists().where(ConversationRow.id == table.conversation_id)
        old = select(table.conversation_id).where(
            table.last_at < before, ~held, ~table.conversation_id.startswith(DEMO)
        )
        with self._writer.begin() as connection:
            names = list(connection.execute(old).scalars())
            self._remove(connection, names)
        return len(names)

    def forget_missing(self) -> int:
        """Remove the conversations of which Rasa has no event left; return how many."""
        column = LogConversationRow.conversation_id
        last, removed = "", 0
        while True:
            page = select(column).where(column > last, ~column.startswith(DEMO)).order_by(column)
            with self._writer.begin() as connection:
                names = list(connection.execute(page.limit(PAGE)).scalars())
                if not names:
                    return removed
                gone = set(names) - self._source.still_there(names)
                self._remove(connection, gone)
            last, removed = names[-1], removed + len(gone)

    def count_events(self) -> int:
        """How many events there are to read in all."""
        return self._source.count()

    def _cursor(self) -> Any:
        with self._engine.connect() as connection:
            row = connection.execute(select(CURSOR)).one()
        aware = {
            name: utc(value) if (value := getattr(row, name)) else None
            for name in ("feedback_at", "quiet_at")
        }
        return LogCursorRow(**{**row._mapping, **aware})

    def _start(self, cursor: LogCursorRow) -> int:
        """The id from which to read on.

        SQLite gives the ids of the last events again once they are erased, and all of them in a
        new file: when the last event read is not what it was, the newest one still there is
        looked for among the turns. Nothing before it can have changed.
        """
        if cursor.event_id == 0 or self._source.mark(cursor.event_id) == cursor.mark:
            return cursor.event_id
        below = None
        while True:
            rows = self._turns_before(below)
            if not rows:
                return 0
            same = self._source.same(
                (row.event_id, row.conversation_id, _seconds(row.at)) for row in rows
            )
            for row in rows:
                if row.event_id in same:
                    return int(row.event_id)
            below = rows[-1].id

    def _turns_before(self, turn_id: int | None) -> list[Any]:
        table = LogTurnRow
        statement = select(table.id, table.event_id, table.conversation_id, table.at)
        if turn_id is not None:
            statement = statement.where(table.id < turn_id)
        with self._engine.connect() as connection:
            return list(connection.execute(statement.order_by(table.id.desc()).limit(PAGE)))

    def _late(self, start: int) -> set[str]:
        """Senders whose events, though older than the last one read, came after it."""
        last = self._source.late(start)
        known: dict[str, int] = {}
        column = LogConversationRow.conversation_id
        with self._engine.connect() as connection:
            for names in chunks(last):
                statement = select(column, LogConversationRow.last_event).where(column.in_(names))
                known.update((name, event) for name, event in connection.execute(statement))
        return {sender for sender, event in last.items() if known.get(sender, 0) < event}

    def _opinions(
        self, cursor: LogCursorRow, now: dt.datetime
    ) -> tuple[set[str], dt.datetime | None]:
        """Conversations with an opinion that may be new, and the moment of the last opinion."""
        statement = select(FeedbackRow.conversation_id, FeedbackRow.given_at)
        if (since := cursor.feedback_at) is not None:
            # A gateway whose clock is late may give an opinion older than one already read.
            late = SKEW if now - since < 2 * SKEW else dt.timedelta()
            statement = statement.where(FeedbackRow.given_at > since - late)
        with self._engine.connect() as connection:
            rows = connection.execute(statement).all()
        latest = max((utc(row.given_at) for row in rows), default=cursor.feedback_at)
        return {row.conversation_id for row in rows}, latest

    def _left(self, cursor: LogCursorRow, now: dt.datetime) -> set[str]:
        """Conversations that became quiet since the last time."""
        table = LogConversationRow
        statement = select(table.conversation_id).where(
            table.outcome == "question", table.last_at <= now - QUIET
        )
        if cursor.quiet_at is not None:
            statement = statement.where(table.last_at > cursor.quiet_at - QUIET)
        with self._engine.connect() as connection:
            return set(connection.execute(statement).scalars())

    def _read(self, senders: set[str], upto: int, now: dt.datetime) -> dict[str, ReadConversation]:
        said = self._said(senders)
        found = {
            sender: read(events, said.get(sender, {}), now)
            for sender, events in self._source.conversations(senders, upto).items()
        }
        return {sender: talk for sender, talk in found.items() if talk is not None}

    def _said(self, senders: set[str]) -> dict[str, dict[str, Said]]:
        """What the gateway knows of the messages of these conversations, by id."""
        found: dict[str, dict[str, Said]] = {}
        question, answer = MessageRow.__table__.alias(), MessageRow.__table__.alias()
        with self._engine.connect() as connection:
            for names in chunks(senders):
                asked = select(question.c.conversation_id, question.c.id, question.c.text).where(
                    question.c.conversation_id.in_(names), question.c.author == "person"
                )
                for conversation, message, words in connection.execute(asked):
                    found.setdefault(conversation, {})[message] = Said(words)
                thought = (
                    select(
                        answer.c.conversation_id,
                        answer.c.reply_to,
                        FeedbackRow.useful,
                        FeedbackRow.reasons,
                    )
                    .join_from(
                        FeedbackRow, answer, FeedbackRow.message_position == answer.c.position
                    )
                    .where(FeedbackRow.conversation_id.in_(names))
                    .order_by(FeedbackRow.message_position)
                )
                for conversation, message, useful, reasons in connection.execute(thought):
                    messages = found.get(conversation, {})
                    if message in messages:
                        messages[message] = _with_opinion(messages[message], useful, reasons)
        return found

    def _write(
        self, revision: int, found: dict[str, ReadConversation], moved: dict[str, Any]
    ) -> bool:
        """Write in one transaction; False when another writer was there first."""
        ours = update(CURSOR).where(CURSOR.c.revision == revision)
        with self._writer.begin() as connection:
            if connection.execute(ours.values(revision=revision + 1, **moved)).rowcount == 0:
                return False
            # An erasure takes Rasa's events first, then waits for this transaction to end before
            # it takes the rows: whatever is erased from now on goes.
            _hold(connection, found)
            there = self._source.still_there(found)
            write(connection, {name: talk for name, talk in found.items() if name in there})
        return True

    def _remove(self, connection: Connection, names: Any) -> None:
        for some in chunks(names):
            for table in (LogTurnRow, LogConversationRow):  # the rest goes with them
                connection.execute(delete(table).where(table.conversation_id.in_(some)))

    def _forget_words(self) -> None:
        """Leave nothing of erased words in SQLite's index, nor in its file when it is small."""
        if self._engine.dialect.name != "sqlite":
            return
        with self._writer.begin() as connection:
            search.forget(connection)
            connection.execute(update(CURSOR).values(words_to_merge=False))
        raw = self._engine.raw_connection()
        try:
            assert isinstance(raw.driver_connection, sqlite3.Connection)
            scrub.scrub(raw.driver_connection, up_to=scrub.SMALL, name="the database")
        finally:
            raw.close()


def _hold(connection: Connection, names: Any) -> None:
    """Make the eraser of these conversations wait (SQLite has one writer at a time anyway)."""
    if connection.dialect.name == "sqlite":
        return
    for some in chunks(sorted(names)):
        held = select(ConversationRow.id).where(ConversationRow.id.in_(some))
        connection.execute(
            held.order_by(ConversationRow.id).with_for_update(read=True, key_share=True)
        )


def _with_opinion(said: Said, useful: bool, reasons: list[str]) -> Said:
    """Of several opinions on the messages of one answer, the bad one counts."""
    if said.useful is False and useful:
        return said
    kept = () if useful else tuple(dict.fromkeys([*said.reasons, *reasons]))
    return Said(said.text, useful, kept)


def _seconds(moment: dt.datetime) -> float:
    return utc(moment).timestamp()
