"""A made-up log, to try the console and measure it: the same one for the same seed."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any, TypeVar

from ruamel.yaml import YAML
from sqlalchemy import Connection, Engine, delete, func, insert, select, text

from allobot.dangers import DANGERS
from allobot.database import for_writing
from allobot.settings import PARIS
from web.conversation_log import search
from web.conversation_log import turns as reading
from web.conversation_log.counts import day_of
from web.conversation_log.models import (
    LogConversationRow,
    LogDayRow,
    LogHourRow,
    LogNoteRow,
    LogReviewRow,
    LogTagRow,
    LogTurnRow,
)
from web.conversation_log.tail import DEMO
from web.conversation_log.turns import ReadTurn
from web.conversation_log.writing import CONVERSATIONS, TURNS, Row, Tally

Value = TypeVar("Value")

FILE = Path(__file__).with_name("demo.yml")
DAYS = 365
BATCH_DAYS = 7  # in one transaction
TALK = (1, 1, 2, 2, 3, 3, 4, 5, 6, 8, 12)  # turns of a conversation
WEEK = (1.5, 1.3, 1.1, 1.1, 1.0, 0.4, 0.3)  # from Monday
HOURS = (1, 1, 1, 1, 1, 2, 4, 8, 18, 26, 28, 24, 18, 22, 26, 24, 20, 16, 12, 10, 9, 7, 4, 2)
OUTCOMES = {
    reading.ANSWERED: 600,
    reading.NOT_UNDERSTOOD: 85,
    reading.CLARIFIED: 50,
    reading.QUESTION: 85,
    reading.OFF_TOPIC: 40,
    reading.OWN_FILE: 60,
    reading.PERSON: 40,
    reading.DANGER: 5,
    reading.ERROR: 8,
    reading.BOOKING: 27,
}
CAFS = ("52",) * 5 + ("44",) * 9 + (None,) * 6
DEVICES = ("telephone",) * 6 + ("ordinateur",) * 3 + ("tablette", None)
REASONS = (
    *((), ("faux",), ("pas_clair",), ("trop_long",), ("ne_repond_pas",)),
    ("pas_clair", "trop_long"),
)
POLICY = "RulePolicy"
OTHERS = 3  # subjects ranked after the first
POOL = 10_000
# The shares of what is rare.
SHELL, EASY, ASKED_OPINION, LIKED, REVIEWED, TAGGED, NOTED = 0.03, 0.08, 0.12, 0.7, 0.04, 0.004, 0.1
REVIEW_AFTER = 2  # days


class _Chance:
    """Chance that is quick: what is slow to draw is drawn once, then picked from."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed).random
        slow = random.Random(seed)
        self.outcomes = slow.choices(list(OUTCOMES), list(OUTCOMES.values()), k=POOL)
        self.hours = slow.choices(range(24), HOURS, k=POOL)
        self.sure = [round(slow.betavariate(9, 1), 4) for _ in range(POOL)]
        self.unsure = [round(slow.betavariate(3, 5), 4) for _ in range(POOL)]
        self.milliseconds = [round(slow.lognormvariate(4.4, 0.6)) for _ in range(POOL)]

    def pick(self, values: Sequence[Value]) -> Value:
        return values[int(self._random() * len(values))]

    def happens(self, share: float) -> bool:
        return self._random() < share

    def between(self, low: float, high: float) -> float:
        return low + (high - low) * self._random()


@dataclass(frozen=True)
class _Said:
    """A turn of a conversation, and what analysts did of it."""

    conversation_id: str
    turn: ReadTurn
    etat: str | None
    tag: str | None
    note: str | None


class Exists(ValueError):
    """There is a log already."""


def make(
    engine: Engine,
    turns: int,
    seed: int,
    until: dt.date,
    on_batch: Callable[[int], None] = lambda _: None,
) -> None:
    """Fill an empty log with `turns` turns of the year that ends on `until`, included.

    `on_batch` is told how many turns were written each time. Raises Exists when there is a log.
    """
    chance = _Chance(seed)
    writer = for_writing(engine)
    with engine.connect() as connection:
        if connection.execute(select(LogTurnRow.id).limit(1)).first() is not None:
            raise Exists
    days = _days(turns, until)
    number, talks = 0, 0
    for _, some in groupby(enumerate(days), key=lambda item: item[0] // BATCH_DAYS):
        with writer.begin() as connection:
            for _, (day, wanted) in some:
                said, rows, talks = _day(chance, day, wanted, talks)
                _write(connection, said, rows, number, until)
                number += len(said)
                on_batch(len(said))
    with writer.begin() as connection:
        _settle(connection)


def clear(engine: Engine) -> None:
    """Remove the whole log, its reviews and its counts."""
    with for_writing(engine).begin() as connection:
        for row in (LogReviewRow, LogTagRow, LogNoteRow, LogTurnRow, LogConversationRow):
            connection.execute(delete(row))
        for count in (LogHourRow, LogDayRow):
            connection.execute(delete(count))


def _days(turns: int, until: dt.date) -> list[tuple[dt.date, int]]:
    """How many turns each day, more and more; in all exactly `turns`."""
    days = [until - dt.timedelta(days=DAYS - 1 - i) for i in range(DAYS)]
    weights = [WEEK[day.weekday()] * (1 + i / DAYS) for i, day in enumerate(days)]
    total, given, sum_so_far = sum(weights), 0, 0.0
    shares = []
    for day, weight in zip(days, weights, strict=True):
        sum_so_far += weight
        upto = round(turns * sum_so_far / total)
        shares.append((day, upto - given))
        given = upto
    return shares


def _day(
    chance: _Chance, day: dt.date, wanted: int, talks: int
) -> tuple[list[_Said], list[Row], int]:
    """The turns of a day in order, its conversations, and how many there are so far."""
    said: list[_Said] = []
    rows: list[Row] = []
    while len(said) < wanted:
        talks += 1
        number = min(chance.pick(TALK), wanted - len(said))
        talk = list(_talk(chance, f"{DEMO}{talks:07}", day, number))
        said += talk
        rows.append(_conversation(chance, talk))
    said.sort(key=lambda one: one.turn.at)
    return said, rows, talks


def _talk(chance: _Chance, name: str, day: dt.date, number: int) -> Iterator[_Said]:
    hour = chance.pick(chance.hours)
    begin = dt.datetime.combine(day, dt.time(hour), PARIS).astimezone(dt.UTC)
    # Before midnight whatever comes next, and never two turns at the same moment.
    at = begin + dt.timedelta(seconds=chance.between(0, 2400))
    caf = chance.pick(CAFS)
    subject = chance.pick(_subjects())
    before: ReadTurn | None = None
    for i in range(number):
        if chance.happens(0.3):
            subject = chance.pick(_subjects())
        turn = _turn(chance, at, subject, caf, before)
        near = before is not None and before.intent in (turn.intent, reading.FALLBACK)
        if near and before is not None and reading.says_again(turn, before):
            turn = replace(turn, reformulation=True)
        score, reasons = reading.priority(turn, before, left=i == number - 1)
        if reasons:
            turn = replace(turn, priority=score, priority_reasons=reasons)
        yield _reviewed(chance, name, turn)
        at += dt.timedelta(seconds=chance.between(8, 90))
        before = turn


def _turn(
    chance: _Chance,
    at: dt.datetime,
    subject: str,
    caf: str | None,
    before: ReadTurn | None,
) -> ReadTurn:
    outcome = chance.pick(chance.outcomes)
    if subject in reading.SMALL_TALK:
        outcome = reading.ANSWERED
    if outcome == reading.QUESTION and before is not None and before.outcome == outcome:
        said, intent = _fill(chance, chance.pick(_words()["formulaire"])), "repondre"
    elif outcome == reading.DANGER:
        intent = chance.pick(DANGERS)
        said = f"[{intent}]"
    elif outcome == reading.NOT_UNDERSTOOD:
        said, intent = _fill(chance, chance.pick(_words()["obscurs"])), reading.FALLBACK
    else:
        intent = {reading.OFF_TOPIC: "hors_sujet", reading.PERSON: reading.TO_A_PERSON}.get(
            outcome, subject
        )
        words = _words()["mots"]
        form = chance.pick(_words()["sujets"][intent])
        said = _fill(chance, chance.pick(words["debut"]) + form + chance.pick(words["fin"]))
    ranking = _ranking(chance, intent, outcome)
    danger = outcome == reading.DANGER
    liked = chance.happens(LIKED) if chance.happens(ASKED_OPINION) else None
    duration = chance.pick(chance.milliseconds)
    reply = round(duration * 0.6)
    return ReadTurn(
        event_id=0,
        message=None,
        at=at,
        day=day_of(at),
        text=said,
        intent=intent,
        confidence=ranking[0]["confidence"],
        margin=round(ranking[0]["confidence"] - ranking[1]["confidence"], 6),
        ranking=[] if danger else ranking,
        entities=[],
        band="repondre" if ranking[0]["confidence"] >= 0.6 else "proposer",
        policy=POLICY,
        action="action_incompris" if intent == reading.FALLBACK else "action_repondre",
        procedure=intent
        if outcome in (reading.ANSWERED, reading.OWN_FILE, reading.PERSON)
        else None,
        version="2026-01-01" if outcome in (reading.ANSWERED, reading.OWN_FILE) else None,
        answer="" if danger else chance.pick(_words()["reponses"]),
        outcome=outcome,
        caf=caf,
        reply_ms=reply,
        action_ms=round(reply * 0.9),
        gateway_ms=duration,
        feedback=None if danger else liked,
        reasons=list(chance.pick(REASONS)) if liked is False and not danger else [],
    )


def _ranking(chance: _Chance, intent: str, outcome: str) -> list[dict[str, Any]]:
    sure = outcome not in (reading.NOT_UNDERSTOOD, reading.CLARIFIED)
    first = chance.pick(chance.sure if sure else chance.unsure)
    subjects = _subjects()
    names = [intent, *(chance.pick(subjects) for _ in range(OTHERS))]
    left, ranking = 1 - first, []
    for i, name in enumerate(names):
        confidence = first if i == 0 else round(min(first, left / 2), 4)
        left -= confidence if i else 0.0
        ranking.append({"name": name, "confidence": confidence})
    return ranking


def _reviewed(chance: _Chance, name: str, turn: ReadTurn) -> _Said:
    """With what an analyst did of it, if any did."""
    etat = tag = note = None
    if turn.priority > 0 and chance.happens(REVIEWED):
        etat = chance.pick(("vu", "vu", "vu", "plus_tard", "signale"))
        note = chance.pick(_words()["remarques"]) if chance.happens(NOTED) else None
    if chance.happens(TAGGED):
        tag = chance.pick(_words()["etiquettes"])
    return _Said(name, turn, etat, tag, note)


def _conversation(chance: _Chance, talk: list[_Said]) -> Row:
    return {
        "conversation_id": talk[0].conversation_id,
        "started_at": talk[0].turn.at,
        "last_at": talk[-1].turn.at,
        "turns": len(talk),
        "channel": "shell" if chance.happens(SHELL) else "web",
        "caf": talk[-1].turn.caf,
        "falc": chance.happens(EASY),
        "device": chance.pick(DEVICES),
        "outcome": reading.whole([one.turn for one in talk]),
        "last_event": 0,
    }


def _write(
    connection: Connection, said: list[_Said], talks: list[Row], number: int, until: dt.date
) -> None:
    """Write a day; `number` turns were before it."""
    if not said:
        return
    tally = Tally()
    for talk in talks:
        tally.conversation(talk["started_at"])
    connection.execute(insert(CONVERSATIONS), talks)
    rows = []
    for i, one in enumerate(said, start=number + 1):
        row = {**vars(one.turn), "id": i, "conversation_id": one.conversation_id}
        row |= {"event_id": i, "priority_reasons": list(one.turn.priority_reasons)}
        recent = one.turn.day > until.toordinal() - REVIEW_AFTER
        row["etat"] = None if recent else one.etat
        rows.append(row)
        tally.turn(row)
    connection.execute(insert(TURNS), rows)
    search.index(connection, [(row["id"], row["text"]) for row in rows])
    tally.write(connection)
    _write_reviews(connection, said, rows)


def _write_reviews(connection: Connection, said: list[_Said], rows: list[Row]) -> None:
    reviews, tags, notes = [], [], []
    for one, row in zip(said, rows, strict=True):
        later = row["at"] + dt.timedelta(days=1)
        about = {"turn_id": row["id"], "conversation_id": row["conversation_id"], "at": later}
        if row["etat"]:
            who = f"analyste-{row['id'] % 3 + 1}"
            review = {**about, "etat": row["etat"], "reviewer": who, "claimed_until": None}
            reviews.append(review)
            if one.note:
                notes.append({**about, "author": who, "text": one.note})
        if one.tag:
            tags.append({**about, "tag": one.tag, "author": "analyste-1"})
    for table, some in ((LogReviewRow, reviews), (LogTagRow, tags), (LogNoteRow, notes)):
        if some:
            connection.execute(insert(table), some)


def _settle(connection: Connection) -> None:
    """Leave the database as one that has known these rows for long."""
    if connection.dialect.name == "sqlite":
        search.forget(connection)  # one part in the index of words, not one a batch
    else:
        last = connection.execute(select(func.max(LogTurnRow.id))).scalar() or 1
        sequence = "SELECT setval(pg_get_serial_sequence('log_turn', 'id'), :last)"
        connection.execute(text(sequence), {"last": last})
    connection.execute(text("ANALYZE"))


def _fill(chance: _Chance, form: str) -> str:
    """The form with a word in each of its blanks; the end may have one too."""
    while "{" in form:
        start = form.index("{")
        end = form.index("}", start)
        word = chance.pick(_words()["mots"][form[start + 1 : end]])
        form = form[:start] + word + form[end + 1 :]
    return form


_LOADED: dict[str, Any] = {}


def _words() -> dict[str, Any]:
    if not _LOADED:
        _LOADED.update(YAML(typ="safe").load(FILE))
        never_chosen = {"hors_sujet", reading.TO_A_PERSON}  # they are outcomes
        _LOADED["noms"] = [name for name in _LOADED["sujets"] if name not in never_chosen]
    return _LOADED


def _subjects() -> list[str]:
    names: list[str] = _words()["noms"]
    return names
