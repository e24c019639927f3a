"""Every talk of tests/end_to_end/questionnaires, played without Rasa."""

from typing import Any

import pytest

from actions.eligibility.rules import RULES
from actions.resources import Resources
from tests.actions.questionnaire_talk import Talk, talks

BEHAVIOURS = {
    "chemin_heureux",
    "correction",
    "digression",
    "arret",
    "negation",
    "valeur_invalide",
    "repetition",
}
EVERY = list(talks())


def test_every_rule_is_talked_through_in_every_behaviour() -> None:
    assert {(rule, behaviour) for rule, behaviour, _ in EVERY} == {
        (rule, behaviour) for rule in RULES for behaviour in BEHAVIOURS
    }


@pytest.mark.parametrize(
    ("rule", "behaviour", "talk"), EVERY, ids=[f"{rule}-{name}" for rule, name, _ in EVERY]
)
async def test_talk(resources: Resources, rule: str, behaviour: str, talk: dict[str, Any]) -> None:
    conversation, answer = Talk(resources), ""
    for words, expected in talk["tours"]:
        answer = await conversation.say(words)
        for part in [expected] if isinstance(expected, str) else expected:
            assert part in answer, f"{talk['qui']} : « {words} »\n{answer}"
    if verdict := talk.get("verdict"):
        card = conversation.card()
        shown = card["decision"]["verdict"] if card["decision"] else card["kind"]
        assert (card["id"], shown) == (rule, verdict)
    for part in talk.get("contient", []):
        assert part in answer
