"""The words the detectors go by (words.yml), and those they put in (tokens.yml), read once."""

from functools import cache
from pathlib import Path

from ruamel.yaml import YAML

FOLDER = Path(__file__).parent


def words(name: str) -> frozenset[str]:
    """Return a list of words.yml: lower case, straight apostrophes."""
    return _lists()[name]


def plain(word: str) -> str:
    """Return a word as words.yml writes it."""
    return word.rstrip(".").lower().replace("’", "'")


def begins_something_else(word: str) -> bool:
    """Tell whether a word, or what is elided before it ("j'habite"), is no part of a name."""
    head, apostrophe, _ = word.partition("'")
    return word in words("stop") or bool(apostrophe and head + apostrophe in words("stop"))


@cache
def tokens() -> dict[str, str]:
    """Return what takes the place of each kind of personal data."""
    return _read("tokens.yml")


@cache
def _lists() -> dict[str, frozenset[str]]:
    return {name: frozenset(listed.split()) for name, listed in _read("words.yml").items()}


def _read(name: str) -> dict[str, str]:
    read: dict[str, str] = YAML(typ="safe", pure=True).load(FOLDER / name)
    return read
