"""The facts of the documents, asked as people ask: tests/end_to_end/facts.yml."""

import re
import unicodedata
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

FILE = Path(__file__).parent / "end_to_end" / "facts.yml"
ENOUGH = 0.90


def read_facts() -> list[dict[str, Any]]:
    facts: list[dict[str, Any]] = YAML(typ="safe").load(FILE.read_text(encoding="utf-8"))
    return facts


def says(text: str, fact: dict[str, Any]) -> bool:
    """Whether every pattern of the fact is in the text; spaces, accents and case aside."""
    plain = _plain(text)
    return all(
        re.search(pattern, plain, re.IGNORECASE) or re.search(_plain(pattern), plain)
        for pattern in fact["attendu"]
    )


def _plain(text: str) -> str:
    spaced = text.replace("\u202f", " ").replace("\u00a0", " ").replace("’", "'")
    decomposed = unicodedata.normalize("NFD", spaced)
    return "".join(char for char in decomposed if not unicodedata.combining(char)).lower()
