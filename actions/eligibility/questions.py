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
    find_choices,
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

_YES = "oui"
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
        found = find_choices(text, question.patterns())
        if question.lecture is Lecture.CHOIX:
            return found[0] if found and question.reperes else None
        return found[0] if len(found) == 1 else None  # yes and no at once is neither

    def _read(self, question: QuestionContent, text: str) -> Reading | None:
        match question.lecture:
            case Lecture.OUI_NON:
                return _read_yes_no(question, text)
            case Lecture.CHOIX:
                return _if_short(read_choice(text, question.patterns()), text)
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


def _read_yes_no(question: QuestionContent, text: str) -> Reading | None:
    found = find_choices(text, question.patterns())
    if len(found) > 1:
        return None  # "mariée mais séparée": to be asked again
    if found:
        return _if_short(Reading(found[0]), text)
    reading, plain = read_yes_no(text), simplify(text)
    sure = reading and not re.search(r"\bmais\b", plain) and len(plain.split()) <= SHORT_YES
    return replace(reading, sure=True) if reading and sure else reading


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

    def spotted(self, text: str, answers: Answers, reader: Reader) -> dict[str, str]:
        """New values, said in the text, of facts answered; of two amounts, the one given last."""
        by_kind = {}
        for fact in self.answered(answers):
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
