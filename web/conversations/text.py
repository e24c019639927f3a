"""Turns what a person typed into text that is safe to keep, and into words for Rasa."""

import re
import unicodedata

from web.errors import EmptyText, TextTooLong

MAX_CHARACTERS = 500
NOT_UNDERSTOOD = "?"  # said to Rasa when nothing is left of a text
LINE_ENDS = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
# Controls, formats (zero-width, bidi, tags), surrogates, private use, unassigned.
DROPPED = frozenset(("Cc", "Cf", "Cs", "Co", "Cn"))
BLANKS = frozenset("\u115f\u1160\u3164\uffa0\u2800\u034f")  # letters and marks that show nothing


def clean(text: str) -> str:
    """Return the text without what cannot be seen, composed (NFC) and trimmed.

    Raises EmptyText when nothing is left, TextTooLong above 500 characters.
    """
    text = LINE_ENDS.sub("\n", text).replace("\t", " ")
    visible = "".join(character for character in text if character == "\n" or _shows(character))
    trimmed = unicodedata.normalize("NFC", visible).strip()
    if not trimmed:
        raise EmptyText
    if len(trimmed) > MAX_CHARACTERS:
        raise TextTooLong
    return trimmed


def as_words(text: str) -> str:
    """Return the text with no slash in front, so that Rasa never takes it for a payload.

    Rasa reads any message that begins with "/", after its own trimming, as an intent.
    """
    for position, character in enumerate(text):
        plain = unicodedata.normalize("NFKC", character).strip()
        if plain and _shows(character) and not plain.startswith("/") and not _is_mark(character):
            return text[position:]
    return NOT_UNDERSTOOD


def _shows(character: str) -> bool:
    return unicodedata.category(character) not in DROPPED and character not in BLANKS


def _is_mark(character: str) -> bool:
    """Tell whether a character only dresses the one before it (a slash under an accent)."""
    return unicodedata.category(character).startswith("M")
