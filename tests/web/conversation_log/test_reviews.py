"""Claims, reviews, tags and notes."""

import asyncio
import datetime as dt
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, text

from allobot.database import make_engine
from tests.web.conversation_log.talks import START, Tracker, lost
from web.conversation_log.queries import ConversationLog, Filters
from web.conversation_log.reviews import CLAIM, LATER
from web.conversation_log.source import tracker_engine
from web.conversation_log.tail import Tail
from web.conversations.sql_store import SqlStore

NOW = dt.datetime.fromtimestamp(START + 3600, dt.UTC)


@pytest.fixture
def log(tracker: Tracker, engine: Engine) -> Iterator[ConversationLog]:
    for i in range(3):
        tracker.say(f"c{i}", lost(f"truc {i}", 0.4 - i / 10, 0.01), start=START + i)
    source = tracker_engine(tracker.path)
    Tail(source, engine, lambda: NOW).run()
    source.dispose()
    yield ConversationLog(engine)


def waiting(log: ConversationLog, reviewer: str, now: dt.datetime = NOW) -> list[str]:
    return [row.text for row in log.queue(reviewer=reviewer, now=now).rows]


def first(log: ConversationLog) -> int:
    return log.queue(reviewer="lea", now=NOW).rows[0].id


def test_what_one_reads_the_others_do_not(log: ConversationLog) -> None:
    turn = first(log)
    assert log.claim(turn, "lea", NOW)
    assert log.claim(turn, "lea", NOW), "again by the same"
    assert not log.claim(turn, "max", NOW)
    assert waiting(log, "max") == ["truc 1", "truc 0"]
    assert waiting(log, "lea") == ["truc 2", "truc 1", "truc 0"]
    assert [row.mine for row in log.queue(reviewer="lea", now=NOW).rows] == [True, False, False]


def test_a_claim_ends(log: ConversationLog) -> None:
    turn = first(log)
    log.claim(turn, "lea", NOW)
    assert waiting(log, "max", NOW + CLAIM) == ["truc 2", "truc 1", "truc 0"]
    assert log.claim(turn, "max", NOW + CLAIM)
    assert not log.claim(turn, "lea", NOW + CLAIM)


def test_what_was_read_leaves_the_queue(log: ConversationLog) -> None:
    turn = first(log)
    log.claim(turn, "lea", NOW)
    assert log.review(turn, "lea", "vu", NOW)
    assert waiting(log, "lea") == waiting(log, "max") == ["truc 1", "truc 0"]
    assert log.review(turn, "max", "signale", NOW), "the last review wins"
    seen = log.turn(turn)
    assert seen is not None and (seen.etat, seen.reviewer) == ("signale", "max")
    assert log.dashboard(NOW.date(), NOW.date()).waiting == 2


def test_what_is_put_off_comes_back(log: ConversationLog) -> None:
    log.review(first(log), "lea", "plus_tard", NOW)
    assert waiting(log, "lea", NOW + LATER - dt.timedelta(minutes=1)) == ["truc 1", "truc 0"]
    assert waiting(log, "max", NOW + LATER) == ["truc 2", "truc 1", "truc 0"]
    page = log.queue(None, 1, reviewer="max", now=NOW + LATER)
    assert [row.text for row in page.rows] == ["truc 2"]
    page = log.queue(page.next, 5, reviewer="max", now=NOW + LATER)
    assert [row.text for row in page.rows] == ["truc 1", "truc 0"]


def test_of_many_claims_at_once_one_succeeds(log: ConversationLog, engine: Engine) -> None:
    turn = first(log)
    url = engine.url.render_as_string(hide_password=False)
    engines = [make_engine(url) for _ in range(6)]

    def claim(number: int) -> bool:
        return ConversationLog(engines[number]).claim(turn, f"r{number}", NOW)

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(claim, range(6))) == 1
    for other in engines:
        other.dispose()


def test_tags(log: ConversationLog) -> None:
    turn = first(log)
    assert log.tag(turn, "  À   Reformuler ", "lea", NOW)
    assert log.tag(turn, "à reformuler", "max", NOW)
    assert log.tag(turn, "<b>" + "x" * 100, "max", NOW)
    assert not log.tag(turn, " \x00 ", "lea", NOW)
    seen = log.turn(turn)
    assert seen is not None
    assert seen.tags == ["<b>" + "x" * 37, "à reformuler"]
    assert log.untag(turn, "À reformuler")
    assert not log.untag(turn, "à reformuler")


def test_notes(log: ConversationLog) -> None:
    turn = first(log)
    assert log.note(turn, "lea", "  un\ndeux\x00 ", NOW)
    assert not log.note(turn, "lea", " \n ", NOW)
    assert log.note(turn, "max", "z" * 5000, NOW)
    seen = log.turn(turn)
    assert seen is not None
    assert [(note.author, len(note.text)) for note in seen.notes] == [("lea", 7), ("max", 4000)]


def test_a_turn_that_is_not_there(log: ConversationLog) -> None:
    assert not log.claim(999, "lea", NOW)
    assert not log.review(999, "lea", "vu", NOW)
    assert not log.tag(999, "x", "lea", NOW)
    assert not log.note(999, "lea", "x", NOW)


def test_all_of_it_goes_with_the_conversation(log: ConversationLog, engine: Engine) -> None:
    [row] = log.turns(Filters(texte="truc 2")).rows
    log.claim(row.id, "lea", NOW)
    log.review(row.id, "lea", "vu", NOW)
    log.tag(row.id, "à voir", "lea", NOW)
    log.note(row.id, "lea", "une note", NOW)
    asyncio.run(SqlStore(engine).erase(row.conversation_id))
    with engine.connect() as connection:
        for table in ("log_review", "log_tag", "log_note"):
            assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar() == 0
    assert log.turn(row.id) is None
    assert log.conversation(row.conversation_id) is None
