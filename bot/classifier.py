"""Finds the intent: a linear SVM over words, letters and sentence vectors, then its band.

Measured against stock DIET in docs/decisions/0003-understanding.md. The message leaves with a
calibrated ranking and `bande`: answer (`repondre`), offer choices (`proposer`) or fall back
(`incompris`). Below `repondre` the intent becomes Rasa's `nlu_fallback`, the ranking stays.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import joblib
import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.constants import DEFAULT_NLU_FALLBACK_INTENT_NAME
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import LabelEncoder
from sklearn.svm import LinearSVC

from bot.calibration import (
    ANSWER,
    FALL_BACK,
    Array,
    Bands,
    fit_bands,
    fit_temperature,
    probabilities,
)
from bot.normaliser import NORMALISED, normalise, questions_of
from bot.sentence_vectors import encode_pairs, load_encoder

BAND = "bande"
SECOND = "autre_sujet"  # of another question in the same message
MODEL_FILE = "classifier.joblib"


class Pieces:
    """Sublinear TF-IDF of the pieces of a text; `options` are TfidfVectorizer's.

    scikit-learn counts many texts well; for one it mostly checks its own settings.
    """

    def __init__(self, **options: Any) -> None:
        self._vectorizer = TfidfVectorizer(sublinear_tf=True, **options)
        self._cut = self._vectorizer.build_analyzer()

    def fit_transform(self, texts: list[str]) -> sparse.csr_matrix:
        """Shape (texts, pieces)."""
        rows = self._vectorizer.fit_transform(texts)
        self._places, self._idf = self._vectorizer.vocabulary_, self._vectorizer.idf_
        return rows

    def weigh(self, text: str, weights: Array) -> Array:
        """The row that transform() gives for a text, times `weights` (pieces, intents)."""
        places = self._places
        counts = Counter(places[piece] for piece in self._cut(text) if piece in places)
        if not counts:
            return np.zeros(weights.shape[1])
        known = np.fromiter(counts, dtype=int)
        row = (1 + np.log(np.fromiter(counts.values(), dtype=float))) * self._idf[known]
        product: Array = (row / np.linalg.norm(row)) @ weights[known]
        return product


class LinearModel:
    """TF-IDF of words and letters beside the sentence vectors, one SVM per intent."""

    def __init__(self, config: dict[str, Any]) -> None:
        self._vector_weight = config["vector_weight"]
        self._words = Pieces(ngram_range=(1, 2), token_pattern=r"[^ ]+")
        self._letters = Pieces(analyzer="char_wb", ngram_range=(2, 5), min_df=2)
        self._regularisation = config["regularisation"]
        self._weights: list[Array] = []  # of words, letters and vectors: (features, intents)
        self._bias: Array = np.zeros(0)

    def fit(self, texts: list[str], vectors: Array, labels: Array) -> None:
        words = self._words.fit_transform(texts)
        letters = self._letters.fit_transform(texts)
        weighted = sparse.csr_matrix(vectors * self._vector_weight)
        svm = LinearSVC(C=self._regularisation, class_weight="balanced", random_state=7)
        svm.fit(sparse.hstack([words, letters, weighted]).tocsr(), labels)
        weights, bias = svm.coef_.T, svm.intercept_
        if weights.shape[1] == 1:  # with two classes scikit-learn gives one column
            weights, bias = np.hstack([-weights, weights]), np.hstack([-bias, bias])
        ends = np.cumsum([words.shape[1], letters.shape[1]])
        # Each in one block of memory, so that a message reads its own rows only.
        self._weights = [np.ascontiguousarray(part) for part in np.split(weights, ends)]
        self._bias = bias

    def margins(self, texts: list[str], vectors: Array) -> Array:
        """Shape (messages, intents)."""
        of_words, of_letters, of_vectors = self._weights
        margins: Array = self._bias + (vectors * self._vector_weight) @ of_vectors
        for row, text in zip(margins, texts, strict=True):
            row += self._words.weigh(text, of_words)
            row += self._letters.weigh(text, of_letters)
        return margins


def unseen_margins(
    config: dict[str, Any], texts: list[str], vectors: Array, labels: Array
) -> Array:
    """Margins given to each example by a model that had not seen it (cross-validation).

    Args:
        labels: numbers from 0 to the number of intents, less one. Returns (examples, intents).
    """
    folds = StratifiedKFold(config["folds"], shuffle=True, random_state=7)
    margins = np.zeros((len(texts), len(set(labels))))
    for seen, unseen in folds.split(texts, labels):
        model = LinearModel(config)
        model.fit([texts[i] for i in seen], vectors[seen], labels[seen])
        margins[unseen] = model.margins([texts[i] for i in unseen], vectors[unseen])
    return margins


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class LinearIntentClassifier(IntentClassifier, GraphComponent):
    """Trainable component; reads `texte_normalise` and the dense sentence features."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {
            "regularisation": 0.5,
            "vector_weight": 1.0,
            "folds": 5,
            "choices": 3,
            "wrong_share": 0.03,
            "offer_precision": 0.85,
            "ranking_length": 10,
        }

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> LinearIntentClassifier:
        return cls(config, model_storage, resource)

    def __init__(
        self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource
    ) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._model: LinearModel | None = None
        self._intents: list[str] = []
        self._temperature = 1.0
        self._bands = Bands(answer=1.0, offer=1.0)

    def train(self, training_data: TrainingData) -> Resource:
        examples = [m for m in training_data.intent_examples if m.get(TEXT)]
        texts = [_normalised(m) for m in examples]
        vectors = _vectors(examples)
        encoder = LabelEncoder()
        labels = encoder.fit_transform([m.get(INTENT) for m in examples])
        self._intents = list(encoder.classes_)
        self._calibrate(texts, vectors, labels)
        self._model = LinearModel(self._config)
        self._model.fit(texts, vectors, labels)
        self._persist()
        return self._resource

    def _calibrate(self, texts: list[str], vectors: Array, labels: Array) -> None:
        margins = unseen_margins(self._config, texts, vectors, labels)
        self._temperature = fit_temperature(margins, labels)
        ranked = np.argsort(-margins, axis=1)
        self._bands = fit_bands(
            probabilities(margins, self._temperature).max(axis=1),
            ranked[:, 0] == labels,
            (ranked[:, : self._config["choices"]] == labels[:, np.newaxis]).any(axis=1),
            wrong_share=self._config["wrong_share"],
            offer_precision=self._config["offer_precision"],
        )

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            if message.get(TEXT):
                self._classify(message)
        return messages

    def _classify(self, message: Message) -> None:
        text = _normalised(message)
        if self._model is None or not any(char.isalpha() for char in text):
            _set_intent(message, [], FALL_BACK)
            return
        margins = self._model.margins([text], _vectors([message]))
        confidences = probabilities(margins, self._temperature)[0]
        order = np.argsort(-confidences)[: self._config["ranking_length"]]
        ranking = [{"name": self._intents[i], "confidence": float(confidences[i])} for i in order]
        _set_intent(message, ranking, self._bands.band(ranking[0]["confidence"]))
        message.set(SECOND, self._second_subject(message.get(TEXT), ranking[0]["name"]), True)

    def _second_subject(self, text: str, first: str) -> str | None:
        """Two questions in one message: a subject surely asked by one part, not the first one."""
        parts = questions_of(text)
        if len(parts) < 2 or self._model is None:
            return None
        texts = [normalise(part) for part in parts]
        encoder = load_encoder()
        vectors = encode_pairs(encoder, parts, texts) if encoder else np.zeros((len(parts), 0))
        confidences = probabilities(self._model.margins(texts, vectors), self._temperature)
        for row in confidences:
            best = int(np.argmax(row))
            if self._bands.band(float(row[best])) == ANSWER and self._intents[best] != first:
                return self._intents[best]
        return None

    def _persist(self) -> None:
        trained = (self._model, self._intents, self._temperature, self._bands)
        with self._model_storage.write_to(self._resource) as folder:
            joblib.dump(trained, folder / MODEL_FILE)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> LinearIntentClassifier:
        component = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            trained = joblib.load(folder / MODEL_FILE)
        component._model, component._intents, component._temperature, component._bands = trained
        return component


def _normalised(message: Message) -> str:
    return message.get(NORMALISED) or normalise(message.get(TEXT))


def _vectors(messages: list[Message]) -> Array:
    """Dense sentence features, shape (messages, dimensions); no dimension without featurizer."""
    rows = []
    for message in messages:
        _, sentence = message.get_dense_features(TEXT)
        rows.append(sentence.features[0] if sentence else np.zeros(0))
    return np.asarray(rows, dtype=float)


def _set_intent(message: Message, ranking: list[dict[str, Any]], band: str) -> None:
    if band == ANSWER:
        intent = ranking[0]
    else:
        confidence = 1.0 - ranking[0]["confidence"] if ranking else 1.0
        intent = {"name": DEFAULT_NLU_FALLBACK_INTENT_NAME, "confidence": confidence}
    message.set(INTENT, intent, add_to_output=True)
    message.set(INTENT_RANKING_KEY, ranking, add_to_output=True)
    message.set(BAND, band, add_to_output=True)
