"""Measures the masking on texts written as people write: what it finds, and what it spares."""

from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML

from allobot.masking import mask


@dataclass(frozen=True, slots=True)
class Cases:
    """Texts with personal data and what must be left of them, and texts to leave as they are."""

    personal: dict[str, str]
    harmless: list[str]


@dataclass(frozen=True, slots=True)
class Score:
    """Counts of texts. A text masked otherwise than expected, even by one character, is wrong.

    personal: texts that hold personal data; changed: texts the masking changed; right: those it
    changed exactly as expected.
    """

    personal: int
    changed: int
    right: int

    @property
    def recall(self) -> float:
        """Of the texts with personal data, the share masked as expected, in %."""
        return 100 * self.right / self.personal

    @property
    def precision(self) -> float:
        """Of the texts changed, the share changed as expected, in %."""
        return 100 * self.right / self.changed


def read_cases(path: Path) -> dict[str, Cases]:
    """Read a file of cases: those used while tuning, and those held out."""
    read = YAML(typ="safe", pure=True).load(path)
    return {name: Cases(**cases) for name, cases in read.items()}


def measure(*groups: Cases) -> Score:
    """Mask every text of the groups and count."""
    personal = [pair for cases in groups for pair in cases.personal.items()]
    harmless = [(text, text) for cases in groups for text in cases.harmless]
    outcomes = [(text, mask(text).text, expected) for text, expected in personal + harmless]
    changed = [(masked, expected) for text, masked, expected in outcomes if masked != text]
    right = sum(masked == expected for masked, expected in changed)
    return Score(personal=len(personal), changed=len(changed), right=right)
