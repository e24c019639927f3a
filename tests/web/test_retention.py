"""What is kept, and until when: nothing outlives its time, nothing outlives its erasure."""

import asyncio
import datetime as dt
import logging
import re
import sqlite3
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    Connection,
    Engine,
    Table,
    create_engine,
    inspect,
    text,
    update,
)

from allobot.database import for_writing, make_engine, upgrade
from allobot.settings import PARIS, Settings
from tests.allobot.appointments import book
from tests.web.api_client import Api
from tests.web.fake_rasa import FakeRasa
from web import retention
from web.conversations import scrub as scrubbing
from web.conversations.models import ConversationRow
from web.conversations.sql_store import SqlStore, naming_columns
from web.conversations.store import ConversationStore, MemoryStore
from web.conversations.tracker_events import erase_sender, purge_events
from web.errors import StoreUnavailable
from web.messages import Message
from web.retention import limit_of, purge, purge_appointments, purge_daily

OpenGateway = Callable[..., Awaitable[Api]]

# Tables in which nothing comes from a person. A new table is either here, with its reason, or
# has a column conversation_id: `erase` and the purge then know of it by themselves.
IMPERSONAL = {
    "alembic_version",  # the schema's revision
    "procedure",  # the answers, loaded from data/
    "procedure_version",
    "precision",
    "knowledge_state",  # what was loaded, and when
    "rdv_exception",  # when an office of the Caf is closed or open
    "rdv_code",  # hashes, erased with their appointment
    "console_user",  # those who work here, and their passwords' hashes
    "console_recovery",
    "console_session",
    "console_audit",  # who read what, and when; kept a year
    "log_hour",  # counts
    "log_day",
    "log_cursor",  # how far the log has read
    *(f"log_text{part}" for part in ("", "_config", "_content", "_data", "_docsize", "_idx")),
}
SECRET = "mot bien à soi"
OLD = dt.timedelta(days=31)


def make_tracker(path: Path, events: list[tuple[str, dt.datetime]]) -> None:
    """A file as Rasa makes it, with one event for each sender and date."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(
        "CREATE TABLE IF NOT EXISTS events (id INTEGER PRIMARY KEY, sender_id VARCHAR(255),"
        " type_name VARCHAR(255), timestamp FLOAT, data TEXT)"
    )
    connection.execute("CREATE INDEX IF NOT EXISTS ix ON events (sender_id)")
    connection.executemany(
        "INSERT INTO events (sender_id, type_name, timestamp, data) VALUES (?, 'user', ?, ?)",
        [(who, when.timestamp(), f'{{"text": "{SECRET} {who}"}}') for who, when in events],
    )
    connection.close()


def senders(path: Path) -> list[str]:
    connection = sqlite3.connect(path)
    found = connection.execute("SELECT DISTINCT sender_id FROM events ORDER BY 1").fetchall()
    connection.close()
    return [sender for (sender,) in found]


async def talk(store: ConversationStore, name: str, number: int = 1) -> None:
    """A conversation of some exchanges, each of which quotes the conversation's name."""
    await store.create(name, [Message(f"{name}-0", "bot", "Bonjour")])
    for i in range(1, number + 1):
        question = Message(f"{name}-{i}", "person", f"{SECRET} <{name}> " + "é" * (i * 97 % 700))
        await store.claim(name, question)
        await store.keep_answer(name, question.id, [Message(f"{name}-b{i}", "bot", "Voici")])


def age(engine: Engine, *names: str, by: dt.timedelta = OLD) -> None:
    """Make conversations as if they had last been used long ago."""
    then = dt.datetime.now(dt.UTC) - by
    with engine.begin() as connection:
        connection.execute(
            update(ConversationRow).where(ConversationRow.id.in_(names)).values(last_used_at=then)
        )


def everything(engine: Engine) -> dict[str, str]:
    """Every value of every table."""
    with engine.connect() as connection:
        return {
            name: repr(connection.execute(text(f'SELECT * FROM "{name}"')).all())
            for name in inspect(connection).get_table_names()
        }


def raw(folder: Path) -> bytes:
    """Every byte of every file."""
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


# ---- every table, those of tomorrow too


def fill(connection: Connection, name: str) -> set[str]:
    """Put a row that names a conversation in every table that can; return those tables."""
    filled = set()
    columns = reversed(naming_columns(connection))  # parents first
    for column in columns:
        table = column.table
        assert isinstance(table, Table)
        row = {other.name: value(other, name) for other in table.columns}
        connection.execute(table.insert().values({**row, column.name: name}))
        filled.add(table.name)
    return filled


def value(column: Any, name: str) -> Any:
    """Something that fits the column, and that quotes the conversation when it can."""
    kind = column.type.python_type
    length = getattr(column.type, "length", None)
    samples: dict[Any, Any] = {
        int: 1000 + len(name),  # one row a conversation: keys agree from table to table
        bool: True,
        float: 1.0,
        dict: {"text": f"{SECRET} {name}"},
        dt.datetime: dt.datetime.now(dt.UTC),
        dt.date: dt.date(2026, 11, 21),
    }
    return samples[kind] if kind in samples else f"{SECRET} {name}"[:length]


def test_a_table_names_its_conversation_or_holds_nothing_of_a_person(engine: Engine) -> None:
    with engine.connect() as connection:
        named = {column.table.name for column in naming_columns(connection)}
        tables = set(inspect(connection).get_table_names())
    assert tables - named <= IMPERSONAL, "a new table needs conversation_id, or a reason above"
    assert named >= {"conversation", "message", "button", "feedback"}


async def test_erasing_empties_every_table_of_the_conversation(engine: Engine) -> None:
    with for_writing(engine).begin() as connection:
        filled = fill(connection, "mine")
        fill(connection, "someone")
    assert all("mine" in rows for name, rows in everything(engine).items() if name in filled)
    await SqlStore(engine).erase("mine")
    kept = everything(engine)
    assert [name for name, rows in kept.items() if "mine" in rows] == []
    assert all("someone" in kept[name] for name in filled), "the others are spared"


async def test_a_table_of_tomorrow_is_erased_from_without_a_line_of_code(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE tomorrow (conversation_id VARCHAR(64), note TEXT)"))
        for name in ("mine", "someone"):
            connection.execute(text("INSERT INTO tomorrow VALUES (:n, 'x')"), {"n": name})
    store = SqlStore(engine)
    await talk(store, "mine")
    await talk(store, "someone")
    await store.erase("mine")
    assert "mine" not in repr(everything(engine))
    age(engine, "someone")
    assert (await store.purge(limit_of(30), 10))["tomorrow"] == 1
    assert everything(engine)["tomorrow"] == "[]"


async def test_erasing_leaves_nothing_in_the_tables_nor_in_the_raw_files(
    api: Api, rasa: FakeRasa, settings: Settings, tmp_path: Path
) -> None:
    await api.open()
    await api.say(f"voici un {SECRET}")
    sender = rasa.received[0]["sender"]
    now = dt.datetime.now(dt.UTC)
    make_tracker(settings.tracker_path, [(sender, now), ("someone", now), (sender, now)])
    assert SECRET.encode() in raw(tmp_path)
    assert sender.encode() in raw(tmp_path)
    assert (await api.erase()).status == 204
    engine = create_engine(settings.database_url)
    assert sender not in repr(everything(engine))
    assert SECRET not in repr(everything(engine))
    engine.dispose()
    assert senders(settings.tracker_path) == ["someone"]
    assert sender.encode() not in raw(tmp_path)


async def test_what_sqlite_copies_from_page_to_page_is_erased_too(
    sqlite_url: str, tmp_path: Path
) -> None:
    """Conversations that grow together share pages, and SQLite moves rows as it needs room."""
    upgrade(sqlite_url)
    engine = make_engine(sqlite_url)
    store = SqlStore(engine)
    names = [f"c{i:02}" for i in range(24)]
    for name in names:
        await store.create(name, [])
    for i in range(12):
        for name in names:
            length = (i * 397 + int(name[1:]) * 131) % 1500
            message = Message(f"{name}-{i}", "person", f"<{name}>" + "x" * length)
            await store.claim(name, message)
    for name in names[::2] + names[1:-1:2]:
        await store.erase(name)
        assert f"<{name}>".encode() not in raw(tmp_path)
    assert len(await store.history(names[-1])) == 12
    engine.dispose()


async def test_a_large_file_is_rewritten_by_the_purge_only(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(scrubbing, "SMALL", 0)
    upgrade(sqlite_url)
    engine = make_engine(sqlite_url)
    store = SqlStore(engine)
    await talk(store, "mine", 200)
    await store.erase("mine")
    assert SECRET.encode() not in raw(tmp_path), "zeros take the place of what is deleted"
    full = (tmp_path / "scratch.sqlite").stat().st_size
    await purge(store, tmp_path / "none.sqlite", limit_of(30))
    assert (tmp_path / "scratch.sqlite").stat().st_size < full
    engine.dispose()


async def test_a_reader_that_holds_the_log_does_not_stop_an_erasure(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("allobot.sqlite.BUSY_SECONDS", 0.1)
    upgrade(sqlite_url)
    engine = make_engine(sqlite_url)
    store = SqlStore(engine)
    await talk(store, "mine")
    with engine.connect() as reader:
        reader.execute(text("SELECT * FROM message")).all()
        await store.erase("mine")
    assert await store.history("mine") == []
    assert SECRET not in caplog.text
    engine.dispose()


async def test_a_huge_file_is_left_alone_and_said_so(
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(scrubbing, "LARGE", 0)
    tracker = tmp_path / "rasa.sqlite"
    make_tracker(tracker, [("someone", dt.datetime.now(dt.UTC))])
    await purge(SqlStore(engine), tracker, limit_of(30))
    said = ["rasa's file was not rewritten: too large, or in use"]
    if engine.dialect.name == "sqlite":
        said.insert(0, "the database was not rewritten: too large, or in use")
    assert [record.getMessage() for record in caplog.records] == said


# ---- the purge


async def test_the_purge_takes_what_is_too_old_and_nothing_else(
    engine: Engine, tmp_path: Path
) -> None:
    store, tracker = SqlStore(engine), tmp_path / "rasa.sqlite"
    now = dt.datetime.now(dt.UTC)
    for name in ("old", "recent", "edge"):
        await talk(store, name)
    age(engine, "old")
    age(engine, "edge", by=dt.timedelta(days=29, hours=23))
    make_tracker(
        tracker,
        [("old", now - OLD), ("orphan", now - 2 * OLD), ("recent", now - OLD), ("recent", now)],
    )
    erased = await purge(store, tracker, limit_of(30))
    assert +erased == {"conversation": 1, "message": 3, "events": 2}
    kept = everything(engine)
    assert "<old>" not in repr(kept)
    assert "<recent>" in kept["message"]
    assert "<edge>" in kept["message"]
    assert senders(tracker) == ["recent"], "all of it: a conversation is never cut in two"
    assert b"<old>" not in raw(tmp_path)
    assert f"{SECRET} orphan".encode() not in raw(tmp_path)


async def test_a_purge_made_again_does_nothing(engine: Engine, tmp_path: Path) -> None:
    store = SqlStore(engine)
    await talk(store, "old")
    age(engine, "old")
    assert (await purge(store, tmp_path / "none.sqlite", limit_of(30)))["conversation"] == 1
    assert await purge(store, tmp_path / "none.sqlite", limit_of(30)) == {}


async def test_the_memory_store_purges_the_same(tmp_path: Path) -> None:
    store = MemoryStore()
    await talk(store, "old")
    await talk(store, "recent")
    store._conversations["old"].last_used_at -= OLD
    assert await store.count_unused(limit_of(30)) == 1
    assert await purge(store, tmp_path / "none.sqlite", limit_of(30)) == {"conversation": 1}
    assert not await store.touch("old")
    assert await store.touch("recent")
    assert await store.count_unused(limit_of(30)) == 0


async def test_batches_are_bounded_and_told(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "CONVERSATIONS", 3)
    monkeypatch.setattr(retention, "EVENTS", 2)
    store, tracker = SqlStore(engine), tmp_path / "rasa.sqlite"
    names = [f"old{i}" for i in range(7)]
    for name in names:
        await talk(store, name)
    age(engine, *names)
    long_ago = dt.datetime.now(dt.UTC) - OLD
    make_tracker(tracker, [(name, long_ago) for name in names])
    assert await store.count_unused(limit_of(30)) == 7
    told: list[dict[str, int]] = []
    await purge(store, tracker, limit_of(30), lambda batch: told.append(dict(batch)))
    assert [batch.get("conversation", 0) for batch in told] == [3, 3, 1, 0, 0, 0, 0]
    assert [batch.get("events", 0) for batch in told] == [0, 0, 0, 2, 2, 2, 1]


async def test_two_purges_at_once_erase_each_conversation_once(
    engine: Engine, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "CONVERSATIONS", 2)
    other = make_engine(database_url)
    one, two, none = SqlStore(engine), SqlStore(other), tmp_path / "none.sqlite"
    names = [f"old{i}" for i in range(11)]
    for name in names:
        await talk(one, name)
    age(engine, *names)
    counts = await asyncio.gather(*(purge(s, none, limit_of(30)) for s in (one, two)))
    assert sum(count["conversation"] for count in counts) == 11
    assert sum(count["message"] for count in counts) == 33
    assert everything(engine)["conversation"] == "[]"
    other.dispose()


async def test_people_talk_while_it_purges(engine: Engine, tmp_path: Path) -> None:
    store = SqlStore(engine)
    names = [f"old{i}" for i in range(45)]
    for name in names:
        await talk(store, name)
    age(engine, *names)
    purging = asyncio.create_task(purge(store, tmp_path / "none.sqlite", limit_of(30)))
    for i in range(10):
        await talk(store, f"new{i}", 2)
    assert (await purging)["conversation"] == 45
    for i in range(10):
        assert len(await store.history(f"new{i}")) == 5


def test_rasa_writes_while_its_events_are_purged(tmp_path: Path) -> None:
    path, now = tmp_path / "rasa.sqlite", dt.datetime.now(dt.UTC)
    make_tracker(path, [(f"old{i % 40}", now - OLD) for i in range(2000)])
    began, stop = threading.Event(), threading.Event()
    written = 0

    def write() -> None:
        nonlocal written
        while not stop.wait(0.005):
            make_tracker(path, [("living", now)])
            written += 1
            began.set()

    rasa = threading.Thread(target=write)
    rasa.start()
    assert began.wait(30)
    while purge_events(path, limit_of(30), 100):
        pass
    stop.set()
    rasa.join()
    assert senders(path) == ["living"]
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT count(*) FROM events").fetchone() == (written,)
    connection.close()


def test_events_in_a_write_ahead_log_leave_no_trace_either(tmp_path: Path) -> None:
    path, now = tmp_path / "rasa.sqlite", dt.datetime.now(dt.UTC)
    held = sqlite3.connect(path)
    held.execute("PRAGMA journal_mode = WAL")
    make_tracker(path, [("mine", now), ("someone", now)])
    assert f"{SECRET} mine".encode() in raw(tmp_path)
    erase_sender(path, "mine")
    assert f"{SECRET} mine".encode() not in raw(tmp_path)
    held.close()


# ---- appointments


def at(days: int) -> dt.datetime:
    """So many days ago, at this hour in France."""
    return dt.datetime.now(PARIS) - dt.timedelta(days=days)


async def test_past_appointments_go_with_their_contact_details_and_no_other(
    engine: Engine, database_url: str, tmp_path: Path
) -> None:
    past, recent, coming = (book(engine, at(days)) for days in (60, 20, 0))
    settings = Settings(var=tmp_path, DATABASE_URL=database_url)
    with engine.connect() as connection:
        details = text("SELECT chiffre FROM rdv_coordonnees WHERE rdv_id = :id")
        encrypted = str(connection.scalar(details, {"id": past.id}))
    told: list[dict[str, int]] = []
    erased = await purge(
        SqlStore(engine),
        tmp_path / "none.sqlite",
        limit_of(30),
        lambda batch: told.append(dict(batch)),
        lambda: purge_appointments(settings, 30),
    )
    assert (erased["rdv_rendez_vous"], erased["rdv_coordonnees"]) == (1, 1)
    assert told == [dict(erased)]
    kept = everything(engine)
    assert past.id not in repr(kept)
    assert encrypted not in repr(kept)
    assert {recent.id, coming.id} <= set(re.findall(r"'([\w-]{32})'", kept["rdv_rendez_vous"]))
    assert encrypted.encode() not in raw(tmp_path)
    assert purge_appointments(settings, 30) == {}


async def test_conversations_are_erased_even_when_appointments_cannot_be(
    engine: Engine, database_url: str, tmp_path: Path
) -> None:
    store = SqlStore(engine)
    await talk(store, "old")
    age(engine, "old")
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE rdv_rendez_vous RENAME TO rdv_hidden"))
    settings = Settings(var=tmp_path, DATABASE_URL=database_url)
    with pytest.raises(StoreUnavailable):
        await purge(
            store,
            tmp_path / "none.sqlite",
            limit_of(30),
            appointments=lambda: purge_appointments(settings, 30),
        )
    assert everything(engine)["conversation"] == "[]"


@pytest.mark.usefixtures("fast_days")
async def test_the_gateway_purges_appointments_by_their_own_retention(
    settings: Settings, open_gateway: OpenGateway, caplog: pytest.LogCaptureFixture
) -> None:
    upgrade(settings.database_url)
    engine = make_engine(settings.database_url)
    past, coming = book(engine, at(20)), book(engine, at(0))
    api = await open_gateway(settings.model_copy(update={"rdv_retention_days": 5}))
    await wait_until(lambda: past.id not in everything(engine)["rdv_rendez_vous"])
    await api.client.close()
    assert coming.id in everything(engine)["rdv_rendez_vous"]
    assert [r.getMessage() for r in caplog.records if r.levelno >= logging.ERROR] == []
    engine.dispose()


# ---- every day


class Failing(MemoryStore):
    """Fails the first time, with words of a person in the error; counts the others."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    async def purge(self, before: dt.datetime, limit: int) -> dict[str, int]:
        self.calls += 1
        if self.calls == 1:
            raise StoreUnavailable(SECRET)
        return {}


@pytest.fixture
def fast_days(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "FIRST_RUN", (0.0, 0.01))
    monkeypatch.setattr(retention, "DAY", 0.02)
    monkeypatch.setattr(retention, "PAUSE", 0.0)


async def wait_until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.01)


@pytest.mark.usefixtures("fast_days")
async def test_a_failure_is_logged_without_a_word_and_tried_the_next_day(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    store = Failing()
    task = asyncio.create_task(purge_daily(store, settings))
    await wait_until(lambda: store.calls >= 3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    [error] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert error.getMessage().startswith("retention: StoreUnavailable")
    assert SECRET not in caplog.text


@pytest.mark.usefixtures("fast_days")
async def test_the_gateway_purges_by_itself_and_stops_cleanly(
    settings: Settings, open_gateway: OpenGateway, caplog: pytest.LogCaptureFixture
) -> None:
    upgrade(settings.database_url)
    engine = make_engine(settings.database_url)
    store = SqlStore(engine)
    await talk(store, "old")
    age(engine, "old", by=dt.timedelta(days=4))
    await talk(store, "recent")
    make_tracker(settings.tracker_path, [("old", dt.datetime.now(dt.UTC) - OLD)])
    three_days = settings.model_copy(update={"retention_days": 3})
    api = await open_gateway(three_days)
    await wait_until(lambda: "old" not in everything(engine)["conversation"])
    await wait_until(lambda: senders(settings.tracker_path) == [])
    assert "recent" in everything(engine)["conversation"]
    await api.client.close()
    names = {task.get_coro().__qualname__ for task in asyncio.all_tasks()}  # type: ignore[union-attr]
    assert "purge_daily" not in names
    assert [r.getMessage() for r in caplog.records if r.levelno >= logging.ERROR] == []
    engine.dispose()


async def test_nothing_is_purged_in_the_first_minute(
    settings: Settings, open_gateway: OpenGateway
) -> None:
    store = Failing()
    await open_gateway(settings, store)
    await asyncio.sleep(0.05)
    assert store.calls == 0
    assert retention.FIRST_RUN[0] >= 60
    assert retention.FIRST_RUN[1] < retention.DAY == 86_400
