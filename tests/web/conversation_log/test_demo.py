"""The made-up log."""

import datetime as dt
from collections import Counter

import pytest
from sqlalchemy import Engine, select, text

from allobot.database import make_engine, upgrade
from tests.web.conversation_log.test_tail import counts, of_turns, recounted, turns
from web.conversation_log.demo import Exists, clear, make
from web.conversation_log.models import LogConversationRow
from web.conversation_log.queries import ConversationLog, Filters
from web.conversation_log.turns import OUTCOMES

UNTIL = dt.date(2026, 11, 20)
TURNS = 3000


def test_it_is_a_log_like_any_other(engine: Engine) -> None:
    batches: list[int] = []
    make(engine, TURNS, 1, UNTIL, batches.append)
    assert sum(batches) == TURNS
    rows = turns(engine)
    assert len(rows) == TURNS
    assert of_turns(counts(engine)) == recounted(engine)
    assert {row["outcome"] for row in rows} == set(OUTCOMES)
    talks = Counter(row["conversation_id"] for row in rows)
    with engine.connect() as connection:
        table = LogConversationRow
        told = connection.execute(select(table.conversation_id, table.turns)).all()
    assert dict(tuple(row) for row in told) == talks
    days = {row["day"] for row in rows}
    assert max(days) == UNTIL.toordinal() and max(days) - min(days) == 364
    assert all(row["text"] == f"[{row['intent']}]" for row in rows if row["outcome"] == "danger")
    assert any("[numéro de téléphone]" in row["text"] for row in rows)


def test_the_console_reads_it(engine: Engine) -> None:
    make(engine, TURNS, 1, UNTIL)
    log = ConversationLog(engine)
    now = dt.datetime.combine(UNTIL, dt.time(12), dt.UTC)
    assert log.dashboard(UNTIL - dt.timedelta(days=364), UNTIL).turns == TURNS
    assert len(log.turns(Filters(texte="prime d'activité")).rows) == 50
    assert log.queue(reviewer="lea", now=now).rows[0].priority >= 5
    assert len(log.tags()) > 2
    newest = log.turns(Filters(), limit=1).rows[0]
    assert newest.at.date() == UNTIL


def test_one_may_write_after_it(engine: Engine) -> None:
    make(engine, 100, 1, UNTIL)
    last = max(row.id for row in ConversationLog(engine).turns(Filters(), limit=200).rows)
    statement = text(
        "INSERT INTO log_turn (conversation_id, event_id, at, day, text, ranking, entities, answer,"
        " outcome, reasons, reformulation, priority, priority_reasons)"
        " SELECT conversation_id, 0, :at, day, text, ranking, entities, answer, outcome, reasons,"
        " reformulation, priority, priority_reasons FROM log_turn WHERE id = :id RETURNING id"
    )
    with engine.begin() as connection:
        values = {"id": last, "at": dt.datetime(2027, 1, 1, tzinfo=dt.UTC).isoformat(" ")}
        assert connection.execute(statement, values).scalar() == last + 1


def test_the_same_seed_makes_the_same_log(sqlite_url: str, postgres_url: str) -> None:
    found = []
    for url, seed in ((sqlite_url, 5), (postgres_url, 5), (f"{sqlite_url}.other", 6)):
        upgrade(url)
        engine = make_engine(url)
        make(engine, 300, seed, UNTIL)
        found.append(turns(engine))
        engine.dispose()
    assert found[0] == found[1]
    assert found[0] != found[2]


def test_it_never_takes_the_place_of_a_log(engine: Engine) -> None:
    make(engine, 50, 1, UNTIL)
    with pytest.raises(Exists):
        make(engine, 50, 2, UNTIL)
    assert len(turns(engine)) == 50
    clear(engine)
    assert turns(engine) == [] and not counts(engine)
    make(engine, 60, 2, UNTIL)
    assert len(turns(engine)) == 60
