"""Erases conversations from Rasa's tracker store, which never deletes anything itself."""

import contextlib
import datetime as dt
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from web.conversations import scrub
from web.errors import StoreUnavailable
from web.logs import LOGGER, describe

BUSY_SECONDS = 5.0
# The first events of those who said nothing since a date.
UNUSED = """
    SELECT sender_id FROM events AS old
    WHERE timestamp < :before AND NOT EXISTS (
        SELECT 1 FROM events AS later
        WHERE later.sender_id = old.sender_id AND later.timestamp >= :before
    )
    ORDER BY id LIMIT :limit
"""


def erase_sender(path: Path, sender: str) -> None:
    """Delete the events of a sender; does nothing while Rasa has made no file or table.

    Raises StoreUnavailable when the file is locked for more than 5 s or cannot be read.
    """
    with _open(path) as connection:
        if connection is None:
            return
        connection.execute("DELETE FROM events WHERE sender_id = ?", (sender,))
        _scrub(connection, scrub.SMALL)


def purge_events(path: Path, before: dt.datetime, limit: int) -> int:
    """Delete the events of some senders who said nothing since `before`; return how many, 0 at end.

    About `limit` events at a time, the oldest first. Raises StoreUnavailable as `erase_sender`.
    """
    with _open(path) as connection:
        if connection is None:
            return 0
        values = {"before": before.timestamp(), "limit": limit}
        return connection.execute(
            f"DELETE FROM events WHERE sender_id IN ({UNUSED})", values
        ).rowcount


def scrub_events(path: Path) -> None:
    """Rewrite the file, unless it is huge. Raises StoreUnavailable as `erase_sender`."""
    with _open(path) as connection:
        if connection is not None and not _scrub(connection, scrub.LARGE):
            LOGGER.warning("rasa's file was not rewritten: too large, or in use")


@contextlib.contextmanager
def _open(path: Path) -> Iterator[sqlite3.Connection | None]:
    """Yield a connection to the file, or None when there is nothing of Rasa to erase in it."""
    if not path.exists():
        yield None
        return
    address = f"file:{quote(str(path.resolve()))}?mode=rw"
    try:
        with contextlib.closing(
            sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
        ) as connection:
            made = connection.execute(
                "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'events'"
            )
            connection.execute("PRAGMA secure_delete = ON")
            yield connection if made.fetchone() else None
    except sqlite3.Error as error:
        raise StoreUnavailable from error


def _scrub(connection: sqlite3.Connection, up_to: int) -> bool:
    """Rewrite the file; when someone holds it, leave it to the daily purge: the rows are gone."""
    try:
        return scrub.scrub(connection, up_to=up_to)
    except sqlite3.OperationalError as error:
        LOGGER.warning("rasa's file is rewritten later: %s", describe(error))
        return False
