"""Three settings that Rasa 3.6.21 does not offer, made on its private details.

After each action Rasa re-checks a JSON *schema* (13 ms of CPU, 0.7 once compiled), it waits five
minutes for an action, and it loads the spaCy model twice. The version is frozen:
tests/bot/test_tuning.py guards each, docs/decisions/0004-rasa-tuning.md says why.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import rasa.core.actions.action as rasa_action
from jsonschema import ValidationError
from jsonschema.validators import validator_for
from rasa.core.actions.action import RemoteAction
from rasa.nlu.utils.spacy_utils import SpacyModel, SpacyNLP

ACTION_TIMEOUT = 2  # seconds
UNUSED = ("ner",)  # its places are mostly « caf » and « bonjour »: decision 0003


def tune() -> None:
    """Compile the check of action answers once, wait 2 s for an action, load a light spaCy once."""
    RemoteAction._validate_action_result = _compiled_check()
    rasa_action.DEFAULT_REQUEST_TIMEOUT = ACTION_TIMEOUT
    SpacyNLP.load_model = staticmethod(_light_loader(SpacyNLP.load_model))


def _light_loader(load: Callable[[str], SpacyModel]) -> Callable[[str], SpacyModel]:
    """Loads a model once, without the components that config.yml has no use for."""

    @functools.cache
    def load_once(name: str) -> SpacyModel:
        loaded = load(name)
        unused = [pipe for pipe in UNUSED if pipe in loaded.model.pipe_names]
        loaded.model.select_pipes(disable=unused)
        return loaded

    return load_once


def _compiled_check() -> Any:
    schema = RemoteAction.action_response_format_spec()
    validator = validator_for(schema)(schema)

    def check(self: RemoteAction, result: dict[str, Any]) -> bool:
        error = next(validator.iter_errors(result), None)
        if error is None:
            return True
        # Without this, the instance (the person's words) would be printed in the log.
        raise ValidationError(f"action {self.name()}: answer of a wrong shape ({error.validator})")

    return check
