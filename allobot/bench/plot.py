"""The picture of a run, as an SVG: throughput, latency and CPU, both sides next to each other."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from allobot.bench.results import SideResults, Stage

WIDTH, HEIGHT = 960, 340
PANEL, GAP = 300, 20
TOP, BOTTOM, LEFT = 70, 290, 44  # of the bars, in pixels
COLOURS = ("#0b5394", "#b45f06")  # told apart by colour-blind people, and in grey
FONT = 'font-family="sans-serif"'


@dataclass(frozen=True)
class Bar:
    """A value of a side (by its place in the legend) at a place of the axis; None: not measured."""

    place: str
    side: int
    value: float | None


def draw(sides: Sequence[SideResults], titles: Mapping[str, str]) -> str:
    """The whole picture."""
    names = [titles[side.name] for side in sides]
    panels = (
        ("Messages per second", _bars(sides, lambda one: one.per_second)),
        ("Latency, 95th percentile, ms", _bars(sides, _p95)),
        ("CPU of a message, ms", _bars(sides, lambda one: one.total_cpu_ms)),
    )
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(", ".join(title for title, _ in panels))}">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        *_legend(names),
    ]
    for index, (title, bars) in enumerate(panels):
        parts += _panel(index * (PANEL + GAP) + 10, title, bars, len(names))
    return "\n".join([*parts, "</svg>", ""])


def ceiling(value: float) -> float:
    """A round number just above: 1, 2, 2.5 or 5 times a power of ten."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 2.5, 5, 10) if step * power >= value)


def _bars(sides: Sequence[SideResults], read: Callable[[Stage], float | None]) -> list[Bar]:
    places: list[str] = []
    bars = []
    for index, side in enumerate(sides):
        for one in side.stages:
            places += [place] if (place := _place(one)) not in places else []
            bars.append(Bar(place, index, read(one)))
    return sorted(bars, key=lambda bar: (places.index(bar.place), bar.side))


def _place(one: Stage) -> str:
    return f"{one.rate:g}/s" if one.rate is not None else str(one.people)


def _p95(one: Stage) -> float | None:
    return one.latency.p95 if one.latency else None


def _legend(names: Sequence[str]) -> list[str]:
    parts = []
    for index, name in enumerate(names):
        x = 20 + 140 * index
        parts += [
            f'<rect x="{x}" y="12" width="12" height="12" fill="{COLOURS[index]}"/>',
            _text(x + 18, 23, name, anchor="start", size=13),
        ]
    return parts


def _panel(x: int, title: str, bars: Sequence[Bar], sides: int) -> list[str]:
    top = ceiling(max((bar.value or 0 for bar in bars), default=0))
    places = list(dict.fromkeys(bar.place for bar in bars))
    room = (PANEL - LEFT) / max(len(places), 1)
    width = room * 0.8 / max(sides, 1)
    parts = [_text(x + PANEL / 2, 50, title, size=14)]
    for share in (0, 0.5, 1):
        y = BOTTOM - share * (BOTTOM - TOP)
        parts += [
            f'<line x1="{x + LEFT}" x2="{x + PANEL}" y1="{y:.1f}" y2="{y:.1f}" stroke="#cccccc"/>',
            _text(x + LEFT - 5, y + 4, f"{share * top:g}", anchor="end"),
        ]
    for bar in bars:
        if bar.value is None:
            continue
        height = bar.value / top * (BOTTOM - TOP)
        left = x + LEFT + places.index(bar.place) * room + room * 0.1 + bar.side * width
        parts += [
            f'<rect x="{left:.1f}" y="{BOTTOM - height:.1f}" width="{width:.1f}" '
            f'height="{height:.1f}" fill="{COLOURS[bar.side]}"/>',
            _text(left + width / 2, BOTTOM - height - 4, f"{bar.value:.0f}", size=10),
        ]
    for index, place in enumerate(places):
        parts.append(_text(x + LEFT + (index + 0.5) * room, BOTTOM + 16, place))
    return [*parts, _text(x + (PANEL + LEFT) / 2, BOTTOM + 36, "people, or messages a second")]


def _text(x: float, y: float, text: str, *, anchor: str = "middle", size: int = 11) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" '
        f'fill="#222222" {FONT}>{escape(text)}</text>'
    )
