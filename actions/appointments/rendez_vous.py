"""An appointment, and what may go wrong with one."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

Etat = Literal["tenu", "confirme", "annule", "honore", "manque"]


class BookingError(Exception):
    """Base of the errors of a booking."""


class CreneauPris(BookingError):
    """The slot is not free, or not offered."""


class TenueExpiree(BookingError):
    """The hold is over, and its place is no longer free."""


class CoordonneesAbsentes(BookingError):
    """No contact details: none given, or they expired."""


class RendezVousInconnu(BookingError):
    """There is no such appointment."""


class MarqueImpossible(BookingError):
    """Only a confirmed appointment that has begun can be said honoured or missed."""


@dataclass(frozen=True, slots=True)
class RendezVous:
    """An appointment; its datetimes are aware, in Europe/Paris.

    `jeton`: of its contact details; `remplace`: the id of the one it takes the place of.
    """

    id: str
    bureau: str
    debut: dt.datetime
    minutes: int
    motif: str
    mode: str
    etat: Etat
    jeton: str | None
    remplace: str | None
    cree_le: dt.datetime
