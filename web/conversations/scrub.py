"""Rewrites a SQLite file, so that what was deleted is nowhere in it.

`secure_delete` puts zeros in what a deletion frees. But SQLite moves rows from a page to another
to balance its trees, and where a row was it leaves a copy, which no later deletion sees: measured,
one message in a thousand. Only VACUUM leaves none.
"""

import sqlite3

from web.logs import LOGGER, describe

# Bytes; the other writers wait meanwhile, 5 s at most before they give up.
SMALL = 32 * 2**20  # rewritten in 0.2 s on two cores: at each erasure
LARGE = 512 * 2**20  # in 3 s: once a day, and never above


def scrub(connection: sqlite3.Connection, *, up_to: int, name: str) -> bool:
    """Empty the write-ahead log, and rewrite the file when it has at most `up_to` bytes.

    Tells whether both were done. When another process holds the file, it is left to the next
    time, and the log says so of `name`: the rows are gone all the same. The connection must be in
    no transaction.
    """
    try:
        return _rewrite(connection, up_to)
    except sqlite3.OperationalError as error:
        LOGGER.warning("%s is rewritten later: %s", name, describe(error))
        return False


def _rewrite(connection: sqlite3.Connection, up_to: int) -> bool:
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    rewritten = bool(pages * size <= up_to)
    if rewritten:
        connection.execute("VACUUM")
    (busy, *_) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return rewritten and not busy
