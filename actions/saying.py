"""Sends a card: text and buttons for any channel, the card itself for those that show it."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.cards import Card, card_text
from actions.knowledge.schema import Bouton
from actions.sentences import Sentences

SHELL = "cmdline"  # rasa shell would print the card as raw JSON


def say_card(
    dispatcher: CollectingDispatcher,
    tracker: Tracker,
    card: Card,
    boutons: list[Bouton],
    sentences: Sentences,
) -> None:
    """Utter `card` with one button per `boutons`, in the words of the person's channel."""
    message: dict[str, object] = {
        "text": card_text(card, sentences.carte),
        "buttons": [{"title": b.libelle, "payload": b.payload} for b in boutons],
    }
    if tracker.get_latest_input_channel() != SHELL:
        message["json_message"] = card.model_dump(mode="json")
    dispatcher.utter_message(**message)
