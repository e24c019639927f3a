"""Working days (« jours ouvrés »): Monday to Friday, without the public holidays of France.

The two more holidays of Alsace-Moselle, and those of overseas departments, are not counted.
"""

from __future__ import annotations

import datetime as dt
from functools import cache

import holidays

SATURDAY = 5


def is_working_day(day: dt.date) -> bool:
    return day.weekday() < SATURDAY and day not in _public_holidays(day.year)


def add_working_days(start: dt.date, days: int) -> dt.date:
    """The last of the `days` working days that follow `start`, itself not counted."""
    day = start
    while days > 0:
        day += dt.timedelta(days=1)
        days -= is_working_day(day)
    return day


@cache
def _public_holidays(year: int) -> frozenset[dt.date]:
    return frozenset(holidays.country_holidays("FR", years=year))
