"""Working days. Expected dates are read on calendars of 2025 to 2028, public holidays as listed by
the code du travail (art. L. 3133-1)."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.eligibility.working_days import add_working_days, is_working_day


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


@pytest.mark.parametrize(
    ("name", "date"),
    [
        ("jour de l'an", "2026-01-01"),
        ("lundi de Pâques 2025", "2025-04-21"),
        ("lundi de Pâques 2026", "2026-04-06"),
        ("lundi de Pâques 2027", "2027-03-29"),
        ("fête du Travail", "2026-05-01"),
        ("8 mai", "2026-05-08"),
        ("Ascension 2026", "2026-05-14"),
        ("lundi de Pentecôte 2026", "2026-05-25"),
        ("14 juillet", "2026-07-14"),
        ("Assomption, un vendredi", "2025-08-15"),
        ("Toussaint, un lundi", "2027-11-01"),
        ("11 novembre", "2026-11-11"),
        ("Noël", "2026-12-25"),
    ],
)
def test_public_holidays_of_the_week_are_not_worked(name: str, date: str) -> None:
    assert day(date).weekday() < 5, "not a weekend, which would prove nothing"
    assert not is_working_day(day(date)), name


@pytest.mark.parametrize("date", ["2026-11-20", "2026-12-24", "2026-12-26", "2026-04-03"])
def test_other_days(date: str) -> None:
    """Good Friday (3 April) is a holiday in Alsace-Moselle only; 26 December is a Saturday."""
    assert is_working_day(day(date)) is (date != "2026-12-26")


@pytest.mark.parametrize(
    ("reason", "start", "days", "end"),
    [
        ("du lundi au jeudi", "2026-11-16", 3, "2026-11-19"),
        ("par-dessus un week-end", "2026-11-19", 3, "2026-11-24"),
        ("à partir d'un samedi", "2026-11-21", 3, "2026-11-25"),
        ("à partir d'un samedi, cinq jours", "2026-11-21", 5, "2026-11-27"),
        ("à partir d'un dimanche", "2026-11-22", 3, "2026-11-25"),
        ("lundi de Pâques 2026", "2026-04-02", 3, "2026-04-08"),
        ("1er mai un vendredi", "2026-04-29", 3, "2026-05-05"),
        ("1er et 8 mai 2026", "2026-04-30", 5, "2026-05-11"),
        ("8 mai et Ascension 2026", "2026-05-07", 5, "2026-05-18"),
        ("14 juillet un mardi", "2026-07-13", 3, "2026-07-17"),
        ("Noël et jour de l'an", "2026-12-24", 5, "2027-01-04"),
        ("fin d'année, un an et l'autre", "2025-12-30", 3, "2026-01-05"),
        ("29 février", "2028-02-28", 2, "2028-03-01"),
        ("aucun jour : le même jour", "2026-11-21", 0, "2026-11-21"),
    ],
)
def test_counting(reason: str, start: str, days: int, end: str) -> None:
    assert add_working_days(day(start), days) == day(end), reason


DATES = st.dates(dt.date(2023, 12, 1), dt.date(2060, 12, 31))


@given(DATES, st.integers(1, 15))
def test_the_end_is_a_working_day_with_the_right_number_of_them_before(
    start: dt.date, days: int
) -> None:
    end = add_working_days(start, days)
    passed = [start + dt.timedelta(n) for n in range(1, (end - start).days + 1)]
    assert is_working_day(end)
    assert sum(map(is_working_day, passed)) == days
    assert all(not is_working_day(one) for one in passed if one.weekday() >= 5)


@given(DATES, st.integers(0, 15))
def test_starting_later_or_counting_more_never_ends_sooner(start: dt.date, days: int) -> None:
    end = add_working_days(start, days)
    assert end <= add_working_days(start + dt.timedelta(days=1), days)
    assert end < add_working_days(start, days + 1)
