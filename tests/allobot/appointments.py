"""A person who books an appointment, for the tests of what the Caf and the purge do with it."""

from __future__ import annotations

import datetime as dt

from cryptography.fernet import Fernet
from sqlalchemy import Engine

from actions.appointments.booking import Booking, RendezVous
from actions.appointments.content import read_rendez_vous
from actions.appointments.souhaits import Souhait
from actions.appointments.vault import Coordonnees, Vault

KEY = Fernet.generate_key().decode()
PHONE = "+33639980112"  # of the numbers kept for fiction


def book(
    engine: Engine,
    now: dt.datetime,
    debut: dt.datetime | None = None,
    *,
    motif: str = "dette",
    nom: str | None = "Zoé",
) -> RendezVous:
    """Book, at the moment `now`, the slot that begins at `debut`, or the first free one."""
    booking = Booking(engine, read_rendez_vous())
    if debut is None:
        [slot] = booking.free("52", Souhait(), now, limit=1)
        debut = slot.debut
    who = f"{debut:%m%d%H%M}-{motif}"
    held = booking.hold("52", debut, motif, conversation=who, now=now)
    jeton = Vault(engine, [KEY]).put(Coordonnees(nom, PHONE), conversation=who, now=now)
    return booking.confirm(held, jeton, conversation=who, now=now)
