"""The classifier, trained on a few sentences of its own: it must learn, doubt, persist."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from sklearn.feature_extraction.text import TfidfVectorizer

from bot.calibration import ANSWER, FALL_BACK
from bot.classifier import BAND, LinearIntentClassifier, Pieces
from bot.normaliser import Normaliser
from bot.sentence_vectors import SentenceVectors, load_encoder

EXAMPLES = {
    "pain": [
        "je veux du pain",
        "une baguette svp",
        "deux croissants",
        "il reste du pain complet ?",
        "vous vendez des brioches",
        "une tradition bien cuite",
    ],
    "train": [
        "à quelle heure part le train",
        "un billet pour Langres",
        "le quai du prochain train",
        "retard sur la ligne 4",
        "annuler mon billet de train",
        "correspondance à Chaumont",
    ],
    "chat": [
        "mon chat a faim",
        "le chat dort",
        "croquettes pour chaton",
        "il miaule la nuit",
        "vacciner mon chat",
        "litière pour chat",
    ],
}
CONTEXT = ExecutionContext(GraphSchema({}))


def messages(texts: list[str], with_vectors: bool) -> list[Message]:
    built = [Message.build(text=text) for text in texts]
    Normaliser().process(built)
    if with_vectors:
        SentenceVectors(load_encoder()).process(built)
    return built


def training_data(with_vectors: bool) -> TrainingData:
    examples = []
    for intent, texts in EXAMPLES.items():
        for message in messages(texts, with_vectors):
            message.set("intent", intent)
            examples.append(message)
    return TrainingData(examples)


@pytest.fixture(params=[True, False], ids=["with vectors", "words only"])
def with_vectors(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def trained(tmp_path: Path, with_vectors: bool) -> LinearIntentClassifier:
    """Trained, persisted, then loaded again as Rasa does."""
    storage, resource = LocalModelStorage(tmp_path), Resource("classifier")
    config = {**LinearIntentClassifier.get_default_config(), "folds": 3, "wrong_share": 0.2}
    component = LinearIntentClassifier.create(config, storage, resource, CONTEXT)
    component.train(training_data(with_vectors))
    return LinearIntentClassifier.load(config, storage, resource, CONTEXT)


def test_learns_and_gives_a_ranking(trained: LinearIntentClassifier, with_vectors: bool) -> None:
    texts = ["je voudrais une baguette de pain", "le prochain billet de train", "mon petit chat"]
    classified = trained.process(messages(texts, with_vectors))
    rankings = [message.get("intent_ranking") for message in classified]
    assert [ranking[0]["name"] for ranking in rankings] == ["pain", "train", "chat"]
    for ranking in rankings:
        confidences = [item["confidence"] for item in ranking]
        assert confidences == sorted(confidences, reverse=True)
        assert sum(confidences) == pytest.approx(1.0)


def test_the_band_decides_the_intent(trained: LinearIntentClassifier, with_vectors: bool) -> None:
    [message] = trained.process(messages(["mon chat dort"], with_vectors))
    answered = message.get(BAND) == ANSWER
    expected = message.get("intent_ranking")[0]["name"] if answered else "nlu_fallback"
    assert message.get("intent")["name"] == expected


@pytest.mark.parametrize("text", ["?!", "😀", "12345"])
def test_without_words_it_says_it_does_not_know(
    trained: LinearIntentClassifier, with_vectors: bool, text: str
) -> None:
    [message] = trained.process(messages([text], with_vectors))
    assert message.get("intent")["name"] == "nlu_fallback"
    assert message.get(BAND) == FALL_BACK


def test_vectors_are_two_unit_vectors_and_close_for_close_meanings() -> None:
    first, second, other = messages(
        ["j'ai perdu mon mot de passe", "mot de passe oublié", "quel temps fait-il demain"], True
    )
    rows = [m.get_dense_features("text")[1].features[0] for m in (first, second, other)]
    assert rows[0].shape == (1024,)
    assert np.linalg.norm(rows[0][:512]) == pytest.approx(1.0, abs=0.01)
    assert rows[0] @ rows[1] > rows[0] @ rows[2]


def test_without_the_encoder_messages_pass_unchanged() -> None:
    [message] = SentenceVectors(None).process(messages(["bonjour"], False))
    assert message.get_dense_features("text") == (None, None)


@pytest.mark.parametrize("options", [{"ngram_range": (1, 2)}, {"analyzer": "char_wb", "min_df": 2}])
def test_one_text_weighs_what_scikit_learn_says(options: dict[str, Any]) -> None:
    texts = ["mot de passe perdu", "perdu mon mot de passe", "prendre un rendez vous", "un un un"]
    pieces, reference = Pieces(**options), TfidfVectorizer(sublinear_tf=True, **options)
    rows = reference.fit_transform(texts)
    assert (pieces.fit_transform(texts) != rows).nnz == 0
    weights = np.random.default_rng(7).normal(size=(rows.shape[1], 5))
    for text in (*texts, "mot inconnu perdu perdu", "zzz", ""):
        expected = (reference.transform([text]) @ weights)[0]
        np.testing.assert_allclose(pieces.weigh(text, weights), expected, atol=1e-12)
