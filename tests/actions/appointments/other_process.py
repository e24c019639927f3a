"""What another process does: it imports nothing of the tests, to start at once."""

import datetime as dt
from typing import Any

from actions.appointments.booking import Booking, CreneauPris
from actions.appointments.content import RendezVousContent
from allobot.database import make_engine
from allobot.settings import PARIS


def book_in_a_process(
    url: str, content: RendezVousContent, name: str, slots: list[dt.datetime], queue: Any
) -> None:
    """Hold each of the slots for a conversation of its own; send the ids of those held."""
    engine = make_engine(url)
    booking = Booking(engine, content)
    now = dt.datetime(2026, 11, 23, 8, tzinfo=PARIS)
    held = []
    for rank, debut in enumerate(slots):
        conversation = f"{name}{rank}"
        try:
            held.append(booking.hold("52", debut, "dossier", conversation=conversation, now=now))
        except CreneauPris:
            continue
    queue.put(held)
    engine.dispose()
