"""A long quiet day in short: so many messages a second for so many minutes, then what grew.

A leak shows as memory or files that rise without end, a database that slows as latencies that do:
so the report gives slopes and fifths, not totals.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from allobot import training
from allobot.bench import machine, mix, report
from allobot.bench.people import Bounds, Sample, Window, open_
from allobot.bench.processes import open_files
from allobot.bench.progress import Show
from allobot.bench.results import MB, latency
from allobot.bench.run import OPEN_SEED, forget_settings, now
from allobot.bench.sides import Running, allobot_side, running
from allobot.messages import say
from allobot.project import Project

RATE = 10.0  # messages a second
EVERY = 10.0  # seconds between two looks
SETTLED = 1 / 3  # of the time, left out of the slopes: caches fill, pools open
PARTS = 5


@dataclass(frozen=True)
class Look:
    """At one instant, in seconds from the start: bytes in memory and open files, by process."""

    when: float
    rss: dict[str, int]
    files: dict[str, int]


@dataclass(frozen=True)
class Growth:
    """Of one process: MB then and now, MB an hour once settled, open files then and now."""

    name: str
    rss_first: float
    rss_last: float
    slope: float
    files_first: int
    files_last: int


def soak(project: Project, minutes: float) -> None:
    """Talk to a bot of its own for so long; write docs/benchmarks/<date>-<commit>-soak.md.

    Raises:
        AllobotError: it could not be trained, started or reached.
    """
    forget_settings()
    training.ensure(project)
    show, seconds = Show(1), minutes * 60
    side = allobot_side(project)
    title = say("bench_endurance", debit=f"{RATE:g}", minutes=f"{minutes:g}")
    with running(side) as bot, show.step(title, seconds):
        window, looks = asyncio.run(_watch(bot, seconds))
    target = project.root / "docs" / "benchmarks"
    commit = machine.commit(project.root)
    path = target / f"{now()[:10]}-{commit}-soak.md"
    text = told(window, looks, commit)
    path.write_text(text, encoding="utf-8")
    show.tell(text)
    show.tell(say("bench_rapport", fichier=path))


async def _watch(bot: Running, seconds: float) -> tuple[Window, list[Look]]:
    looks: list[Look] = []
    watching = asyncio.create_task(_look(bot, looks))
    talks = mix.conversations(mix.read_questions())
    bounds = Bounds(warm_up=0, seconds=seconds, messages=round(seconds * RATE * 2))
    try:
        window = await open_(bot.side.doors, talks, RATE, bounds, bot.meter, OPEN_SEED)
    finally:
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching
    return window, looks


async def _look(bot: Running, looks: list[Look]) -> None:
    begun = time.perf_counter()
    while True:
        services = bot.meter.read().services
        files = {name: open_files(session) for name, session in bot.meter.sessions.items()}
        rss = {name: usage.rss for name, usage in services.items()}
        looks.append(Look(time.perf_counter() - begun, rss, files))
        await asyncio.sleep(EVERY)


def growths(looks: Sequence[Look]) -> list[Growth]:
    """What each process grew by, in the order they start; at least four looks are needed."""
    settled = looks[round(len(looks) * SETTLED) :]
    hours = [look.when / 3600 for look in settled]
    return [
        Growth(
            name,
            rss_first=settled[0].rss[name] / MB,
            rss_last=settled[-1].rss[name] / MB,
            slope=statistics.linear_regression(
                hours, [look.rss[name] / MB for look in settled]
            ).slope,
            files_first=settled[0].files[name],
            files_last=settled[-1].files[name],
        )
        for name in looks[0].rss
    ]


def parts(samples: Sequence[Sample], count: int = PARTS) -> Iterator[list[Sample]]:
    """The samples in `count` spans of equal time, by the instant they were meant for."""
    begun = min(sample.planned for sample in samples)
    span = (max(sample.planned for sample in samples) - begun) / count or 1.0
    ordered = sorted(samples, key=lambda sample: sample.planned)
    groups = itertools.groupby(ordered, lambda s: min(int((s.planned - begun) / span), count - 1))
    return (list(group) for _, group in groups)


def told(window: Window, looks: Sequence[Look], commit: str) -> str:
    """The report, in Markdown."""
    rows = [
        (len(part), sum(bool(sample.error) for sample in part), latency(part))
        for part in parts(window.samples)
    ]
    return (
        report.pages()
        .get_template("soak.md.j2")
        .render(
            date=now(),
            commit=commit,
            machine=machine.describe(),
            rate=RATE,
            minutes=(window.after.when - window.before.when) / 60,
            rows=rows,
            growths=growths(looks),
            settled=SETTLED,
            messages=len(window.samples),
            errors=sum(bool(sample.error) for sample in window.samples),
        )
    )
