"""Personal data is masked; amounts, dates, years, hours and service numbers stay.

Every number here is made up: keys are right, but nobody holds them.
"""

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allobot.masking import DETECTORS, mask
from allobot.masking.measure import Cases, measure, read_cases
from allobot.masking.words import tokens
from web.sentences import sentences

GROUPS = read_cases(Path(__file__).with_name("masking_cases.yml"))
PERSONAL = [pair for cases in GROUPS.values() for pair in cases.personal.items()]
HARMLESS = [text for cases in GROUPS.values() for text in cases.harmless]
SHARE = 98  # %, of precision and of recall
HOSTILE = [
    "0", "1 ", "06 ", "+33", "a@", "a.", "@a", "FR76 ", "12 rue ", "j'habite ", "né le ", "nom:",
    "je m'appelle ", "Léa ", "de ", "je suis Mme ", "[nom] ", "12/", "1er mars ", "allocataire ",
    "n° ", "Mme ", "-", "A", "é", " ", "\n", "12/03/1985 ", "52000 ", "2A", "point ", "clé ",
]  # fmt: skip


def test_the_cases_are_many_and_a_third_was_held_out() -> None:
    held_out = GROUPS["held_out"]
    assert len(PERSONAL) >= 170 and len(held_out.personal) * 3 >= len(PERSONAL)
    assert len(HARMLESS) >= 170 and len(held_out.harmless) * 3 >= len(HARMLESS)
    assert not set(HARMLESS) & {text for text, _ in PERSONAL}


@pytest.mark.parametrize("group", GROUPS)
def test_it_finds_and_spares_as_promised(group: str) -> None:
    score = measure(GROUPS[group])
    assert score.recall >= SHARE
    assert score.precision >= SHARE


def test_a_wrong_change_costs_precision_and_a_miss_costs_recall() -> None:
    token = tokens()["phone"]
    cases = Cases(
        personal={"06 39 98 12 34": token, "mon ami Hugo": "mon ami [nom]"},
        harmless=["3230", "le 06 39 98 12 34 est un exemple"],
    )
    score = measure(cases)
    assert (score.personal, score.changed, score.right) == (2, 2, 1)
    assert (score.recall, score.precision) == (50, 50)


@pytest.mark.parametrize(("written", "expected"), PERSONAL)
def test_personal_data_is_masked(written: str, expected: str) -> None:
    masked = mask(written)
    assert masked.text == expected
    assert masked.kinds


@pytest.mark.parametrize("written", HARMLESS)
def test_the_rest_is_left_alone(written: str) -> None:
    masked = mask(written)
    assert masked.text == written
    assert masked.kinds == ()


@pytest.mark.parametrize("written", [written for written, _ in PERSONAL])
def test_masking_twice_changes_nothing_more(written: str) -> None:
    once = mask(written).text
    assert mask(once).text == once


@pytest.mark.parametrize(
    "written",
    [
        "j'ai 2 enfants, nés le 12/03/2015 et le 4 mai 2018",
        "née le 12/03/1985",
        "Ma fille est née le 12/03/2015",
        "Enfant handicapé né le 12/03/2015",
    ],
)
def test_a_birth_date_without_a_name_is_an_answer(written: str) -> None:
    assert mask(written).text == written


def test_with_a_name_other_dates_stay() -> None:
    masked = mask("je m'appelle Léa Martin, née le 12/03/1985, séparée depuis le 01/02/2024")
    assert masked.text == (
        "je m'appelle [nom], née le [date de naissance], séparée depuis le 01/02/2024"
    )
    assert masked.kinds == ("name", "birth")


def test_kinds_name_what_was_found_once_each() -> None:
    masked = mask("06 39 98 12 34 ou 03 53 01 12 34, jean@exemple.fr")
    assert sorted(masked.kinds) == ["email", "phone"]


def test_every_kind_has_its_token_its_sentence_and_its_cases() -> None:
    assert set(DETECTORS) == set(tokens()) == set(sentences().masked.labels)
    expected = "".join(GROUPS["held_out"].personal.values())
    assert all(token in expected for token in tokens().values())


def test_the_notice_names_each_kind() -> None:
    masked = sentences().masked
    assert "un numéro de téléphone." in masked.notice_of(["phone"])
    assert "un IBAN et une adresse e-mail." in masked.notice_of(["iban", "email"])
    assert "un IBAN, un numéro de téléphone et une" in masked.notice_of(["iban", "phone", "email"])


@given(st.text(max_size=500))
def test_any_text_can_be_masked(text: str) -> None:
    masked = mask(text)
    assert (masked.text == text) == (not masked.kinds)


@given(
    st.text(alphabet="abcé ,;!?\n", max_size=30),
    st.sampled_from(["06 39 98 12 34", "jean@exemple.fr", "295109912611193"]),
    st.text(alphabet="abcé ,;!?\n", max_size=30),
)
def test_masked_wherever_it_stands(before: str, secret: str, after: str) -> None:
    assert secret not in mask(f"{before} {secret} {after}").text


@settings(deadline=None)  # it measures its own time, of this process only
@given(st.lists(st.sampled_from(HOSTILE), min_size=1, max_size=5))
def test_a_hostile_message_is_masked_at_once(pieces: list[str]) -> None:
    text = ("".join(pieces) * 500)[:500]
    assert _seconds(text) < 0.25


@pytest.mark.parametrize("piece", HOSTILE)
def test_the_time_grows_as_the_length(piece: str) -> None:
    """Ten times the longest message: a square would take a hundred times longer."""
    assert _seconds((piece * 5000)[:5000]) < 2


def _seconds(text: str) -> float:
    start = time.process_time()
    mask(text)
    return time.process_time() - start
