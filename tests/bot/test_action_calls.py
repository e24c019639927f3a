"""Guards bot/action_calls.py, which touches private details of Rasa 3.6.21."""

from collections.abc import Iterator
from unittest.mock import patch

import jsonschema
import pytest
import rasa
import rasa.core.actions.action as rasa_action
from rasa.core.actions.action import RemoteAction
from rasa.shared.core.events import Event

from bot.action_calls import ACTION_TIMEOUT, tune

ANSWERS = [
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


@pytest.fixture
def tuned() -> Iterator[RemoteAction]:
    before = RemoteAction._validate_action_result, rasa_action.DEFAULT_REQUEST_TIMEOUT
    tune()
    yield RemoteAction("action_repondre", None)
    RemoteAction._validate_action_result, rasa_action.DEFAULT_REQUEST_TIMEOUT = before


def accepts(action: RemoteAction, answer: object) -> bool:
    try:
        return bool(action._validate_action_result(answer))
    except jsonschema.ValidationError:
        return False


def test_it_is_still_the_version_that_was_read() -> None:
    assert rasa.__version__ == "3.6.21"


@pytest.mark.parametrize("answer", ANSWERS, ids=str)
def test_same_verdict_as_rasa(answer: object) -> None:
    action = RemoteAction("action_repondre", None)
    stock = accepts(action, answer)
    before = RemoteAction._validate_action_result, rasa_action.DEFAULT_REQUEST_TIMEOUT
    tune()
    try:
        assert accepts(action, answer) == stock
    finally:
        RemoteAction._validate_action_result, rasa_action.DEFAULT_REQUEST_TIMEOUT = before


def test_the_verdicts_tell_good_from_bad() -> None:
    assert {accepts(RemoteAction("a", None), answer) for answer in ANSWERS} == {True, False}


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


def test_events_that_rasa_sends_are_known(tuned: RemoteAction) -> None:
    event = Event.from_parameters({"event": "slot", "name": "a", "value": 1})
    assert event is not None
