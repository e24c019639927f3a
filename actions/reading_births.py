"""Dates as written ("12/03/2015", "mars 2015"), and the births that they tell. Pure.

The day is never read from the clock: the caller gives `today`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from actions.reading_numbers import CHILDREN, KINDS, NO_CHILD, nothing_else, whole, with_digits
from actions.reading_words import SHORT, Reading

MAX_AGE = 120  # years
MAX_CHILDREN = 20

MONTHS = (
    r"janv?(?:ier)?",
    r"fevr?(?:ier)?",
    r"mars",
    r"avr(?:il)?",
    r"mai",
    r"juin",
    r"juil(?:let)?",
    r"aout?",
    r"sept(?:embre)?",
    r"oct(?:obre)?",
    r"nov(?:embre)?",
    r"dec(?:embre)?",
)
MONTH = rf"(?:{'|'.join(MONTHS)})(?![a-z])\.?"
DAY_NUMBER, MONTH_NUMBER = "(?:0?[1-9]|[12][0-9]|3[01])", "(?:1[0-2]|0?[1-9])"
YEAR = "(?:18|19|20|21)[0-9]{2}"
DATE = re.compile(
    # 2015-03-12, 12/03/2015, 12032015, 03/2015, 2015
    rf"(?<![0-9/.,])(?:(?P<y1>{YEAR})[/.](?P<m1>{MONTH_NUMBER})[/.](?P<d1>{DAY_NUMBER})"
    rf"|(?P<d2>{DAY_NUMBER})(?P<sep>[/. ])(?P<m2>{MONTH_NUMBER})(?P=sep)"
    rf"(?P<y2>{YEAR}|(?<! )[0-9]{{2}})"
    rf"|(?P<d3>0[1-9]|[12][0-9]|3[01])(?P<m3>0[1-9]|1[0-2])(?P<y3>{YEAR})"
    rf"|(?P<m4>{MONTH_NUMBER})/(?P<y4>{YEAR})"
    rf"|(?P<y5>{YEAR})(?! ?(?:€|(?:euros?|eur|e)\b)))(?![0-9]|[/.][0-9])"
    # le 12 mars 2015, le 12 mars, mars 2015
    rf"|(?<![0-9/.,])(?P<d6>{DAY_NUMBER}) ?(?:du mois )?(?:de |d )?(?P<m6>{MONTH})"
    rf"(?: ?(?:de )?(?P<y6>{YEAR}|[0-9]{{2}}(?=$|[.,]| et\b)))?(?! ?[0-9]{{3}})"
    rf"|(?<![a-z0-9])(?P<m7>{MONTH}) ?(?:de )?(?P<y7>{YEAR})(?![0-9])"
)
_SPACED = re.compile(r"(?<![0-9])([0-9]{1,2}) ?[/.] ?([0-9]{1,2}) ?[/.] ?([0-9]{4})(?![0-9])")
CHILD_WORDS = re.compile(
    rf"\b(?:{CHILDREN}|{KINDS}|en|nes|nees|nouveau|naissance|ont|ils|elles|autres?|ainee?s?"
    r"|cadette?s?|cadets?|benjamine?|dernier|derniere|premier|premiere|deuxieme|troisieme|second"
    r"|seconde|plus|grande?s?|agee?s?|age|semaines?|jours?|y|nous|avons|sont|son|sa|qui|er|eme)\b"
)
_COUNT = re.compile(rf"(?<![0-9])([0-9]+) ?(?:{CHILDREN}|{KINDS})\b")
_ORDINAL = re.compile(r"(?<![0-9])[0-9]+ ?(?:ere?|e|eme|nde?)\b")
_TWINS = re.compile(r"\b(jum|trip)(?:eaux|elles|lee?s)\b")


@dataclass(frozen=True)
class Written:
    """A date as written, and its place in the text; what is not said is None."""

    start: int
    end: int
    text: str
    year: int | None
    month: int | None = None
    day: int | None = None

    def first_day(self) -> date | None:
        """The day, or the first of the month or year; None when the calendar has no such day."""
        if self.year is None:
            return None
        try:
            return date(self.year, self.month or 1, self.day or 1)
        except ValueError:
            return None


def with_dates(text: str) -> str:
    """With digits, and the first of a month as 1: the text that `written_dates` expects."""
    plain = re.sub(rf"(?:\bpremier|\b1 ?er)(?= {MONTH}|/)", "1", with_digits(text))
    return _SPACED.sub(r"\1/\2/\3", plain)


def written_dates(plain: str, today: date) -> list[Written]:
    """The dates written in a text given by `with_dates`, in order."""
    return [_written(found, today) for found in DATE.finditer(plain)]


def instead_of(plain: str, written: Sequence[Written], words: Sequence[str]) -> str:
    """The text with each date replaced."""
    ends = [0, *(found.end for found in written)]
    starts = [*(found.start for found in written), len(plain)]
    kept = [plain[end:start] for end, start in zip(ends, starts, strict=True)]
    return "".join(part for pair in zip(kept, [*words, ""], strict=True) for part in pair)


def month_number(word: str) -> int:
    """1 to 12, from a number or a name that `MONTH` matches."""
    word = word.rstrip(".")
    if word.isdigit():
        return int(word)
    return next(n for n, name in enumerate(MONTHS, 1) if re.fullmatch(name, word))


def age_at(birth: date, today: date) -> int | None:
    """Completed years; None for a birth to come, or too old to be true."""
    age = today.year - birth.year - ((today.month, today.day) < (birth.month, birth.day))
    return age if birth <= today and age <= MAX_AGE else None


def no_child(plain: str) -> Reading | None:
    """No child at all; None when more is said ("pas d'enfant de 3 ans mais...")."""
    return None if re.search("[1-9]", plain) else Reading("", len(plain.split()) <= 2 * SHORT)


def read_births(text: str, today: date) -> Reading | None:
    """Dates of birth, as "2015-03-12,2018-05-04"; "" for no child; None unless all are exact."""
    plain = with_dates(text)
    if NO_CHILD.search(plain):
        return no_child(plain)
    written = written_dates(plain, today)
    days = [found.first_day() for found in written if found.day]
    births = [day for day in days if day and age_at(day, today) is not None]
    rest = instead_of(plain, written, [" "] * len(written))
    announced = [whole(number) for number in _COUNT.findall(rest)]
    rest = _ORDINAL.sub(" ", _COUNT.sub(" ", rest))
    if not births or len(births) < len(written) or re.search(rf"[0-9]|\b{MONTH}", rest):
        return None
    if len(births) == 1 and (twins := _TWINS.search(plain)):
        births *= 2 if twins[1] == "jum" else 3
    if len(births) > MAX_CHILDREN or (announced and max(announced) > len(births)):
        return None
    unknown = CHILD_WORDS.sub(" ", rest)  # a first name or two leave no doubt
    sure = nothing_else(unknown) or len(unknown.split()) <= SHORT
    return Reading(",".join(day.isoformat() for day in births), sure)


def _written(found: re.Match[str], today: date) -> Written:
    said = found.groupdict()
    parts = {name[0]: value for name, value in said.items() if value and name != "sep"}
    year = int(parts["y"]) if "y" in parts else None
    if year is not None and year < 100:
        # "15" is 2015, "87" is 1987; the margin keeps a coming date out of the past century.
        year += 2000 if year <= today.year % 100 + 2 else 1900
    month = month_number(parts["m"]) if "m" in parts else None
    day = int(parts["d"]) if "d" in parts else None
    return Written(found.start(), found.end(), found[0], year, month, day)
