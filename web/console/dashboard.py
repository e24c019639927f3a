"""The dashboard: how the bot is doing over a period, beside another."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from web.console.access import allowed
from web.console.keys import CONVERSATION_LOG
from web.console.periods import PRESETS, Asked, Period, last_days, read_asked
from web.console.render import render
from web.console.showing import helpers
from web.conversation_log.queries import Dashboard, DayPoint
from web.keys import SETTINGS

PATH = "/console"

routes = web.RouteTableDef()


@dataclass(frozen=True)
class Compared:
    """A figure and what it was in the other period; None: unknown, or no other period."""

    value: float | None
    was: float | None = None

    @property
    def difference(self) -> float | None:
        """How much it grew."""
        known = self.value is not None and self.was is not None
        return self.value - self.was if known else None  # type: ignore[operator]

    @property
    def growth(self) -> float | None:
        """How much it grew, as a share of what it was."""
        return self.difference / self.was if self.difference is not None and self.was else None


@dataclass(frozen=True)
class Day:
    """A day of the period, and the one at its place in the other."""

    point: DayPoint
    other: DayPoint | None


@dataclass(frozen=True)
class Line:
    """A row of a table of shares."""

    key: str
    n: int
    share: float
    was: float | None


@routes.get(PATH)
@allowed("analyste", "admin")
async def show(request: web.Request) -> web.Response:
    """Give the figures of the period of the address, the last 30 days by default."""
    asked = read_asked(request.query, request.app[SETTINGS].today())
    periods = [asked.period, asked.compare] if asked.compare else [asked.period]
    board, *others = await asyncio.gather(*(_read(request, period) for period in periods))
    other = others[0] if others else None
    values: dict[str, Any] = {
        **helpers(),
        "asked": asked,
        "presets": list(_presets(request, asked)),
        "board": board,
        "other": other,
        "figures": _figures(board, other),
        "days": _days(board, other),
        "outcomes": _lines(board.outcomes, other.outcomes if other else None),
        "subjects": _subjects(board, other, exact=asked.against == "avant"),
        "reasons": _lines(board.reasons, other.reasons if other else None),
    }
    return await render(request, "console_dashboard.html", values)


async def _read(request: web.Request, period: Period) -> Dashboard:
    log = request.app[CONVERSATION_LOG]
    return await asyncio.to_thread(log.dashboard, period.depuis, period.jusque)


def _presets(request: web.Request, asked: Asked) -> Iterable[tuple[int, str, bool]]:
    """Yield the days, the address and whether it is shown, of each usual period."""
    for days in PRESETS:
        period = last_days(days, request.app[SETTINGS].today())
        fields = {"depuis": str(period.depuis), "jusque": str(period.jusque)}
        if asked.against in ("avant", "annee"):
            fields["avec"] = asked.against
        yield days, f"{PATH}?{urlencode(fields)}", period == asked.period


def _figures(board: Dashboard, other: Dashboard | None) -> dict[str, Compared]:
    def compared(figure: str) -> Compared:
        return Compared(getattr(board, figure), getattr(other, figure) if other else None)

    figures = {
        name: compared(name) for name in ("turns", "conversations", "not_understood", "handed_over")
    }
    figures["liked"] = Compared(_liked(board), _liked(other) if other else None)
    for name in ("p50", "p95", "p99"):
        was = getattr(other.latency, name) if other else None
        figures[name] = Compared(getattr(board.latency, name), was)
    return figures


def _liked(board: Dashboard) -> float | None:
    """Return the share of useful opinions; None without any."""
    given = board.useful + board.not_useful
    return board.useful / given if given else None


def _days(board: Dashboard, other: Dashboard | None) -> list[Day]:
    past = other.by_day if other else []
    pairs = zip_longest(board.by_day, past)
    return [Day(point, was) for point, was in pairs if point is not None]


def _subjects(board: Dashboard, other: Dashboard | None, *, exact: bool) -> list[Line]:
    """Return the rows of the subjects; `exact`: the other period is the one just before.

    A dashboard lists the first subjects only, but knows how often each was asked just before.
    """
    lines = _lines(board.subjects, other.subjects if other else None)
    if not exact or other is None or not other.subjects:
        return lines
    asked = other.subjects[0].n / other.subjects[0].share  # about any subject
    before = {subject.key: subject.before for subject in board.subjects}
    return [replace(line, was=before[line.key] / asked) for line in lines]


def _lines(shares: Iterable[Any], past: Iterable[Any] | None) -> list[Line]:
    """Return the rows of a table; in the other period, what is not listed is not known."""
    before = {share.key: share.share for share in past or ()}
    return [
        Line(share.key, share.n, share.share, before.get(share.key)) for share in shares if share.n
    ]
