"""Who says what: conversations of about ten messages, in fixed proportions, always the same ones.

The same seed gives the same conversations, so that both sides hear the very same messages.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import cycle
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field
from ruamel.yaml import YAML

FILE = Path(__file__).with_name("questions.yml")
LENGTH = 10  # messages of a conversation, its opening not counted
SEED = 20261121


class Kind(StrEnum):
    """What a message is; the opening of a conversation is counted apart."""

    OPENING = "opening"
    QUESTION = "question"
    FORM = "form"
    SMALL_TALK = "small talk"
    ELSEWHERE = "out of scope"


SHARES: Mapping[Kind, float] = {
    Kind.QUESTION: 0.60,
    Kind.FORM: 0.25,
    Kind.SMALL_TALK: 0.10,
    Kind.ELSEWHERE: 0.05,
}


class Questions(BaseModel):
    """What questions.yml holds. Raises pydantic.ValidationError when it does not fit."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    questions: list[str] = Field(min_length=1)
    formulaires: list[list[str]] = Field(min_length=1)
    politesses: list[str] = Field(min_length=1)
    hors_sujet: list[str] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Step:
    """One message: a button when one has these words, else a text.

    `ends`: the last message of a questionnaire, whose answer must be the estimation.
    """

    kind: Kind
    text: str
    ends: bool = False


def read_questions(path: Path = FILE) -> Questions:
    """The messages of a file."""
    return Questions.model_validate(YAML(typ="safe").load(path))


def conversations(
    questions: Questions,
    *,
    seed: int = SEED,
    shares: Mapping[Kind, float] = SHARES,
    length: int = LENGTH,
) -> Iterator[list[Step]]:
    """Yield conversations without end, whose messages keep to the shares.

    Each time the kind that lags most is chosen. There is one questionnaire at most in each: it
    is said to its end, and what was answered would shorten a second one.
    """
    chance = random.Random(seed)
    decks = _decks(questions, chance)
    longest = max(map(len, questions.formulaires))
    said = dict.fromkeys(shares, 0)
    while True:
        blocks: list[list[Step]] = []
        room = length
        while room > 0:
            asked = any(block[0].kind is Kind.FORM for block in blocks) or room < longest
            kinds = [kind for kind in shares if not (kind is Kind.FORM and asked)]
            kind = max(kinds, key=lambda one: _lag(one, shares, said))
            block = next(decks[kind])
            blocks.append(block)
            said[kind] += len(block)
            room -= len(block)
        chance.shuffle(blocks)
        yield [step for block in blocks for step in block]


def _lag(kind: Kind, shares: Mapping[Kind, float], said: Mapping[Kind, int]) -> float:
    """How many messages of a kind are missing, were one more message said."""
    return shares[kind] * (sum(said.values()) + 1) - said[kind]


def _decks(questions: Questions, chance: random.Random) -> dict[Kind, Iterator[list[Step]]]:
    """For each kind, its blocks of messages in a random order, again and again."""
    forms = [
        [Step(Kind.FORM, text, ends=text is texts[-1]) for text in texts]
        for texts in questions.formulaires
    ]
    singles = {
        Kind.QUESTION: questions.questions,
        Kind.SMALL_TALK: questions.politesses,
        Kind.ELSEWHERE: questions.hors_sujet,
    }
    blocks = {kind: [[Step(kind, text)] for text in texts] for kind, texts in singles.items()}
    return {
        kind: cycle(_shuffled(decks, chance))
        for kind, decks in {**blocks, Kind.FORM: forms}.items()
    }


def _shuffled(blocks: Sequence[list[Step]], chance: random.Random) -> list[list[Step]]:
    return chance.sample(blocks, len(blocks))
