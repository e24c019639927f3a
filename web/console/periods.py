"""The period of a page and the one it is compared with, read from the address."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

USUAL = 30  # days
PRESETS = (7, 30, 90)
LONGEST = 1830  # days: five years
OLDEST = dt.date(2020, 1, 1)  # nothing can be older than the bot

Against = Literal["avant", "annee", "autre"]
AGAINST: tuple[Against, ...] = ("avant", "annee", "autre")


@dataclass(frozen=True)
class Period:
    """Whole days in France, both included."""

    depuis: dt.date
    jusque: dt.date

    @property
    def days(self) -> int:
        """How many days."""
        return (self.jusque - self.depuis).days + 1

    def before(self) -> "Period":
        """The period of the same length that ends the day before this one."""
        end = self.depuis - dt.timedelta(days=1)
        return Period(end - dt.timedelta(days=self.days - 1), end)

    def year_before(self) -> "Period":
        """The same weekdays, 52 weeks before: a Monday is compared with a Monday."""
        year = dt.timedelta(weeks=52)
        return Period(self.depuis - year, self.jusque - year)


@dataclass(frozen=True)
class Asked:
    """What the address asks for; `compare` is None without a comparison."""

    period: Period
    against: Against | None = None
    compare: Period | None = None


def last_days(days: int, today: dt.date) -> Period:
    """The last `days` days, today included."""
    return Period(today - dt.timedelta(days=days - 1), today)


def read_date(text: str | None) -> dt.date | None:
    """Return the date of a field; None when it holds none, or one that cannot be."""
    try:
        date = dt.date.fromisoformat((text or "").strip())
    except ValueError:
        return None
    return date if date >= OLDEST and date.year < dt.MAXYEAR else None


def read_period(
    query: Mapping[str, str], today: dt.date, names: tuple[str, str] = ("depuis", "jusque")
) -> Period:
    """Return the period of two fields, whichever is the first; the last 30 days by default."""
    first, last = (read_date(query.get(name)) for name in names)
    if first is None and last is None:
        return last_days(USUAL, today)
    if first is None or last is None:
        known = first or last or today
        edge = today if first else known - dt.timedelta(days=USUAL - 1)
        first, last = known, edge
    first, last = min(first, last), max(first, last)
    return Period(max(first, last - dt.timedelta(days=LONGEST)), last)


def read_asked(query: Mapping[str, str], today: dt.date) -> Asked:
    """Return the period asked for and what it is compared with."""
    period = read_period(query, today)
    against: Against | None = next((a for a in AGAINST if a == query.get("avec")), None)
    if against == "avant":
        return Asked(period, against, period.before())
    if against == "annee":
        return Asked(period, against, period.year_before())
    if against == "autre":
        fields = ("avec_depuis", "avec_jusque")
        some = any(read_date(query.get(field)) for field in fields)
        other = read_period(query, today, fields) if some else period.before()
        return Asked(period, against, other)
    return Asked(period)
