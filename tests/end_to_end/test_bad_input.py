"""Whatever is typed, the answer is sensible and gives a way out."""

import uuid

import pytest

from tests.end_to_end.conftest import System
from tests.end_to_end.person import Person, text

LETTER = (
    "Madame, Monsieur, je vous écris au sujet de ma situation. " * 20
    + "Je vous prie d'agréer mes salutations."
)


@pytest.fixture
def person(system: System) -> Person:
    someone = Person(system.web)
    someone.open()
    return someone


@pytest.mark.parametrize(
    "typed",
    [
        "😀😀😀",
        "123456789",
        "????",
        "JE N ARRIVE PAS A ME CONNECTER A MON COMPTE CAF",
        "Hello, how can I get my tax number please?",
        "مرحبا كيف حالك",
        "<script>alert(1)</script><b>bonjour</b>",
        "a" * 500,
        ("bonjour je voudrais savoir comment rembourser ma dette à la caf " * 9)[:500],
    ],
)
def test_odd_messages_get_an_answer_with_a_way_out(person: Person, typed: str) -> None:
    said = person.say(typed)
    assert "problème technique" not in text(said)
    assert "<script>" not in text(said)
    ways = text(said) + " ".join(b["label"] for m in said for b in m["buttons"])
    assert "3230" in ways or "personne" in ways


@pytest.mark.parametrize("typed", ["", "   ", "\n", LETTER])
def test_an_empty_message_or_a_pasted_letter_is_refused_kindly(person: Person, typed: str) -> None:
    message = {"id": str(uuid.uuid4()), "text": typed}
    status, answer = person.request("POST", "/api/conversation/messages", message)
    assert 400 <= status < 500
    assert answer["error"]["message"]
