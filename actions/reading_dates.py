"""A date, written ("le 12 mars") or told from today ("il y a 3 semaines"). Pure.

The past is preferred: in November, "en décembre" is last year's. What names a period ("en mars")
gives its first day, and is not sure.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time

import dateparser

from actions.reading_births import (
    DAY_NUMBER,
    MONTH,
    MONTH_NUMBER,
    instead_of,
    month_number,
    with_dates,
    written_dates,
)
from actions.reading_numbers import nothing_else
from actions.reading_words import Reading

LONGEST = 120  # characters: a longer text is no answer to "when?"
FIRST_YEAR = 1900
YEARS_AHEAD = 2  # a date may be to come (a birth, the end of a job), but not for long

_LAST_YEAR = re.compile(rf"({MONTH}) (?:de )?l an(?:nee)? (?:derniere?|passee?)\b")
_LAST_YEAR_FIRST = re.compile(
    rf"\bl an(?:nee)? (?:derniere?|passee?),? ((?:en |le |au mois de )?(?:{DAY_NUMBER} )?{MONTH})"
)
_THIS_YEAR = re.compile(rf"({MONTH}) (?:de )?cette annee\b")
# A day and month in numbers ("8/12 ans" is no date), or a month alone.
_NO_YEAR = re.compile(
    rf"(?<![0-9/.,])(?P<d>{DAY_NUMBER})/(?P<m>{MONTH_NUMBER})"
    r"(?![0-9/]|[.,][0-9]| ?(?:€|%|(?:euros?|e|ans?|mois|semaines?|jours?|fois|h)\b))"
    rf"|(?<![a-z0-9])(?<![0-9] )(?P<month>{MONTH})(?! ?[0-9]{{3}})"
)
_YEAR_SAID = re.compile(r"(?:^|\b(?:en|de|depuis|annee|debut|mi|fin|courant) )$")
_PART = re.compile(r"\b(mi|fin)(?: du mois)?(?: de| d)? $")
_NEXT = re.compile(r" prochaine?\b")

_UNITS = r"([0-9]{1,4}) ?(jours?|semaines?|mois|ans?|annees?)\b"
_AGO = r"\b(?:il ?y ?a|y ?a|ca fait|cela fait|depuis|voila) (?:environ |deja |presque |bien )?"
_HALF_YEAR = re.compile(rf"({_AGO})([0-9]{{1,3}}) ?an(?:s|nees?)? et demie?\b")
# What is said, and the same for the library, which knows fewer turns and wants the accents.
_TOLD = (
    (re.compile(r"\bavant ?hier\b"), "avant-hier"),
    (re.compile(r"\bapres ?demain\b"), "après-demain"),
    (re.compile(r"\b(?:aujourd ?hui|ajd|auj|ce (?:matin|soir|midi|jour))\b"), "aujourd'hui"),
    (re.compile(r"(?<!avant )\bhier(?: (?:matin|midi|soir))?\b"), "hier"),
    (re.compile(r"(?<!apres )\bdemain(?: (?:matin|midi|soir))?\b"), "demain"),
    (re.compile(rf"{_AGO}{_UNITS}(?! et demi)"), r"il y a \1 \2"),
    (re.compile(rf"\bdans (?:environ )?{_UNITS}(?! et demi)"), r"dans \1 \2"),
    (re.compile(r"\b(?:la )?semaine (?:derniere|passee)\b"), "la semaine dernière"),
    (re.compile(r"\b(?:la )?semaine prochaine\b"), "la semaine prochaine"),
    (re.compile(r"\b(?:le )?mois (?:dernier|passe)\b"), "le mois dernier"),
    (re.compile(r"\b(?:le )?mois prochain\b"), "le mois prochain"),
    (re.compile(r"\bl an(?:nee)? (?:derniere?|passee?)\b"), "l'année dernière"),
    (re.compile(r"\bl an(?:nee)? prochaine?\b"), "l'année prochaine"),
    (
        re.compile(
            r"\b(lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)(?: dernier| passe)?\b"
        ),
        r"\1",
    ),
)
_PERIODS = {"le mois dernier", "le mois prochain", "l'année dernière", "l'année prochaine"}
_WORDS = re.compile(
    r"\b(?:en|jours?|semaines?|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|dernier|derniere"
    r"|prochaine?|passee?|matin|midi|soir|s|nous|sommes|separee?s?|exactement|debut|mi|fin|courant"
    r"|partir|ce|y)\b"
)


@dataclass(frozen=True)
class _Day:
    """A day found in the text; None when the calendar has no such day."""

    start: int
    end: int
    day: date | None
    exact: bool = True


def read_date(text: str, today: date) -> Reading | None:
    """A day as "2025-03-12"; None for several, or from another age."""
    if len(text) > LONGEST:
        return None
    plain = with_dates(text)
    plain = _LAST_YEAR.sub(rf"\1 {today.year - 1}", plain)
    plain = _LAST_YEAR_FIRST.sub(rf"\1 {today.year - 1}", plain)
    plain = _THIS_YEAR.sub(rf"\1 {today.year}", plain)
    plain = re.sub(r"\bune? (?=(?:jour|semaine|mois|an|annee)\b)", "1 ", plain)
    plain = _HALF_YEAR.sub(lambda found: f"{found[1]}{int(found[2]) * 12 + 6} mois", plain)
    found = list(_written(plain, today)) or list(_told(plain, today))
    if len({item.day for item in found}) != 1 or (day := found[0].day) is None:
        return None
    if day.year < FIRST_YEAR or day > _years_later(today, YEARS_AHEAD):
        return None
    rest = "".join(
        char
        for place, char in enumerate(plain)
        if not any(item.start <= place < item.end for item in found)
    )
    if re.search(r"[0-9] ou\b|\bou (?:le )?[0-9]", rest):
        return None  # "le 12 ou le 13 mars"
    sure = found[0].exact and not re.search("[0-9]", rest) and nothing_else(rest, _WORDS)
    return Reading(day.isoformat(), sure)


def _written(plain: str, today: date) -> Iterator[_Day]:
    dates = written_dates(plain, today)
    for found in dates:
        before, after = plain[: found.start], plain[found.end :]
        if found.month is None:
            if found.year and _YEAR_SAID.search(before):
                day = _in_period(before, found.year, None)
                yield _Day(found.start, found.end, day, exact=False)
        elif found.day is None:
            day = _in_period(before, found.year or today.year, found.month)
            yield _Day(found.start, found.end, day, exact=False)
        elif found.year is None:
            day = _nearest(today, before, after, found.month, found.day)
            yield _Day(found.start, found.end, day)
        else:
            yield _Day(found.start, found.end, found.first_day())
    hidden = instead_of(plain, dates, [" " * (found.end - found.start) for found in dates])
    for match in _NO_YEAR.finditer(hidden):
        before, after = hidden[: match.start()], hidden[match.end() :]
        month = month_number(match["m"] or match["month"])
        number = int(match["d"]) if match["d"] else None
        day = _nearest(today, before, after, month, number)
        yield _Day(match.start(), match.end(), day, exact=number is not None)


def _told(plain: str, today: date) -> Iterator[_Day]:
    """Days told from today."""
    for pattern, words in _TOLD:
        for found in pattern.finditer(plain):
            told = found.expand(words)
            coming = bool(_NEXT.match(plain, found.end()))
            moment = dateparser.parse(
                told,
                languages=["fr"],
                settings={
                    "PREFER_DATES_FROM": "future" if coming else "past",
                    "RELATIVE_BASE": datetime.combine(today, time(12)),
                    "DATE_ORDER": "DMY",
                },
            )
            day = moment.date() if moment else None
            yield _Day(found.start(), found.end(), day, told not in _PERIODS)


def _in_period(before: str, year: int, month: int | None) -> date | None:
    """The first day of a month or year; near the middle ("mi-mars") or the end when said."""
    part = _PART.search(before)
    first, last = (month, month) if month else (1, 12)
    try:
        if part and part[1] == "fin":
            return date(year, last, calendar.monthrange(year, last)[1])
        if part:
            return date(year, month, 15) if month else date(year, 7, 1)
        return date(year, first, 1)
    except ValueError:
        return None


def _nearest(today: date, before: str, after: str, month: int, number: int | None) -> date | None:
    """The last such day or month until today; the next one when the text says so."""
    coming = bool(_NEXT.match(after))
    for away in range(9):  # years: two leap years may be 8 apart
        year = today.year + (away if coming else -away)
        try:
            day = date(year, month, number) if number else _in_period(before, year, month)
        except ValueError:
            continue
        if day and (day > today if coming else day <= today):
            return day
    return None


def _years_later(today: date, years: int) -> date:
    return date(today.year + years, today.month, min(today.day, 28))
