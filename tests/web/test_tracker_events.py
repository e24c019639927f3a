"""Erasing one sender from Rasa's tracker store."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from web.conversations import tracker_events
from web.conversations.tracker_events import erase_sender
from web.errors import StoreUnavailable

SECRET = "un texte qui ne doit pas rester " * 20


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "rasa é?#.sqlite"


@pytest.fixture
def connection(path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(path, isolation_level=None)
    yield connection
    connection.close()


def fill(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE events (id INTEGER PRIMARY KEY, sender_id TEXT, data TEXT)")
    rows = [("mine", SECRET), ("mine", SECRET), ("theirs", "x"), ("mine ", "x")]
    connection.executemany("INSERT INTO events (sender_id, data) VALUES (?, ?)", rows)


def test_only_the_sender_is_erased(path: Path, connection: sqlite3.Connection) -> None:
    fill(connection)
    erase_sender(path, "mine")
    rows = connection.execute("SELECT sender_id FROM events ORDER BY id").fetchall()
    assert rows == [("theirs",), ("mine ",)]


def test_nothing_stays_in_the_file(path: Path, connection: sqlite3.Connection) -> None:
    fill(connection)
    assert SECRET[:40].encode() in path.read_bytes()
    erase_sender(path, "mine")
    assert SECRET[:40].encode() not in path.read_bytes()


def test_no_file_is_fine_and_none_is_made(path: Path) -> None:
    erase_sender(path, "mine")
    assert not path.exists()


def test_no_table_is_fine(path: Path, connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE other (id)")
    erase_sender(path, "mine")


def test_a_locked_file_is_said_so(
    path: Path, connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracker_events, "BUSY_SECONDS", 0.1)
    fill(connection)
    connection.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreUnavailable):
        erase_sender(path, "mine")
    connection.execute("ROLLBACK")


def test_a_file_of_another_kind_is_said_so(path: Path) -> None:
    path.write_text("not a database, and long enough for SQLite to see it")
    with pytest.raises(StoreUnavailable):
        erase_sender(path, "mine")
