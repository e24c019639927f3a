"""The report of a run: ratios first, in Markdown, with a picture and the figures in JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from ruamel.yaml import YAML

from allobot.bench.mix import SHARES
from allobot.bench.plot import draw
from allobot.bench.results import Results, SideResults, Stage, shares
from allobot.bench.sides import ALLOBOT, STOCK
from allobot.messages import say

HERE = Path(__file__).parent
LABELS = HERE / "labels.yml"
TITLES = {ALLOBOT: "Allobot", STOCK: "Stock Rasa"}
MORE, LESS = True, False  # which is better


@dataclass(frozen=True)
class Row:
    """One measure of both sides; `ratio` above 1 is to Allobot's advantage."""

    key: str
    values: dict[str, float]
    ours: float | None
    theirs: float | None
    more_is_better: bool

    @property
    def label(self) -> str:
        return self.label_in("en")

    def label_in(self, language: str) -> str:
        return _labels()[self.key][language].format(**self.values)

    @property
    def ratio(self) -> float | None:
        if not self.ours or not self.theirs:
            return None
        return self.ours / self.theirs if self.more_is_better else self.theirs / self.ours


def rows(found: Results) -> list[Row]:
    """The measures that are compared, in the order of the report."""
    return [
        Row(key, values, read(found.allobot), read(found.stock) if found.stock else None, more)
        for key, values, more, read in _measures(found.allobot)
    ]


def headlines(found: Results) -> list[str]:
    """The same for the terminal, in French."""
    lines = []
    for row in rows(found):
        said = {"mesure": row.label_in("fr"), "ici": figure(row.ours)}
        if row.ratio is None:
            lines.append(say("bench_resume_seul", **said))
        else:
            both = {"origine": figure(row.theirs), "rapport": f"{row.ratio:.1f}"}
            lines.append(say("bench_resume", **said, **both))
    return lines


def write(found: Results, folder: Path) -> Path:
    """Write <date>-<commit>.md, its picture and its JSON in a folder; return the Markdown.

    A quick run is always quick.md: the last one replaces the others.
    """
    folder.mkdir(parents=True, exist_ok=True)
    name = "quick" if found.quick else f"{found.date[:10]}-{found.commit}"
    (folder / f"{name}.json").write_text(found.model_dump_json(indent=2) + "\n", encoding="utf-8")
    (folder / f"{name}.svg").write_text(draw(_sides(found), TITLES), encoding="utf-8")
    target = folder / f"{name}.md"
    target.write_text(markdown(found, picture=f"{name}.svg"), encoding="utf-8")
    return target


def markdown(found: Results, *, picture: str) -> str:
    """The report; `picture` is the address of its picture."""
    sides = _sides(found)
    text = (
        pages()
        .get_template("report.md.j2")
        .render(
            r=found,
            rows=rows(found),
            sides=sides,
            titles=TITLES,
            picture=picture,
            warnings=list(_warnings(sides)),
            asked={str(kind): share for kind, share in SHARES.items()},
            said=[_said(side) for side in sides],
        )
    )
    return text.rstrip() + "\n"


def pages() -> Environment:
    """The templates of the reports: Markdown, of our own figures, where nothing is to escape."""
    env = Environment(loader=FileSystemLoader(HERE), undefined=StrictUndefined, trim_blocks=True)
    env.filters |= {"figure": figure, "name": name_of}
    return env


def figure(value: float | None) -> str:
    """A number with three significant digits at most; a dash for none."""
    if value is None:
        return "–"
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f}".replace(",", " ")


def name_of(one: Stage) -> str:
    """How a stage is called in a table."""
    if one.rate is not None:
        return f"{one.rate:g} messages/s"
    return f"{one.people} people" if one.people != 1 else "1 person"


def _measures(
    side: SideResults,
) -> Iterator[tuple[str, dict[str, float], bool, Callable[[SideResults], float | None]]]:
    crowds = [one.people for one in side.stages if one.people is not None]
    rates = [one.rate for one in side.stages if one.rate is not None]
    for people in crowds:
        yield "per_second", {"people": people}, MORE, _of(people=people, read=_per_second)
    for people in crowds:
        yield "p95", {"people": people}, LESS, _of(people=people, read=_p95)
    for rate in rates:
        yield "open_p95", {"rate": rate}, LESS, _of(rate=rate, read=_p95)
    for people in crowds[1:2]:
        yield "cpu", {"people": people}, LESS, _of(people=people, read=_cpu)
    messages = side.long.messages - 1  # the opening is not one of the person's
    yield "long_cpu", {"messages": messages}, LESS, lambda one: _cpu(one.long)
    yield "first_answer", {}, LESS, lambda one: one.start.first_answer
    yield "memory", {}, LESS, lambda one: sum(one.stages[-1].rss_mb.values())
    yield "first", {}, MORE, lambda one: 100 * one.understanding.first
    yield "wrong", {}, LESS, lambda one: 100 * one.understanding.wrong_unasked


def _of(
    *,
    people: int | None = None,
    rate: float | None = None,
    read: Callable[[Stage], float | None],
) -> Callable[[SideResults], float | None]:
    def value(side: SideResults) -> float | None:
        found = side.stage(people, rate)
        return None if found is None else read(found)

    return value


def _per_second(one: Stage) -> float:
    return one.per_second


def _p95(one: Stage) -> float | None:
    return one.latency.p95 if one.latency else None


def _cpu(one: Stage) -> float:
    return one.total_cpu_ms


def _sides(found: Results) -> list[SideResults]:
    return [found.allobot, *([found.stock] if found.stock else [])]


def _warnings(sides: Sequence[SideResults]) -> Iterator[dict[str, Any]]:
    """The measures that are not to be trusted."""
    for side in sides:
        for one in side.stages:
            if one.broken or one.disturbed:
                yield {
                    "side": TITLES[side.name],
                    "name": name_of(one),
                    "broken": one.broken,
                    "others": one.others,
                }


def _said(side: SideResults) -> dict[str, Any]:
    """The shares of what was said, in the stage that heard most."""
    return {
        "title": TITLES[side.name],
        "shares": shares(max(side.stages, key=lambda one: one.messages)),
    }


@cache
def _labels() -> dict[str, dict[str, str]]:
    labels: dict[str, dict[str, str]] = YAML(typ="safe").load(LABELS)
    return labels
