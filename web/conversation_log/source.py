"""Reads Rasa's events: all the SQL on its table. Never writes, never waits long."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable
from urllib.parse import quote

from sqlalchemy import Engine, Row, create_engine, func, select
from sqlalchemy.pool import NullPool

from allobot.sqlite import BUSY_SECONDS
from web.conversation_log.turns import KINDS, Event
from web.conversation_log.writing import chunks
from web.conversations.tracker_events import EVENTS, Tracker, file_of, is_made, server_engine

OVERLAP = 1000  # ids read again where a transaction may show its rows after a later one's


def tracker_engine(tracker: Tracker) -> Engine:
    """An engine on what Rasa keeps: its SQLite file, or the database of a URL.

    A file is read only, and each connection opens the file of the moment; while Rasa has made
    none, it reads an empty database.
    """
    path = file_of(tracker)
    if path is None:
        return server_engine(str(tracker))

    def connect() -> sqlite3.Connection:
        if not path.exists():
            return sqlite3.connect(":memory:")
        address = f"file:{quote(str(path.resolve()))}?mode=ro"
        return sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS)

    return create_engine("sqlite://", creator=connect, poolclass=NullPool, hide_parameters=True)


class Source:
    """Rasa's table of events; empty while Rasa has not made it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def mark(self, event_id: int) -> str | None:
        """What tells an event from another that took its id; None when there is none."""
        statement = select(EVENTS.c.sender_id, EVENTS.c.timestamp).where(EVENTS.c.id == event_id)
        with self._engine.connect() as connection:
            if not is_made(connection):
                return None
            row = connection.execute(statement).first()
        return None if row is None else _digest(row.sender_id, row.timestamp)

    def same(self, turns: Iterable[tuple[int, str, float]]) -> set[int]:
        """Of some events (id, sender, epoch seconds), the ids of those that are still there."""
        wanted = {event_id: (sender, time) for event_id, sender, time in turns}
        statement = select(EVENTS.c.id, EVENTS.c.sender_id, EVENTS.c.timestamp).where(
            EVENTS.c.id.in_(wanted)
        )
        with self._engine.connect() as connection:
            rows = connection.execute(statement).all() if is_made(connection) else []
        return {
            row.id
            for row in rows
            if row.sender_id == wanted[row.id][0] and abs(row.timestamp - wanted[row.id][1]) < 0.001
        }

    def after(self, event_id: int, limit: int) -> list[tuple[int, str, str]]:
        """The next events: id, sender, mark."""
        statement = (
            select(EVENTS.c.id, EVENTS.c.sender_id, EVENTS.c.timestamp)
            .where(EVENTS.c.id > event_id)
            .order_by(EVENTS.c.id)
            .limit(limit)
        )
        with self._engine.connect() as connection:
            rows = connection.execute(statement).all() if is_made(connection) else []
        return [(row.id, row.sender_id, _digest(row.sender_id, row.timestamp)) for row in rows]

    def late(self, event_id: int) -> dict[str, int]:
        """The last event of the senders of the events just before this one.

        SQLite writes one transaction after the other, so nothing is ever late in its file.
        """
        if self._engine.dialect.name == "sqlite":
            return {}
        just_before = EVENTS.c.id.between(event_id - OVERLAP, event_id)
        statement = (
            select(EVENTS.c.sender_id, func.max(EVENTS.c.id).label("last"))
            .where(just_before, EVENTS.c.type_name.in_(KINDS))
            .group_by(EVENTS.c.sender_id)
        )
        with self._engine.connect() as connection:
            rows = connection.execute(statement).all() if is_made(connection) else []
        return {row.sender_id: row.last for row in rows}

    def conversations(self, senders: Iterable[str], upto: int) -> dict[str, list[Event]]:
        """The events of some senders, in order, up to an id; only those that have some."""
        found: dict[str, list[Event]] = {}
        with self._engine.connect() as connection:
            if not is_made(connection):
                return {}
            for names in chunks(senders):
                statement = (
                    select(EVENTS)
                    .where(
                        EVENTS.c.sender_id.in_(names),
                        EVENTS.c.type_name.in_(KINDS),
                        EVENTS.c.id <= upto,
                    )
                    .order_by(EVENTS.c.id)
                )
                for row in connection.execute(statement):
                    if event := _event(row):
                        found.setdefault(row.sender_id, []).append(event)
        return found

    def still_there(self, senders: Iterable[str]) -> set[str]:
        """The senders that have events now."""
        found: set[str] = set()
        with self._engine.connect() as connection:
            if not is_made(connection):
                return found
            for names in chunks(senders):
                statement = select(EVENTS.c.sender_id).where(EVENTS.c.sender_id.in_(names))
                found.update(connection.execute(statement.distinct()).scalars())
        return found

    def count(self) -> int:
        """How many events there are."""
        with self._engine.connect() as connection:
            if not is_made(connection):
                return 0
            return connection.execute(select(func.count()).select_from(EVENTS)).scalar_one()


def _digest(sender: str, time: float | None) -> str:
    return hashlib.sha256(f"{sender}\n{time!r}".encode()).hexdigest()


def _event(row: Row[int, str, str, float, str]) -> Event | None:
    """None for a row that is not an event of Rasa's."""
    try:
        data = json.loads(row.data)
    except (TypeError, ValueError):
        return None
    if not isinstance(data, dict) or not isinstance(row.timestamp, float):
        return None
    return Event(row.id, row.type_name, row.timestamp, data)
