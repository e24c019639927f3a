"""The sentences of a rule: data/eligibility/<rule>.yml."""

from __future__ import annotations

import datetime as dt

from actions.knowledge.schema import Bouton, Identifier, Lien, Sentence, SourceRef, Strict


class ConditionContent(Strict):
    libelle: Sentence
    source: SourceRef


class VerdictsContent(Strict):
    oui: Sentence
    non: Sentence
    a_preciser: Sentence


class RuleContent(Strict):
    """How a decision is said. Ids of conditions, missing facts and notes are the rule's.

    `montant` holds {montant}; `montant_ancien`, said when the scale is no longer up to date, also
    holds {depuis}.
    """

    titre: str
    verdicts: VerdictsContent
    conditions: dict[Identifier, ConditionContent]
    manques: dict[Identifier, Sentence]
    notes: dict[Identifier, Sentence]
    montant: str
    montant_ancien: str
    falc: VerdictsContent
    parametres: list[str]
    contacts: list[Identifier]
    liens: list[Lien]
    boutons: list[Bouton]
    sources: list[SourceRef]
    verifie_le: dt.date
