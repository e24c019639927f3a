"""The cases are in readings.yml; here are the properties that hold for any text."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from actions import reading
from actions.reading import MAX_AMOUNT, UNKNOWN, Reading

TODAY = date(2026, 11, 21)
CASES = YAML(typ="safe").load(Path(__file__).with_name("readings.yml"))
WITH_TODAY = {
    "read_age",
    "spot_age",
    "read_ages",
    "spot_ages",
    "read_births",
    "read_date",
}
READERS = [name for name in CASES if name not in {"sure", "not_sure"}]


def reader(name: str) -> Callable[[str], object]:
    read = getattr(reading, name)
    return partial(read, today=TODAY) if name in WITH_TODAY else read


def cases(group: str) -> list[tuple[str, str]]:
    return [(name, text) for name, texts in CASES[group].items() for text in texts]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [(name, text, value) for name in READERS for text, value in CASES[name].items()],
)
def test_reads_what_people_type(name: str, text: str, expected: object) -> None:
    found = reader(name)(text)
    assert (found.value if isinstance(found, Reading) else found) == expected


@pytest.mark.parametrize(("name", "text"), cases("sure"))
def test_the_text_is_nothing_but_the_answer(name: str, text: str) -> None:
    found = reader(name)(text)
    assert isinstance(found, Reading)
    assert found.sure


@pytest.mark.parametrize(("name", "text"), cases("not_sure"))
def test_the_text_may_hold_something_else_than_an_answer(name: str, text: str) -> None:
    found = reader(name)(text)
    assert not (isinstance(found, Reading) and found.sure)


@pytest.mark.parametrize("text", ["née en mars 2015", "12/03/2015", "le 12 mars", "de 2015"])
def test_an_age_is_not_told_from_a_birth_without_today(text: str) -> None:
    assert reading.read_age(text) is None


def test_an_age_is_completed_on_the_birthday() -> None:
    ages = [reading.read_age("21/11/2015", today=day) for day in (date(2026, 11, 20), TODAY)]
    assert ages == [Reading("10"), Reading("11")]


def test_the_last_29_february_is_found() -> None:
    assert reading.read_date("29 février", TODAY) == Reading("2024-02-29")


def test_a_choice_is_the_first_pattern_found() -> None:
    patterns = {"loue": r"\bloue|locataire", "achete": r"achet|proprio"}
    assert reading.read_choice("Je suis LOCATAIRE", patterns) == Reading("loue")
    assert reading.read_choice("je l'ai acheté", patterns) == Reading("achete")
    assert reading.read_choice("bof", patterns) is None


@pytest.mark.parametrize("text", ["je sais pas", "Je ne sais plus", "aucune idée", "jsp"])
def test_not_knowing_is_an_answer(text: str) -> None:
    assert reading.read_unknown(text) == Reading(UNKNOWN)


WORDS = sorted({word for name in READERS for text in CASES[name] for word in text.split()})
TYPED = st.one_of(
    st.text(max_size=500),
    st.lists(st.sampled_from(WORDS), max_size=40).map(" ".join),
    st.lists(st.sampled_from(WORDS), max_size=40).map("".join),
    st.from_regex(r"[0-9 .,/€k-]{0,60}", fullmatch=True),
)


def check_value(name: str, value: str) -> None:
    match name:
        case "read_yes_no":
            assert value in {"oui", "non"}
        case "read_skip" | "read_unknown":
            assert value == UNKNOWN
        case "read_number" | "spot_number":
            assert 0 <= int(value) <= 999
        case "read_age" | "spot_age":
            assert 0 <= int(value) <= 120
        case "read_ages" | "spot_ages":
            assert all(0 <= int(age) <= 120 for age in value.split(",") if value)
        case "read_amount" | "spot_amount":
            assert 0 <= Decimal(value) <= MAX_AMOUNT
        case "read_births":
            assert all(date.fromisoformat(day) <= TODAY for day in value.split(",") if value)
        case "read_date":
            assert date(1900, 1, 1) <= date.fromisoformat(value) <= date(2028, 11, 21)
        case _:
            raise AssertionError(name)


@pytest.mark.parametrize(
    "name", [*(name for name in READERS if name != "asks_why"), "read_unknown"]
)
@settings(max_examples=150, deadline=None)
@given(text=TYPED)
def test_a_value_can_always_be_used(name: str, text: str) -> None:
    found = reader(name)(text)
    value = found.value if isinstance(found, Reading) else found
    if value is not None:
        check_value(name, str(value))


@given(text=TYPED)
def test_asking_why_never_fails(text: str) -> None:
    assert reading.asks_why(text) in {True, False}


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize(
    "piece",
    [
        "1",
        "1 ",
        "1.",
        "111 ",
        "12/",
        "2 enfants ",
        "8 ans ",
        "pas ",
        "oui ",
        "mais ",
        "mars ",
        "12 mars 2015 ",
        "je ",
        "pourquoi ",
        "question ",
        "k",
        " ",
        "-",
        "é",
        "vingt ",
    ],
)
def test_time_grows_with_the_length_and_no_faster(name: str, piece: str) -> None:
    read = reader(name)

    def seconds(length: int) -> float:
        text = (piece * length)[:length]
        started = time.process_time()
        read(text)
        return time.process_time() - started

    # Eight times the length; a quadratic reader would take 64 times as long.
    shortest = max(min(seconds(1000) for _ in range(3)), 0.002)
    assert min(seconds(8000) for _ in range(2)) < 30 * shortest
