"""How long each view takes on a log, and by what plan the database answers."""

from __future__ import annotations

import datetime as dt
import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from typing import Any

from sqlalchemy import Connection, Engine, event, func, select

from web.conversation_log.models import LogTurnRow
from web.conversation_log.queries import ConversationLog, Filters, Page

LIMIT = 0.3  # seconds, for 95 calls of 100
ROUNDS = 3  # the best one counts: the others had to share the machine
PAGES = 3  # looked at in each list

Call = Callable[[], object]

OUTCOMES = ("repondu", "incompris", "danger", "rendez_vous", "erreur")
SUBJECTS = ("rsa", "prime_activite", "asf", "nlu_fallback", "mot_de_passe")
WORDS = (
    *("paiement", "rsa", "bonjour", "merci", "déclaration de ressources", "Nantes", "zorglub"),
    *("prime d'activité en mai", "téléphone", "urgent", "pension impayée", "je ne comprends rien"),
)


@dataclass(frozen=True)
class Measure:
    """A view: seconds of its slowest calls but 5 %, of the slowest one, how many calls."""

    view: str
    calls: int
    p95: float
    worst: float


def measure(engine: Engine) -> list[Measure]:
    """Call each view in many ways; the best of three rounds."""
    log = ConversationLog(engine)
    return [_best(name, calls) for name, calls in views(log, last_day(engine)).items()]


def plans(engine: Engine) -> Iterator[tuple[str, str, list[str]]]:
    """The plan of each statement of a call of each view: view, statement, lines of the plan."""
    log = ConversationLog(engine)
    for name, calls in views(log, last_day(engine)).items():
        with _statements(engine) as seen:
            calls[-1]()
        for statement, values in seen:
            yield name, statement, _plan(engine, statement, values)


def last_day(engine: Engine) -> dt.date:
    """The day of the newest turn; today when there is none."""
    with engine.connect() as connection:
        day = connection.execute(select(func.max(LogTurnRow.day))).scalar()
    return dt.date.fromordinal(day) if day else dt.date.today()


def views(log: ConversationLog, until: dt.date) -> Mapping[str, list[Call]]:
    """What the console asks, in at least 20 ways each."""
    now = dt.datetime.combine(until, dt.time(12), dt.UTC)
    months = [until - dt.timedelta(days=days) for days in (0, 7, 30, 90, 200, 330)]
    periods = [(month - dt.timedelta(days=30), month) for month in months]
    return {
        "turns": [_turns(log, it) for it in _one_filter(periods)],
        "turns, several filters": [_turns(log, it) for it in _several(periods)],
        "turns, text": [_turns(log, it) for it in _texts(periods)],
        "conversations": [_talks(log, it) for it in _of_talks(periods)],
        "conversations, by turns": [_talks(log, it) for it in (*_several(periods), *_texts([]))],
        "conversation": [_one(log, f"demo-{number:07}") for number in range(1, 250_000, 9973)],
        "dashboard, 30 days": [
            _figures(log, until - dt.timedelta(days=29 + i), until - dt.timedelta(days=i))
            for i in range(20)
        ],
        "dashboard, 1 year": [
            _figures(log, until - dt.timedelta(days=364 + i), until - dt.timedelta(days=i))
            for i in range(20)
        ],
        "queue": [
            _queue(log, f"analyste-{i}", now, pages) for i, pages in product(range(7), (1, 2, 5))
        ],
    }


def _turns(log: ConversationLog, filters: Filters) -> Call:
    return lambda: _through(lambda cursor: log.turns(filters, cursor))


def _talks(log: ConversationLog, filters: Filters) -> Call:
    return lambda: _through(lambda cursor: log.conversations(filters, cursor))


def _one(log: ConversationLog, name: str) -> Call:
    return lambda: log.conversation(name)


def _figures(log: ConversationLog, since: dt.date, until: dt.date) -> Call:
    return lambda: log.dashboard(since, until)


def _queue(log: ConversationLog, reviewer: str, now: dt.datetime, pages: int) -> Call:
    return lambda: _through(lambda cursor: log.queue(cursor, reviewer=reviewer, now=now), pages)


def _through(read: Callable[[str | None], Page[Any]], pages: int = PAGES) -> float:
    """Read some pages; return the seconds of the slowest."""
    cursor, slowest = None, 0.0
    for _ in range(pages):
        start = time.perf_counter()
        page = read(cursor)
        slowest = max(slowest, time.perf_counter() - start)
        cursor = page.next
        if cursor is None:
            break
    return slowest


Periods = list[tuple[dt.date, dt.date]]


def _one_filter(periods: Periods) -> Iterator[Filters]:
    yield Filters()
    for outcome in OUTCOMES:
        yield Filters(outcome=outcome)
    for subject in SUBJECTS:
        yield Filters(sujet=subject)
    for confidence in (0.6, 0.3, 0.05, 0.0001):
        yield Filters(confiance_max=confidence)
    for caf in ("52", "44", "75"):
        yield Filters(caf=caf)
    for state in ("non", "vu", "plus_tard", "signale", "rien"):
        yield Filters(vus=state)
    for useful in (True, False):
        yield Filters(pouce=useful)
    for tag in ("local", "aucun"):
        yield Filters(tag=tag)
    for since, until in periods:
        yield Filters(depuis=since, jusque=until)


def _several(periods: Periods) -> Iterator[Filters]:
    for outcome, subject in product(OUTCOMES, SUBJECTS[:3]):
        yield Filters(outcome=outcome, sujet=subject, caf="44")
    for (since, until), outcome in zip(periods, OUTCOMES, strict=False):
        yield Filters(depuis=since, jusque=until, outcome=outcome, confiance_max=0.4)
        yield Filters(depuis=since, jusque=until, caf="52", pouce=False)
    yield Filters(outcome="repondu", sujet="nlu_fallback")
    yield Filters(outcome="repondu", confiance_max=0.001, vus="non")
    yield Filters(sujet="rsa", vus="signale", pouce=False)
    yield Filters(tag="local", outcome="repondu", caf="52")


def _texts(periods: Periods) -> Iterator[Filters]:
    for words in WORDS:
        yield Filters(texte=words)
        yield Filters(texte=words, outcome="danger")
    for since, until in periods:
        yield Filters(texte="bonjour", depuis=since, jusque=until)
        yield Filters(texte="paiement", depuis=since, jusque=until, outcome="incompris", caf="52")
    yield Filters(texte="rsa", tag="local")


def _of_talks(periods: Periods) -> Iterator[Filters]:
    yield Filters()
    for outcome in (*OUTCOMES, "personne", "inconnu"):
        yield Filters(outcome=outcome)
        yield Filters(outcome=outcome, caf="75")
    for caf in ("52", "75"):
        yield Filters(caf=caf)
    for since, until in periods:
        yield Filters(depuis=since, jusque=until, outcome="personne")


def _best(name: str, calls: list[Call]) -> Measure:
    rounds = []
    for _ in range(ROUNDS):
        times = sorted(_seconds(call) for call in calls)
        rounds.append((times[math.ceil(0.95 * len(times)) - 1], times[-1]))
    p95, worst = min(rounds)
    return Measure(name, len(calls), p95, worst)


def _seconds(call: Call) -> float:
    """The seconds that a call took, or those that it tells: of its slowest page."""
    start = time.perf_counter()
    told = call()
    return told if isinstance(told, float) else time.perf_counter() - start


@contextmanager
def _statements(engine: Engine) -> Iterator[list[tuple[str, Any]]]:
    """What is asked meanwhile: each statement once, with its values."""
    seen: dict[str, Any] = {}

    def note(
        _connection: Connection, _cursor: Any, statement: str, values: Any, *_rest: object
    ) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "WITH")):
            seen.setdefault(statement, values)

    event.listen(engine, "before_cursor_execute", note)
    found: list[tuple[str, Any]] = []
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", note)
        found.extend(seen.items())


def _plan(engine: Engine, statement: str, values: Any) -> list[str]:
    explain = "EXPLAIN QUERY PLAN " if engine.dialect.name == "sqlite" else "EXPLAIN "
    with engine.connect() as connection:
        rows = connection.exec_driver_sql(explain + statement, values).all()
    return [str(row[-1]) for row in rows]
