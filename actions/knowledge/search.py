"""Finds, among the answers known about a subject, the one that fits the person's words. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import snowballstemmer

from actions.knowledge.schema import Precision
from actions.reading import simplify

ASKED, ANSWERED = 1.0, 0.5  # weight of a word in the question or its synonyms, and in the answer
ENOUGH = 0.25  # share of the informative words of the message that an answer must account for
NEARLY_AS_GOOD = 0.6  # of the best score: those answers are said too
MOST = 3

_STOP_WORDS = frozenset(
    Path(__file__).with_name("stop_words.txt").read_text(encoding="utf-8").split()
)
_stem = lru_cache(maxsize=50_000)(snowballstemmer.stemmer("french").stemWord)


def choose(
    text: str, precisions: Sequence[Precision], *, enough: float = ENOUGH
) -> list[Precision]:
    """The answers that best account for the words of `text`, best first; often none or one."""
    wanted = set(_stems(text))
    if not wanted or not precisions:
        return []
    documents = [
        _weights(_asked(precision), " ".join(precision.reponse)) for precision in precisions
    ]
    rarity = _rarity(documents, wanted)
    total = sum(rarity.values())
    scores = [
        sum(rarity[word] * document.get(word, 0.0) for word in wanted) / total
        for document in documents
    ]
    best = max(scores)
    if best < enough:
        return []
    ranked = sorted(range(len(scores)), key=lambda i: -scores[i])
    return [precisions[i] for i in ranked[:MOST] if scores[i] >= NEARLY_AS_GOOD * best]


def _stems(text: str) -> list[str]:
    words = "".join(char if char.isalnum() else " " for char in simplify(text)).split()
    return [_stem(word) for word in words if word not in _STOP_WORDS]


def _asked(precision: Precision) -> str:
    return f"{precision.question} {precision.mots} {precision.id.replace('_', ' ')}"


@lru_cache(maxsize=4096)  # the words of every answer known
def _weights(asked: str, answered: str) -> Mapping[str, float]:
    weights = dict.fromkeys(_stems(answered), ANSWERED)
    weights.update(dict.fromkeys(_stems(asked), ASKED))
    return weights


def _rarity(documents: Sequence[Mapping[str, float]], wanted: set[str]) -> dict[str, float]:
    """How much each word tells; a word of no answer tells little, one of all answers too."""
    counts = Counter(word for document in documents for word in wanted & document.keys())
    unknown = 0.5
    return {
        word: math.log(1 + len(documents) / counts[word]) if counts[word] else unknown
        for word in wanted
    }
