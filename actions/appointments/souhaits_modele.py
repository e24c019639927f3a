"""What the person wishes, once read: days and times an appointment may have. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, fields, replace
from typing import Any, Self

_DAYS = ("jours", "premier", "dernier", "jours_semaine")
_TIMES = ("apres", "avant", "a")


@dataclass(frozen=True)
class Souhait:
    """Every limit that is set must hold; nothing set accepts any moment.

    `jours` and `jours_semaine` both set: days called by their weekday ("mardi"), which a week said
    later still moves ("la semaine prochaine").
    """

    jours: tuple[dt.date, ...] = ()  # only these days
    premier: dt.date | None = None  # inclusive range of days
    dernier: dt.date | None = None
    jours_semaine: tuple[int, ...] = ()  # only these weekdays, 0 = Monday
    sauf: tuple[int, ...] = ()  # never these weekdays
    apres: dt.time | None = None  # starts at or after
    avant: dt.time | None = None  # starts before
    a: dt.time | None = None  # about that time: nearest first; refuses nothing
    au_plus_tot: bool = False

    def accepte(self, debut: dt.datetime) -> bool:
        """Whether an appointment may start then (its date and time as a clock shows them)."""
        return self.accepte_jour(debut.date()) and self.accepte_heure(debut.time())

    def accepte_jour(self, jour: dt.date) -> bool:
        """Whether the day suits, whatever the time."""
        return (
            (not self.jours or jour in self.jours)
            and (self.premier is None or self.premier <= jour)
            and (self.dernier is None or jour <= self.dernier)
            and (not self.jours_semaine or jour.weekday() in self.jours_semaine)
            and jour.weekday() not in self.sauf
        )

    def accepte_heure(self, heure: dt.time) -> bool:
        """Whether the time suits, whatever the day."""
        return (self.apres is None or self.apres <= heure) and (
            self.avant is None or heure < self.avant
        )

    def precise(self, autre: Souhait) -> Souhait:
        """This wish with what was said after it: what is new wins, the rest stays.

        "Mardi" then "plutôt l'après-midi" is Tuesday afternoon; then "jeudi", Thursday afternoon.
        Times that no longer go together are dropped ("le matin" then "après 14h"). Excluded
        weekdays add up, unless one is asked for again. "Le plus tôt possible" frees the days.
        """
        days = self._days(autre)
        times = self._times(autre)
        named = {jour.weekday() for jour in autre.jours} | {*autre.jours_semaine}
        sauf = tuple(sorted({*self.sauf, *autre.sauf} - (named - {*autre.sauf})))
        soon = autre.au_plus_tot or (self.au_plus_tot and not autre.names_days())
        return Souhait(**days, **times, sauf=sauf, au_plus_tot=soon)

    def names_days(self) -> bool:
        """Whether some days are asked for (excluded weekdays are not)."""
        return any(getattr(self, name) for name in _DAYS)

    def _days(self, autre: Souhait) -> dict[str, Any]:
        """The days of this wish made precise."""
        if autre.names_days():
            chosen, span = autre, (self.premier, self.dernier)
            if not (autre.premier or autre.dernier) and some_day(span, autre.jours_semaine):
                # "la semaine prochaine", then "mardi": the Tuesday of that week.
                chosen = replace(autre, jours=(), premier=span[0], dernier=span[1])
            elif not (autre.jours or autre.jours_semaine):
                # "mardi", then "la semaine prochaine".
                span = (autre.premier, autre.dernier)
                semaine = tuple(day for day in self.jours_semaine if day not in autre.sauf)
                chosen = replace(autre, jours_semaine=semaine if some_day(span, semaine) else ())
        elif autre.au_plus_tot:
            chosen = Souhait()
        else:
            jours = tuple(jour for jour in self.jours if jour.weekday() not in autre.sauf)
            semaine = tuple(day for day in self.jours_semaine if day not in autre.sauf)
            chosen = replace(self, jours=jours, jours_semaine=semaine)
        return {name: getattr(chosen, name) for name in _DAYS}

    def _times(self, autre: Souhait) -> dict[str, Any]:
        """The times of this wish made precise."""
        said = {name: getattr(autre, name) for name in _TIMES}
        if not any(value is not None for value in said.values()):
            return {name: getattr(self, name) for name in _TIMES}
        apres, avant, a = said["apres"], said["avant"], said["a"]
        if apres is None and self.apres is not None and go_together(self.apres, avant, a):
            said["apres"] = self.apres
        if avant is None and self.avant is not None and go_together(apres, self.avant, a):
            said["avant"] = self.avant
        return said

    def to_json(self) -> dict[str, Any]:
        """What is set, as JSON values: dates and times in ISO 8601."""
        return {
            field.name: _plain(value)
            for field in fields(self)
            if (value := getattr(self, field.name)) != field.default
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """The wish written by `to_json`; raises TypeError or ValueError on anything else."""
        read: dict[str, Any] = dict(data)
        for name in {"premier", "dernier"} & read.keys():
            read[name] = dt.date.fromisoformat(read[name])
        for name in {*_TIMES} & read.keys():
            read[name] = dt.time.fromisoformat(read[name])
        if "jours" in read:
            read["jours"] = tuple(map(dt.date.fromisoformat, read["jours"]))
        for name in {"jours_semaine", "sauf"} & read.keys():
            read[name] = tuple(map(int, read[name]))
        return cls(**read)


def go_together(apres: dt.time | None, avant: dt.time | None, a: dt.time | None) -> bool:
    """Whether these limits leave a time, and the time asked for when there is one."""
    if apres is not None and avant is not None and apres >= avant:
        return False
    return a is None or ((apres is None or apres <= a) and (avant is None or a < avant))


def some_day(span: tuple[dt.date | None, dt.date | None], weekdays: Collection[int]) -> bool:
    """Whether these days, some limit of which is known, hold one of these weekdays."""
    first, last = span
    if first is None or last is None:
        return bool((first or last) and weekdays)
    length = min((last - first).days + 1, 7)
    return any((first.weekday() + away) % 7 in weekdays for away in range(length))


def _plain(value: Any) -> Any:
    """A field's value in JSON."""
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, dt.date | dt.time) else value
