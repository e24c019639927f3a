"""Every talk of questionnaires/ over HTTP, with the three processes: each right, each behaviour."""

from typing import Any

import pytest

from tests.actions.questionnaire_talk import talks
from tests.end_to_end.conftest import System
from tests.end_to_end.person import Message, Person, labels, text

EVERY = list(talks())


def say(person: Person, before: list[Message], words: str) -> list[Message]:
    """Type the words, or press the button whose label begins as what follows « @ »."""
    if not words.startswith("@"):
        return person.say(words)
    label = next(label for label in labels(before) if label.startswith(words[1:]))
    return person.press(before, label)


@pytest.mark.parametrize(
    ("rule", "behaviour", "talk"), EVERY, ids=[f"{rule}-{name}" for rule, name, _ in EVERY]
)
def test_talk(system: System, rule: str, behaviour: str, talk: dict[str, Any]) -> None:
    person = Person(system.web)
    answer = person.open()
    for words, expected in talk["tours"]:
        answer = say(person, answer, words)
        for part in [expected] if isinstance(expected, str) else expected:
            assert part in text(answer), f"{talk['qui']} : « {words} »\n{text(answer)}"
    if verdict := talk.get("verdict"):
        [card] = [message["card"] for message in answer if message.get("card")]
        shown = card["decision"]["verdict"] if card["decision"] else card["kind"]
        assert (card["id"], shown) == (rule, verdict)
        assert card["sources"]
        assert card["verifie_le"]
    for part in talk.get("contient", []):
        assert part in text(answer)
