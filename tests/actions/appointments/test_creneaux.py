"""The slots of an office: the right days, the right hours, none twice, over many years."""

import datetime as dt
import itertools
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actions.appointments.content import Ouverture
from actions.appointments.creneaux import Creneau, HoraireExceptionnel, creneaux, is_holiday
from allobot.settings import PARIS

DAY = dt.timedelta(days=1)
WEEK = [
    Ouverture(jours=(0, 1, 2, 3, 4), de="09:00", a="12:00", minutes=10, capacite=2),
    Ouverture(jours=(0, 2), de="13:30", a="16:00", minutes=15, capacite=3),
]
NIGHT = [Ouverture(jours=tuple(range(7)), de="00:00", a="23:50", minutes=10, capacite=1)]


def at(moment: str) -> dt.datetime:
    return dt.datetime.fromisoformat(moment).replace(tzinfo=PARIS)


def of(
    ouvertures: Iterable[Ouverture],
    premier: dt.date,
    dernier: dt.date | None = None,
    exceptions: Iterable[HoraireExceptionnel] = (),
    departement: str = "52",
) -> list[Creneau]:
    return list(creneaux(ouvertures, exceptions, premier, dernier or premier, departement))


def utc(moment: dt.datetime) -> dt.datetime:
    return moment.astimezone(dt.UTC)


def last_sunday(year: int, month: int) -> dt.date:
    day = dt.date(year, month, 31)
    return day - dt.timedelta(days=(day.weekday() + 1) % 7)


def easter(year: int) -> dt.date:
    """Anonymous Gregorian computus, which owes nothing to the library under test."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    f = (b + 8) // 25
    g = (b - f + 1) // 3
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    last = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * last) // 451
    month, day = divmod(h + last - 7 * m + 114, 31)
    return dt.date(year, month, day + 1)


# ---- whatever the opening hours


@st.composite
def openings(draw: st.DrawFn) -> Ouverture:
    begins = draw(st.integers(0, 22 * 60))
    ends = draw(st.integers(begins + 10, 23 * 60 + 59))
    return Ouverture(
        jours=tuple(draw(st.sets(st.integers(0, 6), min_size=1))),
        de=f"{begins // 60:02}:{begins % 60:02}",
        a=f"{ends // 60:02}:{ends % 60:02}",
        minutes=draw(st.integers(5, 120)),
        capacite=draw(st.integers(1, 5)),
    )


years = st.integers(2024, 2060)
changes_of_clock = st.builds(last_sunday, years, st.sampled_from([3, 10]))
any_day = st.dates(dt.date(2024, 1, 1), dt.date(2060, 12, 31)) | changes_of_clock


@settings(deadline=None)  # the machine may be busy
@given(st.lists(openings(), min_size=1, max_size=3), any_day)
def test_slots_never_overlap_and_stay_in_opening_hours(
    ouvertures: list[Ouverture], day: dt.date
) -> None:
    found = of(ouvertures, day - DAY, day + DAY)
    spans = [(utc(creneau.debut), utc(creneau.fin)) for creneau in found]
    assert all(
        end - start == dt.timedelta(minutes=creneau.minutes)
        for (start, end), creneau in zip(spans, found, strict=True)
    )
    assert all(end <= start for (_, end), (start, _) in itertools.pairwise(spans))
    for creneau in found:
        assert creneau.debut.tzinfo is PARIS
        assert not is_holiday(creneau.debut.date(), "52")
        assert any(
            creneau.debut.weekday() in ouverture.jours
            and ouverture.de <= creneau.debut.strftime("%H:%M")
            and creneau.fin.strftime("%H:%M") <= ouverture.a
            and (creneau.minutes, creneau.capacite) == (ouverture.minutes, ouverture.capacite)
            for ouverture in ouvertures
        )


spans_of_time = st.tuples(
    st.datetimes(dt.datetime(2026, 3, 23), dt.datetime(2026, 4, 10)),
    st.timedeltas(dt.timedelta(minutes=5), dt.timedelta(days=3)),
    st.integers(0, 4),
)


@settings(deadline=None)  # the machine may be busy
@given(st.lists(openings(), min_size=1, max_size=2), st.lists(spans_of_time, max_size=4))
def test_exceptions_never_make_slots_overlap_and_a_closure_is_closed(
    ouvertures: list[Ouverture], given_spans: list[tuple[dt.datetime, dt.timedelta, int]]
) -> None:
    exceptions = [
        HoraireExceptionnel(start.replace(tzinfo=PARIS), (start + long).replace(tzinfo=PARIS), n)
        for start, long, n in given_spans
    ]
    found = of(ouvertures, dt.date(2026, 3, 23), dt.date(2026, 4, 10), exceptions)
    spans = [(utc(creneau.debut), utc(creneau.fin)) for creneau in found]
    assert all(end <= start for (_, end), (start, _) in itertools.pairwise(spans))
    assert all(creneau.capacite > 0 for creneau in found)
    if exceptions and exceptions[-1].capacite == 0:
        closed = exceptions[-1]
        assert not any(start < utc(closed.fin) and utc(closed.debut) < end for start, end in spans)


@settings(deadline=None)  # the machine may be busy
@given(st.lists(openings(), min_size=1, max_size=2), any_day)
def test_an_office_closed_all_day_has_no_slot(ouvertures: list[Ouverture], day: dt.date) -> None:
    midnight = dt.datetime.combine(day, dt.time(), PARIS)
    closed = HoraireExceptionnel(midnight, dt.datetime.combine(day + DAY, dt.time(), PARIS), 0)
    found = of(ouvertures, day - DAY, day + DAY, [closed])
    assert day not in {creneau.debut.date() for creneau in found}
    around = of(ouvertures, day - DAY) + of(ouvertures, day + DAY)
    assert [c for c in around if c.fin.date() != day] == found


# ---- days


def test_an_ordinary_week() -> None:
    found = of(WEEK, dt.date(2026, 11, 23), dt.date(2026, 11, 29))
    assert len(found) == 5 * 18 + 2 * 10
    assert found[0] == Creneau(at("2026-11-23 09:00"), 10, 2)
    assert found[17].fin == at("2026-11-23 12:00")
    assert found[18] == Creneau(at("2026-11-23 13:30"), 15, 3)
    assert {creneau.debut.weekday() for creneau in found} == {0, 1, 2, 3, 4}


@pytest.mark.parametrize("year", range(2024, 2061))
def test_public_holidays_are_closed(year: int) -> None:
    fixed = [(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)]
    sunday = easter(year)
    moving = [sunday + number * DAY for number in (1, 39, 50)]
    closed = {dt.date(year, *month_day) for month_day in fixed} | set(moving)
    found = of(WEEK[:1], dt.date(year, 1, 1), dt.date(year, 12, 31))
    days = {creneau.debut.date() for creneau in found}
    every = {dt.date(year, 1, 1) + number * DAY for number in range(366)}
    weekdays = {day for day in every if day.year == year and day.weekday() < 5}
    assert days == weekdays - closed
    assert {d for d in every if d.year == year and is_holiday(d, "52")} == closed


def test_some_departements_have_their_own_holidays() -> None:
    saint_stephen, good_friday = dt.date(2025, 12, 26), dt.date(2026, 4, 3)
    for departement in ("57", "67", "68"):
        assert is_holiday(saint_stephen, departement)
        assert of(WEEK, good_friday, departement=departement) == []
    assert not is_holiday(saint_stephen, "52")
    abolition = {"971": (5, 27), "972": (5, 22), "973": (6, 10), "974": (12, 20), "976": (4, 27)}
    for departement, (month, day) in abolition.items():
        assert is_holiday(dt.date(2026, month, day), departement)
        assert not is_holiday(dt.date(2026, month, day), "44")


def test_29_february_and_the_end_of_the_year() -> None:
    assert len(of(WEEK, dt.date(2028, 2, 29))) == 18
    days = {c.debut.date() for c in of(WEEK, dt.date(2026, 12, 30), dt.date(2027, 1, 5))}
    assert days == {
        dt.date(2026, 12, 30),
        dt.date(2026, 12, 31),
        dt.date(2027, 1, 4),
        dt.date(2027, 1, 5),
    }


def test_no_day_no_slot() -> None:
    assert of(WEEK, dt.date(2026, 11, 24), dt.date(2026, 11, 23)) == []


@pytest.mark.parametrize("year", range(2024, 2061))
def test_office_hours_are_those_of_the_clock_around_its_changes(year: int) -> None:
    for month in (3, 10):
        sunday = last_sunday(year, month)
        found = of(WEEK[:1], sunday - 3 * DAY, sunday + 3 * DAY)
        firsts = {c.debut.date(): c.debut for c in reversed(found)}
        assert all(first.strftime("%H:%M") == "09:00" for first in firsts.values())
        before, after = firsts.get(sunday - 2 * DAY), firsts.get(sunday + DAY)
        if before and after:
            step = dt.timedelta(hours=-1 if month == 3 else 1)
            assert utc(after) - utc(before) == 3 * DAY + step


def test_at_night_the_hour_skipped_has_no_slot_and_the_hour_twice_has_twice() -> None:
    hours = [c.debut.hour for c in of(NIGHT, dt.date(2026, 3, 29))]
    assert hours.count(2) == 0 and hours.count(1) == hours.count(3) == 6
    hours = [c.debut.hour for c in of(NIGHT, dt.date(2026, 10, 25))]
    assert hours.count(2) == 12 and hours.count(1) == hours.count(3) == 6


# ---- exceptions


def span(debut: str, fin: str, capacite: int) -> HoraireExceptionnel:
    return HoraireExceptionnel(at(debut), at(fin), capacite)


TUESDAY = dt.date(2026, 11, 24)


def clocks(found: list[Creneau]) -> list[str]:
    return [creneau.debut.strftime("%H:%M") for creneau in found]


def test_a_closure_removes_every_slot_it_touches() -> None:
    closed = span("2026-11-24 09:15", "2026-11-24 11:45", 0)
    assert clocks(of(WEEK, TUESDAY, exceptions=[closed])) == ["09:00", "11:50"]


def test_another_capacity_is_that_of_the_slots_within() -> None:
    less = span("2026-11-24 09:05", "2026-11-24 09:40", 1)
    found = of(WEEK, TUESDAY, exceptions=[less])
    assert [creneau.capacite for creneau in found][:5] == [2, 1, 1, 1, 2]
    assert len(found) == 18


def test_more_hours_are_opened_around_those_of_the_day() -> None:
    early = span("2026-11-24 08:35", "2026-11-24 09:30", 1)
    found = of(WEEK, TUESDAY, exceptions=[early])
    assert clocks(found)[:4] == ["08:35", "08:45", "09:00", "09:10"]
    assert [creneau.capacite for creneau in found][:6] == [1, 1, 1, 1, 1, 2]


def test_a_closed_day_is_opened() -> None:
    saturday = span("2026-11-28 09:00", "2026-11-28 09:25", 4)
    found = of(WEEK, dt.date(2026, 11, 28), exceptions=[saturday])
    assert found == [Creneau(at("2026-11-28 09:00"), 10, 4), Creneau(at("2026-11-28 09:10"), 10, 4)]
    christmas = span("2026-12-25 09:00", "2026-12-25 09:30", 1)
    assert len(of(WEEK, dt.date(2026, 12, 25), exceptions=[christmas])) == 3


def test_the_last_exception_counts() -> None:
    closed = span("2026-11-24 00:00", "2026-11-25 00:00", 0)
    opened = span("2026-11-24 10:00", "2026-11-24 10:30", 1)
    assert clocks(of(WEEK, TUESDAY, exceptions=[closed, opened])) == ["10:00", "10:10", "10:20"]
    assert of(WEEK, TUESDAY, exceptions=[opened, closed]) == []


def test_a_capacity_for_whole_days_opens_nothing_at_night() -> None:
    week = span("2026-11-23 00:00", "2026-11-30 00:00", 5)
    found = of(WEEK, dt.date(2026, 11, 23), dt.date(2026, 11, 29), [week])
    assert clocks(found) == clocks(of(WEEK, dt.date(2026, 11, 23), dt.date(2026, 11, 29)))
    assert {creneau.capacite for creneau in found} == {5}
