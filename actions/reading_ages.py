"""Ages of one child or several, said in years or months, or by a date of birth. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date

from actions.reading_births import (
    CHILD_WORDS,
    DATE,
    MAX_AGE,
    MAX_CHILDREN,
    age_at,
    instead_of,
    no_child,
    with_dates,
    written_dates,
)
from actions.reading_numbers import (
    BOUND,
    CHILDREN,
    KINDS,
    NO_CHILD,
    NUMBER,
    before,
    is_negative,
    nothing_else,
    whole,
)
from actions.reading_words import Reading

_YEARS = re.compile(r"(?<![0-9.,])([0-9]+)(?:[.,][0-9]+)? ?(?:ans?|annees?)\b")
_YOUNGER = re.compile(r"(?<![0-9])([0-9]+) ?(mois|semaines?|jours?)\b")
_OTHER = re.compile(rf" ?(?:€|%|(?:euros?|eur|fois|heures?|h|kg|cm|{CHILDREN}|{KINDS})(?![a-z]))")
_HALF = r"(?: et demie?\b| ?1/2(?![0-9]))"
_HALF_OR_MONTHS = re.compile(rf"{_HALF}|(?<=ans),? (?:et )?[0-9]+ ?mois\b")
_NEWBORN = re.compile(r"\b(?:nouveaux? nee?s?|nourrisson)\b")
_SHORT_YEAR = re.compile(r"\bnee?s? en [0-9]{2}\b(?! ?(?:ans?|mois|semaines?|jours?)\b)")
_NOT_YET = re.compile(  # "il va avoir 3 ans" is 2
    r"\b(?:va|vont|aura|auront|fera|feront)(?: bientot)?(?: avoir| feter| faire)?(?: ses| leurs)?"
    r" ([0-9]{1,2})(?= ans\b)"
)
_OR = re.compile(r"[0-9](?: ?ans?)? ou [0-9]")
_BORN = re.compile(r"\bnee?s?\b")
_UNCLEAR = re.compile(
    r"(?<![0-9.,])[0-9]+[.,][0-9] ?ans?\b"  # 3,5 ans: one child or two?
    r"|(?<![0-9/])[1-9]/(?:[1-9]|1[0-2])/[0-9]{2}(?![0-9/])"  # 8/12/15: a date or three ages?
)

# What a list of ages is made of: children, years, months, ranks ("le 2e"), numbers alone.
_TOKEN = re.compile(
    rf"(?<![a-z0-9])(?:(?P<n>[0-9]+) ?|(?P<one>une?|mon|ma|le|la|l) )?"
    rf"(?:(?:petite?s?|grande?s?|autres?|seule?) )?(?P<group>{CHILDREN}|{KINDS})\b"
    rf"|(?<![0-9])(?P<years>[0-9]+) ?(?:ans?|annees?)\b{_HALF}?"
    rf"|(?<![0-9])(?P<young>[0-9]+) ?(?P<unit>mois|semaines?|jours?)\b{_HALF}?"
    r"|(?<![0-9])(?P<rank>[0-9]+) ?(?:ere?|e|eme|nde?)\b"
    r"|(?<![0-9])(?P<bare>[0-9]+)"
)
_SHARED = re.compile(r" (?:de|d|ages? de|agee?s? de|qui ont|ont|nee?s? en)(?: tous| chacune?)? ")
_HE_OR_SHE = re.compile(r"\b(?:il|elle) a $")
_LIST = re.compile(r"(?: ?[,/&+]| et| puis| de| ans)* ?")
_COUNT_FIRST = re.compile(
    r"\b([0-9]+|deux|trois|quatre|cinq|six|sept|huit)\s*:(?![0-9])"
    r"|\b(?<=en ai )([0-9]+|deux|trois|quatre|cinq|six|sept|huit)\b(?! ?(?:an|enfant))",
    re.IGNORECASE,
)
_ALL_OF_THEM = re.compile(
    r"\bles ([2-9])\b(?! ?(?:[0-9,/]|et [0-9]|ans?\b|mois\b|de\b))|\bx ?([2-9])\b"
)
_SINCE = re.compile(r"\b(?:depuis|il y a|y a|ya|dans|pendant|ca fait)(?: environ)? $")


def read_age(text: str, *, today: date | None = None) -> Reading | None:
    """An age in completed years, 0 to 120 ("8 ans et demi" is 8).

    With `today`, a date of birth is understood too.
    """
    plain = _with_ages(with_dates(text), today)
    if plain is None or is_negative(text):
        return None
    numbers = [n for n in NUMBER.finditer(plain) if not _OTHER.match(plain, n.end())]
    if _OR.search(plain) or any(before(BOUND, plain, number) for number in numbers):
        return None
    years, younger = _YEARS.search(plain), _YOUNGER.search(plain)
    if years:
        age = whole(years[1])
    elif younger:
        age = _completed(younger[1], younger[2])
    elif numbers:
        age = whole(re.split("[.,]", numbers[0][0])[0])
    else:
        return None
    sure = nothing_else(plain, CHILD_WORDS)
    several = len(set(NUMBER.findall(_HALF_OR_MONTHS.sub(" ", plain)))) > 1
    return None if age > MAX_AGE or (sure and several) else Reading(str(age), sure)


def spot_age(text: str, *, today: date | None = None) -> str | None:
    """An age said as such ("12 ans", "née en 2015"), anywhere in the text."""
    plain = with_dates(text)
    born = today and _BORN.search(plain) and DATE.search(plain)
    reading = read_age(text, today=today) if born or _YEARS.search(plain) else None
    return reading.value if reading else None


def read_ages(text: str, today: date) -> Reading | None:
    """The ages of several children, as "8,12"; "" for no child; None when one is missing."""
    # "j'en ai 2 : 8 et 5": the first number counts.
    plain = with_dates(_COUNT_FIRST.sub(r"\1\2 enfants ", text))
    if NO_CHILD.search(plain):
        return no_child(plain)
    if _UNCLEAR.search(plain) or (replaced := _with_ages(plain, today)) is None:
        return None
    ages = _ages(_ALL_OF_THEM.sub(" ", replaced))
    if len(ages) == 1 and (everyone := _ALL_OF_THEM.search(replaced)):
        ages *= int(everyone[1] or everyone[2])
    elif len(ages) == 1 and re.search(r"\bchacune?\b", replaced):
        return None
    if not ages or max(ages) > MAX_AGE or len(ages) > MAX_CHILDREN:
        return None
    if len(ages) == 1 and (is_negative(text) or re.fullmatch(r"0+\W*", replaced)):
        return None  # "0": no child, or a baby?
    return Reading(",".join(map(str, ages)), nothing_else(replaced, CHILD_WORDS))


def spot_ages(text: str, today: date) -> str | None:
    """Ages said as such ("8 et 12 ans", "nés en 2015 et 2018"), anywhere in the text."""
    plain = with_dates(text)
    said = _YEARS.search(plain) or _YOUNGER.search(plain) or _BORN.search(plain)
    reading = read_ages(text, today) if said else None
    return (reading.value or None) if reading else None


def _with_ages(plain: str, today: date | None) -> str | None:
    """The text with dates of birth as ages ("née en 11 ans"); None when one is no birth."""
    plain = re.sub(r"\bune? (?=(?:an|annee|mois|semaine|jour)\b)", "1 ", plain)
    plain = _NEWBORN.sub("0 mois", plain)
    plain = _NOT_YET.sub(lambda found: str(max(int(found[1]) - 1, 0)), plain)
    if _SHORT_YEAR.search(plain):
        return None
    if today is None:
        return None if DATE.search(plain) else plain
    written = written_dates(plain, today)
    days = [found.first_day() for found in written]
    ages = [age for day in days if day and (age := age_at(day, today)) is not None]
    if len(ages) < len(written):
        return None
    return instead_of(plain, written, [f"{age} ans" for age in ages])


def _completed(number: str, unit: str) -> int:
    """Years in a number of months, weeks or days."""
    return whole(number) // {"m": 12, "s": 52, "j": 365}[unit[0]]


@dataclass
class _Children:
    """Children named together ("deux filles", "des jumeaux"), then the ages said of them."""

    word: str = ""
    count: int | None = None
    end: int = 0
    ages: list[int] = field(default_factory=list)
    shared: bool = False  # the first age is said for all of them

    def every_age(self) -> list[int]:
        """One age for each child."""
        if self.shared and self.count and len(self.ages) == 1:
            return self.ages * min(self.count, MAX_CHILDREN)
        return self.ages


def _ages(plain: str) -> list[int]:
    """Every age of the text, in its order; empty when one is unclear or missing."""
    groups = [_Children()]
    previous: re.Match[str] | None = None
    for token in _TOKEN.finditer(plain):
        if token["group"]:
            groups.append(_children(token))
        elif not token["rank"] and not before(_SINCE, plain, token):
            gap = plain[previous.end() if previous else 0 : token.start()]
            unclear = gap == " ou " or before(BOUND, plain, token)
            if unclear or (token["bare"] and _OTHER.match(plain, token.end())):
                return []
            if not _same_child(previous, gap, token, groups):
                if groups[-1].ages and not _LIST.fullmatch(gap):
                    groups.append(_Children())
                group = groups[-1]
                twins = group.word.startswith(("jum", "trip"))
                between = _SHARED.fullmatch(plain, group.end, token.start())
                group.shared = group.shared or twins or (not group.ages and bool(between))
                group.ages.append(_age_of(token))
        previous = token
    ages = [age for group in groups for age in group.every_age()]
    return ages if len(ages) >= _announced(groups) else []


def _children(token: re.Match[str]) -> _Children:
    word = token["group"]
    twins = 2 if word.startswith("jum") else 3 if word.startswith("trip") else None
    count = whole(token["n"]) if token["n"] else 1 if token["one"] and not twins else twins
    return _Children(word, count, token.end())


def _age_of(token: re.Match[str]) -> int:
    if token["young"]:
        return _completed(token["young"], token["unit"])
    return whole(token["years"] or token["bare"])


def _same_child(
    previous: re.Match[str] | None, gap: str, token: re.Match[str], groups: list[_Children]
) -> bool:
    """Whether the months go with the years just said: "2 ans 6 mois", "elle a 3 ans et 6 mois"."""
    if not previous or not previous["years"] or token["unit"] != "mois":
        return False
    several = any(group.count and group.count > 1 for group in groups)
    one = groups[-1].count == 1 or before(_HE_OR_SHE, previous.string, previous)
    return gap in {"", " "} or (gap == " et " and one and not several)


def _announced(groups: list[_Children]) -> int:
    """How many children were announced: "3 enfants", or "2 garçons et une fille"."""
    everyone = [g.count or 0 for g in groups if re.fullmatch(CHILDREN, g.word)]
    kinds = [g.count or 0 for g in groups if re.fullmatch(KINDS, g.word)]
    return max([sum(kinds), *everyone])
