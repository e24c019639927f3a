"""The load itself: who waits for whom, what is counted, and from which instant."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import repeat

import pytest

from allobot.bench.doors import Answer, Failed
from allobot.bench.mix import Kind, Step
from allobot.bench.people import (
    MAX_ERRORS,
    Bounds,
    Log,
    Person,
    Sample,
    Window,
    alone,
    closed,
    open_,
)
from allobot.bench.processes import Meter, Reading

NOBODY = Meter({})
TEN = [Step(Kind.QUESTION, f"q{number}") for number in range(10)]
SOON = 10.0  # seconds: more than any of these measures lasts


class Bot:
    """Plays a bot: answers after `seconds`, one message at a time when `alone`."""

    def __init__(self, seconds: float = 0.0, *, alone: bool = False) -> None:
        self.seconds = seconds
        self.heard: list[str] = []
        self.answers: dict[str, Answer] = {}
        self.fails: set[str] = set()
        self.together = self.most = 0
        self._one = asyncio.Lock() if alone else None

    def __call__(self, _client: object) -> Bot:
        return self

    async def open(self) -> Answer:
        return await self._answer("(open)")

    async def say(self, text: str) -> Answer:
        return await self._answer(text)

    async def press(self, value: str) -> Answer:
        return await self._answer(f"press {value}")

    async def _answer(self, text: str) -> Answer:
        self.together += 1
        self.most = max(self.most, self.together)
        try:
            if self._one:
                async with self._one:
                    await asyncio.sleep(self.seconds)
            else:
                await asyncio.sleep(self.seconds)
        finally:
            self.together -= 1
        self.heard.append(text)
        if text in self.fails:
            raise Failed("status 500")
        return self.answers.get(text, Answer({}))


def tens() -> Iterator[list[Step]]:
    return repeat(TEN)


async def test_a_person_opens_then_says_everything_in_order() -> None:
    bot, log = Bot(), Log()
    person = Person(bot, TEN[:3])
    while not person.gone:
        assert await person.go_on(log)
    assert bot.heard == ["(open)", "q0", "q1", "q2"]
    assert [sample.kind for sample in log.samples] == [Kind.OPENING, *[Kind.QUESTION] * 3]


async def test_a_button_is_pressed_when_there_is_one_with_these_words() -> None:
    bot, log = Bot(), Log()
    bot.answers["(open)"] = Answer({"Oui": "id-of-yes"})
    person = Person(bot, [Step(Kind.FORM, "Oui"), Step(Kind.FORM, "Oui")])
    for _ in range(3):
        await person.go_on(log)
    assert bot.heard == ["(open)", "press id-of-yes", "Oui"]


@pytest.mark.parametrize(("cards", "ended"), [(("decision",), True), (("procedure",), False)])
async def test_a_questionnaire_ends_with_an_estimation(cards: tuple[str, ...], ended: bool) -> None:
    bot, log = Bot(), Log()
    bot.answers["90 euros"] = Answer({}, cards)
    person = Person(bot, [Step(Kind.FORM, "oui"), Step(Kind.FORM, "90 euros", ends=True)])
    for _ in range(3):
        await person.go_on(log)
    assert [sample.ended for sample in log.samples] == [None, None, ended]


async def test_each_of_the_people_waits_for_the_answer() -> None:
    bot = Bot(0.01)
    window = await closed(bot, tens(), 4, Bounds(0.05, SOON, 80), NOBODY)
    assert bot.most == 4
    assert len(window.done()) == pytest.approx(80, abs=4)


async def test_the_warm_up_is_left_out() -> None:
    window = await closed(Bot(0.01), tens(), 2, Bounds(0.2, SOON, 10), NOBODY)
    assert len(window.samples) > 20
    assert len(window.done()) == pytest.approx(10, abs=2)
    assert window.before.when - window.samples[0].planned > 0.15


async def test_a_measure_ends_in_time_whatever_was_said() -> None:
    window = await closed(Bot(0.01), tens(), 1, Bounds(0.0, 0.2, 10**6), NOBODY)
    assert window.after.when - window.before.when == pytest.approx(0.2, abs=0.1)


async def test_a_bot_that_is_down_ends_the_measure() -> None:
    bot = Bot()
    bot.fails = {"(open)"}
    window = await closed(bot, tens(), 20, Bounds(SOON, SOON, 10**6), NOBODY)
    assert window.broken
    assert {sample.error for sample in window.samples} == {"status 500"}
    assert MAX_ERRORS <= len(window.samples) < MAX_ERRORS + 20


async def test_one_error_ends_a_conversation_and_another_begins() -> None:
    bot = Bot(0.001)
    bot.fails = {"q2"}
    window = await closed(bot, tens(), 1, Bounds(0.0, SOON, 8), NOBODY)
    assert bot.heard[:5] == ["(open)", "q0", "q1", "q2", "(open)"]
    assert not window.broken


async def test_a_latency_counts_the_wait_behind_others() -> None:
    # Twice as many messages as the bot can take: each waits for all those before it.
    bot = Bot(0.02, alone=True)
    window = await open_(bot, tens(), 100.0, Bounds(0.0, 0.5, 10**6), NOBODY, seed=1)
    latencies = [sample.latency for sample in window.planned()]
    assert len(latencies) > 30
    assert latencies[-1] > 5 * bot.seconds
    assert all(sample.planned <= sample.sent for sample in window.samples)


async def test_messages_come_at_their_rate_even_to_a_slow_bot() -> None:
    slow = await open_(Bot(0.2), tens(), 100.0, Bounds(0.0, 1.0, 10**6), NOBODY, seed=1)
    quick = await open_(Bot(0.0), tens(), 100.0, Bounds(0.0, 1.0, 10**6), NOBODY, seed=1)
    assert len(slow.planned()) == pytest.approx(100, abs=35)  # more than 3 standard deviations
    assert len(slow.planned()) == pytest.approx(len(quick.planned()), abs=10)


async def test_in_the_open_model_a_conversation_goes_on_with_its_next_message() -> None:
    bot = Bot()
    await open_(bot, tens(), 200.0, Bounds(0.0, SOON, 11), NOBODY, seed=1)
    assert bot.heard[:11] == ["(open)", *(step.text for step in TEN)]


async def test_a_person_alone_says_all_the_conversations() -> None:
    bot = Bot()
    window = await alone(bot, [TEN[:2], TEN[:3]], NOBODY)
    assert bot.heard == ["(open)", "q0", "q1", "(open)", "q0", "q1", "q2"]
    assert len(window.done()) == 7


def test_what_was_planned_in_the_window_is_kept_even_when_answered_after_it() -> None:
    def at(when: float) -> Reading:
        return Reading(when, {}, 0.0, 0.0)

    early = Sample(Kind.QUESTION, planned=0.5, sent=0.5, done=1.5)
    inside = Sample(Kind.QUESTION, planned=1.5, sent=1.5, done=1.8)
    late = Sample(Kind.QUESTION, planned=1.9, sent=1.9, done=5.0)
    window = Window([early, inside, late], at(1.0), at(2.0), broken=False)
    assert window.done() == [early, inside]
    assert window.planned() == [inside, late]
