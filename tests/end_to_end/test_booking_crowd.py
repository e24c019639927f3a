"""Two hundred people want the same twenty places, and the action server dies in the middle.

Over HTTP, on the running system, with each database.
"""

import collections
import datetime as dt
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from actions.appointments.booking import Booking
from actions.appointments.content import read_rendez_vous
from allobot.database import make_engine
from allobot.settings import PARIS
from tests.databases import scratch_postgres
from tests.end_to_end.booking import (
    CODE,
    CONFIRM,
    TAKEN,
    all_said,
    give_details,
    moments,
    reach_moments,
)
from tests.end_to_end.parts import Parts, running
from tests.end_to_end.person import Message, Person, labels

TODAY, THURSDAY = dt.date(2026, 11, 21), dt.date(2026, 11, 26)
PEOPLE, PLACES = 200, 20
TRIES = 20  # of someone whose answer does not come: 200 people at once on two cores
WISH = "je voudrais qu'on me rappelle jeudi 26 novembre"
# A crowd of one machine waits its turn at Rasa, which answers some twenty messages a second.
PATIENT = {"rasa_timeout": 85, "date": TODAY, "limit_messages": "1000/minute"}


@pytest.fixture(params=["sqlite", "postgresql"])
def parts(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Parts]:
    if request.param == "sqlite":
        with running(tmp_path, **PATIENT) as three:
            yield three
        return
    with scratch_postgres() as url, running(tmp_path, database_url=url, **PATIENT) as three:
        yield three


@pytest.fixture
def booking(parts: Parts) -> Iterator[Booking]:
    """The calendar, with only twenty places on that Thursday: ten slots of two."""
    engine = make_engine(parts.settings.database_url)
    calendar = Booking(engine, read_rendez_vous())
    calendar.set_exception("52", at(10, 40), at(16), 0)
    yield calendar
    engine.dispose()


def at(hour: int, minute: int = 0) -> dt.datetime:
    return dt.datetime.combine(THURSDAY, dt.time(hour, minute), PARIS)


def on_thursday(messages: list[Message]) -> list[str]:
    return [moment for moment in moments(messages) if moment.startswith("Jeudi 26 novembre")]


class Candidate:
    """Someone in the crowd, who takes what is proposed on Thursday until nothing is."""

    def __init__(self, web: str, rank: int) -> None:
        self._person = Person(web)
        self._rank = rank
        self._proposed: list[Message] = []
        self.refusals = self.failures = 0

    def prepare(self) -> None:
        self._proposed = reach_moments(self._person, WISH)

    def compete(self) -> str:
        """Return "booked", or "elsewhere" when only other days are left."""
        proposed = self._proposed
        while wanted := on_thursday(proposed):
            label = wanted[self._rank % len(wanted)]
            answer = self._insist(
                lambda shown=proposed, label=label: self._person.press(shown, label), _is_answered
            )
            if _asks_details(answer):
                return self._finish()
            self.refusals += 1
            proposed = answer
            if not moments(proposed):  # all that was seen is gone
                proposed = self._insist(lambda: self._person.say("jeudi 26 novembre"), moments)
        assert moments(proposed), all_said(proposed)
        return "elsewhere"

    def _finish(self) -> str:
        summary = self._insist(
            lambda: give_details(self._person), lambda answer: CONFIRM in labels(answer)
        )
        self._insist(
            lambda: self._person.press(summary, CONFIRM),
            lambda answer: "Rendez-vous pris" in all_said(answer),
        )
        return "booked"

    def _insist(
        self, act: Callable[[], list[Message]], is_done: Callable[[list[Message]], object]
    ) -> list[Message]:
        """Try again when no answer came, as the bot asks to."""
        for _ in range(TRIES):
            answer = act()
            if is_done(answer):
                return answer
            self.failures += 1
            time.sleep(1)
        raise AssertionError(all_said(answer))


def _is_answered(answer: list[Message]) -> bool:
    return _asks_details(answer) or TAKEN in all_said(answer)


def _asks_details(messages: list[Message]) -> bool:
    return any((message.get("card") or {}).get("form") for message in messages)


def together(candidates: list[Candidate], step: str, workers: int) -> list[str]:
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(lambda one: getattr(one, step)(), candidates))


def test_two_hundred_people_for_twenty_places(parts: Parts, booking: Booking) -> None:
    candidates = [Candidate(parts.web, rank) for rank in range(PEOPLE)]
    together(candidates, "prepare", workers=16)
    begun = time.monotonic()
    ends = collections.Counter(together(candidates, "compete", workers=PEOPLE))
    seconds = time.monotonic() - begun
    refusals = sum(candidate.refusals for candidate in candidates)
    failures = sum(candidate.failures for candidate in candidates)
    print(
        f"\n{dict(ends)}, {refusals} places just taken, {failures} answers that did not come, "
        f"{seconds:.0f} s"
    )

    assert ends == {"booked": PLACES, "elsewhere": PEOPLE - PLACES}
    taken = [rdv for rdv in booking.of_days("52", THURSDAY, THURSDAY) if rdv.etat == "confirme"]
    assert len(taken) == PLACES
    assert set(collections.Counter(rdv.debut for rdv in taken).values()) == {2}
    log = "".join(path.read_text("utf-8", "replace") for path in parts.settings.var.glob("*.log"))
    assert "deadlock" not in log.lower()
    assert "database is locked" not in log


@pytest.mark.parametrize("parts", ["sqlite"], indirect=True)
def test_the_action_server_dies_while_people_confirm(parts: Parts, booking: Booking) -> None:
    """No appointment is lost, none is made twice: who saw no answer asks again."""
    crowd = [Person(parts.web) for _ in range(12)]
    summaries = []
    for rank, person in enumerate(crowd):
        proposed = reach_moments(person, WISH)
        person.press(proposed, moments(proposed)[rank % 3])
        summaries.append(give_details(person))

    answers: list[list[Message]] = [[] for _ in crowd]

    def confirm(rank: int) -> None:
        answers[rank] = crowd[rank].press(summaries[rank], CONFIRM)

    threads = [threading.Thread(target=confirm, args=(rank,)) for rank in range(len(crowd))]
    for thread in threads:
        thread.start()
    while not _confirmed(booking):
        time.sleep(0.01)
    parts.kill("actions")
    for thread in threads:
        thread.join()
    parts.start("actions")

    told = [bool(CODE.search(all_said(answer))) for answer in answers]
    assert not all(told)  # the death was felt
    for rank, person in enumerate(crowd):
        if not told[rank]:
            assert "3230" in all_said(answers[rank])
            _insist(person, summaries[rank])
    assert _confirmed(booking) == len(crowd)
    ids = [rdv.id for rdv in booking.of_days("52", TODAY, THURSDAY + dt.timedelta(days=30))]
    assert len(set(ids)) == len(ids)


def _insist(person: Person, summary: list[Message]) -> list[Message]:
    """Press the same button again, as people do."""
    answer = person.press(summary, CONFIRM)
    if CONFIRM in labels(answer):
        answer = person.press(answer, CONFIRM)
    assert "Rendez-vous pris" in all_said(answer), all_said(answer)
    return answer


def _confirmed(booking: Booking) -> int:
    taken = booking.of_days("52", THURSDAY, THURSDAY)
    return sum(rdv.etat == "confirme" for rdv in taken)
