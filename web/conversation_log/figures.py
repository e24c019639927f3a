"""The figures of a period, from the counts by hour and by day."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, func, select

from allobot.settings import PARIS
from web.conversation_log.counts import (
    CONVERSATION,
    LATENCY,
    OUTCOME,
    REASON,
    SUBJECT,
    THUMB,
    TURN,
    percentile,
)
from web.conversation_log.models import LogDayRow, LogHourRow
from web.conversation_log.shapes import Dashboard, DayPoint, HourPoint, Latency, Share, Subject
from web.conversation_log.turns import BOOKING, NOT_UNDERSTOOD, PERSON

TOP = 10  # subjects on the dashboard
HOURS = 7  # days of which each hour is shown
EARLIEST, LATEST = dt.date(1970, 1, 1), dt.date(9000, 1, 1)

Sums = Mapping[str, Counter[str]]


def dashboard(connection: Connection, depuis: dt.date, jusque: dt.date, waiting: int) -> Dashboard:
    """The figures of a period, beside those of the period before of the same length."""
    first, last = depuis.toordinal(), jusque.toordinal()
    days = max(last - first + 1, 0)
    now = _sums(connection, first, last)
    before = _sums(connection, first - days, first - 1, [SUBJECT])
    by_day = _by_day(connection, first, last)
    hours = _hours(connection, depuis, jusque)
    turns = now[TURN][""]
    outcomes = now[OUTCOME]
    subjects = _subjects(now[SUBJECT], before[SUBJECT])
    return Dashboard(
        depuis=depuis,
        jusque=jusque,
        turns=turns,
        conversations=now[CONVERSATION][""],
        not_understood=_share(outcomes[NOT_UNDERSTOOD], turns),
        handed_over=_share(outcomes[PERSON] + outcomes[BOOKING], turns),
        by_day=by_day,
        by_hour=_by_hour(hours, depuis, jusque) if days <= HOURS else [],
        hours_of_day=_hours_of_day(hours),
        outcomes=_shares(outcomes),
        subjects=subjects[:TOP],
        rising=_rising(subjects),
        useful=now[THUMB]["1"],
        not_useful=now[THUMB]["0"],
        reasons=_shares(now[REASON]),
        latency=_latency(now[LATENCY]),
        waiting=waiting,
    )


def _sums(connection: Connection, first: int, last: int, kinds: Sequence[str] = ()) -> Sums:
    """How many, by kind and key, of some days."""
    wanted = kinds or (TURN, CONVERSATION, OUTCOME, SUBJECT, THUMB, REASON, LATENCY)
    table = LogDayRow
    statement = (
        select(table.kind, table.key, func.sum(table.n))
        .where(table.kind.in_(wanted), table.day.between(first, last))
        .group_by(table.kind, table.key)
    )
    sums: dict[str, Counter[str]] = {kind: Counter() for kind in wanted}
    for kind, key, number in connection.execute(statement):
        sums[kind][key] = int(number)
    return sums


def _by_day(connection: Connection, first: int, last: int) -> list[DayPoint]:
    """Every day of the period, those of nothing too."""
    table = LogDayRow
    statement = select(table.kind, table.day, table.key, table.n).where(
        table.kind.in_([TURN, CONVERSATION, OUTCOME]),
        table.day.between(first, last),
        table.key.in_(["", NOT_UNDERSTOOD]),
    )
    found = {(row.kind, row.day): row.n for row in connection.execute(statement)}
    return [
        DayPoint(
            day=dt.date.fromordinal(day),
            turns=found.get((TURN, day), 0),
            conversations=found.get((CONVERSATION, day), 0),
            not_understood=found.get((OUTCOME, day), 0),
        )
        for day in range(first, last + 1)
    ]


def _hours(connection: Connection, depuis: dt.date, jusque: dt.date) -> dict[dt.datetime, int]:
    """Turns by hour, in Paris."""
    table = LogHourRow
    start = int(midnight(depuis).timestamp()) // 3600
    end = int(midnight(jusque, days=1).timestamp()) // 3600
    statement = select(table.hour, table.n).where(
        table.kind == TURN, table.hour >= start, table.hour < end
    )
    return {
        dt.datetime.fromtimestamp(hour * 3600, PARIS): number
        for hour, number in connection.execute(statement)
    }


def _by_hour(hours: Mapping[dt.datetime, int], depuis: dt.date, jusque: dt.date) -> list[HourPoint]:
    """Every hour of the period: 23 or 25 of them on the days when the time changes."""
    by_moment = {int(hour.timestamp()) // 3600: number for hour, number in hours.items()}
    start = int(midnight(depuis).timestamp()) // 3600
    end = int(midnight(jusque, days=1).timestamp()) // 3600
    return [
        HourPoint(dt.datetime.fromtimestamp(hour * 3600, PARIS), by_moment.get(hour, 0))
        for hour in range(start, end)
    ]


def _hours_of_day(hours: Mapping[dt.datetime, int]) -> list[int]:
    totals = [0] * 24
    for hour, number in hours.items():
        totals[hour.hour] += number
    return totals


def _subjects(now: Counter[str], before: Counter[str]) -> list[Subject]:
    """Those of now and those of before, the most asked first."""
    total = now.total()
    found = [
        Subject(key, now[key], _share(now[key], total), before[key], now[key] - before[key])
        for key in sorted({*now, *before})
    ]
    return sorted((it for it in found if it.n > 0), key=lambda it: -it.n)


def _rising(subjects: Sequence[Subject]) -> list[Subject]:
    rising = [subject for subject in subjects if subject.rise > 0]
    return sorted(rising, key=lambda subject: -subject.rise)[:TOP]


def _shares(counts: Counter[str]) -> list[Share]:
    total = counts.total()
    return [Share(key, n, _share(n, total)) for key, n in counts.most_common() if n > 0]


def _latency(counts: Counter[str]) -> Latency:
    classes = {int(key): number for key, number in counts.items()}
    p50, p95, p99 = (percentile(classes, share) for share in (0.5, 0.95, 0.99))
    return Latency(sum(classes.values()), p50, p95, p99)


def _share(part: int, total: int) -> float:
    return part / total if total > 0 else 0.0


def midnight(day: dt.date, days: int = 0) -> dt.datetime:
    """The beginning of a day in Paris, or of the one so many `days` after, in UTC.

    A day too far away to be computed with is the nearest that is not.
    """
    near = min(max(day, EARLIEST), LATEST) + dt.timedelta(days=days)
    return dt.datetime.combine(near, dt.time(), PARIS).astimezone(dt.UTC)
