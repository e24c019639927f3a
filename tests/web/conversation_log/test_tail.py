"""Following Rasa's events: each told once, whatever stops, runs twice or disappears."""

import asyncio
import datetime as dt
import os
import random
import secrets
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, text, update
from sqlalchemy.exc import OperationalError

from allobot.database import for_writing, make_engine, upgrade
from allobot.project import ROOT
from allobot.settings import Settings
from tests.web.conversation_log import tailing
from tests.web.conversation_log.talks import (
    SCHEMA,
    START,
    Tracker,
    action,
    answered,
    bot,
    listen,
    lost,
    opening,
    pressed,
    slot,
    user,
)
from web.conversation_log import following, search
from web.conversation_log import tail as module
from web.conversation_log.counts import counts_of, hour_of
from web.conversation_log.models import LogConversationRow, LogCursorRow, LogTurnRow
from web.conversation_log.rebuild import rebuild
from web.conversation_log.source import tracker_engine
from web.conversation_log.tail import Tail
from web.conversation_log.writing import utc
from web.conversations.sql_store import SqlStore
from web.conversations.store import Feedback
from web.conversations.tracker_events import erase_sender, purge_events
from web.messages import Message

NOW = dt.datetime.fromtimestamp(START + 600, dt.UTC)
KINDS_OF_LOG = ("log_turn", "log_conversation", "log_text")


@pytest.fixture
def tail(tracker: Tracker, engine: Engine) -> Iterator[Tail]:
    source = tracker_engine(tracker.path)
    yield Tail(source, engine, lambda: NOW)
    source.dispose()


def turns(engine: Engine) -> list[dict[str, Any]]:
    """What the log says of turns, but the ids and the places of events."""
    with engine.connect() as connection:
        statement = select(LogTurnRow.__table__).order_by(LogTurnRow.at, LogTurnRow.conversation_id)
        rows = [dict(row) for row in connection.execute(statement).mappings()]
    return [{**row, "id": None, "event_id": None, "at": utc(row["at"])} for row in rows]


def conversations(engine: Engine) -> list[tuple[Any, ...]]:
    table = LogConversationRow
    with engine.connect() as connection:
        statement = select(table.conversation_id, table.turns, table.outcome, table.caf)
        return [tuple(row) for row in connection.execute(statement.order_by(table.conversation_id))]


def counts(engine: Engine, table: str = "log_hour", unit: str = "hour") -> Counter[Any]:
    with engine.connect() as connection:
        rows = connection.execute(text(f"SELECT kind, {unit}, key, n FROM {table} WHERE n <> 0"))
        return Counter({(kind, when, key): n for kind, when, key, n in rows})


def recounted(engine: Engine) -> Counter[Any]:
    """The counts as the rows of turns say them, without those of conversations."""
    found: Counter[Any] = Counter()
    for row in turns(engine):
        for (kind, key), number in counts_of(row).items():
            found[kind, hour_of(row["at"]), key] += number
    return found


def of_turns(counted: Counter[Any]) -> Counter[Any]:
    return Counter({key: n for key, n in counted.items() if key[0] != "conversation"})


def texts(engine: Engine) -> list[str]:
    return [row["text"] for row in turns(engine)]


def indexed(engine: Engine, words: str) -> int:
    found = search.found(engine.dialect.name, words)
    assert found is not None
    with engine.connect() as connection:
        return len(connection.execute(found[0]).all())


async def held(engine: Engine, name: str) -> SqlStore:
    """A conversation of the gateway."""
    store = SqlStore(engine)
    await store.create(name, [])
    return store


def test_nothing_to_read_yet(tail: Tail, tracker: Tracker, engine: Engine) -> None:
    assert tail.run_once() == 0
    assert not tracker.path.exists(), "only Rasa makes its file"
    tracker.path.touch()
    assert tail.run_once() == 0
    assert turns(engine) == []


def test_each_event_is_told_once(tail: Tail, tracker: Tracker, engine: Engine) -> None:
    ids = tracker.say("a", opening(), answered("mon rsa", "rsa"), lost("zut"))
    assert tail.run_once() == len(ids)
    assert tail.run_once() == 0
    assert texts(engine) == ["mon rsa", "zut"]
    assert conversations(engine) == [("a", 2, "incompris", None)]
    assert counts(engine)["conversation", hour_of(NOW), ""] == 1
    assert indexed(engine, "RSA") == 1


def test_what_comes_later_changes_what_came_before(
    tail: Tail, tracker: Tracker, engine: Engine
) -> None:
    tracker.say("a", lost("la prime"))
    tail.run()
    tracker.say("a", pressed("prime_activite"), start=START + 20)
    tail.run()
    assert [row["outcome"] for row in turns(engine)] == ["precise", "repondu"]
    assert of_turns(counts(engine)) == recounted(engine)


def test_a_turn_is_completed_when_its_events_come(
    tail: Tail, tracker: Tracker, engine: Engine
) -> None:
    whole = answered("mon rsa", "rsa")
    tracker.say("a", whole[:1])
    tail.run()
    assert [row["outcome"] for row in turns(engine)] == ["erreur"]
    tracker.say("a", whole[1:], start=START + 1)
    tail.run()
    [row] = turns(engine)
    assert (row["outcome"], row["answer"], row["reply_ms"]) == ("repondu", "Voici pour rsa", 1020)
    assert of_turns(counts(engine)) == recounted(engine)


def test_a_large_past_is_read_in_batches(
    tail: Tail, tracker: Tracker, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BATCH", 5)
    for i in range(6):
        tracker.say(f"c{i}", answered("mon rsa", "rsa"), lost("zut"), start=START + i)
    seen: list[int] = []
    tail.run(seen.append)
    assert sum(seen) == 48 and max(seen) == 5
    assert len(turns(engine)) == 12
    with engine.connect() as connection:
        moments = connection.execute(select(LogTurnRow.at).order_by(LogTurnRow.id)).scalars().all()
    late = sum(a > b for a, b in pairwise(moments))
    assert late <= 6, "ids follow the moments, but for conversations cut by a batch"


async def test_opinions_reach_their_turn(tail: Tail, tracker: Tracker, engine: Engine) -> None:
    store = await held(engine, "a")
    await store.claim("a", Message("m1", "person", "mon rsa"))
    await store.keep_answer("a", "m1", [Message("b1", "bot", "x"), Message("b2", "bot", "y")])
    tracker.say("a", answered("mon rsa", "rsa", metadata={"message": "m1"}))
    tail.run()
    assert turns(engine)[0]["feedback"] is None
    await store.keep_feedback("a", Feedback("b1", useful=False, reasons=("faux",)))
    await store.keep_feedback("a", Feedback("b2", useful=True, reasons=()))
    tail.run()
    [row] = turns(engine)
    assert (row["feedback"], row["reasons"]) == (False, ["faux"])
    assert row["priority_reasons"] == ["pouce_bas"]
    await store.keep_feedback("a", Feedback("b1", useful=True, reasons=()))
    tail.run()
    assert turns(engine)[0]["feedback"] is True
    assert of_turns(counts(engine)) == recounted(engine)


async def test_a_button_takes_its_label(tail: Tail, tracker: Tracker, engine: Engine) -> None:
    store = await held(engine, "a")
    await store.claim("a", Message("m1", "person", "Le revenu de solidarité"))
    turn = pressed("rsa")
    turn[0]["metadata"] = {"message": "m1"}
    tracker.say("a", turn)
    tail.run()
    assert texts(engine) == ["Le revenu de solidarité"]
    assert indexed(engine, "solidarite revenus") == 1


def test_a_form_left_is_seen_when_the_person_has_gone(tracker: Tracker, engine: Engine) -> None:
    moment = dt.datetime.fromtimestamp(START + 5, dt.UTC)
    source = tracker_engine(tracker.path)
    tail = Tail(source, engine, lambda: moment)
    form = [user("mon droit", "verifier_droit", 0.9, 0.01), action("questionnaire_form")]
    tracker.say("a", [*form, slot("requested_slot", "x"), bot("Seul ?"), listen()])
    tail.run()
    assert turns(engine)[0]["priority"] == 0
    moment += dt.timedelta(minutes=31)
    tail.run_once()
    assert turns(engine)[0]["priority_reasons"] == ["question_abandonnee"]
    source.dispose()


async def test_an_erased_conversation_leaves_nothing_and_stays_away(
    tail: Tail, tracker: Tracker, engine: Engine
) -> None:
    store = await held(engine, "mine")
    await held(engine, "theirs")
    tracker.say("mine", answered("un secret bien gardé", "rsa"))
    tracker.say("theirs", answered("mon paiement", "paiement_date"))
    tail.run()
    erase_sender(tracker.path, "mine")
    await store.erase("mine")
    assert texts(engine) == ["mon paiement"]
    assert [row[0] for row in conversations(engine)] == ["theirs"]
    assert indexed(engine, "secret") == 0
    tail.run()
    rebuild(tail)
    assert texts(engine) == ["mon paiement"]
    with engine.connect() as connection:
        for table in KINDS_OF_LOG:
            rows = connection.execute(text(f"SELECT * FROM {table}")).all()
            assert "mine" not in repr(rows) and "secret" not in repr(rows)


async def test_erased_words_leave_the_files_of_sqlite(
    tracker: Tracker, sqlite_url: str, tmp_path: Path
) -> None:
    upgrade(sqlite_url)
    engine = make_engine(sqlite_url)
    store = await held(engine, "mine")
    source = tracker_engine(tracker.path)
    tail = Tail(source, engine, lambda: NOW)
    for i in range(40):
        tracker.say(f"other{i}", answered("mon paiement", "rsa"), start=START + i)
    tracker.say("mine", answered("zygomatique ornithorynque", "rsa"))
    tail.run()
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"zygomat" in kept
    erase_sender(tracker.path, "mine")
    await store.erase("mine")
    tail.run_once()
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"zygomat" not in kept and b"ornithoryn" not in kept
    assert indexed(engine, "paiement") == 40
    engine.dispose()
    source.dispose()


async def test_an_erasure_during_a_batch_wins(
    tail: Tail, tracker: Tracker, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read before the erasure, written after it took Rasa's events."""
    store = await held(engine, "mine")
    tracker.say("mine", answered("mon rsa", "rsa"))
    write = tail._write

    def late(*arguments: Any) -> bool:
        erase_sender(tracker.path, "mine")
        return write(*arguments)

    monkeypatch.setattr(tail, "_write", late)
    tail.run_once()
    await store.erase("mine")
    assert turns(engine) == []
    tail.run_once()
    assert turns(engine) == []


async def test_an_erasure_waits_for_the_batch_being_written(
    tail: Tail, tracker: Tracker, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The erasure begins between the last look at Rasa's events and the end of the writing."""
    store = await held(engine, "mine")
    tracker.say("mine", answered("mon rsa", "rsa"))
    original, loop = module.write, asyncio.get_running_loop()
    erasures: list[asyncio.Task[None]] = []

    async def erase() -> None:
        erase_sender(tracker.path, "mine")
        await store.erase("mine")

    def slow(*arguments: Any) -> int:
        loop.call_soon_threadsafe(lambda: erasures.append(loop.create_task(erase())))
        time.sleep(0.4)
        return original(*arguments)

    monkeypatch.setattr(module, "write", slow)
    await asyncio.to_thread(tail.run_once)
    monkeypatch.undo()
    await asyncio.gather(*erasures)
    assert len(erasures) == 1
    assert turns(engine) == [] and conversations(engine) == []
    tail.run()
    assert turns(engine) == []


async def test_ids_that_sqlite_gives_again_are_read(
    tail: Tail, tracker: Tracker, engine: Engine
) -> None:
    store = await held(engine, "last")
    tracker.say("first", answered("mon rsa", "rsa"))
    last = tracker.say("last", answered("mon paiement", "paiement_date"), start=START + 30)
    tail.run()
    erase_sender(tracker.path, "last")
    await store.erase("last")
    again = tracker.say("next", answered("mon loyer", "aide_logement"), start=START + 60)
    assert again == last, "SQLite gives the same ids"
    tail.run()
    assert texts(engine) == ["mon rsa", "mon loyer"]
    assert tail.run_once() == 0


def test_an_id_given_again_and_more_are_read(tail: Tail, tracker: Tracker, engine: Engine) -> None:
    tracker.say("first", answered("mon rsa", "rsa"))
    tracker.say("last", answered("mon paiement", "paiement_date"), start=START + 30)
    tail.run()
    erase_sender(tracker.path, "last")
    tracker.say("next", answered("mon loyer", "rsa"), answered("merci", "rsa"), start=START + 60)
    tail.run()
    assert texts(engine) == ["mon rsa", "mon paiement", "mon loyer", "merci"]


def test_a_new_file_is_read_from_its_beginning(
    tail: Tail, tracker: Tracker, engine: Engine
) -> None:
    tracker.say("a", answered("mon rsa", "rsa"), answered("encore", "rsa"))
    tail.run()
    tracker.path.unlink()
    assert tail.run_once() == 0
    tracker.say("a", answered("plus tard", "rsa"), start=START + 300)
    tracker.say("b", answered("bonjour", "salutation"), start=START + 400)
    tail.run()
    assert texts(engine) == ["mon rsa", "encore", "plus tard", "bonjour"]
    assert conversations(engine)[0][:2] == ("a", 3)
    assert tail.run_once() == 0


def test_purged_events_change_nothing(tail: Tail, tracker: Tracker, engine: Engine) -> None:
    tracker.say("old", answered("mon rsa", "rsa"), start=START - 10_000)
    tracker.say("new", answered("mon loyer", "rsa"))
    tail.run()
    purge_events(tracker.path, dt.datetime.fromtimestamp(START - 5000, dt.UTC), 100)
    tail.run()
    assert texts(engine) == ["mon rsa", "mon loyer"]


async def test_what_no_gateway_holds_is_forgotten_in_time(
    tail: Tail, tracker: Tracker, engine: Engine
) -> None:
    await held(engine, "site")
    for name in ("site", "shell", "demo-1"):
        tracker.say(name, answered(f"de {name}", "rsa"))
    tracker.say("recent", answered("récent", "rsa"), start=START + 500)
    tail.run()
    before = counts(engine)
    assert tail.forget(dt.datetime.fromtimestamp(START + 100, dt.UTC)) == 1
    assert [row[0] for row in conversations(engine)] == ["demo-1", "recent", "site"]
    assert indexed(engine, "shell") == 0
    assert counts(engine) == before, "numbers outlive conversations"


def test_reading_all_again_keeps_ids_and_reviews(
    tail: Tail, tracker: Tracker, engine: Engine
) -> None:
    tracker.say("a", answered("mon rsa", "rsa"), lost("zut"))
    tracker.say("b", answered("mon loyer", "rsa"))
    tail.run()
    with for_writing(engine).begin() as connection:
        before = connection.execute(select(LogTurnRow.id, LogTurnRow.at)).all()
        connection.execute(update(LogTurnRow).values(etat="vu"))
        connection.execute(update(LogTurnRow).where(LogTurnRow.text == "zut").values(text="faux"))
    counted = counts(engine)
    erase_sender(tracker.path, "b")
    assert rebuild(tail) == 1
    assert texts(engine) == ["mon rsa", "zut"]
    assert {row["etat"] for row in turns(engine)} == {"vu"}
    with engine.connect() as connection:
        after = connection.execute(select(LogTurnRow.id, LogTurnRow.at)).all()
    assert set(after) < set(before)
    assert counts(engine) == counted
    assert indexed(engine, "zut") == 1 and indexed(engine, "faux") == 0


def test_events_shown_late_are_read(engine: Engine, postgres_url: str) -> None:
    """PostgreSQL gives ids before transactions end: a lower one may be seen after a higher one."""
    source = make_engine(postgres_url)
    with source.begin() as connection:
        connection.execute(text(SCHEMA.replace("FLOAT", "DOUBLE PRECISION")))
    statement = text(
        "INSERT INTO events (id, sender_id, type_name, timestamp, data)"
        " VALUES (:id, :sender, 'user', :time, :data)"
    )
    said = '{"text": "bonjour", "parse_data": {"intent": {"name": "rsa"}}}'
    late, tail = source.connect(), Tail(source, engine, lambda: NOW)
    late.execute(statement, {"id": 1, "sender": "late", "time": START, "data": said})
    with source.begin() as connection:
        connection.execute(statement, {"id": 2, "sender": "b", "time": START + 1, "data": said})
    tail.run()
    assert [row[0] for row in conversations(engine)] == ["b"]
    late.commit()
    late.close()
    tail.run()
    assert [row[0] for row in conversations(engine)] == ["b", "late"]
    assert tail.run_once() == 0
    source.dispose()


def test_two_gateways_never_double(tracker: Tracker, engine: Engine, monkeypatch: Any) -> None:
    monkeypatch.setattr(module, "BATCH", 3)
    for i in range(20):
        tracker.say(f"c{i}", answered("mon rsa", "rsa"), lost("zut"), start=START + i)
    source = tracker_engine(tracker.path)
    tails = [Tail(source, engine, lambda: NOW) for _ in range(2)]
    original = Tail._write

    def raced(self: Tail, *arguments: Any) -> bool:
        if self is tails[0] and random.random() < 0.5:
            tails[1].run_once()  # the other one goes first
        return original(self, *arguments)

    monkeypatch.setattr(Tail, "_write", raced)
    random.seed(3)
    tails[0].run()
    assert len(turns(engine)) == 40
    assert of_turns(counts(engine)) == recounted(engine)
    assert tails[1].run_once() == 0
    source.dispose()


def test_a_failure_writes_nothing(
    tail: Tail, tracker: Tracker, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracker.say("a", answered("mon rsa", "rsa"))

    def fail(*_: object) -> None:
        raise OperationalError("x", None, Exception("disk full"))

    monkeypatch.setattr(search, "index", fail)
    with pytest.raises(OperationalError):
        tail.run_once()
    assert turns(engine) == [] and conversations(engine) == []
    monkeypatch.undo()
    tail.run()
    assert texts(engine) == ["mon rsa"]


def test_hostile_words_are_stored_without_harm(
    tail: Tail, tracker: Tracker, engine: Engine
) -> None:
    said = [
        "<img src=x onerror=alert(1)>",
        '=HYPERLINK("http://x")',
        "a\x00b\x1b[31mc \ud800",
        "x" * 500,
        "'; DROP TABLE log_turn; -- \" OR NEAR(",
        "𝕮𝖆𝖋 ﬁn été Œuvre",
    ]
    for i, words in enumerate(said):
        tracker.say(f"c{i}", answered(words, "rsa"), start=START + i)
    tail.run()
    stored = texts(engine)
    assert stored[0] == said[0] and stored[1] == said[1] and stored[3] == said[3]
    assert "\x00" not in stored[2] and "\ud800" not in stored[2]
    assert indexed(engine, "ete oeuvre CAF") == 1
    assert indexed(engine, "x" * 500) == 1
    assert indexed(engine, "drop table") == 1


def test_killed_at_any_moment_nothing_is_lost_nor_doubled(
    tracker: Tracker, engine: Engine, tmp_path: Path
) -> None:
    chance = random.Random(7)
    url = engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", tailing.__name__, str(tracker.path), url]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    said = 0
    for _ in range(12):
        with subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            for _ in range(chance.randint(2, 10)):
                sender = f"c{chance.randint(0, 8)}"
                turn = chance.choice([answered("mon rsa", "rsa"), lost("la prime"), pressed("rsa")])
                tracker.say(sender, turn, start=START + said)
                said += 1
            time.sleep(chance.uniform(0, 0.15))
            process.kill()
    source = tracker_engine(tracker.path)
    Tail(source, engine, lambda: NOW).run()
    fresh_url = f"sqlite:///{tmp_path / 'fresh.sqlite'}"
    upgrade(fresh_url)
    fresh = make_engine(fresh_url)
    Tail(source, fresh, lambda: NOW).run()
    assert len(turns(engine)) == said
    assert turns(engine) == turns(fresh)
    assert conversations(engine) == conversations(fresh)
    assert counts(engine) == counts(fresh)
    assert counts(engine, "log_day", "day") == counts(fresh, "log_day", "day")
    assert of_turns(counts(engine)) == recounted(engine)
    assert indexed(engine, "rsa") == indexed(fresh, "rsa") > 0
    fresh.dispose()
    source.dispose()


async def test_the_gateway_follows_and_lives_through_failures(
    tracker: Tracker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    monkeypatch.setattr(following, "EVERY", 0.01)
    settings = Settings(var=tmp_path)
    upgrade(settings.database_url)
    failures = iter([RuntimeError(secrets.token_hex())])
    original = Tail.run_once

    def once(self: Tail) -> int:
        for error in failures:
            raise error
        return original(self)

    monkeypatch.setattr(Tail, "run_once", once)
    tracker.say("a", answered("mon rsa", "rsa"), start=time.time() - 60)
    task = asyncio.create_task(following.keep_up(settings))
    engine = make_engine(settings.database_url)
    async with asyncio.timeout(20):
        while not turns(engine):
            await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [record.getMessage()[:17] for record in caplog.records] == ["conversation log:"]
    engine.dispose()


async def test_the_gateway_does_not_run_after_those_who_talk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full batch is followed by the next one at once; anything less waits for the next time."""
    read = [module.BATCH, module.BATCH, module.BATCH - 1, 1]
    passes: list[int] = []

    def once(_: Tail) -> int:
        passes.append(read[len(passes)])
        return passes[-1]

    monkeypatch.setattr(Tail, "run_once", once)
    settings = Settings(var=tmp_path)
    upgrade(settings.database_url)
    monkeypatch.setattr(following, "EVERY", 60)
    task = asyncio.create_task(following.keep_up(settings))
    async with asyncio.timeout(20):
        while len(passes) < 3:
            await asyncio.sleep(0.02)
    await asyncio.sleep(0.2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert passes == read[:3]


def test_one_cursor_is_made_with_the_tables(engine: Engine) -> None:
    with engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(LogCursorRow)).scalar() == 1
