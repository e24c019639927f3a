"""Erasing one sender from Rasa's tracker store."""

import datetime as dt
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from web.conversation_log.source import Source, tracker_engine
from web.conversations import tracker_events
from web.conversations.tracker_events import (
    erase_sender,
    events_of,
    has_heard,
    purge_events,
    scrub_events,
)
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


@pytest.fixture
def server(postgres_url: str) -> Iterator[psycopg.Connection]:
    """A server where Rasa made its table, beside the application's (bot/tracker_store.py)."""
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA rasa")
        connection.execute(
            "CREATE TABLE rasa.events (id serial PRIMARY KEY, sender_id text, type_name text,"
            " timestamp double precision, data text)"
        )
        yield connection


NOW = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
OLD = NOW - dt.timedelta(days=31)


def put(
    server: psycopg.Connection, sender: str, when: dt.datetime = NOW, message: str | None = None
) -> None:
    data = json.dumps({"event": "user", "metadata": {"message": message}})
    server.execute(
        "INSERT INTO rasa.events (sender_id, type_name, timestamp, data)"
        " VALUES (%s, 'user', %s, %s)",
        (sender, when.timestamp(), data),
    )


def senders(server: psycopg.Connection) -> list[str]:
    rows = server.execute("SELECT sender_id FROM rasa.events ORDER BY id").fetchall()
    return [name for (name,) in rows]


def test_on_a_server_only_the_sender_is_erased(
    postgres_url: str, server: psycopg.Connection
) -> None:
    for name in ("mine", "theirs", "mine", "mine "):
        put(server, name)
    erase_sender(postgres_url, "mine")
    scrub_events(postgres_url)
    assert senders(server) == ["theirs", "mine "]


def test_on_a_server_the_unused_are_purged_whole(
    postgres_url: str, server: psycopg.Connection
) -> None:
    for name, when in (("old", OLD), ("back", OLD), ("old", OLD), ("older", OLD), ("back", NOW)):
        put(server, name, when)
    before = NOW - dt.timedelta(days=30)
    assert purge_events(postgres_url, before, 1) == 2
    assert purge_events(postgres_url, before, 500) == 1
    assert purge_events(postgres_url, before, 500) == 0
    assert senders(server) == ["back", "back"]


def test_on_a_server_without_rasas_table_there_is_nothing(postgres_url: str) -> None:
    erase_sender(postgres_url, "mine")
    assert purge_events(postgres_url, NOW, 10) == 0
    assert not has_heard(postgres_url, "mine", None)


def test_a_table_of_the_same_name_in_our_schema_is_not_rasas(
    postgres_url: str, server: psycopg.Connection
) -> None:
    server.execute("CREATE TABLE public.events (id serial, sender_id text)")
    server.execute("INSERT INTO public.events (sender_id) VALUES ('mine')")
    erase_sender(postgres_url, "mine")
    assert server.execute("SELECT count(*) FROM public.events").fetchone() == (1,)


def test_a_server_that_does_not_answer_is_said_so(unused_tcp_port: int) -> None:
    with pytest.raises(StoreUnavailable):
        erase_sender(f"postgresql://nobody@127.0.0.1:{unused_tcp_port}/none", "mine")


def test_what_rasa_heard(postgres_url: str, server: psycopg.Connection) -> None:
    put(server, "mine", message="m1")
    put(server, "theirs", message="m2")
    assert has_heard(postgres_url, "mine", "m1")
    assert not has_heard(postgres_url, "mine", "m2")
    assert has_heard(postgres_url, "mine", None)
    assert not has_heard(postgres_url, "nobody", None)


def test_the_events_of_a_sender(postgres_url: str, server: psycopg.Connection) -> None:
    put(server, "mine", message="m1")
    put(server, "theirs", message="m2")
    put(server, "mine", message="m3")
    found = events_of(postgres_url, "mine")
    assert [(key, event["metadata"]["message"]) for key, event in found] == [(1, "m1"), (3, "m3")]


def test_the_log_reads_from_there(postgres_url: str, server: psycopg.Connection) -> None:
    put(server, "mine", message="m1")
    engine = tracker_engine(postgres_url)
    source = Source(engine)
    assert source.count() == 1
    assert [sender for _, sender, _ in source.after(0, 10)] == ["mine"]
    assert list(source.conversations(["mine"], 1)) == ["mine"]
    engine.dispose()
