"""A rule's questions: how answers are read, said again, and made into a situation. Pure.

Answers are kept as short strings by fact name: "oui", "8,12", "199.18", "2026-03-01"; "inconnu"
when the person does not know or would rather not say.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from babel.lists import format_list

from actions.cards import french_date
from actions.eligibility.content import Lecture, QuestionContent, RuleContent
from actions.eligibility.decision import Decision
from actions.eligibility.rules import Rule
from actions.knowledge.parameters import Parameters, euros
from actions.reading import (
    UNKNOWN,
    Reading,
    read_age,
    read_ages,
    read_amount,
    read_births,
    read_choice,
    read_date,
    read_number,
    read_skip,
    read_unknown,
    read_yes_no,
    simplify,
    spot_age,
    spot_ages,
    spot_amount,
    spot_number,
)
from actions.sentences import AnswerWords
from actions.territory import Territories

Answers = Mapping[str, str]

_YES, _NO = "oui", "non"
SHORT_YES = 8  # words after and with a yes or a no: "ouais on touchait la prime"
SHORT_ANSWER = 14  # words: a longer message may be about something else
_SPOTTED: dict[Lecture, Callable[[str, dt.date], str | None]] = {
    Lecture.AGE: lambda text, today: spot_age(text, today=today),
    Lecture.AGES: spot_ages,
    Lecture.NOMBRE: lambda text, _today: spot_number(text),
    Lecture.MONTANT: lambda text, _today: spot_amount(text),
}


@dataclass(frozen=True)
class Reader:
    """Reads answers, as of a day, with the places it knows."""

    today: dt.date
    territories: Territories

    def read(self, question: QuestionContent, text: str) -> Reading | None:
        """The answer to `question` in `text`, if there is one; `inconnu` when not known."""
        return (
            self.read_button(question, text)
            or read_skip(text)
            or self._read(question, text)
            or read_unknown(text)
        )

    def read_button(self, question: QuestionContent, text: str) -> Reading | None:
        """The choice whose label is exactly the text."""
        plain = simplify(text)
        labels = {simplify(choix.libelle): value for value, choix in question.choix.items()}
        return Reading(labels[plain]) if plain in labels else None

    def spot(self, question: QuestionContent, text: str) -> str | None:
        """The answer said anywhere in `text`, without the question being asked: strict."""
        if question.reperes and not re.search(question.reperes, simplify(text)):
            return None
        if question.lecture in _SPOTTED:
            return _SPOTTED[question.lecture](text, self.today)
        if question.lecture is Lecture.CHOIX and question.reperes:
            reading = read_choice(text, _patterns(question))
            return reading.value if reading else None
        if question.lecture is Lecture.OUI_NON:
            return _said_yes_no(question, simplify(text))
        return None

    def _read(self, question: QuestionContent, text: str) -> Reading | None:
        match question.lecture:
            case Lecture.OUI_NON:
                return _read_yes_no(question, text)
            case Lecture.CHOIX:
                return _if_short(read_choice(text, _patterns(question)), text)
            case Lecture.NOMBRE:
                return read_number(text)
            case Lecture.AGE:
                return read_age(text, today=self.today)
            case Lecture.AGES:
                return read_ages(text, self.today)
            case Lecture.MONTANT:
                return read_amount(text)
            case Lecture.DATE:
                return _with_its_day(read_date(text, self.today))
            case Lecture.NAISSANCES:
                return read_births(text, self.today)
            case Lecture.DEPARTEMENT:
                spotted = self.territories.spot(text)
                return Reading(spotted.departement) if spotted else None


def _if_short(reading: Reading | None, text: str) -> Reading | None:
    """Words found inside a longer message may belong to another question: not sure then."""
    short = len(text.split()) <= SHORT_ANSWER
    return replace(reading, sure=reading.sure and short) if reading else None


def _with_its_day(reading: Reading | None) -> Reading | None:
    """A month or a year alone is read as its first day, unsurely: the day must be asked."""
    vague = reading and not reading.sure and reading.value.endswith("-01")
    return None if vague else reading


def _patterns(question: QuestionContent) -> dict[str, str]:
    """Each choice's pattern, in the order in which they are tried."""
    ordered = sorted(question.choix.items(), key=lambda item: -item[1].priorite)
    return {value: choix.mots for value, choix in ordered}


def _read_yes_no(question: QuestionContent, text: str) -> Reading | None:
    plain = simplify(text)
    said = {value: _says(pattern, plain) for value, pattern in _yes_no_patterns(question)}
    if said.get(_YES) and said.get(_NO):
        return None  # "mariée mais séparée": to be asked again
    value = next((value for value, found in said.items() if found), None)
    if value:
        return _if_short(Reading(value), text)
    reading = read_yes_no(text)
    sure = reading and not re.search(r"\bmais\b", plain) and len(plain.split()) <= SHORT_YES
    return replace(reading, sure=True) if reading and sure else reading


def _said_yes_no(question: QuestionContent, plain: str) -> str | None:
    said = [value for value, pattern in _yes_no_patterns(question) if _says(pattern, plain)]
    return said[0] if len(said) == 1 else None


def _yes_no_patterns(question: QuestionContent) -> list[tuple[str, str | None]]:
    return [(_YES, question.oui), (_NO, question.non)]


def _says(pattern: str | None, plain: str) -> bool:
    return bool(pattern and re.search(pattern, plain))


@dataclass(frozen=True)
class Questionnaire:
    """A rule with its content: what to ask next, and what the answers decide."""

    rule: Rule
    content: RuleContent
    parameters: Parameters

    def decide(self, answers: Answers, date: dt.date) -> Decision:
        """The decision that the answers make at `date`."""
        return self.rule.decide(self._situation(answers), date, self.parameters)

    def next_fact(self, answers: Answers, date: dt.date) -> str | None:
        """The first question, in the order of the content, whose answer still matters."""
        missing = self.decide(answers, date).missing
        return next(
            (fact for fact in self.content.questions if fact in missing and fact not in answers),
            None,
        )

    def answered(self, answers: Answers) -> dict[str, str]:
        """Those of the answers that are facts of this rule, the last given last."""
        return {fact: value for fact, value in answers.items() if fact in self.content.questions}

    def departement_facts(self) -> list[str]:
        """Facts that the place named in the conversation answers."""
        questions = self.content.questions.items()
        return [fact for fact, question in questions if question.lecture is Lecture.DEPARTEMENT]

    def spotted(self, text: str, facts: Answers, reader: Reader) -> dict[str, str]:
        """New values of `facts` said in the text; of two amounts, the one answered last."""
        by_kind = {}
        for fact in facts:
            question = self.content.questions[fact]
            if (value := reader.spot(question, text)) is not None:
                kind = fact if question.lecture in (Lecture.OUI_NON, Lecture.CHOIX) else None
                by_kind[kind or question.lecture] = (fact, value)
        return dict(by_kind.values())

    def say_again(self, fact: str, value: str, words: AnswerWords) -> str:
        """An answer in words: « L'âge des enfants : 8 ans et 12 ans »."""
        question = self.content.questions[fact]
        return words.reponse.format(champ=question.champ, valeur=_text(question, value, words))

    def _situation(self, answers: Answers) -> object:
        known = {f: v for f, v in self.answered(answers).items() if v != UNKNOWN}
        questions = self.content.questions
        return self.rule.read({f: _value(questions[f].lecture, v) for f, v in known.items()})


def _value(lecture: Lecture, value: str) -> object:
    """An answer as a fact; numbers, dates and choices are converted by the rule's types."""
    if lecture is Lecture.OUI_NON:
        return value == _YES
    if lecture in (Lecture.AGES, Lecture.NAISSANCES):
        return tuple(value.split(",")) if value else ()
    return value


def _text(question: QuestionContent, value: str, words: AnswerWords) -> str:
    if value == UNKNOWN:
        return words.inconnu
    match question.lecture:
        case Lecture.OUI_NON:
            return words.oui if value == _YES else words.non
        case Lecture.CHOIX:
            return question.choix[value].libelle
        case Lecture.AGE | Lecture.AGES:
            ages = [words.age.format(age=age) for age in value.split(",") if value]
            return format_list(ages, locale="fr_FR") if ages else words.aucun
        case Lecture.MONTANT:
            return euros(Decimal(value))
        case Lecture.DATE:
            return french_date(dt.date.fromisoformat(value))
        case Lecture.NAISSANCES:
            days = [french_date(dt.date.fromisoformat(day)) for day in value.split(",") if value]
            return format_list(days, locale="fr_FR") if days else words.aucun
        case _:
            return value
