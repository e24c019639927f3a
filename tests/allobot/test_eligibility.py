"""`allobot eligibility`: an estimation without dialogue."""

import json

import pytest

from tests.allobot.test_cli import allobot

FACTS = '{"lien_enfant": "recueillant", "ages_enfants": [10], "residence_stable": true}'


def test_a_decision_as_json() -> None:
    done = allobot("eligibility", "asf", "--json", FACTS, "--date", "2025-10-06")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["verdict"] == "oui"
    # Caf de la Haute-Marne, 6 October 2025: 265,50 € for a child taken in.
    assert found["card"]["decision"]["amount"]["max"] == 265.5


def test_a_decision_as_it_would_be_said() -> None:
    said = allobot("eligibility", "asf", "--json", FACTS, "--text").stdout
    assert "stimation" in said
    assert "Source :" in said


@pytest.mark.parametrize(
    ("rule", "facts", "told"),
    [
        ("loterie", "{}", "asf"),
        ("asf", "{", "JSON"),
        ("asf", "[1]", "JSON"),
        ("asf", '{"vit_seul": "bof"}', "vit_seul"),
        ("asf", '{"couleur": "bleu"}', "couleur"),
    ],
)
def test_what_does_not_fit_is_told_with_the_way_out(rule: str, facts: str, told: str) -> None:
    done = allobot("eligibility", rule, "--json", facts)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr
