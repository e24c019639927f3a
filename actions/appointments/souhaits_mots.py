"""Words of days and times as people type them, and the pieces a wish is made of. Pure."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Literal

from actions.appointments.souhaits_modele import Souhait
from actions.reading_births import MONTH
from actions.reading_numbers import with_digits

LONGEST = 500  # characters read: a wish comes sooner

WEEKDAYS = (
    r"lund[iy]s?",
    r"mard[iy]s?",
    r"m[ea]r?[ck]r?e?dit?s?",
    r"jeud[iy]s?",
    r"vend(?:re|er|r)?d[iy][st]?",
    r"same?dis?",
    r"dim[ae]nches?",
)
WEEKDAY = rf"\b(?:{'|'.join(WEEKDAYS)})\b"
WEEK = r"(?:semaines?|sem|smaine)\b"
APREM = r"(?:(?:apres?|aprs|apr|ap) ?mid(?:i|is|y)?|aprems?|aprm|apm)\b"
MATIN = r"(?:matin(?:ee)?s?|mat)\b"
SOIR = r"soir(?:ee)?s?\b"
NEXT = r"(?:prochaine?s?|proch|pro|suivante?|d apres|qui (?:vient|arrive|suit)|a venir)\b"

_FIRST = re.compile(  # "le premier créneau" is no first of the month
    r"\bpremi[eè]re?s?\b(?! (?:du mois|janv|f[eé]v|mars|avr|mai\b|juin|juil|ao[uû]|sept|oct|nov"
    r"|d[eé]c))",
    re.IGNORECASE,
)
_FROM_TO = re.compile(r"(?<=[0-9h])(h|h[0-9]{2})\s?[-–—/]\s?(?=[0-9]{1,2}\s?h)", re.IGNORECASE)
_CLOCK = re.compile(r"(?<![0-9])([0-9]{1,2})\s?(?::|h:)\s?([0-5][0-9])(?![0-9])")
_POINTED = re.compile(r"(?<![0-9./])([0-9]{1,2})\.(1[3-9]|[2-5][0-9])(?![0-9.])")  # no month
_DASHED = re.compile(r"(?<=\ble )([0-3]?[0-9])-([01]?[0-9])(?![0-9]|\s?h)")
_HOURS = re.compile(
    r"\b(?P<first>entre|de) (?P<a>[0-9]{1,2}) (?P<and>et|a) (?P<b>[0-9]{1,2})(?: ?h(?:eures?)?\b)"
    r"|(?P<lead>^|, |(?:matin|midi|aprem) )(?P<c>[0-9]{1,2})(?: a |/)(?P<d>[0-9]{1,2}) ?h(?![a-z])"
)
_OFFICE = re.compile(r"\bentre ((?:8|9|1[0-9])) et (9|1[0-9])(?![0-9]| ?(?:h|/|[a-z]))")
_MONTHS_SHARED = re.compile(
    rf"(?<![0-9/])([0-9]{{1,2}})( ?, ?| et | ou )(?:le )?([0-9]{{1,2}}) ({MONTH})"
)
_DAYS_LISTED = re.compile(
    r"\b(les?|au|du) ([0-9]{1,2})( ?, ?| et | ou )"
    r"([0-9]{1,2})(?![0-9]| ?(?:h|/|[0-9]|ans|enfants))"
)
_TURNS = (
    (re.compile(r"\bpremier\b"), "1er"),
    (re.compile(r"\+ ?(?=tot|vite|rapide)"), "plus "),
    (re.compile(r"\b(?:2 ?main|2m1|dm1|de?mains?|demin|dmn)\b"), "demain"),
    (re.compile(r"\b(?:qd|kan|kand|qand)\b"), "quand"),
    (re.compile(r"\bds\b"), "dans"),
    (re.compile(r"\bavt\b"), "avant"),
    (re.compile(r"\bvs\b"), "vous"),
    (re.compile(r"\bapartir\b"), "a partir"),
)


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words that say a day or a time, where they stand, and the wish they say alone.

    jour: a date; nom: a day called by its weekday; habitude: "le mardi"; periode: several days;
    fin: the end of a week or month; heure: about that time; partie: a part of the day;
    tot: soon, or whenever; heures: any time. `wish` is None for a day that does not exist.
    """

    start: int
    end: int
    kind: Literal["jour", "nom", "habitude", "periode", "fin", "heure", "partie", "tot", "heures"]
    wish: Souhait | None
    near: bool = False  # told from today ("demain"): what is not wanted then is wanted later

    def is_day(self) -> bool:
        """Whether it says days."""
        return self.kind in {"jour", "nom", "habitude", "periode", "fin"}


def weekday_number(word: str) -> int:
    """0 for Monday; the word matches `WEEKDAY`."""
    return next(n for n, name in enumerate(WEEKDAYS) if re.fullmatch(name, word))


def next_weekday(today: dt.date, weekday: int) -> dt.date:
    """The first such day after today."""
    return today + dt.timedelta((weekday - today.weekday() - 1) % 7 + 1)


def clear(text: str) -> str:
    """Simplified, with digits, a full stop between sentences, and the commonest spellings."""
    text = re.sub(r"[;!?…\n]+", " . ", text[:LONGEST])
    text = _CLOCK.sub(r"\1h\2", _FIRST.sub("prems", text))
    text = _FROM_TO.sub(r"\1 a ", text)
    text = _DASHED.sub(r"\1/\2", _POINTED.sub(r"\1h\2", text))
    plain = with_digits(text)
    for pattern, words in _TURNS:
        plain = pattern.sub(words, plain)
    plain = _HOURS.sub(_with_hours, plain)
    plain = _OFFICE.sub(r"entre \1h et \2h", plain)
    for _ in range(3):  # "les 24, 25 et 26 novembre"
        plain = _MONTHS_SHARED.sub(r"\1 \4\2\3 \4", plain)
        plain = _DAYS_LISTED.sub(r"\1 \2\3le \4", plain)
    return plain


def first_pieces(pieces: list[Piece]) -> list[Piece]:
    """Those that do not overlap: the first, then the longest, wins."""
    kept: list[Piece] = []
    for piece in sorted(pieces, key=lambda piece: (piece.start, -piece.end)):
        if not kept or piece.start >= kept[-1].end:
            kept.append(piece)
    return kept


def _with_hours(found: re.Match[str]) -> str:
    """ "entre 10 et 12h" is "entre 10h et 12h"."""
    if found["first"]:
        return f"{found['first']} {found['a']}h {found['and']} {found['b']}h"
    return f"{found['lead']}{found['c']}h a {found['d']}h"
