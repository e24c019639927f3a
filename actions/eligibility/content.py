"""The sentences and the questions of a rule: data/eligibility/<rule>.yml."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, ValidationInfo, field_validator, model_validator

from actions.knowledge.schema import (
    Bouton,
    EasyText,
    Identifier,
    Lien,
    Pattern,
    Sentence,
    SourceRef,
    Strict,
)

SHARED_QUESTIONS = "questions"  # validation context: questions by fact


class Lecture(StrEnum):
    """How an answer is read (actions/reading.py), and so the type of its fact."""

    OUI_NON = "oui_non"  # bool
    CHOIX = "choix"  # a StrEnum whose values are the keys of `choix`
    NOMBRE = "nombre"  # int
    AGE = "age"  # int, completed years
    AGES = "ages"  # tuple[int, ...], completed years
    MONTANT = "montant"  # Decimal, €
    DATE = "date"  # date
    NAISSANCES = "naissances"  # tuple[date, ...], dates of birth
    DEPARTEMENT = "departement"  # str, its number: "52"


class Choix(Strict):
    """An answer to choose. `mots`: a pattern, for simplified text, by which people say it.

    Patterns are tried by decreasing `priorite`, then in the order of the file.
    """

    libelle: Annotated[str, Field(max_length=60)]
    mots: Pattern
    priorite: int = 0


class QuestionContent(Strict):
    """How a fact is asked: `pourquoi` explains the question, `champ` names the answer.

    `oui`, `non`: patterns, for simplified text, of free words that mean yes or no. `reperes`: a
    pattern without which the answer is not recognised outside its question; a choice without it
    never is. `alerte`: the answer that tells of a danger, upon which the emergency numbers are
    said at once.
    """

    lecture: Lecture
    texte: Sentence
    pourquoi: Sentence
    champ: Annotated[str, Field(max_length=60)]
    choix: dict[Identifier, Choix] = {}
    oui: Pattern | None = None
    non: Pattern | None = None
    reperes: Pattern | None = None
    alerte: Identifier | None = None

    def patterns(self) -> dict[str, str]:
        """The words of each answer (a choice, or yes and no), in the order they are tried."""
        if self.lecture is Lecture.OUI_NON:
            return {v: p for v, p in (("oui", self.oui), ("non", self.non)) if p}
        ordered = sorted(self.choix.items(), key=lambda item: -item[1].priorite)
        return {value: choix.mots for value, choix in ordered}

    @model_validator(mode="after")
    def _choices(self) -> QuestionContent:
        if bool(self.choix) != (self.lecture is Lecture.CHOIX):
            raise ValueError("choix: à donner quand, et seulement quand, lecture vaut « choix »")
        return self


class ConditionContent(Strict):
    libelle: Sentence
    source: SourceRef


class VerdictsContent(Strict):
    oui: Sentence
    non: Sentence
    a_preciser: Sentence


class EasyVerdicts(Strict):
    """Each verdict, facile à lire et à comprendre."""

    oui: EasyText
    non: EasyText
    a_preciser: EasyText


class EtapeContent(Strict):
    """Something to do next, with the places where it is done."""

    texte: Sentence
    contacts: list[Identifier] = []
    liens: list[Lien] = []


class RuleContent(Strict):
    """How a decision is said. Ids of facts, conditions, notes and steps are the rule's.

    `sujet`: the procedure that explains the right. `noms`: a pattern, for simplified text, by
    which people name it. `questions` are in the order in which they are asked. `montant` holds
    {montant}; `montant_ancien`, said when the scale is no longer up to date, also {depuis}.
    `recapitulatif`: its steps can be printed. `mots_verdict`: in three words, where « probablement
    oui » does not fit.
    Sentences may hold figures ({domaine/nom}) and notes the values that the rule gives.
    """

    titre: str
    bouton: Annotated[str, Field(max_length=70)] | None = None
    nom: Annotated[str, Field(max_length=60)]
    sujet: Identifier
    noms: Pattern
    debut: Sentence
    questions: dict[Identifier, QuestionContent]
    verdicts: VerdictsContent
    mots_verdict: VerdictsContent | None = None
    conditions: dict[Identifier, ConditionContent]
    notes: dict[Identifier, Sentence] = {}
    etapes: dict[Identifier, EtapeContent] = {}
    montant: str | None = None
    montant_ancien: str | None = None
    falc: EasyVerdicts
    parametres: list[str] = []
    contacts: list[Identifier]
    liens: list[Lien]
    boutons: list[Bouton] = []
    recapitulatif: bool = False
    sources: list[SourceRef] = Field(min_length=1)
    verifie_le: dt.date

    @field_validator("questions", mode="before")
    @classmethod
    def _shared(cls, questions: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        """A question left empty is the one shared by several rules (data/questions.yml)."""
        shared = (info.context or {}).get(SHARED_QUESTIONS, {})
        return {
            fact: shared.get(fact) if question is None else question
            for fact, question in questions.items()
        }
