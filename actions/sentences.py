"""The words around answers: actions/sentences.yml, checked when read."""

from __future__ import annotations

from pathlib import Path

from actions.knowledge.schema import Strict
from actions.knowledge.yaml_files import read

FILE = Path(__file__).with_name("sentences.yml")


class StatusLabels(Strict):
    satisfied: str
    not_satisfied: str
    unknown: str


class CardLabels(Strict):
    """Words of a card shown as text. `source` and `verifie` hold {fields}."""

    etapes: str
    contacts: str
    liens: str
    conditions: str
    manques: str
    agenda: str
    notes: str
    source: str
    verifie: str
    etats: StatusLabels


class AnswerSentences(Strict):
    """Sentences around a procedure's answer; most hold {fields}."""

    dossier: str
    lieux_ici: str
    lieux_proches: str
    lieux_tous: str
    lieux_periode_finie: str
    evenement_a_venir: str
    evenement_passe: str
    autre_sujet: str


class AnswerWords(Strict):
    """Words of the questionnaires: answers said again, labels of buttons; most hold {fields}."""

    reponse: str
    inconnu: str
    ne_sait_pas: str
    oui: str
    non: str
    age: str
    aucun: str
    repris: str
    bouton: str
    corriger: str
    recommencer: str
    tout_savoir: str
    personne: str
    inconnu_a_cette_date: str


class Sentences(Strict):
    """`sujets`: how a subject is called in a choice, by intent."""

    carte: CardLabels
    sujets: dict[str, str]
    reponses: AnswerSentences
    questionnaire: AnswerWords


def read_sentences(path: Path = FILE) -> Sentences:
    """Raises InvalidData when the file does not fit."""
    return read(path, Sentences)
