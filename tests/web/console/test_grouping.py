"""Messages that say the same: found whatever their typing, and fast."""

import random
import time
from pathlib import Path

import pytest

from web.console.corrections.grouping import Index, pieces_of, plain_words

ROOT = Path(__file__).parents[3]
MESSAGES = [
    (1, "j'ai oublié mon mot de passe"),
    (2, "jai oublie mon mdp mot de passe caf"),
    (3, "Mot de passe OUBLIÉ !!!"),
    (4, "quand est versé le rsa"),
    (5, "le rsa est versé quel jour ?"),
    (6, "prendre rendez-vous au guichet"),
    (7, "😀"),
    (8, ""),
]


def examples() -> list[str]:
    lines = (
        line.strip()
        for path in sorted((ROOT / "data/nlu").glob("*.yml"))
        for line in path.read_text().splitlines()
    )
    return [line[2:] for line in lines if line.startswith("- ") and "intent:" not in line]


def test_the_same_in_other_words_comes_first() -> None:
    index = Index(MESSAGES)
    assert [it.key for it in index.similar("mot de passe oublié")[:3]] == [3, 1, 2]
    assert {it.key for it in index.similar("quel jour est versé mon rsa")} == {4, 5}
    assert index.similar("bitcoin") == []


def test_the_score_is_a_cosine() -> None:
    index = Index(MESSAGES)
    for text in ("mot de passe oublié", "rsa", "rendez-vous"):
        scores = [it.score for it in index.similar(text, least=0)]
        assert scores == sorted(scores, reverse=True)
        assert all(0 < score <= 1.000001 for score in scores)
    [same, *_] = index.similar("MOT DE PASSE oublie")
    assert (same.key, same.score) == (3, pytest.approx(1))


def test_at_most_so_many_and_alike_enough() -> None:
    index = Index(MESSAGES)
    assert len(index.similar("mot de passe oublié", limit=2)) == 2
    assert all(it.score >= 0.7 for it in index.similar("mot de passe oublié", least=0.7))


def test_nothing_is_like_nothing() -> None:
    assert Index([]).similar("mot de passe") == []
    index = Index([(1, ""), (2, "…")])
    assert index.similar("") == [] and index.similar("???") == []


def test_plain_words() -> None:
    assert plain_words("Où est l’œuf n°12, À PAYER 1 200 € ?") == "ou est l oeuf n 0 a payer 0 0"
    assert pieces_of("caf") == {" caf", "caf ", "=caf"}


def test_twenty_thousand_messages_are_looked_at_at_once() -> None:
    """Ten seconds of CPU for what takes two: the machine may be busy."""
    known, chance = examples(), random.Random(1)
    assert len(known) > 5000

    def shuffled(text: str) -> str:
        words = text.split()
        chance.shuffle(words)
        return " ".join(words)

    messages = [
        (key, known[key] if key < len(known) else shuffled(chance.choice(known)))
        for key in range(20_000)
    ]
    begun = time.process_time()
    index = Index(messages)
    made = time.process_time() - begun
    begun = time.process_time()
    found = index.similar("j'ai oublié mon mot de passe")
    asked = time.process_time() - begun
    assert made < 10 and asked < 0.5
    assert len(found) > 20
    said = [plain_words(messages[it.key][1]) for it in found[:20]]
    assert all("pass" in words or "oubli" in words for words in said)
