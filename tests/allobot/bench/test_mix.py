"""What is said to both sides: the proportions, the same each time, questionnaires to their end."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
from pydantic import ValidationError
from ruamel.yaml import YAML

from actions.knowledge.loader import load
from actions.resources import Resources, make_resources
from allobot.bench.mix import SHARES, Kind, Questions, Step, conversations, read_questions
from allobot.database import upgrade
from allobot.project import ROOT
from allobot.settings import Settings
from tests.actions.questionnaire_talk import Talk

SMALL = Questions(
    questions=["q1", "q2", "q3"],
    formulaires=[["f1", "f2", "f3"], ["g1", "g2"]],
    politesses=["p1"],
    hors_sujet=["h1"],
)
BEGIN = '/verifier_droit{"regle": "asf"}'
FORMS = read_questions().formulaires


def said(count: int, **options: object) -> list[list[Step]]:
    return list(islice(conversations(read_questions(), **options), count))  # type: ignore[arg-type]


def test_the_shares_are_those_of_the_brief() -> None:
    assert SHARES == {
        Kind.QUESTION: 0.60,
        Kind.FORM: 0.25,
        Kind.SMALL_TALK: 0.10,
        Kind.ELSEWHERE: 0.05,
    }


def test_what_is_said_keeps_to_the_shares() -> None:
    counts = Counter(step.kind for steps in said(200) for step in steps)
    total = sum(counts.values())
    assert {kind: count / total for kind, count in counts.items()} == pytest.approx(
        {Kind.QUESTION: 0.60, Kind.FORM: 0.25, Kind.SMALL_TALK: 0.10, Kind.ELSEWHERE: 0.05},
        abs=0.01,
    )


def test_even_a_short_measure_is_near_the_shares() -> None:
    counts = Counter(step.kind for steps in said(10) for step in steps)
    assert counts[Kind.QUESTION] / counts.total() == pytest.approx(0.60, abs=0.05)
    assert counts[Kind.FORM] / counts.total() == pytest.approx(0.25, abs=0.05)


def test_a_conversation_has_ten_messages_and_one_questionnaire_at_most() -> None:
    for steps in said(200):
        assert len(steps) == 10
        assert sum(step.ends for step in steps) <= 1


def test_a_questionnaire_is_said_whole_and_in_order() -> None:
    whole = {tuple(texts) for texts in FORMS}
    heard = set()
    for steps in said(100):
        form = [step for step in steps if step.kind is Kind.FORM]
        if form:
            first = steps.index(form[0])
            assert steps[first : first + len(form)] == form
            assert [step.ends for step in form] == [False] * (len(form) - 1) + [True]
            heard.add(tuple(step.text for step in form))
    assert heard == whole


def test_the_same_seed_says_the_same_and_another_does_not() -> None:
    assert said(20) == said(20)
    assert said(20, seed=1) != said(20, seed=2)


def test_everything_is_said_before_anything_is_repeated() -> None:
    talks = conversations(SMALL, length=3, shares={Kind.QUESTION: 1.0})
    for _ in range(5):
        assert sorted(step.text for step in next(talks)) == ["q1", "q2", "q3"]


def test_kinds_can_be_left_out() -> None:
    talks = conversations(SMALL, shares={Kind.QUESTION: 0.5, Kind.SMALL_TALK: 0.5})
    kinds = Counter(step.kind for steps in islice(talks, 10) for step in steps)
    assert kinds == {Kind.QUESTION: 50, Kind.SMALL_TALK: 50}


def test_a_file_with_a_part_missing_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "questions.yml"
    path.write_text('questions: ["a"]\nformulaires: [["b"]]\npolitesses: []\n', encoding="utf-8")
    with pytest.raises(ValidationError):
        read_questions(path)


def test_nothing_is_said_that_was_learnt_or_is_kept_apart() -> None:
    known = set(map(plain, known_texts()))
    assert len(known) > 1000
    questions = read_questions()
    typed = [*questions.questions, *questions.hors_sujet, *(form[0] for form in FORMS)]
    assert [text for text in typed if plain(text) in known] == []
    assert len(set(map(plain, typed))) == len(typed)


@pytest.fixture(scope="module")
def resources(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Resources]:
    """The real actions' knowledge, in a database of its own."""
    settings = Settings(var=tmp_path_factory.mktemp("bench"))
    upgrade(settings.database_url)
    load(settings)
    made = make_resources(settings)
    yield made
    made.procedures.close()


@pytest.mark.parametrize("texts", FORMS, ids=[texts[0] for texts in FORMS])
async def test_a_questionnaire_ends_with_its_last_answer(
    resources: Resources, texts: list[str]
) -> None:
    talk = Talk(resources)
    said = await talk.send(BEGIN)
    for text in texts[2:]:  # the first asks what ASF is, the second presses its button
        assert "Estimation" not in said, f"« {text} » comes too late"
        said = await talk.say(f"@{text}" if text in talk.labels() else text)
    assert talk.card()["decision"]["verdict"] in {"oui", "non", "a_preciser"}


def known_texts() -> Iterator[str]:
    """Every example of data/nlu, and every question of held_out.yml."""
    for path in (ROOT / "data" / "nlu").glob("*.yml"):
        yield from re.findall(r"^ +- (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    held_out = YAML(typ="safe").load(ROOT / "tests" / "understanding" / "held_out.yml")
    for texts in held_out.values():
        yield from texts


def plain(text: str) -> str:
    return re.sub(r"\W+", " ", text.lower()).strip()
