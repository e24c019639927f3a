"""Erases a conversation from Rasa's tracker store, which never deletes anything itself."""

import contextlib
import sqlite3
from pathlib import Path
from urllib.parse import quote

from web.errors import StoreUnavailable

BUSY_SECONDS = 5.0


def erase_sender(path: Path, sender: str) -> None:
    """Delete the events of a sender; does nothing while Rasa has made no file or table.

    Raises StoreUnavailable when the file is locked for more than 5 s or cannot be read.
    """
    if not path.exists():
        return
    address = f"file:{quote(str(path.resolve()))}?mode=rw"
    try:
        with contextlib.closing(
            sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
        ) as connection:
            _erase(connection, sender)
    except sqlite3.Error as error:
        raise StoreUnavailable from error


def _erase(connection: sqlite3.Connection, sender: str) -> None:
    made = connection.execute(
        "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'events'"
    )
    if made.fetchone() is None:
        return
    connection.execute("PRAGMA secure_delete = ON")  # nothing stays in the free pages
    connection.execute("DELETE FROM events WHERE sender_id = ?", (sender,))
