"""Two settings of Rasa's calls to the action server that Rasa 3.6.21 does not offer.

Rasa re-checks a JSON *schema* at each call (58 % of the CPU of a message in our measures) and
waits five minutes for an answer. Both are private details of a frozen version, so
tests/bot/test_action_calls.py guards them and docs/decisions/0004-rasa-action-calls.md says why.
"""

from __future__ import annotations

from typing import Any

import rasa.core.actions.action as rasa_action
from jsonschema import ValidationError
from jsonschema.validators import validator_for
from rasa.core.actions.action import RemoteAction

ACTION_TIMEOUT = 2  # seconds


def tune() -> None:
    """Compile the validator of action answers once, and wait 2 s for an action at most."""
    schema = RemoteAction.action_response_format_spec()
    validator = validator_for(schema)(schema)

    def validate(self: RemoteAction, result: dict[str, Any]) -> bool:
        error = next(validator.iter_errors(result), None)
        if error is None:
            return True
        # Without this, the instance (the person's words) would be printed in the log.
        raise ValidationError(f"action {self.name()}: answer of a wrong shape ({error.validator})")

    RemoteAction._validate_action_result = validate
    rasa_action.DEFAULT_REQUEST_TIMEOUT = ACTION_TIMEOUT
