"""Leads a run: one side after the other, never both at once, then the report."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import datetime as dt
import fcntl
import hashlib
import os
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from allobot import training
from allobot.bench import machine, mix, report, stock
from allobot.bench.doors import Failed, session
from allobot.bench.mix import Kind
from allobot.bench.people import Bounds, alone, closed, open_
from allobot.bench.processes import Usage
from allobot.bench.progress import Show
from allobot.bench.results import MB, Results, SideResults, Stage, Start, Understanding, stage
from allobot.bench.sides import STOCK, Running, Side, allobot_side, running, stock_side
from allobot.commands import start_group, stop_group, tail
from allobot.errors import AllobotError, ServiceError
from allobot.messages import say
from allobot.project import Project
from allobot.understanding import HELD_OUT

T = TypeVar("T")

FIRST_QUESTION = "bonjour comment je peux joindre la caf"
NO_FORMS = {Kind.QUESTION: 0.8, Kind.SMALL_TALK: 0.13, Kind.ELSEWHERE: 0.07}
LENGTH_SEED, OPEN_SEED = mix.SEED + 1, mix.SEED + 2
START_SECONDS, UNDERSTANDING_SECONDS = 20, 40  # about, for the bars


@dataclass(frozen=True)
class Plan:
    """What a run measures. `long` is the messages of the long conversation, a multiple of ten."""

    people: tuple[int, ...]
    rate: float
    closed: Bounds
    open: Bounds
    starts: int
    long: int

    @property
    def steps(self) -> int:
        """How many steps one side takes."""
        return self.starts + len(self.people) + 3


FULL = Plan(
    people=(1, 8, 32, 100),
    rate=20.0,
    closed=Bounds(warm_up=5, seconds=30, messages=5000),
    open=Bounds(warm_up=5, seconds=60, messages=5000),
    starts=3,
    long=200,
)
QUICK = dataclasses.replace(FULL, closed=Bounds(3, 10, 2000), open=Bounds(3, 15, 2000), starts=1)


def bench(project: Project, *, quick: bool = False, epochs: int | None = None) -> None:
    """Measure Allobot, and stock Rasa unless `quick`; write the report and tell where it is.

    With `epochs`, stock Rasa learns in so many instead of 100, and the report says so.

    Raises:
        AllobotError: something could not be trained, started or reached.
    """
    forget_settings()
    plan = QUICK if quick else FULL
    place = project.var / "bench"
    place.mkdir(parents=True, exist_ok=True)
    wait_for_training(project)
    training.ensure(project)
    if not quick:
        stock.ensure(project, epochs)
    where = machine.describe()
    show = Show(plan.steps * (1 if quick else 2))
    commit = machine.commit(project.root)
    ours = measure(allobot_side(project), project.model, plan, commit, show)
    known = place / "stock.json"
    if quick:
        theirs = _known(known)
    else:
        theirs = measure(stock_side(project), stock.model(project), plan, commit, show)
        theirs = theirs.model_copy(update={"epochs": epochs})
        known.write_text(theirs.model_dump_json(indent=2) + "\n", encoding="utf-8")
    found = Results(
        date=now(), commit=commit, quick=quick, machine=where, allobot=ours, stock=theirs
    )
    # A quick run is for oneself: only whole ones are kept with the code.
    target = place if quick else project.root / "docs" / "benchmarks"
    for line in report.headlines(found):
        show.tell(line)
    show.tell(say("bench_rapport", fichier=report.write(found, target)))


def measure(side: Side, model: Path, plan: Plan, commit: str, show: Show) -> SideResults:
    """All that is measured of one side.

    Raises:
        ServiceError: a process died, or does not answer a first question.
    """
    starts = []
    for _ in range(plan.starts - 1):
        with show.step(say("bench_demarrage", cote=side.name), START_SECONDS), running(side) as bot:
            starts.append(_first_answer(bot))
    with contextlib.ExitStack() as stack:
        with show.step(say("bench_demarrage", cote=side.name), START_SECONDS):
            bot = stack.enter_context(running(side))
            starts.append(_first_answer(bot))
        rss_ready = _sizes(bot, lambda used: used.rss)
        stages = [_closed(bot, people, plan.closed, show) for people in plan.people]
        stages.append(_open(bot, plan.rate, plan.open, show))
        with show.step(say("bench_longueur", cote=side.name, messages=plan.long), plan.long / 10):
            short, long = _lengths(bot, plan.long)
        rss_peak = _sizes(bot, lambda used: used.peak)
    with show.step(say("bench_comprend", cote=side.name), UNDERSTANDING_SECONDS):
        understood = _understanding(side, model)
    return SideResults(
        name=side.name,
        date=now(),
        commit=commit,
        messages_heard=_heard(),
        starts=starts,
        stages=stages,
        short=short,
        long=long,
        rss_ready_mb=rss_ready,
        rss_peak_mb=rss_peak,
        understanding=understood,
    )


def wait_for_training(project: Project) -> None:
    """Return once no training of Allobot is under way: its model is then taken as it is."""
    project.models.mkdir(exist_ok=True)
    with (project.models / training.LOCK).open("wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(say("bench_attend"), flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)


def _closed(bot: Running, people: int, bounds: Bounds, show: Show) -> Stage:
    title = say("bench_ferme", cote=bot.side.name, personnes=people)
    talks = mix.conversations(mix.read_questions())
    with show.step(title, bounds.warm_up + bounds.seconds):
        window = _play(closed(bot.side.doors, talks, people, bounds, bot.meter))
    return _told(stage(window, people=people), show)


def _open(bot: Running, rate: float, bounds: Bounds, show: Show) -> Stage:
    title = say("bench_ouvert", cote=bot.side.name, debit=f"{rate:g}")
    talks = mix.conversations(mix.read_questions())
    with show.step(title, bounds.warm_up + bounds.seconds):
        window = _play(open_(bot.side.doors, talks, rate, bounds, bot.meter, OPEN_SEED))
    return _told(stage(window, rate=rate), show)


def _lengths(bot: Running, messages: int) -> tuple[Stage, Stage]:
    """The same messages in conversations of ten, then in a single one."""
    talks = mix.conversations(mix.read_questions(), seed=LENGTH_SEED, shares=NO_FORMS)
    short = [next(talks) for _ in range(messages // mix.LENGTH)]
    long = [[step for steps in short for step in steps]]
    windows = [_play(alone(bot.side.doors, said, bot.meter)) for said in (short, long)]
    first, second = (stage(window, people=1) for window in windows)
    return first, second


def _first_answer(bot: Running) -> Start:
    """Ask one question of a bot that has just started. Raises ServiceError."""

    async def ask() -> None:
        async with session() as client:
            door = bot.side.doors(client)
            await door.open()
            await door.say(FIRST_QUESTION)

    try:
        _play(ask())
    except Failed as failure:
        raise ServiceError(say("bench_muet", cote=bot.side.name, raison=failure)) from failure
    return Start(ready=dict(bot.ready), first_answer=time.perf_counter() - bot.begun)


def _understanding(side: Side, model: Path) -> Understanding:
    """What the model of a side understands of held_out.yml. Raises ServiceError."""
    project = side.project
    command = [
        *(project.rasa_python, "-m", "allobot.bench.understanding"),
        *("--model", str(model), "--held-out", str(HELD_OUT)),
    ]
    env = stock.environment() if side.name == STOCK else project.environment()
    log = side.project.var / "understanding.log"
    with log.open("wb") as errors:
        process = start_group(command, cwd=project.root, env=env, output=errors)
        try:
            process.wait()
        finally:
            stop_group(process)
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    counted = next((line for line in reversed(lines) if line.startswith("{")), "")
    try:
        return Understanding.model_validate_json(counted)
    except ValidationError as error:
        print(tail(log), flush=True)
        raise ServiceError(say("bench_sans_mesure", cote=side.name, journal=log)) from error


def _play(work: Coroutine[Any, Any, T]) -> T:
    """Run to its end. What interrupts it, maybe in the middle of someone's message, comes alone."""
    try:
        return asyncio.run(work)
    except ExceptionGroup as several:
        for error in several.exceptions:
            if isinstance(error, AllobotError):
                raise error from several
        raise


def _told(one: Stage, show: Show) -> Stage:
    """Say what a measure found, in one line, and when it is not to be trusted."""
    figures = one.latency
    show.tell(
        say(
            "bench_mesure",
            debit=f"{one.per_second:.1f}",
            p50="?" if figures is None else round(figures.p50),
            p95="?" if figures is None else round(figures.p95),
            cpu=f"{one.total_cpu_ms:.1f}",
            erreurs=one.failed,
        )
    )
    if one.broken:
        show.tell(say("bench_casse"))
    if one.disturbed:
        show.tell(say("bench_derange", coeurs=f"{one.others:.1f}"))
    return one


def _sizes(bot: Running, size: Callable[[Usage], int]) -> dict[str, float]:
    """Megabytes of each process."""
    return {name: size(used) / MB for name, used in bot.meter.read().services.items()}


def forget_settings() -> None:
    """Measure Allobot as it ships: no setting of the operator, and never a database of theirs."""
    for name in list(os.environ):
        if name.startswith("ALLOBOT_") or name == "DATABASE_URL":
            del os.environ[name]


def _heard() -> str:
    """Names the messages that were said, to compare only what heard the same."""
    return hashlib.sha256(mix.FILE.read_bytes()).hexdigest()[:12]


def _known(path: Path) -> SideResults | None:
    """The baseline of a run before this one; None when there is none, or of other messages."""
    try:
        known = SideResults.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValidationError):
        return None
    return known if known.messages_heard == _heard() else None


def now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
