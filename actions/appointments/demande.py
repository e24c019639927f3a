"""What the conversation knows of an appointment being booked, moved or cancelled. Pure.

Kept in a Rasa slot: no contact detail and no code, only their tokens.
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict

from actions.appointments.rendez_vous import RendezVous
from actions.appointments.souhaits import Souhait


class Operation(StrEnum):
    PRENDRE = "prendre"
    DEPLACER = "deplacer"
    ANNULER = "annuler"


class Etape(StrEnum):
    """What is asked, in this order."""

    BUREAU = "bureau"
    MODE = "mode"
    MOTIF = "motif"
    CODE = "code"
    CRENEAU = "creneau"
    COORDONNEES = "coordonnees"
    CONFIRMATION = "confirmation"


# Ends that are not the one wished; how each is said is in actions/sentences.yml.
Fin = Literal["garde", "autre_caf", "sans_code", "code_trop", "code_bloque", "rien_a_changer"]

ETAPES = {
    Operation.PRENDRE: (
        Etape.BUREAU,
        Etape.MODE,
        Etape.MOTIF,
        Etape.CRENEAU,
        Etape.COORDONNEES,
        Etape.CONFIRMATION,
    ),
    Operation.DEPLACER: (Etape.CODE, Etape.CRENEAU, Etape.CONFIRMATION),
    Operation.ANNULER: (Etape.CODE, Etape.CONFIRMATION),
}


class Demande(BaseModel):
    """`ancien`: the appointment to move or cancel; `rendez_vous`: the one held, then booked.

    `vus` are the slots already proposed, `proposes` the last of them; `jeton` stands for the
    contact details in the vault; `refus` counts the answers not understood, `essais` the wrong
    codes. `souhait` is a `Souhait` as JSON. `fini`: done, `rendez_vous` is booked; `fin`: ended
    otherwise, and why.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    operation: Operation = Operation.PRENDRE
    etape: Etape | None = None
    bureau: str | None = None
    mode: str | None = None
    motif: str | None = None
    souhait: dict[str, Any] | None = None
    vus: tuple[dt.datetime, ...] = ()
    proposes: tuple[dt.datetime, ...] = ()
    creneau: dt.datetime | None = None
    rendez_vous: str | None = None
    ancien: str | None = None
    ancien_debut: dt.datetime | None = None
    jeton: str | None = None
    accepte: bool = False
    fini: bool = False
    fin: Fin | None = None
    essais: int = 0
    refus: int = 0

    @classmethod
    def read(cls, slot: object) -> Self:
        """The one kept in the slot; a new one when there is none."""
        return cls.model_validate(slot or {})

    def slot(self) -> dict[str, Any]:
        """As the slot keeps it."""
        return self.model_dump(mode="json", exclude_defaults=True)

    def avec(self, **changes: Any) -> Self:
        """The same with some changes."""
        return self.model_copy(update=changes)

    def souhaite(self) -> Souhait:
        """The days and times wished; any when nothing was said."""
        return Souhait.from_json(self.souhait or {})

    def precise(self, souhait: Souhait) -> Self:
        """With one more wish: what was proposed no longer counts."""
        wished = self.souhaite().precise(souhait).to_json()
        return self.avec(souhait=wished, vus=(), proposes=(), creneau=None, accepte=False)

    def sur(self, rendez_vous: RendezVous) -> Self:
        """The request, about an appointment that exists."""
        return self.avec(
            ancien=rendez_vous.id,
            ancien_debut=rendez_vous.debut,
            bureau=rendez_vous.bureau,
            mode=rendez_vous.mode,
            motif=rendez_vous.motif,
        )

    def manque(self) -> Etape | None:
        """What must be asked next; None when all is known, or when it ended."""
        if self.fin:
            return None
        known = {
            Etape.BUREAU: self.bureau,
            Etape.MODE: self.mode,
            Etape.MOTIF: self.motif,
            Etape.CODE: self.ancien,
            Etape.CRENEAU: self.creneau,
            Etape.COORDONNEES: self.jeton,
            Etape.CONFIRMATION: self.accepte,
        }
        return next((etape for etape in ETAPES[self.operation] if not known[etape]), None)
