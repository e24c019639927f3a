"""The French sentences of the gateway, read from sentences.yml."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict
from ruamel.yaml import YAML

FILE = Path(__file__).with_name("sentences.yml")


class MaskedSentences(BaseModel):
    """How the answer says that personal data was masked."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    notice: str
    last_separator: str
    labels: dict[str, str]

    def notice_of(self, kinds: Sequence[str]) -> str:
        """Return the sentence that names what was not kept."""
        labels = [self.labels[kind] for kind in kinds]
        named = self.last_separator.join(filter(None, (", ".join(labels[:-1]), labels[-1])))
        return self.notice.format(elements=named)


class StartSentences(BaseModel):
    """What the operator reads when the gateway starts, or does not."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    ready: str
    port_taken: str
    cannot_listen: str
    secret_too_short: str
    bad_settings: str
    database_down: str
    cannot_write: str


class InformationSentences(BaseModel):
    """What people are told of their messages; `unnamed` stands for who keeps them, not set."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    short: str
    unnamed: str


class AppointmentSentences(BaseModel):
    """What is said around an appointment; `phones` has one sentence for each kind of BadPhone."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    details: str
    kept: str
    note: str
    phones: dict[str, str]
    event_title: str
    event_description: str


class Sentences(BaseModel):
    """The whole file; a missing or unknown key stops the start."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    start: StartSentences
    errors: dict[str, str]
    rasa_unavailable: str
    information: InformationSentences
    choose: str
    discreet: str
    masked: MaskedSentences
    appointments: AppointmentSentences

    @classmethod
    def read(cls, path: Path = FILE) -> Self:
        """Read and check a file of sentences. Raises pydantic.ValidationError."""
        return cls.model_validate(YAML(typ="safe", pure=True).load(path))


@cache
def sentences() -> Sentences:
    """Return the sentences, read once."""
    return Sentences.read()
