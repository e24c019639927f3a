"""French sentences for the operator, from messages.yml."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from ruamel.yaml import YAML

FILE = Path(__file__).with_name("messages.yml")


@cache
def _messages() -> dict[str, str]:
    messages: dict[str, str] = YAML(typ="safe").load(FILE)
    return messages


def say(key: str, **values: object) -> str:
    """The sentence of that key, filled in. Raises KeyError on an unknown key or a missing value."""
    return _messages()[key].format(**values)
