"""Sends a card: text and buttons for any channel, the card itself for those that show it."""

from __future__ import annotations

from collections.abc import Iterable

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.buttons import Button
from actions.cards import Card, card_text
from actions.sentences import Sentences

SHELL = "cmdline"  # rasa shell would print the card as raw JSON


def say_card(
    dispatcher: CollectingDispatcher,
    tracker: Tracker,
    card: Card,
    buttons: Iterable[Button],
    sentences: Sentences,
) -> None:
    """Utter `card` with its buttons, in the words of the person's channel."""
    message: dict[str, object] = {
        "text": card_text(card, sentences.carte),
        "buttons": list(buttons),
    }
    if tracker.get_latest_input_channel() != SHELL:
        message["json_message"] = card.model_dump(mode="json")
    else:
        message["carte"] = {"id": card.id, "version": card.version}  # for `make shell explain=1`
    dispatcher.utter_message(**message)
