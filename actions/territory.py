"""Where the person lives, from what he or she writes: département and commune. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from math import asin, cos, radians, sin, sqrt
from typing import TypeVar

from actions.knowledge.schema import Commune, Departements
from actions.reading import simplify

EARTH_RADIUS = 6371.0  # km

Named = TypeVar("Named")

_POSTAL_CODE = re.compile(r"(?<![\d.,])(\d{2})(\d)\d\d(?! ?(?:\d|€|euros?\b|eur\b|e\b|h\b))")
_NUMBER = re.compile(
    r"\b(?:caf(?: du| de)?|departement|dept|dep|(?:habite|vis|suis)(?: dans)?(?: le| du)"
    r"|dans le) (\d\d|2a|2b|97\d)\b(?! ?(?:\d|€|euros?\b|eur\b|h\b))"
)
_WORD = re.compile(r"\w+")
_ALONE = re.compile(r"(\d\d|2a|2b|97\d)")
_AT = r"(?:caf|habite|vis|suis|departement|dans|en|du|de|a|pour|sur|vers)"
_ARTICLE = r"(?: (?:de la|du|des|de|dans|en|le|la|les|l|d))*"


@dataclass(frozen=True)
class Territory:
    """`departement`: its number (`52`, `2A`, `974`); `commune` when it is one that is known."""

    departement: str
    commune: Commune | None = None


class Territories:
    """Recognises the communes and départements of data/directory."""

    def __init__(self, departements: Departements, communes: list[Commune]) -> None:
        longest_first = sorted(communes, key=lambda commune: -len(_plain(commune.nom)))
        self._communes = [(_Name(commune.nom), commune) for commune in longest_first]
        self._by_name = {commune.nom: commune for commune in communes}
        ordinary = set(departements.mots_courants)
        named = sorted(departements.noms.items(), key=lambda pair: -len(_plain(pair[1])))
        self._departements = [
            (_Name(nom, ordinary=nom in ordinary), numero) for numero, nom in named
        ]
        self._numbers = set(departements.noms)

    def commune(self, name: str | None) -> Commune | None:
        """The commune of that exact name, when it is known."""
        return self._by_name.get(name or "")

    def spot(self, text: str) -> Territory | None:
        """The place said in `text`, if one is."""
        plain = _plain(text)
        if commune := self._commune(plain):
            return Territory(_departement(commune.code_postal), commune)
        if match := _POSTAL_CODE.search(plain):
            number = _departement(match[0])
            return self._known(number)
        if match := _NUMBER.search(plain) or _ALONE.fullmatch(plain):
            return self._known(match[1].upper())
        return self._named(plain)

    def _commune(self, plain: str) -> Commune | None:
        return _first_said(self._communes, plain)

    def _named(self, plain: str) -> Territory | None:
        number = _first_said(self._departements, plain)
        return Territory(number) if number else None

    def _known(self, number: str) -> Territory | None:
        return Territory(number) if number in self._numbers else None


class _Name:
    """A name to be found in a text; `word`, its first, is a quick way to tell that it is not."""

    def __init__(self, name: str, *, ordinary: bool = False) -> None:
        self.word = _WORD.findall(_plain(name))[0]
        self.pattern = _pattern(name, ordinary=ordinary)


def _first_said(names: Iterable[tuple[_Name, Named]], plain: str) -> Named | None:
    words = set(_WORD.findall(plain))
    said = (named for name, named in names if name.word in words and name.pattern.search(plain))
    return next(said, None)


def kilometres(one: Commune, other: Commune) -> float:
    """As the crow flies."""
    lat1, lat2 = radians(one.latitude), radians(other.latitude)
    half_lat = (lat2 - lat1) / 2
    half_lon = radians(other.longitude - one.longitude) / 2
    square = sin(half_lat) ** 2 + cos(lat1) * cos(lat2) * sin(half_lon) ** 2
    return 2 * EARTH_RADIUS * asin(sqrt(square))


def _departement(code_postal: str) -> str:
    if code_postal.startswith("97"):
        return code_postal[:3]
    if code_postal.startswith("20"):
        return "2A" if code_postal < "20200" else "2B"
    return code_postal[:2]


def _pattern(name: str, *, ordinary: bool = False) -> re.Pattern[str]:
    """The name as whole words; an everyday word only alone, or after « j'habite dans la »."""
    words = re.escape(_plain(name))
    anywhere = rf"\b{_AT}{_ARTICLE} {words}\b" if ordinary else rf"\b{words}\b"
    return re.compile(rf"^{words}$|{anywhere}")


def _plain(text: str) -> str:
    """Simplified, « saint » written in full."""
    return re.sub(r"\b(st|ste)\b", lambda m: {"st": "saint", "ste": "sainte"}[m[1]], simplify(text))
