"""Times of the day found in a text ("vers 10h", "fin de matinée"), and haste. Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

from actions.appointments.souhaits_modele import Souhait
from actions.appointments.souhaits_mots import APREM, MATIN, SOIR, Piece
from actions.reading_births import MONTH

NOON = dt.time(12)
# Calls end at 16:00: the end of a day is the last hour of calls, an evening is out of them.
_PARTS: dict[str, tuple[dt.time | None, dt.time | None]] = {
    rf"\b{MATIN}": (None, NOON),
    rf"\b{APREM}": (NOON, None),
    rf"\b{SOIR}": (dt.time(18), None),
    rf"\b(?:debut(?: de| d)?(?: la| le)? (?:{MATIN}|journee)|tot (?:le|dans la) {MATIN}"
    r"|de bonne heure)": (None, dt.time(10)),
    rf"\bmilieu(?: de| d)?(?: la)? {MATIN}": (dt.time(10), dt.time(11)),
    rf"\bfin(?: de| d)?(?: la)? {MATIN}": (dt.time(11), NOON),
    r"\bmilieu(?: de| d)?(?: la)? journee\b": (dt.time(11), dt.time(14)),
    r"\bentre midi et (?:2|14)(?: ?h(?:eures?)?)?(?![0-9])|\bmidi (?:et )?2\b(?! ?h)"
    r"|\b(?:pause|heure)(?: de| du)?(?: l)? (?:midi|dej\w*|repas)": (NOON, dt.time(14)),
    rf"\bdebut(?: de| d)?(?: l)? {APREM}": (dt.time(13), dt.time(15)),
    rf"\bmilieu(?: de| d)?(?: l)? {APREM}": (dt.time(14), dt.time(15)),
    rf"\bfin(?: de| d)?(?: l| la)? (?:{APREM}|journee\b)": (dt.time(15), None),
    r"\ble plus tard possible\b": (dt.time(15), None),
    r"\bpas (?:trop |tres |si )?tot\b": (dt.time(10), None),
    r"\bpas (?:trop |tres |si )?tard\b": (None, dt.time(15)),
}
_PART_PATTERNS = [(re.compile(pattern), bounds) for pattern, bounds in _PARTS.items()]

_HOUR = re.compile(
    r"(?<![0-9/.,])(?P<h>[01]?[0-9]|2[0-4]) ?h(?:eure?s?|eurs|rs?)?(?![a-z])"
    rf"(?: ?(?P<min>[0-5][0-9])(?![0-9]| ?(?:h|/|{MONTH}))"
    r"| (?P<more>(?:et )?(?:demie?|1/2)|(?:et )?(?:un )?quart)\b"
    r"| moins (?:le )?(?P<less>quart|5|10|20|25)\b)?"
    rf"(?P<day>(?= (?:du |de l |l |ce |cet |le |dans l )?(?:{SOIR}|{APREM})))?"
)
_NOON = re.compile(
    r"\b(?P<h>midi|minuit)\b"
    r"(?: (?:et )?(?P<min>[1-5][05])(?![0-9]| ?h)"
    r"| (?P<more>(?:et )?demie?|(?:et )?(?:un )?quart)\b"
    r"| moins (?:le )?(?P<less>quart|5|10|20|25)\b)?"
)
_SOON = re.compile(
    r"\b(?:(?:le|au) (?:plus|\+) (?:tot|vite|rapidement|rapide|proche)(?: possible)?"
    r"|(?<!pas )des que (?:possible|(?:c est|ce sera) possible|vous (?:le )?(?:pouvez|pourrez))"
    r"|asap|(?<!pas )tout de suite|(?<!tout )(?<!pas )de suite|immediatement|maintenant"
    r"|(?<!pas )(?<!pas d )(?<!pas en )urgen(?:ce|te?|ment)|(?<!pas )rapidement|(?<!pas )vite"
    r"|(?:prems|prochaine?) (?:creneaux?|dispo\w*|dates?|horaires?|rdv|rendez vous|places?|moment)"
    r"(?: (?:dispo\w*|possible|libre))?|aussitot que possible)\b"
)
_WHENEVER = re.compile(
    r"\b(?:(?:n ?importe|peut? ?importe|qu importe)"
    r"(?: (?:quand|(?:quel(?:le)? |le |la )?(?:jour|date|moment|semaine)))?"
    r"|(?:m )?importe peu|(?:m |mest |m est |est )egal"
    r"|(?:quand|comme)(?: est ce que)?"
    r" (?:(?:vous|tu) (?:le )?(?:voul\w+|pouv\w+|pourr\w+|souhait\w+|prefer\w+|veux|peux)"
    r"|(?:ca|sa|cela) vous (?:arrange|va|convient)|c est possible)"
    r"|a votre convenance|au choix|a vous de (?:voir|choisir)|a tout moment|tout me va"
    r"|(?:pas|aucune|sans)(?: de)? preferences?|tous les jours(?: de la semaine)?|toute la semaine"
    r"|toujours (?:dispo\w*|libre))\b"
)
_ANY_HOUR = re.compile(
    r"\b(?:n ?importe quelle|peut? ?importe(?: l| quelle)?|quelle que soit l) (?:heure|horaire)s?\b"
)


def pieces_of_times(plain: str) -> Iterator[Piece]:
    """Every time said in a text that `clear` gave, in no order."""
    for pattern in (_HOUR, _NOON):
        for found in pattern.finditer(plain):
            time = _time(found)
            yield Piece(found.start(), found.end(), "heure", Souhait(a=time))
    for pattern, (apres, avant) in _PART_PATTERNS:
        for found in pattern.finditer(plain):
            yield Piece(found.start(), found.end(), "partie", Souhait(apres=apres, avant=avant))
    for pattern in (_SOON, _WHENEVER):
        for found in pattern.finditer(plain):
            yield Piece(found.start(), found.end(), "tot", Souhait(au_plus_tot=True))
    for found in _ANY_HOUR.finditer(plain):
        yield Piece(found.start(), found.end(), "heures", Souhait())


def _time(found: re.Match[str]) -> dt.time:
    """The time said; from 1 to 6, or before noon "du soir", it is the afternoon's."""
    said = found.groupdict()
    hour = {"midi": 12, "minuit": 0}.get(said["h"])
    if hour is None:
        hour = int(said["h"]) % 24
        if 1 <= hour <= 6 or (said.get("day") is not None and hour < 12):
            hour += 12
    minutes = int(said["min"] or 0)
    if said["more"]:
        minutes = 15 if "quart" in said["more"] else 30
    elif said["less"]:
        minutes = -15 if said["less"] == "quart" else -int(said["less"])
    total = (hour * 60 + minutes) % (24 * 60)
    return dt.time(total // 60, total % 60)
