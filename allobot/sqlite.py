"""What every SQLite file of ours is set to, whoever opens it; for both environments."""

from __future__ import annotations

import sqlite3
import time

BUSY_SECONDS = 5  # before a file that another process holds is an error
PAUSE = 0.01  # seconds between two tries


def prepare(connection: sqlite3.Connection, *pragmas: str) -> None:
    """Wait for whoever writes, read while they do, leave nothing erased in the free pages.

    Raises sqlite3.OperationalError when the file is still held after BUSY_SECONDS.
    """
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
    _write_ahead(cursor)
    for pragma in ("synchronous = NORMAL", "secure_delete = ON", *pragmas):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _write_ahead(cursor: sqlite3.Cursor) -> None:
    """The busy time-out does not cover this change: two first comers would refuse each other."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(PAUSE)
