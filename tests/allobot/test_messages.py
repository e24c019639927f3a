"""Every sentence that the code asks for is written, and none is written for nothing."""

from __future__ import annotations

import re
import string

import pytest
from ruamel.yaml import YAML

from allobot.messages import FILE, say

SENTENCES: dict[str, str] = YAML(typ="safe").load(FILE)
CODE = "".join(path.read_text(encoding="utf-8") for path in sorted(FILE.parent.rglob("*.py")))
USED = set(re.findall(r"\"([a-z_]+)\"", CODE))


@pytest.mark.parametrize("key", sorted(SENTENCES))
def test_each_sentence_is_used(key: str) -> None:
    assert key in USED


def test_each_sentence_asked_for_is_written() -> None:
    asked = set(re.findall(r"\bsay\(\s*\"(\w+)\"", CODE))
    assert asked
    assert asked <= set(SENTENCES)


@pytest.mark.parametrize("key", sorted(SENTENCES))
def test_each_sentence_can_be_filled_in(key: str) -> None:
    names = [name for _, name, _, _ in string.Formatter().parse(SENTENCES[key]) if name]
    assert "{" not in say(key, **dict.fromkeys(names, "1"))
