"""What the tests of all rules share: the real figures and contents, read once, and their words."""

from pathlib import Path
from typing import Any

from actions.eligibility.decision import Decision
from actions.knowledge.loader import read_rules
from actions.knowledge.parameters import Parameters
from actions.reading import find_choices, read_choice

ROOT = Path(__file__).parents[3]
PARAMETERS = Parameters.read(ROOT / "data" / "parameters")
CONTENTS = read_rules()


def chosen(rule: str, fact: str, text: str) -> str | None:
    """The answer that the words of a text choose, as the questionnaire reads them."""
    reading = read_choice(text, CONTENTS[rule].questions[fact].patterns())
    return reading.value if reading else None


def said(rule: str, fact: str, text: str) -> list[str]:
    """All the answers whose words are in a text: « oui », « non », both or none."""
    return find_choices(text, CONTENTS[rule].questions[fact].patterns())


def notes(decision: Decision) -> dict[str, dict[str, Any]]:
    """The values of each note, by its id, in their order."""
    return {note.id: note.values for note in decision.notes}
