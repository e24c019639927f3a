"""Buttons as Rasa sends them: a label, and what pressing it says."""

from __future__ import annotations

import json

from actions.knowledge.schema import Bouton

Button = dict[str, str]

ANSWER_ENTITY = "reponse"  # the answer to the question now asked


def button(bouton: Bouton) -> Button:
    return {"title": bouton.libelle, "payload": bouton.payload}


def intent_button(label: str, intent: str, **entities: str) -> Button:
    """A button that says an intent, with these entities."""
    return {"title": label, "payload": f"/{intent}{json.dumps(entities) if entities else ''}"}


def answer_button(label: str, value: str) -> Button:
    """A button that answers the question now asked."""
    return intent_button(label, "repondre", **{ANSWER_ENTITY: value})
