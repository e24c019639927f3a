"""Why no slot fits a wish. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from actions.appointments.content import Ouverture
from actions.appointments.creneaux import DAY, Creneau, creneaux, days, is_holiday, utc
from actions.appointments.souhaits import Souhait

Raison = Literal[
    "passe", "week_end", "ferie", "ferme", "hors_horaires", "trop_tot", "trop_loin", "complet"
]

SATURDAY = 5
FAR = 366  # days looked at before and after the calendar
MOMENTS = [dt.time(minute // 60, minute % 60) for minute in range(0, 24 * 60, 10)]


@dataclass(frozen=True)
class Calendar:
    """The calendar of an office from a day to another, both included.

    `offered` are its slots, taken or not; `departement` is for its public holidays.
    """

    premier: dt.date
    dernier: dt.date
    offered: Sequence[Creneau]
    ouvertures: Sequence[Ouverture]
    departement: str


def why_none(
    calendar: Calendar, souhait: Souhait, now: dt.datetime, earliest: dt.datetime
) -> Raison:
    """Say why no slot fits the wish: of several reasons, the nearest to a free slot.

    `earliest`: the first moment offered, once the notice is counted.
    """
    fitting = [creneau for creneau in calendar.offered if souhait.accepte(creneau.debut)]
    if fitting:
        last = max(utc(creneau.debut) for creneau in fitting)
        if last >= utc(earliest):
            return "complet"
        return "trop_tot" if last > utc(now) else "passe"
    premier, dernier = calendar.premier, calendar.dernier
    if wished := [jour for jour in days(premier, dernier) if _wishes(souhait, jour)]:
        return _why_not_those_days(calendar, souhait, wished)
    if _wishes_one(souhait, days(dernier + DAY, dernier + FAR * DAY)):
        return "trop_loin"
    past = days(premier - FAR * DAY, premier - DAY)
    return "passe" if _wishes_one(souhait, past) else "hors_horaires"


def _why_not_those_days(calendar: Calendar, souhait: Souhait, wished: Sequence[dt.date]) -> Raison:
    """The days are in the calendar, but no slot fits."""
    ouvertures, departement = calendar.ouvertures, calendar.departement
    usual = creneaux(ouvertures, (), wished[0], wished[-1], departement)
    if any(souhait.accepte(creneau.debut) for creneau in usual):
        return "ferme"  # an exception closed it
    if {creneau.debut.date() for creneau in calendar.offered} & set(wished):
        return "hors_horaires"
    weekdays = {jour for ouverture in ouvertures for jour in ouverture.jours}
    if any(is_holiday(jour, departement) and jour.weekday() in weekdays for jour in wished):
        return "ferie"
    return "week_end" if all(jour.weekday() >= SATURDAY for jour in wished) else "ferme"


def _wishes_one(souhait: Souhait, jours: Iterable[dt.date]) -> bool:
    return any(_wishes(souhait, jour) for jour in jours)


def _wishes(souhait: Souhait, jour: dt.date) -> bool:
    """Whether some time of the day is wished."""
    return souhait.accepte_jour(jour) and any(map(souhait.accepte_heure, MOMENTS))
