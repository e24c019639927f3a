"""Honest confidences, and the bands that decide what to do with them. Pure functions.

A linear classifier gives margins, not probabilities. Margins that the classifier gave to
examples it had not seen (cross-validation) tell the temperature that turns them into honest
probabilities, then the two thresholds between answering, offering choices and giving up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

Array = npt.NDArray[Any]
ANSWER, OFFER, FALL_BACK = "repondre", "proposer", "incompris"


@dataclass(frozen=True)
class Bands:
    """Confidences from which the bot answers, or offers choices. 0 <= offer <= answer <= 1."""

    answer: float
    offer: float

    def band(self, confidence: float) -> str:
        if confidence >= self.answer:
            return ANSWER
        return OFFER if confidence >= self.offer else FALL_BACK


def fit_temperature(margins: Array, labels: Array) -> float:
    """The temperature that gives the labels their highest likelihood.

    Args:
        margins: shape (examples, classes), from examples unseen at fitting.
        labels: shape (examples,), column numbers of the right classes.
    """
    rows = np.arange(len(labels))

    def loss(log_temperature: float) -> float:
        logits = log_softmax(margins / np.exp(log_temperature), axis=1)
        return float(-logits[rows, labels].mean())

    best = minimize_scalar(loss, bounds=(np.log(0.02), np.log(5.0)), method="bounded")
    return float(np.exp(best.x))


def probabilities(margins: Array, temperature: float) -> Array:
    """Shape (examples, classes); each row sums to 1."""
    calibrated: Array = softmax(margins / temperature, axis=1)
    return calibrated


def fit_bands(
    confidences: Array,
    right: Array,
    right_among_choices: Array,
    *,
    wrong_share: float,
    offer_precision: float,
) -> Bands:
    """The lowest thresholds that keep wrong answers rare and choices useful.

    Args:
        confidences: of the first intent, shape (examples,), unseen examples.
        right: whether that intent was the right one.
        right_among_choices: whether the right one was among the choices offered.
        wrong_share: of all messages, the most that may get a wrong answer without being asked.
        offer_precision: share of useful choices wanted among the messages that get choices.
    """
    order = np.argsort(-confidences, kind="stable")
    wrong = np.cumsum(~right[order]) / len(order)
    answer = _threshold(confidences[order], wrong <= wrong_share)
    unsure = order[confidences[order] < answer]
    useful = np.cumsum(right_among_choices[unsure]) / np.arange(1, len(unsure) + 1)
    offer = _threshold(confidences[unsure], useful >= offer_precision)
    return Bands(answer=answer, offer=min(offer, answer))


def _threshold(descending: Array, acceptable: Array) -> float:
    """The lowest confidence down to which it is acceptable to go; 1 when nothing is."""
    reached = np.flatnonzero(acceptable)
    return float(descending[reached[-1]]) if len(reached) else 1.0
