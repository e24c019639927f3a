"""What analysts read: lists, conversations, the queue and the dashboard."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine

from tests.web.conversation_log.talks import (
    START,
    Tracker,
    answered,
    bot,
    card,
    lost,
    slot,
    user,
)
from web.conversation_log.queries import BadCursor, ConversationLog, Filters
from web.conversation_log.source import tracker_engine
from web.conversation_log.tail import Tail

DAY = 86_400.0
FIRST = dt.datetime.fromtimestamp(START, dt.UTC).date()
NOW = dt.datetime.fromtimestamp(START + 30 * DAY, dt.UTC)


def day(number: int) -> dt.date:
    return FIRST + dt.timedelta(days=number)


@pytest.fixture
def log(tracker: Tracker, engine: Engine) -> Iterator[ConversationLog]:
    """Six conversations of five days."""
    with_caf = [*answered("où en est mon rsa", "rsa")[:-1], slot("caf", "52")]
    tracker.say("c0", with_caf, lost("truc machin"), start=START)
    tracker.say("c1", answered("le paiement de mai", "paiement_date"), start=START + DAY)
    tracker.say("c2", answered("date du paiement", "paiement_date", 0.5), start=START + 2 * DAY)
    tracker.say(
        "c3",
        [user("mon dossier", "rsa", 0.95, 0.01), bot("v", card=card("rsa", notices=("n",)))],
        answered("parler à quelqu'un", "parler_humain"),
        start=START + 3 * DAY,
    )
    tracker.say("c4", answered("un rsa pour un étudiant", "rsa", 0.7), start=START + 4 * DAY)
    tracker.say(
        "c5",
        [user("rsa", "rsa", 0.99, 0.0), bot("!", "utter_erreur_technique")],
        start=START + 4 * DAY + 60,
    )
    source = tracker_engine(tracker.path)
    Tail(source, engine, lambda: NOW).run()
    source.dispose()
    yield ConversationLog(engine)


def found(log: ConversationLog, **filters: Any) -> list[str]:
    return [row.text for row in log.turns(Filters(**filters)).rows]


def named(log: ConversationLog, **filters: Any) -> list[str]:
    return [row.conversation_id for row in log.conversations(Filters(**filters)).rows]


def test_turns_from_the_newest(log: ConversationLog) -> None:
    texts = found(log)
    assert texts[:2] == ["rsa", "un rsa pour un étudiant"]
    assert texts[-1] == "où en est mon rsa"
    assert len(texts) == 8
    row = log.turns(Filters()).rows[-1]
    assert row.at == dt.datetime.fromtimestamp(START, dt.UTC)
    assert (row.caf, row.outcome, row.tags, row.etat) == ("52", "repondu", [], None)


@pytest.mark.parametrize(
    ("filters", "texts"),
    [
        ({"outcome": "incompris"}, ["truc machin"]),
        ({"sujet": "paiement_date"}, ["date du paiement", "le paiement de mai"]),
        ({"confiance_max": 0.5}, ["date du paiement", "truc machin"]),
        ({"caf": "52"}, ["truc machin", "où en est mon rsa"]),
        ({"depuis": day(1), "jusque": day(2)}, ["date du paiement", "le paiement de mai"]),
        ({"jusque": day(0)}, ["truc machin", "où en est mon rsa"]),
        ({"depuis": day(5)}, []),
        ({"sujet": "rsa", "outcome": "dossier"}, ["mon dossier"]),
        ({"texte": "PAIEMENTS"}, ["date du paiement", "le paiement de mai"]),
        ({"texte": "etudiants rsa"}, ["un rsa pour un étudiant"]),
        ({"texte": "rsa", "outcome": "erreur"}, ["rsa"]),
        ({"texte": "rsa", "depuis": day(1)}, ["rsa", "un rsa pour un étudiant"]),
        ({"texte": "paiement", "jusque": day(1)}, ["le paiement de mai"]),
        ({"texte": "paiement", "depuis": day(20)}, []),
        ({"texte": "le la de"}, []),
        ({"texte": '"* OR ('}, []),
        ({"texte": "zorglub"}, []),
        ({"vus": "non", "outcome": "erreur"}, ["rsa"]),
        ({"vus": "vu"}, []),
        ({"pouce": True}, []),
    ],
)
def test_filters(log: ConversationLog, filters: dict[str, Any], texts: list[str]) -> None:
    assert found(log, **filters) == texts


def test_filters_on_what_analysts_wrote(log: ConversationLog) -> None:
    ids = {row.text: row.id for row in log.turns(Filters()).rows}
    log.tag(ids["rsa"], "À revoir", "lea", NOW)
    log.tag(ids["truc machin"], "à revoir", "lea", NOW)
    log.review(ids["rsa"], "lea", "signale", NOW)
    assert found(log, tag="à revoir") == ["rsa", "truc machin"]
    assert found(log, tag="À REVOIR ", outcome="incompris") == ["truc machin"]
    assert found(log, tag="à revoir", texte="rsa") == ["rsa"]
    assert found(log, tag="autre") == []
    assert found(log, vus="signale") == ["rsa"]
    assert "rsa" not in found(log, vus="non")
    assert named(log, tag="à revoir") == ["c5", "c0"]
    assert log.tags() == ["à revoir"]


@pytest.mark.parametrize("filters", [{}, {"texte": "rsa"}, {"sujet": "rsa"}])
def test_pages_follow_without_loss_nor_repeat(
    log: ConversationLog, filters: dict[str, Any]
) -> None:
    wanted = found(log, **filters)
    seen: list[str] = []
    cursor = None
    while True:
        page = log.turns(Filters(**filters), cursor, limit=2)
        assert len(page.rows) <= 2
        seen += [row.text for row in page.rows]
        cursor = page.next
        if cursor is None:
            break
    assert seen == wanted


@pytest.mark.parametrize(
    "filters", [{}, {"texte": "rsa"}, {"sujet": "rsa"}, {"outcome": "repondu"}]
)
def test_conversations_are_listed_once(log: ConversationLog, filters: dict[str, Any]) -> None:
    wanted = named(log, **filters)
    assert len(set(wanted)) == len(wanted) > 2
    seen: list[str] = []
    cursor = None
    for _ in range(20):
        page = log.conversations(Filters(**filters), cursor, limit=1)
        seen += [row.conversation_id for row in page.rows]
        cursor = page.next
        if cursor is None:
            break
    assert seen == wanted


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({}, ["c5", "c4", "c3", "c2", "c1", "c0"]),
        ({"outcome": "personne"}, ["c3"]),
        ({"caf": "52"}, ["c0"]),
        ({"depuis": day(1), "jusque": day(2)}, ["c2", "c1"]),
        ({"sujet": "rsa"}, ["c5", "c4", "c3", "c0"]),
        ({"sujet": "rsa", "outcome": "personne"}, ["c3"]),
        ({"texte": "rsa", "caf": "52"}, ["c0"]),
        ({"confiance_max": 0.5, "depuis": day(1)}, ["c2"]),
        ({"texte": "de"}, []),
    ],
)
def test_filters_of_conversations(
    log: ConversationLog, filters: dict[str, Any], names: list[str]
) -> None:
    assert named(log, **filters) == names


def test_a_search_that_looks_at_a_part_says_where_to_go_on(
    log: ConversationLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.conversation_log.queries.LOOKED_AT", 2)
    filters = Filters(texte="rsa", outcome="repondu", caf="52")
    page = log.turns(filters)
    assert page.rows == [] and page.next
    page = log.turns(filters, page.next)
    assert [row.text for row in page.rows] == ["où en est mon rsa"]
    page = log.conversations(Filters(sujet="rsa", outcome="incompris"))
    assert page.rows == [] and page.next
    page = log.conversations(Filters(sujet="rsa", outcome="incompris"), page.next)
    assert [row.conversation_id for row in page.rows] == ["c0"]


def test_a_row_of_conversation(log: ConversationLog) -> None:
    row = log.conversations(Filters(caf="52")).rows[0]
    assert (row.text, row.turns, row.outcome, row.channel) == (
        "où en est mon rsa",
        2,
        "incompris",
        "web",
    )
    assert row.started_at == dt.datetime.fromtimestamp(START, dt.UTC)


def test_a_whole_conversation(log: ConversationLog) -> None:
    talk = log.conversation("c0")
    assert talk is not None
    assert [turn.text for turn in talk.turns] == ["où en est mon rsa", "truc machin"]
    first = talk.turns[0]
    log.note(first.id, "lea", "À relire", NOW)
    log.review(first.id, "max", "vu", NOW)
    again = log.turn(first.id)
    assert again is not None
    assert (again.reviewer, again.etat, again.notes[0].text) == ("max", "vu", "À relire")
    assert again.notes[0].at == NOW
    assert (again.answer, again.policy) == ("Voici pour rsa", "RulePolicy")
    assert [item["name"] for item in again.ranking] == ["rsa", "asf"]
    assert log.conversation("nobody") is None
    assert log.turn(12345) is None


@pytest.mark.parametrize("cursor", ["x", "////", "WzFd", "W10", "bnVsbA", "é", "WzEsIDJd" * 50])
def test_a_bad_cursor_is_refused(log: ConversationLog, cursor: str) -> None:
    with pytest.raises(BadCursor):
        log.turns(Filters(), cursor)
    with pytest.raises(BadCursor):
        log.conversations(Filters(), cursor)
    with pytest.raises(BadCursor):
        log.queue(cursor, reviewer="lea", now=NOW)


def test_the_dashboard(log: ConversationLog) -> None:
    seen = log.dashboard(day(2), day(4))
    assert (seen.turns, seen.conversations, len(seen.by_day)) == (5, 4, 3)
    assert [point.turns for point in seen.by_day] == [1, 2, 2]
    assert {share.key: share.n for share in seen.outcomes} == {
        "repondu": 2,
        "dossier": 1,
        "personne": 1,
        "erreur": 1,
    }
    assert seen.handed_over == pytest.approx(1 / 5)
    assert seen.not_understood == 0
    assert (seen.subjects[0].key, seen.subjects[0].n) == ("rsa", 3)
    assert seen.subjects[0].share == pytest.approx(3 / 5)
    assert [(it.key, it.before, it.rise) for it in seen.rising] == [
        ("rsa", 1, 2),
        ("parler_humain", 0, 1),
    ]
    assert sum(seen.hours_of_day) == 5
    assert len(seen.by_hour) == 72 and sum(point.turns for point in seen.by_hour) == 5
    assert seen.by_hour[0].hour.utcoffset() == dt.timedelta(hours=2)
    assert seen.latency.n == 5 and seen.latency.p50 is not None
    assert seen.waiting == len(log.queue(reviewer="lea", now=NOW, limit=50).rows)


def test_the_dashboard_of_the_first_days(log: ConversationLog) -> None:
    seen = log.dashboard(day(0), day(0))
    assert seen.not_understood == pytest.approx(1 / 2)
    assert [(it.day, it.not_understood) for it in seen.by_day] == [(day(0), 1)]


def test_the_dashboard_of_nothing(log: ConversationLog) -> None:
    empty = log.dashboard(day(100), day(130))
    assert (empty.turns, empty.not_understood, empty.latency.p95) == (0, 0.0, None)
    assert (empty.by_hour, empty.subjects, empty.outcomes) == ([], [], [])
    assert log.dashboard(day(3), day(2)).by_day == []


def test_the_hours_of_a_day_when_the_time_changes(log: ConversationLog) -> None:
    autumn, spring = dt.date(2026, 10, 25), dt.date(2027, 3, 28)
    assert len(log.dashboard(autumn, autumn).by_hour) == 25
    assert len(log.dashboard(spring, spring).by_hour) == 23


def test_the_queue_by_priority(log: ConversationLog) -> None:
    rows = log.queue(reviewer="lea", now=NOW).rows
    assert rows[0].text == "rsa" and rows[0].priority_reasons == ["erreur"]
    scores = [row.priority for row in rows]
    assert scores == sorted(scores, reverse=True) and min(scores) > 0
    pages, cursor = [], None
    for _ in range(10):
        page = log.queue(cursor, 1, reviewer="lea", now=NOW)
        pages += [row.id for row in page.rows]
        cursor = page.next
        if cursor is None:
            break
    assert pages == [row.id for row in rows]
