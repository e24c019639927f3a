"""The words of the console, read from labels.yml; a code without words is shown as it is."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict
from ruamel.yaml import YAML

FILE = Path(__file__).with_name("labels.yml")
SUBJECTS = Path(__file__).parents[2] / "actions" / "sentences.yml"


class Labels(BaseModel):
    """The whole file; a missing or unknown key stops the start."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    resultats: dict[str, str]
    bandes: dict[str, str]
    intentions: dict[str, str]
    etats: dict[str, str]
    lectures: dict[str, str]
    avis: dict[str, str]
    raisons: dict[str, str]
    priorites: dict[str, str]
    appareils: dict[str, str]
    canaux: dict[str, str]
    etats_rendez_vous: dict[str, str]
    periodes: dict[str, str]

    @classmethod
    def read(cls, path: Path = FILE) -> Self:
        """Read and check a file of labels. Raises pydantic.ValidationError."""
        return cls.model_validate(YAML(typ="safe", pure=True).load(path))


@cache
def labels() -> Labels:
    """Return the labels, read once."""
    return Labels.read()


@cache
def subjects() -> Mapping[str, str]:
    """Return the French name of each subject, by intent."""
    read: dict[str, dict[str, str]] = YAML(typ="safe", pure=True).load(SUBJECTS)
    return read["sujets"]


def subject(intent: str | None) -> str | None:
    """Return the name of a subject, or of what was said instead of one."""
    if intent is None:
        return None
    return subjects().get(intent) or said(labels().intentions, intent)


def said(words: Mapping[str, str], code: str | None) -> str:
    """Return the words of a code; without any, the code in plain words."""
    return "" if code is None else words.get(code, code.replace("_", " "))
