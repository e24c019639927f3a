"""What every rule owes: facts that can be asked, sentences for all it returns, honest doubt."""

import dataclasses
import datetime as dt
import re
import typing
from collections.abc import Iterator
from pathlib import Path

import pytest

from actions.eligibility.content import Lecture, QuestionContent
from actions.eligibility.decision import UNKNOWN_AT_DATE, Verdict
from actions.eligibility.questions import Reader
from actions.eligibility.rules import RULES, InvalidSituation
from actions.knowledge.loader import Knowledge
from actions.reading import simplify
from actions.resources import Resources

ROOT = Path(__file__).parents[3]
TODAY = dt.date(2026, 11, 21)
LONG_AGO = dt.date(1990, 1, 1)
FIGURE = re.compile(r"[{\"]([a-z_]+/[a-z_]+)[}\"]")
TYPES = {
    Lecture.OUI_NON: "bool | None",
    Lecture.NOMBRE: "int | None",
    Lecture.AGE: "int | None",
    Lecture.AGES: "tuple[int, ...] | None",
    Lecture.MONTANT: "Decimal | None",
    Lecture.DATE: "datetime.date | None",
    Lecture.NAISSANCES: "tuple[datetime.date, ...] | None",
    Lecture.DEPARTEMENT: "str | None",
}
rules = pytest.mark.parametrize("name", RULES)


def questions(knowledge: Knowledge) -> Iterator[tuple[str, str, QuestionContent]]:
    for rule, content in knowledge.rules.items():
        for fact, question in content.questions.items():
            yield rule, fact, question


def test_every_rule_has_its_sentences(knowledge: Knowledge) -> None:
    assert set(knowledge.rules) == set(RULES)


@rules
def test_every_fact_has_a_question_that_reads_its_type(knowledge: Knowledge, name: str) -> None:
    types = typing.get_type_hints(RULES[name].situation)
    asked = knowledge.rules[name].questions
    assert set(asked) == set(types)
    for fact, question in asked.items():
        shown = str(types[fact]).replace("decimal.Decimal", "Decimal")
        if question.lecture is Lecture.CHOIX:
            [choices, _none] = typing.get_args(types[fact])
            assert set(question.choix) == set(choices), fact
        else:
            assert shown == TYPES[question.lecture], fact


def test_a_fact_has_one_question_everywhere(knowledge: Knowledge) -> None:
    """An answer given to one rule serves the others: it must have been the same question."""
    known: dict[str, QuestionContent] = {}
    for rule, fact, question in questions(knowledge):
        assert known.setdefault(fact, question) == question, (rule, fact)


def test_every_choice_is_read_from_its_own_label(resources: Resources) -> None:
    reader = Reader(TODAY, resources.territories)
    knowledge_rules = resources.rules.items()
    for rule, content in knowledge_rules:
        for fact, question in content.questions.items():
            for value, choix in question.choix.items():
                plain = f"euh {choix.libelle.lower()} je crois"
                for text in (choix.libelle, plain):
                    reading = reader.read(question, text)
                    assert reading is not None, (rule, fact, text)
                    assert reading.value == value, (rule, fact, text)


@rules
def test_knowing_nothing_asks_and_never_guesses(knowledge: Knowledge, name: str) -> None:
    rule = RULES[name]
    decision = rule.decide(rule.read({}), TODAY, knowledge.parameters)
    assert decision.missing
    assert decision.verdict is not Verdict.NON
    if decision.conditions:
        assert decision.verdict is Verdict.A_PRECISER


@rules
def test_before_every_version_it_says_that_it_does_not_know(
    knowledge: Knowledge, name: str
) -> None:
    rule = RULES[name]
    decision = rule.decide(rule.read({}), LONG_AGO, knowledge.parameters)
    assert decision.verdict is Verdict.A_PRECISER
    assert [note.id for note in decision.notes] == [UNKNOWN_AT_DATE]
    assert decision.missing == ()


@rules
def test_a_fact_of_another_rule_or_of_a_wrong_type_is_refused(name: str) -> None:
    with pytest.raises(InvalidSituation, match="age_du_capitaine"):
        RULES[name].read({"age_du_capitaine": 42})
    fact = dataclasses.fields(RULES[name].situation)[0].name
    with pytest.raises(InvalidSituation, match=fact):
        RULES[name].read({fact: {"x": 1}})


@rules
def test_every_figure_is_declared_and_used(knowledge: Knowledge, name: str) -> None:
    code = (ROOT / "actions" / "eligibility" / f"{name}.py").read_text(encoding="utf-8")
    text = (ROOT / "data" / "eligibility" / f"{name}.yml").read_text(encoding="utf-8")
    used = set(FIGURE.findall(code)) | set(FIGURE.findall(text))
    assert set(knowledge.rules[name].parametres) == used


@rules
def test_a_rule_is_found_by_its_name_and_starts_from_its_subject(
    knowledge: Knowledge, name: str
) -> None:
    content = knowledge.rules[name]
    assert content.sujet in knowledge.procedures
    assert re.search(content.noms, simplify(content.nom)) or content.bouton


def test_no_rule_answers_to_the_name_of_another(knowledge: Knowledge) -> None:
    for name, content in knowledge.rules.items():
        said = simplify(f"vérifier {content.nom}")
        found = {
            other: match[0]
            for other, rule in knowledge.rules.items()
            if (match := re.search(rule.noms, said))
        }
        assert max(found, key=lambda other: len(found[other])) == name, (name, found)
