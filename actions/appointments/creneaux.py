"""The slots of an office, from its opening hours: pure.

Two aware datetimes of the same zone are compared by their clocks, which show some minutes twice
in October: instants are compared in UTC.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

import holidays

from actions.appointments.content import Ouverture
from allobot.settings import PARIS

DAY = dt.timedelta(days=1)
ALSACE_MOSELLE = {"57": "57", "67": "6AE", "68": "6AE"}
OVERSEAS = {"971": "971", "972": "972", "973": "973", "974": "974", "975": "PM", "976": "976"}
SUBDIVISIONS = ALSACE_MOSELLE | OVERSEAS  # those whose public holidays are not the common ones


@dataclass(frozen=True, slots=True, order=True)
class Creneau:
    """A slot: `debut` aware, in Europe/Paris; `capacite` calls at once."""

    debut: dt.datetime
    minutes: int
    capacite: int

    @property
    def fin(self) -> dt.datetime:
        """When it ends, aware, in Europe/Paris."""
        return paris(utc(self.debut) + dt.timedelta(minutes=self.minutes))


@dataclass(frozen=True, slots=True)
class HoraireExceptionnel:
    """A span (aware) in which `capacite` takes the place of the usual one; 0 closes."""

    debut: dt.datetime
    fin: dt.datetime
    capacite: int


@dataclass(frozen=True, slots=True)
class _Plage:
    """A slot by its instants, in UTC."""

    debut: dt.datetime
    fin: dt.datetime
    capacite: int

    def meets(self, debut: dt.datetime, fin: dt.datetime) -> bool:
        return self.debut < fin and debut < self.fin

    def within(self, debut: dt.datetime, fin: dt.datetime) -> bool:
        return debut <= self.debut and self.fin <= fin


def creneaux(
    ouvertures: Iterable[Ouverture],
    exceptions: Iterable[HoraireExceptionnel],
    premier: dt.date,
    dernier: dt.date,
    departement: str,
) -> Iterator[Creneau]:
    """Yield the slots of the days from `premier` to `dernier`, both included, in time order.

    None on public holidays. Of exceptions that overlap, the last one counts. Capacity 0 removes
    every slot that the span touches. Another capacity is that of the slots wholly in the span;
    within one day it also opens what was closed there, a public holiday or a weekend too. A span
    of a whole day or more opens nothing: nobody is called at night.
    """
    usual = tuple(ouvertures)
    spans = [(exception, utc(exception.debut), utc(exception.fin)) for exception in exceptions]
    for jour in days(premier, dernier):
        touching = [
            span for span in spans if span[1] < midnight(jour + DAY) and midnight(jour) < span[2]
        ]
        if not touching:
            yield from _usual_creneaux(usual, jour, departement)
            continue
        plages = _usual(usual, jour, departement)
        for exception, debut, fin in touching:
            plages = _changed(plages, jour, debut, fin, exception.capacite, usual)
        yield from _in_order(plages)


@lru_cache(maxsize=512)  # of an office, a day: a month of them is read to propose three slots
def _usual_creneaux(
    ouvertures: tuple[Ouverture, ...], jour: dt.date, departement: str
) -> tuple[Creneau, ...]:
    return _in_order(_usual(ouvertures, jour, departement))


def _in_order(plages: Iterable[_Plage]) -> tuple[Creneau, ...]:
    return tuple(
        Creneau(
            paris(plage.debut), (plage.fin - plage.debut) // dt.timedelta(minutes=1), plage.capacite
        )
        for plage in sorted(plages, key=lambda plage: plage.debut)
    )


def is_holiday(jour: dt.date, departement: str) -> bool:
    """Whether that day is a public holiday there."""
    return jour in _holidays(jour.year, SUBDIVISIONS.get(departement))


@cache
def _holidays(year: int, subdivision: str | None) -> frozenset[dt.date]:
    return frozenset(holidays.country_holidays("FR", subdiv=subdivision, years=year))


def days(premier: dt.date, dernier: dt.date) -> Iterator[dt.date]:
    """Yield the days from one to another, both included."""
    for number in range((dernier - premier).days + 1):
        yield premier + number * DAY


def _usual(ouvertures: Iterable[Ouverture], jour: dt.date, departement: str) -> list[_Plage]:
    if is_holiday(jour, departement):
        return []
    plages: list[_Plage] = []
    for ouverture in ouvertures:
        if jour.weekday() in ouverture.jours:
            debut = utc(dt.datetime.combine(jour, ouverture.debut, PARIS))
            fin = utc(dt.datetime.combine(jour, ouverture.fin, PARIS))
            found = _cut(debut, fin, ouverture.minutes, ouverture.capacite, plages)
            plages += [plage for plage in found if _within_clock(plage, jour, ouverture)]
    return plages


def _within_clock(plage: _Plage, jour: dt.date, ouverture: Ouverture) -> bool:
    """Whether the clock shows opening hours from its start to its end.

    An opening that begins or ends at an hour which a change of clock skips is longer in UTC.
    """
    debut, fin = paris(plage.debut), paris(plage.fin)
    same_day = debut.date() == fin.date() == jour
    return same_day and ouverture.debut <= debut.time() and fin.time() <= ouverture.fin


def _changed(
    plages: list[_Plage],
    jour: dt.date,
    debut: dt.datetime,
    fin: dt.datetime,
    capacite: int,
    ouvertures: tuple[Ouverture, ...],
) -> list[_Plage]:
    """Apply an exception to the slots of a day."""
    if not capacite:
        return [plage for plage in plages if not plage.meets(debut, fin)]
    changed = [
        _Plage(plage.debut, plage.fin, capacite) if plage.within(debut, fin) else plage
        for plage in plages
    ]
    if paris(debut).date() == paris(fin).date() == jour:
        changed += _cut(debut, fin, _minutes(ouvertures, jour), capacite, changed)
    return changed


def _minutes(ouvertures: tuple[Ouverture, ...], jour: dt.date) -> int:
    """How long a slot lasts that day; on a day usually closed, as on the other days."""
    that_day = [ouverture for ouverture in ouvertures if jour.weekday() in ouverture.jours]
    return (that_day or ouvertures)[0].minutes


def _cut(
    debut: dt.datetime, fin: dt.datetime, minutes: int, capacite: int, taken: list[_Plage]
) -> list[_Plage]:
    """Cut a span into slots, without those that meet slots already there."""
    step = dt.timedelta(minutes=minutes)
    number = max(0, (fin - debut) // step)
    cut = [
        _Plage(debut + rank * step, debut + (rank + 1) * step, capacite) for rank in range(number)
    ]
    if not taken:
        return cut
    return [new for new in cut if not any(plage.meets(new.debut, new.fin) for plage in taken)]


def midnight(jour: dt.date) -> dt.datetime:
    """The instant, in UTC, when a day begins in Paris."""
    return utc(dt.datetime.combine(jour, dt.time(), PARIS))


def utc(moment: dt.datetime) -> dt.datetime:
    """The same instant in UTC."""
    return moment.astimezone(dt.UTC)


def paris(moment: dt.datetime) -> dt.datetime:
    """The same instant in Paris."""
    return moment.astimezone(PARIS)
