"""Guards bot/tuning.py, which touches private details of Rasa 3.6.21."""

from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import jsonschema
import pytest
import rasa
import rasa.core.actions.action as rasa_action
import spacy
from rasa.core.actions.action import RemoteAction
from rasa.nlu.utils.spacy_utils import SpacyNLP

from bot.tuning import ACTION_TIMEOUT, tune

ANSWERS: list[Any] = [
    {"events": [], "responses": []},
    {"events": [{"event": "slot", "name": "caf", "value": "52", "timestamp": None}]},
    {"events": [], "responses": [{"text": "Bonjour", "buttons": []}]},
    {"events": [{"event": "action", "name": "action_listen", "timestamp": 1.0}]},
    {"events": "non", "responses": []},
    {"events": [], "responses": ["pas un objet"]},
    {"events": [{"event": "inconnu"}], "responses": []},
    {"events": [{"sans": "event"}]},
    [],
]


@pytest.fixture(scope="module")
def stock_verdicts() -> list[bool]:
    """Asked before anything is tuned."""
    return [accepts(RemoteAction("action_repondre", None), answer) for answer in ANSWERS]


@pytest.fixture
def tuned() -> Iterator[RemoteAction]:
    check, wait = RemoteAction._validate_action_result, rasa_action.DEFAULT_REQUEST_TIMEOUT
    load = SpacyNLP.load_model
    tune()
    yield RemoteAction("action_repondre", None)
    RemoteAction._validate_action_result, rasa_action.DEFAULT_REQUEST_TIMEOUT = check, wait
    SpacyNLP.load_model = staticmethod(load)


def accepts(action: RemoteAction, answer: object) -> bool:
    try:
        return bool(action._validate_action_result(answer))
    except jsonschema.ValidationError:
        return False


def test_it_is_still_the_version_that_was_read() -> None:
    assert rasa.__version__ == "3.6.21"


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: str(answer)[:60])
def test_same_verdict_as_rasa(stock_verdicts: list[bool], tuned: RemoteAction, answer: Any) -> None:
    assert accepts(tuned, answer) == stock_verdicts[ANSWERS.index(answer)]


def test_the_verdicts_tell_good_from_bad(stock_verdicts: list[bool]) -> None:
    assert set(stock_verdicts) == {True, False}


def test_the_schema_is_not_checked_again_at_each_answer(tuned: RemoteAction) -> None:
    with patch.object(jsonschema.Draft7Validator, "check_schema") as check:
        tuned._validate_action_result(ANSWERS[0])
    check.assert_not_called()


def test_an_error_does_not_quote_what_the_person_wrote(tuned: RemoteAction) -> None:
    answer = {"events": [{"event": "inconnu", "name": "mon mari me frappe"}]}
    with pytest.raises(jsonschema.ValidationError) as error:
        tuned._validate_action_result(answer)
    assert "frappe" not in str(error.value)


def test_an_action_has_two_seconds(tuned: RemoteAction) -> None:
    assert rasa_action.DEFAULT_REQUEST_TIMEOUT == ACTION_TIMEOUT == 2


def test_the_spacy_model_is_loaded_once(tuned: RemoteAction) -> None:
    with patch("spacy.load", wraps=spacy.load) as load:
        models = [SpacyNLP.load_model("fr_core_news_md") for _ in range(2)]
    assert models[0] is models[1]
    assert "ner" not in models[0].model.pipe_names
    [token] = models[0].model("dettes")
    assert token.lemma_ == "dette"
    load.assert_called_once()
