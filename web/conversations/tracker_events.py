"""Erases conversations from Rasa's tracker store, which never deletes anything itself.

A tracker store is a SQLite file (its path) or a database (its SQLAlchemy URL).
"""

import contextlib
import datetime as dt
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Float,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    Text,
    create_engine,
    delete,
    exists,
    inspect,
    make_url,
    select,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from allobot.database import make_engine
from allobot.sqlite import BUSY_SECONDS
from web.conversations import scrub
from web.errors import StoreUnavailable
from web.logs import LOGGER

Tracker = Path | str

FILE = "rasa's file"  # in the log
SCHEMA = "rasa"  # of its table in PostgreSQL (bot/tracker_store.py)
LAST = 3  # messages looked at: the one that was not answered is the last, or nearly
EVENTS = Table(
    "events",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("sender_id", String),
    Column("type_name", String),
    Column("timestamp", Float),
    Column("data", Text),
)


def erase_sender(tracker: Tracker, sender: str) -> None:
    """Delete the events of a sender; does nothing while Rasa has made no file or table.

    Raises StoreUnavailable when the store is locked for more than 5 s or cannot be read.
    """
    with _open(tracker) as connection:
        if connection is None:
            return
        connection.execute(delete(EVENTS).where(EVENTS.c.sender_id == sender))
        connection.commit()
        _scrub(connection, scrub.SMALL)


def purge_events(tracker: Tracker, before: dt.datetime, limit: int) -> int:
    """Delete the events of some senders who said nothing since `before`; return how many, 0 at end.

    About `limit` events at a time, the oldest first. Raises StoreUnavailable as `erase_sender`.
    """
    with _open(tracker) as connection:
        if connection is None:
            return 0
        unused = _unused(before).limit(limit).scalar_subquery()
        rows = connection.execute(delete(EVENTS).where(EVENTS.c.sender_id.in_(unused))).rowcount
        connection.commit()
        return rows


def scrub_events(tracker: Tracker) -> None:
    """Rewrite a file, unless it is huge; PostgreSQL has its own vacuum.

    Raises StoreUnavailable as `erase_sender`.
    """
    with _open(tracker) as connection:
        if connection is not None and not _scrub(connection, scrub.LARGE):
            LOGGER.warning("%s was not rewritten: too large, or in use", FILE)


def has_heard(tracker: Tracker, sender: str, message: str | None) -> bool:
    """Tell whether Rasa kept a message of a sender; without an id, any message of theirs.

    What Rasa makes of a message is kept at once, when it is all done. Raises StoreUnavailable as
    `erase_sender`.
    """
    said = select(EVENTS.c.data).where(EVENTS.c.sender_id == sender, EVENTS.c.type_name == "user")
    with _open(tracker) as connection:
        if connection is None:
            return False
        rows = connection.execute(said.order_by(EVENTS.c.id.desc()).limit(LAST)).scalars().all()
    return bool(rows) if message is None else any(_id_of(data) == message for data in rows)


def events_of(tracker: Tracker, sender: str) -> list[tuple[int, dict[str, Any]]]:
    """Return (id, event) of a sender, in order. Raises StoreUnavailable as `erase_sender`."""
    theirs = select(EVENTS.c.id, EVENTS.c.data).where(EVENTS.c.sender_id == sender)
    with _open(tracker) as connection:
        if connection is None:
            return []
        return [(row.id, json.loads(row.data)) for row in connection.execute(theirs.order_by("id"))]


def file_of(tracker: Tracker) -> Path | None:
    """Return the SQLite file of a tracker store; None when it is a server's."""
    if isinstance(tracker, Path):
        return tracker
    url = make_url(tracker)
    return Path(url.database or "") if url.get_backend_name() == "sqlite" else None


def server_engine(url: str) -> Engine:
    """Return an engine on the server where Rasa keeps its events, in a schema of their own."""
    return make_engine(url).execution_options(schema_translate_map={None: SCHEMA})


def is_made(connection: Connection) -> bool:
    """Tell whether Rasa has made its table."""
    schema = connection.get_execution_options().get("schema_translate_map", {}).get(None)
    return inspect(connection).has_table(EVENTS.name, schema=schema)


def _unused(before: dt.datetime) -> Select[str]:
    """The first events of those who said nothing since a date."""
    old, later = EVENTS.alias("old"), EVENTS.alias("later")
    moment = before.timestamp()
    again = exists().where(later.c.sender_id == old.c.sender_id, later.c.timestamp >= moment)
    return select(old.c.sender_id).where(old.c.timestamp < moment, ~again).order_by(old.c.id)


@contextlib.contextmanager
def _open(tracker: Tracker) -> Iterator[Connection | None]:
    """Yield a connection to the store, or None when there is nothing of Rasa to erase in it."""
    path = file_of(tracker)
    if path is not None and not path.exists():
        yield None
        return
    engine = server_engine(str(tracker)) if path is None else _file_engine(path)
    try:
        with engine.connect() as connection:
            yield connection if is_made(connection) else None
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise StoreUnavailable from error
    finally:
        engine.dispose()


def _file_engine(path: Path) -> Engine:
    """Return an engine on a file that exists; each statement is a transaction."""

    def connect() -> sqlite3.Connection:
        address = f"file:{quote(str(path.resolve()))}?mode=rw"
        connection = sqlite3.connect(
            address, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        connection.execute("PRAGMA secure_delete = ON")
        return connection

    return create_engine("sqlite://", creator=connect, poolclass=NullPool, hide_parameters=True)


def _scrub(connection: Connection, up_to: int) -> bool:
    """Leave nothing of what was erased in a file; tell whether it was done."""
    if connection.dialect.name != "sqlite":
        return True
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return scrub.scrub(driver, up_to=up_to, name=FILE)


def _id_of(data: str | None) -> str | None:
    """Return the gateway's id of a message, from Rasa's event."""
    try:
        event = json.loads(data or "")
    except ValueError:
        return None
    metadata = event.get("metadata") if isinstance(event, dict) else None
    return metadata.get("message") if isinstance(metadata, dict) else None
