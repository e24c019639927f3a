"""Masks personal data in what a person wrote, before it is stored, sent to Rasa or logged.

Pure functions, for the three processes and both environments. Each detector yields spans of the
text; amounts, dates, hours, years, quotients, postcodes and service numbers (3230, 3919, 0 800…)
stay.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from allobot.masking.addresses import addresses
from allobot.masking.codes import codes
from allobot.masking.identity import births, names
from allobot.masking.numbers import allocataires, cards, emails, ibans, nirs, phones
from allobot.masking.words import tokens

# In this order: a code may hold what looks like another number, a card number must not be read as
# phone numbers, and a birth date is told by the name masked beside it.
DETECTORS: dict[str, Callable[[str], Iterator[tuple[int, int]]]] = {
    "code": codes,
    "email": emails,
    "iban": ibans,
    "nir": nirs,
    "card": cards,
    "phone": phones,
    "allocataire": allocataires,
    "address": addresses,
    "name": names,
    "birth": births,
}
# These find nothing in a text without a digit, which most texts are.
IN_DIGITS = frozenset(("iban", "nir", "card", "phone", "allocataire", "birth"))
DIGIT = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class Masked:
    """A text without its personal data, and the kinds found in it."""

    text: str
    kinds: tuple[str, ...]


def mask(text: str) -> Masked:
    """Replace each piece of personal data by its token."""
    kinds: list[str] = []
    digits = DIGIT.search(text) is not None
    for kind, find in DETECTORS.items():
        if kind in IN_DIGITS and not digits:
            continue
        spans = sorted(find(text), reverse=True)
        for start, end in spans:
            text = f"{text[:start]}{tokens()[kind]}{text[end:]}"
        if spans:
            kinds.append(kind)
    return Masked(text, tuple(kinds))
