"""The load: people who talk to a bot, and how long each of their messages took.

Two models. Closed: so many people, each waiting for the answer before going on, so that a slow
bot is asked less. Open: messages come at random instants of a given rate, whatever the bot does;
a latency is then counted from the instant planned, so that waiting in line is never left out.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from aiohttp import ClientSession

from allobot.bench.doors import Answer, Door, Doors, Failed, session
from allobot.bench.mix import Kind, Step
from allobot.bench.processes import Meter, Reading

MAX_ERRORS = 50  # in a row: the bot is down, there is nothing left to measure
AFTER_ERROR = 0.2  # seconds before a person tries again
MAX_WAITING = 2000  # people at once, in the open model; one more finds no room
DECISIONS = {"decision"}  # kinds of card that end a questionnaire

Talks = Iterator[list[Step]]


@dataclass(frozen=True, slots=True)
class Bounds:
    """When a measure ends: after so many seconds or messages, the warm-up not counted."""

    warm_up: float
    seconds: float
    messages: int


@dataclass(frozen=True, slots=True)
class Sample:
    """One message: instants of time.perf_counter, in seconds.

    `error` is empty when it was answered; `ended`: a questionnaire had its estimation, None when
    this was not the last message of one.
    """

    kind: Kind
    planned: float
    sent: float
    done: float
    error: str = ""
    ended: bool | None = None

    @property
    def latency(self) -> float:
        """From the instant it was meant to be sent."""
        return self.done - self.planned


@dataclass
class Window:
    """What was measured between two readings: all the samples, warm-up included."""

    samples: list[Sample]
    before: Reading
    after: Reading
    broken: bool

    def done(self) -> list[Sample]:
        """Those answered within the window."""
        return [s for s in self.samples if self.before.when <= s.done <= self.after.when]

    def planned(self) -> list[Sample]:
        """Those meant for the window, whenever they were answered."""
        return [s for s in self.samples if self.before.when <= s.planned <= self.after.when]


@dataclass
class Log:
    """Takes the samples as they come; tells when there are enough, or when the bot is down."""

    samples: list[Sample] = field(default_factory=list)
    broken: bool = False
    _in_a_row: int = 0
    _wanted: int | None = None
    _over: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, sample: Sample) -> None:
        self.samples.append(sample)
        self._in_a_row = self._in_a_row + 1 if sample.error else 0
        if self._in_a_row >= MAX_ERRORS:
            self.broken = True
        if self.broken or (self._wanted is not None and len(self.samples) >= self._wanted):
            self._over.set()

    async def wait(self, seconds: float, messages: int | None = None) -> None:
        """Return after so many seconds, so many more messages, or when the bot is down."""
        self._wanted = None if messages is None else len(self.samples) + messages
        if not self.broken:
            self._over.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._over.wait()
        except TimeoutError:
            return


class Person:
    """Someone who says the steps of one conversation, opening it first."""

    def __init__(self, door: Door, steps: list[Step]) -> None:
        self._door = door
        self._steps = deque(steps)
        self._screen: Answer | None = None

    @property
    def gone(self) -> bool:
        """Everything was said."""
        return self._screen is not None and not self._steps

    async def go_on(self, log: Log, planned: float | None = None) -> bool:
        """Say the next message, the opening at first; False when it failed: they leave.

        `planned` is the instant it was meant for; now by default.
        """
        sent = time.perf_counter()
        planned = sent if planned is None else planned
        step = self._steps.popleft() if self._screen else Step(Kind.OPENING, "")
        ended: bool | None = None
        try:
            self._screen = await self._say(step)
            error = ""
            if step.ends:
                ended = not DECISIONS.isdisjoint(self._screen.cards)
        except Failed as failure:
            error = str(failure)
        log.add(Sample(step.kind, planned, sent, time.perf_counter(), error, ended))
        return not error

    async def _say(self, step: Step) -> Answer:
        if self._screen is None:
            return await self._door.open()
        if (value := self._screen.buttons.get(step.text)) is not None:
            return await self._door.press(value)
        return await self._door.say(step.text)


async def closed(doors: Doors, talks: Talks, people: int, bounds: Bounds, meter: Meter) -> Window:
    """So many people talk, one conversation after the other, each waiting for the answers."""
    log, stop = Log(), asyncio.Event()
    async with session() as client, asyncio.TaskGroup() as group:
        for _ in range(people):
            group.create_task(_talk_on(doors, client, talks, log, stop))
        await log.wait(bounds.warm_up)
        before = meter.read()
        await log.wait(bounds.seconds, bounds.messages)
        after = meter.read()
        stop.set()  # each finishes the message under way
    return Window(log.samples, before, after, log.broken)


async def open_(
    doors: Doors, talks: Talks, rate: float, bounds: Bounds, meter: Meter, seed: int
) -> Window:
    """Messages come at `rate` a second, at random (Poisson); those who wait longest speak first."""
    log, stop = Log(), asyncio.Event()
    async with session() as client, asyncio.TaskGroup() as group:
        crowd = _Crowd(doors, client, talks, log, group)
        arrivals = group.create_task(crowd.arrive(rate, random.Random(seed), stop))
        await log.wait(bounds.warm_up)
        before = meter.read()
        await log.wait(bounds.seconds, bounds.messages)
        after = meter.read()
        stop.set()
        await arrivals  # then the group waits for the answers still due
    return Window(log.samples, before, after, log.broken)


async def alone(doors: Doors, conversations: list[list[Step]], meter: Meter) -> Window:
    """One person says these conversations, one after the other; nothing is excluded."""
    log = Log()
    async with session() as client:
        before = meter.read()
        for steps in conversations:
            person = Person(doors(client), steps)
            while not person.gone and not log.broken and await person.go_on(log):
                pass
        after = meter.read()
    return Window(log.samples, before, after, log.broken)


async def _talk_on(
    doors: Doors, client: ClientSession, talks: Talks, log: Log, stop: asyncio.Event
) -> None:
    while not stop.is_set() and not log.broken:
        person = Person(doors(client), next(talks))
        while not person.gone and not stop.is_set():
            if not await person.go_on(log):
                await asyncio.sleep(AFTER_ERROR)
                break


class _Crowd:
    """People between two messages, and those who wait for an answer."""

    def __init__(
        self,
        doors: Doors,
        client: ClientSession,
        talks: Talks,
        log: Log,
        group: asyncio.TaskGroup,
    ) -> None:
        self._doors, self._client, self._talks = doors, client, talks
        self._log, self._group = log, group
        self._idle: deque[Person] = deque()
        self._waiting = 0

    async def arrive(self, rate: float, chance: random.Random, stop: asyncio.Event) -> None:
        """Send each message at its instant, even when those before are not answered."""
        planned = time.perf_counter()
        while not self._log.broken:
            planned += chance.expovariate(rate)
            try:
                async with asyncio.timeout(planned - time.perf_counter()):
                    await stop.wait()
                return
            except TimeoutError:
                self._send(planned)

    def _send(self, planned: float) -> None:
        if self._waiting >= MAX_WAITING:
            now = time.perf_counter()
            self._log.add(Sample(Kind.OPENING, planned, now, now, "no room"))
            return
        if self._idle:
            person = self._idle.popleft()
        else:
            person = Person(self._doors(self._client), next(self._talks))
        self._waiting += 1
        self._group.create_task(self._speak(person, planned))

    async def _speak(self, person: Person, planned: float) -> None:
        try:
            if await person.go_on(self._log, planned) and not person.gone:
                self._idle.append(person)
        finally:
            self._waiting -= 1
