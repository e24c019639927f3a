"""Figures of a measure: percentiles, what each message cost, what is counted in which model."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allobot.bench.mix import Kind
from allobot.bench.people import Sample, Window
from allobot.bench.processes import Reading, Usage
from allobot.bench.results import Start, latency, percentile, shares, stage
from tests.allobot.bench.samples import a_side, a_stage


def reading(when: float, *, rasa: float, load: float, machine: float) -> Reading:
    return Reading(when, {"rasa": Usage(rasa, 300_000_000, 400_000_000)}, load, machine)


def sample(planned: float, done: float, **given: object) -> Sample:
    kind = given.pop("kind", Kind.QUESTION)
    return Sample(kind, planned, planned, done, **given)  # type: ignore[arg-type]


BEFORE = reading(10.0, rasa=1.0, load=0.0, machine=50.0)
AFTER = reading(20.0, rasa=3.0, load=0.5, machine=56.5)


@pytest.mark.parametrize(
    ("share", "expected"), [(0.01, 1), (0.50, 50), (0.95, 95), (0.99, 99), (0.991, 100), (1, 100)]
)
def test_a_percentile_is_the_nearest_rank(share: float, expected: float) -> None:
    assert percentile(range(100, 0, -1), share) == expected


def test_a_percentile_of_few_values_is_one_of_them() -> None:
    assert percentile([7.0], 0.5) == 7.0
    assert percentile([3.0, 1.0], 0.5) == 1.0
    assert percentile([3.0, 1.0], 0.95) == 3.0


@pytest.mark.parametrize(("values", "share"), [([], 0.5), ([1.0], 0.0), ([1.0], 1.5)])
def test_a_percentile_of_nothing_is_refused(values: list[float], share: float) -> None:
    with pytest.raises(ValueError, match="percentile"):
        percentile(values, share)


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0.01, 1))
def test_enough_values_are_under_a_percentile(values: list[float], share: float) -> None:
    found = percentile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values) - 1e-9
    assert sum(value < found for value in values) < share * len(values)


def test_the_closed_model_counts_what_was_answered_in_the_window() -> None:
    samples = [
        sample(9.0, 9.9),
        sample(9.5, 10.5),
        *[sample(11.0, 11.1)] * 18,
        sample(19.0, 19.5, error="time-out"),
        sample(19.5, 20.5),
    ]
    found = stage(Window(samples, BEFORE, AFTER, broken=False), people=8)
    assert found.messages == 20
    assert found.per_second == pytest.approx(19 / 10)
    assert found.errors == {"time-out": 1}
    assert found.failed == 1
    assert found.cpu_ms == pytest.approx({"rasa": 2000 / 19})
    assert found.load_cpu_ms == pytest.approx(500 / 19)
    assert found.others == pytest.approx((6.5 - 2.0 - 0.5) / 10)
    assert found.disturbed
    assert found.rss_mb == pytest.approx({"rasa": 300.0})
    assert found.latency is not None
    assert found.latency.p50 == pytest.approx(100)
    assert found.latency.worst == pytest.approx(1000)


def test_the_open_model_counts_what_was_planned_in_the_window() -> None:
    samples = [sample(9.5, 10.5), sample(11.0, 11.2), sample(19.0, 25.0)]
    found = stage(Window(samples, BEFORE, AFTER, broken=False), rate=0.2)
    assert found.messages == 2
    assert found.latency is not None
    assert found.latency.worst == pytest.approx(6000)
    assert found.per_second == pytest.approx(2 / 10)


def test_an_error_has_no_latency() -> None:
    assert latency([sample(0.0, 30.0, error="time-out")]) is None
    found = latency([sample(0.0, 30.0, error="time-out"), sample(0.0, 0.1)])
    assert found is not None
    assert found.worst == pytest.approx(100)


def test_nothing_answered_is_told_without_dividing_by_it() -> None:
    found = stage(Window([], BEFORE, AFTER, broken=True), people=1)
    assert (found.messages, found.per_second, found.latency) == (0, 0.0, None)


def test_questionnaires_are_counted_at_their_last_message() -> None:
    form = Kind.FORM
    samples = [
        sample(11.0, 12.0, kind=form),
        sample(12.0, 13.0, kind=form, ended=True),
        sample(13.0, 14.0, kind=form, ended=False),
    ]
    found = stage(Window(samples, BEFORE, AFTER, broken=False), people=1)
    assert (found.forms, found.forms_ended) == (2, 1)
    assert found.kinds == {"form": 3}


def test_openings_are_left_out_of_the_shares() -> None:
    one = a_stage(kinds={"opening": 50, "question": 30, "form": 10})
    assert shares(one) == pytest.approx({"question": 0.75, "form": 0.25})


def test_the_start_of_a_side_is_the_median_one() -> None:
    starts = [
        Start(ready={"rasa": second}, first_answer=second + 1) for second in (30.0, 9.0, 10.0)
    ]
    assert a_side("stock", starts=starts).start.total == 10.0


def test_a_start_lasts_until_the_last_is_ready() -> None:
    together = Start(ready={"actions": 3.0, "rasa": 9.0, "web": 4.0}, first_answer=10.0)
    assert together.total == 9.0


def test_a_stage_is_found_by_its_people_or_its_rate() -> None:
    side = a_side("stock")
    assert side.stage(people=8) is side.stages[1]
    assert side.stage(rate=20.0) is side.stages[2]
    assert side.stage(people=99) is None
