"""The measures count what they say they count."""

import random
from pathlib import Path

import pytest

from bot.evaluation import (
    SPOILERS,
    Asked,
    by_group,
    confusions,
    draw_matrix,
    lose_accents,
    lose_apostrophes,
    masking,
    mistype,
    report,
    summary,
    table,
)


def asked(label: str, found: str, *, answered: bool) -> Asked:
    return Asked("une question", label, "forum", found, 0.5, answered)


SOME = [
    asked("rsa", "rsa", answered=True),
    asked("rsa", "asf", answered=True),
    asked("asf", "rsa", answered=False),
    asked("hors_sujet", "rsa", answered=False),
    asked("hors_sujet", "rsa", answered=True),
]


def test_the_three_shares() -> None:
    inside, outside, wrong = summary("essai", SOME)
    assert (inside.count, round(inside.value, 1)) == (3, 33.3)
    assert (outside.count, outside.value) == (2, 50)
    assert (wrong.count, wrong.value) == (5, 40)


def test_masking_is_measured_on_all_its_cases_and_on_those_held_out() -> None:
    lines = masking(Path("tests/web/masking_cases.yml"))
    assert [line.measure for line in lines] == [
        "masquage : précision",
        "masquage : rappel",
        "masquage (mis de côté) : précision",
        "masquage (mis de côté) : rappel",
    ]
    assert all(line.value >= 98 for line in lines)
    assert lines[0].count >= 170 and lines[2].count * 3 >= lines[0].count


def test_confusions_are_counted_with_an_example() -> None:
    assert confusions(SOME)[0] == ("hors_sujet", "rsa", 2, "une question")


def test_shares_by_label() -> None:
    shares = {line.measure: line.value for line in by_group(SOME, lambda a: a.label)}
    assert shares == {"asf": 0, "hors_sujet": 0, "rsa": 50}


def test_perturbations() -> None:
    chance = random.Random(1)
    assert lose_accents("déjà", chance) == "deja"
    assert lose_apostrophes("j'ai l’apl", chance) == "j ai l apl"
    long = "comment rembourser une dette importante rapidement " * 5
    assert mistype(long, random.Random(3)) != long
    assert mistype(long, random.Random(3)) == mistype(long, random.Random(3))


@pytest.mark.parametrize("name", sorted(SPOILERS))
@pytest.mark.parametrize("text", ["", "a", "????", "été"])
def test_any_text_can_be_spoilt(name: str, text: str) -> None:
    assert isinstance(SPOILERS[name](text, random.Random(1)), str)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # matplotlib, frozen with Rasa
def test_the_report_is_written(tmp_path: Path) -> None:
    lines = summary("essai", SOME)
    assert "33.3 %" in table(lines)
    text = report(lines, {"Essai": SOME})
    assert "| hors_sujet | rsa | 2 |" in text
    draw_matrix(SOME, tmp_path / "confusion.png")
    assert (tmp_path / "confusion.png").stat().st_size > 1000
