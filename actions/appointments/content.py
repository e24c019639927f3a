"""The shape of data/rendez_vous.yml: offices, opening hours, reasons, ways to meet."""

from __future__ import annotations

import datetime as dt
import itertools
from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from actions.knowledge.schema import Identifier, Pattern, Sentence, SourceRef, Strict
from actions.knowledge.yaml_files import read
from allobot.settings import DEPARTEMENT

SUBJECT = "rdv_telephonique"  # the intent, and the procedure, of appointments
RENDEZ_VOUS = Path(__file__).parents[2] / "data" / "rendez_vous.yml"

Clock = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Jour = Annotated[int, Field(ge=0, le=6)]  # 0 = Monday
Label = Annotated[str, Field(min_length=3, max_length=40)]  # of a button


class Ouverture(Strict):
    """On these weekdays, slots of `minutes` from `de` to `a` (local time), `capacite` at once."""

    jours: tuple[Jour, ...] = Field(min_length=1)
    de: Clock
    a: Clock
    minutes: Annotated[int, Field(ge=5, le=120)]
    capacite: Annotated[int, Field(ge=1, le=100)]

    @property
    def debut(self) -> dt.time:
        """`de`, as a time."""
        return dt.time.fromisoformat(self.de)

    @property
    def fin(self) -> dt.time:
        """`a`, as a time."""
        return dt.time.fromisoformat(self.a)

    @model_validator(mode="after")
    def _in_order(self) -> Ouverture:
        if self.fin <= self.debut:
            raise ValueError(f"a ({self.a}) doit venir après de ({self.de})")
        return self


class Bureau(Strict):
    """An office; `modes`: those it opens besides the ones that every office opens."""

    nom: Annotated[str, Field(min_length=3, max_length=80)]
    ouvertures: list[Ouverture] = Field(min_length=1)
    modes: list[Identifier] = []
    source: SourceRef

    @model_validator(mode="after")
    def _no_overlap(self) -> Bureau:
        for one, other in itertools.combinations(self.ouvertures, 2):
            same_day = set(one.jours) & set(other.jours)
            if same_day and one.debut < other.fin and other.debut < one.fin:
                raise ValueError(
                    f"ouvertures: {one.de}-{one.a} et {other.de}-{other.a} se recouvrent"
                )
        return self


class Motif(Strict):
    """Why a person wants to be called; `mots`, tried on simplified text, tell it in free words;
    `preparer`: what to have at hand during the call."""

    libelle: Label
    mots: Pattern
    preparer: list[Sentence] = Field(min_length=1, max_length=4)
    source: SourceRef


class Mode(Strict):
    """A way to meet: booked here (`ouvert`), or explained by a procedure; `mots` tell it."""

    libelle: Label
    mots: Pattern
    ouvert: bool = False
    procedure: Identifier | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Mode:
        if self.ouvert == (self.procedure is not None):
            raise ValueError("ouvert: true, ou une procedure qui l'explique")
        return self


class RendezVousContent(Strict):
    """All of data/rendez_vous.yml.

    `preavis_minutes`: between now and the first slot offered; `horizon_jours`: the last day
    offered, from today; `tenue_minutes`: how long a slot is held for who has not confirmed.
    """

    numero_affiche: Annotated[str, Field(pattern=r"^\+?[0-9 ]{4,20}$")]
    preavis_minutes: Annotated[int, Field(ge=0, le=10080)]
    horizon_jours: Annotated[int, Field(ge=1, le=180)]
    tenue_minutes: Annotated[int, Field(ge=1, le=60)]
    motifs: dict[Identifier, Motif] = Field(min_length=1)
    bureaux: dict[Annotated[str, Field(pattern=DEPARTEMENT)], Bureau] = Field(min_length=1)
    modes: dict[Identifier, Mode] = Field(min_length=1)
    sources: list[SourceRef] = Field(min_length=1)
    verifie_le: dt.date

    @model_validator(mode="after")
    def _known_modes(self) -> RendezVousContent:
        for number, bureau in self.bureaux.items():
            if unknown := sorted(set(bureau.modes) - set(self.modes)):
                raise ValueError(f"bureaux.{number}.modes: inconnu: {', '.join(unknown)}")
        return self

    def opens(self, bureau: str, mode: str) -> bool:
        """Whether that office takes appointments of that mode here."""
        return self.modes[mode].ouvert or mode in self.bureaux[bureau].modes

    def open_modes(self, bureau: str) -> dict[str, Mode]:
        """Every mode of which that office takes appointments here."""
        return {name: mode for name, mode in self.modes.items() if self.opens(bureau, name)}


def read_rendez_vous(path: Path = RENDEZ_VOUS) -> RendezVousContent:
    """Read the file.

    Raises:
        InvalidData: names the file, the field and what is wrong.
    """
    return read(path, RendezVousContent)
