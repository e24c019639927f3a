"""Reads what the forms of corrections send."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from multidict import MultiMapping

from web.console.corrections.patch import Entity
from web.console.corrections.store import Nature, Wanted

MAX_NAME = 100
MAX_REASON = 500
MAX_ENTITIES = 10
KEY = re.compile(r"[0-9]{1,18}")
SPACES = re.compile(r"\s+")


@dataclass(frozen=True)
class BadField(Exception):
    """A field cannot be taken; `code` is that of the sentence in the page."""

    code: str


def read_wanted(fields: MultiMapping[str], intents: Mapping[str, str], text: str) -> Wanted:
    """Return what a form asks for about a message.

    `intents` is the French name of each; either is taken. Raises BadField.
    """
    nature = next((it for it in Nature if it == fields.get("nature")), Nature.INTENT)
    if nature is Nature.SKIP:
        reason = _line(fields.get("raison", ""))
        if not reason or len(reason) > MAX_REASON:
            raise BadField("raison")
        return Wanted(nature, reason=reason)
    entities = read_entities(fields, text)
    name = _line(fields.get("intent", ""))
    if nature is Nature.NEW:
        if not name or len(name) > MAX_NAME:
            raise BadField("nom")
        if _known(name, intents) is not None:
            raise BadField("existe")
        return Wanted(nature, name, entities=entities)
    intent = _known(name, intents)
    if intent is None:
        raise BadField("intention")
    return Wanted(nature, intent, entities=entities)


def read_entities(fields: MultiMapping[str], text: str) -> tuple[Entity, ...]:
    """Return the entities of a form: words of the message, what they name, another value or none.

    Raises BadField for words that are not in the message, or a name that no entity has.
    """
    rows = zip(
        fields.getall("mots", []),
        fields.getall("entite", []),
        fields.getall("valeur", []),
        strict=False,
    )
    found: list[Entity] = []
    for words, name, value in rows:
        if not words.strip() and not name.strip():
            continue
        entity = Entity(words.strip(), name.strip(), value.strip() or None)
        if entity.text not in text or not entity.is_writable():
            raise BadField("entite")
        found.append(entity)
    if len(found) > MAX_ENTITIES:
        raise BadField("entite")
    return tuple(found)


def read_keys(values: list[str]) -> list[int]:
    """Return the keys of ticked boxes; what is no key is left out."""
    return [int(value) for value in values if KEY.fullmatch(value)]


def _known(name: str, intents: Mapping[str, str]) -> str | None:
    """Return the intent of that name, given as such or in French."""
    if name in intents:
        return name
    folded = name.casefold()
    return next((intent for intent, label in intents.items() if label.casefold() == folded), None)


def _line(text: str) -> str:
    shown = "".join(char for char in text if char.isprintable() or char.isspace())
    return SPACES.sub(" ", shown).strip()
