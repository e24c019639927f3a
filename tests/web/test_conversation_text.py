"""What is kept of a typed text, and what Rasa hears of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.conversations.text import as_words, clean
from web.errors import EmptyText, TextTooLong


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  bonjour  ", "bonjour"),
        ("deux\r\nlignes\rou\u2028trois", "deux\nlignes\nou\ntrois"),
        ("une\ttabulation", "une tabulation"),
        ("e\u0301te\u0301", "été"),
        ("l\u2019été\u00a0: 5\u202f€", "l\u2019été\u00a0: 5\u202f€"),
        ("nul\x00 bip\x07", "nul bip"),
        ("\u202egauche\u202c", "gauche"),
        ("\U000e0067\U000e0062drapeau", "drapeau"),
        ("un\ud800e", "une"),
        ("un\ue000e\ufdd0", "une"),
        ("½ part, m²", "½ part, m²"),
        ("ça va 🙂", "ça va 🙂"),
    ],
)
def test_kept(typed: str, kept: str) -> None:
    assert clean(typed) == kept


@pytest.mark.parametrize("typed", ["", " ", "\n\t\r", "\u200b", "\x00", "\u2800", "\u3164 \u115f"])
def test_nothing_visible_is_empty(typed: str) -> None:
    with pytest.raises(EmptyText):
        clean(typed)


def test_length_is_counted_once_trimmed() -> None:
    assert len(clean(" " * 100 + "é" * 500)) == 500
    assert len(clean("e\u0301" * 500)) == 500
    with pytest.raises(TextTooLong):
        clean("é" * 501)


@pytest.mark.parametrize(
    ("kept", "heard"),
    [
        ("bonjour", "bonjour"),
        ("/restart", "restart"),
        ("et/ou", "et/ou"),
        ("1/2 part", "1/2 part"),
        ("?", "?"),
        ("/", "?"),
        ("[numéro de téléphone]", "[numéro de téléphone]"),
        ("bonjour\n/restart", "bonjour\n/restart"),
    ],
)
def test_heard(kept: str, heard: str) -> None:
    assert as_words(kept) == heard


@given(st.text())
def test_rasa_never_hears_a_payload(text: str) -> None:
    heard = as_words(text)
    assert heard.strip()
    assert not heard.strip().startswith("/")


@given(st.text(alphabet="/／ \u200b\u202e\ufeff\u00a0\n\x00ab{", max_size=20))
def test_rasa_never_hears_a_payload_in_disguise(text: str) -> None:
    try:
        heard = as_words(clean(text))
    except EmptyText:
        return
    assert not heard.strip().startswith(("/", "／"))


@given(st.text())
def test_cleaning_twice_changes_nothing(text: str) -> None:
    try:
        once = clean(text)
    except (EmptyText, TextTooLong):
        return
    assert clean(once) == once
