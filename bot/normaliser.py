"""Brings the many ways people type French to one form, before it is understood.

`normalise` is a pure function; `Normaliser` is the Rasa component that stores its result
on each message, for the featurizer and the classifier. The person's own text stays as typed.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

NORMALISED = "texte_normalise"

APOSTROPHES = re.compile(r"[’‘ʼ`´′]")
LONG_REPEAT = re.compile(r"([a-z!?.])\1{2,}")
# « j ai », « d un », « qu il »: an elision whose apostrophe was lost.
LOST_ELISION = re.compile(r"\b(j|d|l|m|n|s|t|c|qu|jusqu|lorsqu|puisqu) (?=[aeiouyh])")
NUMBER = re.compile(r"\d+(?:[ .,]\d+)*")
NOT_A_WORD = re.compile(r"[^a-z0-9'?!€%]+")
GREETING = re.compile(
    r"^(?:(?:re)?bonjours?|bjr|bonsoir|bsr|slt|salut|coucou|cc|hello|bonne journee|allo"
    r"|madame|monsieur|mesdames|messieurs|mme|mr|a tous|tout le monde|et|ou|chers?|cheres?)\b"
    r"[ ,.!]*"
)
CLOSING = re.compile(
    r"[ ,.!]*\b(?:merci(?: (?:beaucoup|bcp|d'avance|par avance|de votre (?:aide|reponse)))*"
    r"|cordialement|cdt|cdlt|bien a vous|bonne (?:journee|soiree))[ ,.!]*$"
)

# Between two questions of one message.
BETWEEN_QUESTIONS = re.compile(
    r"\?+|[!.]\s|\n|,? (?:et (?:aussi|puis|sinon|également)|sinon|autre question|par ailleurs"
    r"|et deuxièmement|ensuite)\b",
    re.IGNORECASE,
)
ENOUGH_WORDS = 3  # left after a greeting, for a question to be there

# What people write for what the Caf calls it. Whole words only, after accents are gone.
SHORT_FORMS: dict[str, str] = {
    "mdp": "mot de passe",
    "mp": "mot de passe",
    "motdepasse": "mot de passe",
    "password": "mot de passe",
    "rdv": "rendez vous",
    "rdvs": "rendez vous",
    "rendezvous": "rendez vous",
    "rv": "rendez vous",
    "tel": "telephone",
    "telef": "telephone",
    "tph": "telephone",
    "num": "numero",
    "cb": "carte bancaire",
    "prelevmt": "prelevement",
    "remb": "remboursement",
    "dete": "dette",
    "dettes": "dette",
    "caff": "caf",
    "kaf": "caf",
    "jai": "j'ai",
    "jsuis": "je suis",
    "chui": "je suis",
    "jss": "je suis",
    "jveux": "je veux",
    "jpeux": "je peux",
    "jarrive": "j'arrive",
    "cest": "c'est",
    "ya": "il y a",
    "pk": "pourquoi",
    "pq": "pourquoi",
    "pkoi": "pourquoi",
    "koi": "quoi",
    "kan": "quand",
    "qd": "quand",
    "cmt": "comment",
    "comen": "comment",
    "coment": "comment",
    "bcp": "beaucoup",
    "tt": "tout",
    "ts": "tous",
    "pr": "pour",
    "ds": "dans",
    "ac": "avec",
    "avk": "avec",
    "svp": "s'il vous plait",
    "stp": "s'il te plait",
    "qqun": "quelqu'un",
    "qq1": "quelqu'un",
    "qlq": "quelque",
    "dc": "donc",
    "mnt": "maintenant",
    "vs": "vous",
    "ns": "nous",
    "g": "j'ai",
    "c": "c'est",
    "ke": "que",
    "ki": "qui",
}


def questions_of(text: str) -> list[str]:
    """The parts of a message that stand as questions of their own, as typed; often one."""
    parts = (part.strip() for part in BETWEEN_QUESTIONS.split(text))
    return [part for part in parts if len(part.split()) >= ENOUGH_WORDS]


def normalise(text: str) -> str:
    """The message in lower case, without accents, short forms, greeting or closing formula.

    A message that is nothing but a greeting (or thanks) is kept, for that is what it says.
    Numbers become one sign, `0`: an amount should not decide the subject.
    """
    plain = _plain(text)
    stripped = _strip_formulas(plain)
    return _words(stripped if len(stripped.split()) >= ENOUGH_WORDS else plain)


def _plain(text: str) -> str:
    text = APOSTROPHES.sub("'", unicodedata.normalize("NFKC", text)).lower()
    text = text.replace("œ", "oe").replace("æ", "ae")
    decomposed = unicodedata.normalize("NFD", text)
    text = "".join(char for char in decomposed if not unicodedata.combining(char))
    return " ".join(LONG_REPEAT.sub(r"\1\1", text).split())


def _strip_formulas(text: str) -> str:
    previous = None
    while previous != text:
        previous = text
        text = CLOSING.sub("", GREETING.sub("", text, count=1), count=1)
    return text.strip(" ,.!-")


def _words(text: str) -> str:
    text = NOT_A_WORD.sub(" ", NUMBER.sub("0", text)).strip()
    words = (SHORT_FORMS.get(word, word) for word in text.split())
    return LOST_ELISION.sub(r"\1'", " ".join(words))


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class Normaliser(GraphComponent):
    """Sets `texte_normalise` on every message that has a text."""

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> Normaliser:
        return cls()

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        self.process(training_data.training_examples)
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            if text := message.get(TEXT):
                message.set(NORMALISED, normalise(text))
        return messages
