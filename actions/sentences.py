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
    """Words of a card shown as text; `preparer` is above the steps of an appointment. `source`
    and `verifie` hold {fields}."""

    etapes: str
    preparer: str
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


class AppointmentButtons(Strict):
    prendre: str
    deplacer: str
    annuler: str
    autre_caf: str
    plus_tot: str
    autres: str
    autre_jour: str
    confirmer: str
    changer_heure: str
    changer_numero: str
    abandonner: str
    oui_annuler: str
    non_garder: str
    sans_code: str
    nouveau_code: str
    procedure: str
    personne: str


class AppointmentQuestions(Strict):
    """What is asked at each step; the three operations have their own confirmation."""

    bureau: str
    mode: str
    motif: str
    code: str
    creneau: str
    coordonnees: str
    coordonnees_ailleurs: str
    prendre_ailleurs: str
    prendre: str
    deplacer: str
    annuler: str


class AppointmentSentences(Strict):
    """Words of appointments; most hold {fields}. `heure` and `heure_pile` are CLDR patterns."""

    titre: str
    essai: str
    heure: str
    heure_pile: str
    moment: str
    boutons: AppointmentButtons
    questions: AppointmentQuestions
    coffre: str
    explications: dict[str, str]
    difficile: str
    que_changer: str
    proposition: str
    proches: str
    epuise: str
    complet: str
    pris: str
    pourquoi: dict[str, str]
    numero: dict[str, str]
    code_refuse: str
    code_bloque: str
    code_trop: str
    sans_code: str
    rien_a_changer: str
    ferme: str
    autre_caf: str
    pris_titre: str
    deplace_titre: str
    annule_titre: str
    verifier_titre: str
    appel: str
    ailleurs: str
    code: str
    meme_code: str
    nouveau_code: str
    annule: str
    garde: str
    expire: str


class Sentences(Strict):
    """`sujets`: how a subject is called in a choice, by intent."""

    carte: CardLabels
    sujets: dict[str, str]
    reponses: AnswerSentences
    questionnaire: AnswerWords
    rendez_vous: AppointmentSentences


def read_sentences(path: Path = FILE) -> Sentences:
    """Raises InvalidData when the file does not fit."""
    return read(path, Sentences)
