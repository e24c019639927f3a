"""Calendar files (RFC 5545) of appointments: times in UTC, right in any calendar.

They often end up on other people's servers: nothing in them tells who calls whom.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from icalendar import Calendar, Event

if TYPE_CHECKING:
    from actions.appointments.booking import RendezVous

PRODUCT = "-//Allobot//Rendez-vous//FR"
_STATUS = {"tenu": "TENTATIVE", "annule": "CANCELLED"}
# What a text may not hold (3.3.11): control characters but tabs and line ends; half characters.
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def calendar_file(
    debut: dt.datetime, minutes: int, *, uid: str, title: str, description: str
) -> bytes:
    """One appointment, for the person's own calendar.

    The same `uid` again replaces the event instead of adding one. Raises ValueError for a time
    without its zone, no length or no `uid`.
    """
    made = dt.datetime.now(dt.UTC)
    return _calendar(
        [_event(debut, minutes, uid=uid, title=title, description=description, made=made)]
    )


def day_file(rendez_vous: Iterable[RendezVous], libelles: Mapping[str, str]) -> bytes:
    """Appointments for the Caf's calendar, titled by the label of their motif.

    Neither their ids, which open them, nor contact details. What was cancelled is said so: a
    calendar that had it removes it. Raises ValueError as `calendar_file`.
    """
    events = []
    for rdv in rendez_vous:
        event = _event(
            rdv.debut,
            rdv.minutes,
            uid=f"{hashlib.sha256(rdv.id.encode()).hexdigest()[:32]}@allobot",
            title=libelles.get(rdv.motif, rdv.motif),
            description="",
            made=rdv.cree_le,
        )
        event.add("status", _STATUS.get(rdv.etat, "CONFIRMED"))
        events.append(event)
    return _calendar(events)


def _event(
    debut: dt.datetime, minutes: int, *, uid: str, title: str, description: str, made: dt.datetime
) -> Event:
    """One event; what is empty is left out."""
    uid, title, description = _allowed(uid), _allowed(title), _allowed(description)
    if minutes <= 0 or not uid.strip():
        raise ValueError(f"{minutes} minutes, uid {uid!r}")
    event = Event()
    event.add("uid", uid)
    event.add("dtstamp", _in_utc(made))
    event.add("dtstart", _in_utc(debut))
    event.add("dtend", _in_utc(debut) + dt.timedelta(minutes=minutes))
    event.add("summary", title)
    if description:
        event.add("description", description)
    event.add("class", "PRIVATE")
    return event


def _calendar(events: Iterable[Event]) -> bytes:
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    for event in events:
        calendar.add_component(event)
    written: bytes = calendar.to_ical()
    return written


def _in_utc(moment: dt.datetime) -> dt.datetime:
    """To the second, in UTC; a clock without its zone would be read as any reader's own."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no zone")
    return moment.astimezone(dt.UTC).replace(microsecond=0)


def _allowed(text: str) -> str:
    """The text as a calendar may hold it: line ends as one character, none of the forbidden."""
    return _FORBIDDEN.sub("", re.sub(r"\r\n?|[\u2028\u2029\x85]", "\n", text))
