"""Messages of a conversation, and how Rasa's answers become them."""

import secrets
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal

from web.cards import read_card
from web.rasa_client import RasaButton, RasaItem
from web.sentences import sentences

BUTTON_BYTES = 12


@dataclass(frozen=True, slots=True)
class Button:
    """A button as issued: the browser knows its id and label, never its payload."""

    id: str
    label: str
    payload: str


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation; `card` is JSON.

    `form_note` says what its form keeps, and how long: as things are today, it is not stored.
    """

    id: str
    author: Literal["bot", "person"]
    text: str
    card: dict[str, Any] | None = None
    buttons: tuple[Button, ...] = ()
    form_note: str | None = None

    def public(self) -> dict[str, Any]:
        """Return what the browser may see."""
        shown: dict[str, Any] = {"id": self.id, "author": self.author, "text": self.text}
        if self.card is not None:
            shown["card"] = self.card
        if self.form_note is not None:
            shown["form_note"] = self.form_note
        shown["buttons"] = [{"id": button.id, "label": button.label} for button in self.buttons]
        return shown


def from_bot(text: str) -> Message:
    """Return a message the gateway says in the bot's name."""
    return Message(str(uuid.uuid4()), "bot", text)


def from_rasa(items: Iterable[RasaItem]) -> list[Message]:
    """Turn an answer into messages, each button with a new random id.

    Rasa splits a message with a card into two items: a card alone joins the message before it.
    """
    messages: list[Message] = []
    for item in items:
        card = read_card(item.custom) if item.custom is not None else None
        buttons = tuple(_issue(item.buttons))
        if item.text is None and not buttons and card and messages and messages[-1].card is None:
            messages[-1] = replace(messages[-1], card=card)
            continue
        text = item.text or _text_of(card, buttons)
        if text:
            messages.append(replace(from_bot(text), card=card, buttons=buttons))
    return messages


def _issue(buttons: Iterable[RasaButton]) -> Iterable[Button]:
    for button in buttons:
        if button.payload and button.title.strip():
            yield Button(secrets.token_urlsafe(BUTTON_BYTES), button.title, button.payload)


def _text_of(card: dict[str, Any] | None, buttons: tuple[Button, ...]) -> str:
    """Return a text for a message without one, so that text alone always reads well."""
    if card:
        return f"{card['title']}\n{card['summary']}"
    return sentences().choose if buttons else ""
