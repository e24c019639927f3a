import numpy as np
import pytest

from bot.calibration import (
    ANSWER,
    FALL_BACK,
    OFFER,
    Bands,
    fit_bands,
    fit_temperature,
    probabilities,
)


def test_probabilities_sum_to_one_and_follow_margins() -> None:
    result = probabilities(np.array([[2.0, 0.0, -1.0], [0.0, 0.0, 0.0]]), temperature=0.5)
    assert result.sum(axis=1) == pytest.approx([1.0, 1.0])
    assert result[0, 0] > result[0, 1] > result[0, 2]
    assert result[1] == pytest.approx([1 / 3] * 3)


def test_temperature_makes_confidence_equal_accuracy() -> None:
    """A classifier right 8 times in 10, always by the same margin, should say 80 %."""
    margins = np.array([[1.0, 0.0]] * 10)
    labels = np.array([0] * 8 + [1] * 2)
    temperature = fit_temperature(margins, labels)
    assert probabilities(margins, temperature)[0, 0] == pytest.approx(0.8, abs=0.01)


def test_bands_keep_wrong_answers_under_the_share_asked_for() -> None:
    confidences = np.linspace(1.0, 0.01, 100)
    right = np.array([True] * 60 + [False] * 40)
    bands = fit_bands(confidences, right, right, wrong_share=0.05, offer_precision=0.0)
    answered = confidences >= bands.answer
    assert answered.sum() == 65
    assert (~right[answered]).sum() / 100 == pytest.approx(0.05)


def test_choices_are_offered_only_down_to_where_they_are_useful() -> None:
    confidences = np.linspace(1.0, 0.01, 100)
    right = np.array([True] * 50 + [False] * 50)
    among_choices = np.array([True] * 70 + [False] * 30)
    bands = fit_bands(confidences, right, among_choices, wrong_share=0.0, offer_precision=0.8)
    offered = (confidences >= bands.offer) & (confidences < bands.answer)
    assert offered.sum() == 25
    assert among_choices[offered].mean() == pytest.approx(0.8)


def test_when_nothing_is_ever_right_nothing_is_answered() -> None:
    never = np.array([False] * 20)
    bands = fit_bands(
        np.linspace(0.9, 0.1, 20), never, never, wrong_share=0.01, offer_precision=0.5
    )
    assert bands == Bands(answer=1.0, offer=1.0)


def test_band_of_a_confidence() -> None:
    bands = Bands(answer=0.8, offer=0.3)
    assert [bands.band(c) for c in (0.8, 0.79, 0.3, 0.29)] == [ANSWER, OFFER, OFFER, FALL_BACK]
