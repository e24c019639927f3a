"""What the words around days and times make of them: "avant", "pas", "entre… et…". Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from actions.appointments.souhaits_modele import Souhait, go_together, some_day
from actions.appointments.souhaits_mots import Piece, next_weekday

Operator = Literal["from", "after", "until", "before", "not"]

_ART = (
    r"(?:(?:les?|la|l|ce|cette|cet|du|de|des|d|aux?|a|en|dans|mon|ma|vers|environ|jour|milieu)"
    r"\b ?)*$"
)
_WORK = (
    r"\b(?:travaill\w*|boss\w+|occupee?|prise?|taff?\w*|(?:j )?ai (?:(?:un|deja) )?(?:cours"
    r"|ecole|formation|rdv|rendez vous)"
    r"|boulot|en (?:cours|formation))\b"
)
_PAS = (
    r"(?:(?<!pourquoi )(?<!pk )(?<!sais )(?<!saurais )(?<!derange )\bpas\b"
    r"(?! (?:de (?:souci|prob|pb|pref)|grave|mal\b|urgen|press))|\bjamais\b)"
)
_NEGATED = re.compile(
    rf"{_PAS}|\b(?:peu[xt]|suis|pourrai|serai) plus\b|\b(?:sauf|hors|hormis|ex(?:c|s)?epte|ni"
    r"|a part(?! de)|en dehors|autres? que|indispo\w*|impossible|evite[rz]?)\b"
)
_RESET = re.compile(
    r"\b(?:mais|plutot|sinon|par contre|donc|alors|prefer\w*|mieux|uniquement|seulement)\b|[.,]"
)
_OPERATORS: tuple[tuple[re.Pattern[str], Operator], ...] = (
    (re.compile(rf"{_PAS}.*\b(?:avant|plus tot qu[e ]) ?{_ART}"), "from"),
    (re.compile(rf"{_PAS}.*\b(?:apres|plus tard qu[e ]|au dela) ?{_ART}"), "until"),
    (re.compile(rf"{_WORK}.*\bjusqu[e ]? ?(?:aux?|en)? {_ART}"), "from"),
    (re.compile(rf"{_WORK}.*\b(?:a partir|des|a compter) {_ART}"), "before"),
    (re.compile(rf"\b(?:a partire?|a compter|des|depuis|au plus tot) {_ART}"), "from"),
    (re.compile(rf"\b(?:apres|aprs|passe|plus tard qu[e ]) ?{_ART}"), "after"),
    (re.compile(rf"\b(?:d ici|jusqu[e ]?|au plus tard|max(?:imum)?) {_ART}"), "until"),
    (re.compile(rf"\b(?:avant|plus tot qu[e ]) ?{_ART}"), "before"),
)
# Only for times: "je finis à 15h", "je commence à 10h".
_FREE_AT = re.compile(r"\b(?:fini[srt]?|termine|sors|sort|debauche|rentre|libre a|dispo\w* a)\b")
_BUSY_AT = re.compile(r"\b(?:commence|embauche|reprends?|pars)\b")
_LIST = re.compile(r"(?:[ ,/]|\b(?:et|ou|ni|les?|la|l|du|de|d|ce|puis|aussi|meme|non plus)\b)+")
_TO = re.compile(r" ?(?:jusqu )?(?:a|au) (?:la |l )?|/| ")
_AND = re.compile(r" et (?:le |la |l )?")
_BETWEEN = re.compile(r"\b(?:entre|de|du|d)(?: le| la| l)? $")
_REFUSED = re.compile(
    r" ?,? ?(?:(?:c|ca|sa|je|j|moi|est|ne|n|me|m|va|suis|peux|pourrai|serai|sera) )*"
    r"(?:(?:pas|plus)(?: (?:possible|dispo\w*|libre|du tout|moi|arrange\w*|trop)\b| ?[.,]| ?$)"
    r"|impossible\b|exclu\b|non\b|indispo\w*|(?:travaille|bosse)\b(?! pas))"
)
_ACCEPTED = re.compile(r" ?,? ?(?:c est |c |ca |sa )?(?:bon|ok|oui|me va|va\b|possible|dispo)")


@dataclass
class _Sense:
    """The limits gathered so far."""

    days: list[tuple[dt.date, bool]] = field(default_factory=list)  # and whether a weekday's name
    habits: set[int] = field(default_factory=set)
    spans: list[tuple[dt.date | None, dt.date | None]] = field(default_factory=list)
    sauf: set[int] = field(default_factory=set)
    bounds: tuple[dt.time | None, dt.time | None] | None = None
    a: dt.time | None = None
    soon: bool = False
    read: bool = False  # something was of use
    impossible: bool = False


def sense(plain: str, pieces: Sequence[Piece], today: dt.date) -> Souhait | None:
    """The wish that these pieces of the text make together; None when they make none."""
    gathered = _Sense()
    gaps = _gaps(plain, pieces)
    operators = _operators(pieces, gaps)
    place = 0
    while place < len(pieces):
        piece, gap = pieces[place], gaps[place]
        if place + 1 < len(pieces) and _is_span(piece, pieces[place + 1], gap, gaps[place + 1]):
            _add_span(gathered, piece, pieces[place + 1], operators[place], today)
            place += 2
            continue
        _add(gathered, piece, operators[place], gap, today)
        place += 1
    return _wish(gathered, today)


def _gaps(plain: str, pieces: Sequence[Piece]) -> list[str]:
    """The words before each piece, then those after the last."""
    starts = [*(piece.start for piece in pieces), len(plain)]
    ends = [0, *(piece.end for piece in pieces)]
    return [plain[end:start] for end, start in zip(ends, starts, strict=True)]


def _operators(pieces: Sequence[Piece], gaps: Sequence[str]) -> list[Operator | None]:
    """What is done with each piece; a refusal goes on through a list, both ways."""
    found: list[Operator | None] = []
    for place, piece in enumerate(pieces):
        operator = _operator(gaps[place], piece)
        after = gaps[place + 1]
        listed = place > 0 and _LIST.fullmatch(gaps[place]) is not None
        if operator is None and _REFUSED.match(after) and piece.kind not in {"tot", "heures"}:
            operator = "not"
            for former in range(place, 0, -1):
                if not _LIST.fullmatch(gaps[former]) or found[former - 1] is not None:
                    break
                found[former - 1] = "not" if pieces[former - 1].is_day() else None
        elif operator is None and listed and found[-1] == "not" and not _ACCEPTED.match(after):
            same = piece.is_day() == pieces[place - 1].is_day()
            operator = "not" if same else None
        found.append(operator)
    return found


def _operator(gap: str, piece: Piece) -> Operator | None:
    """What the words before a piece do with it."""
    tail = _RESET.split(gap)[-1][-60:]
    for pattern, operator in _OPERATORS:
        if pattern.search(tail):
            return operator
    if piece.kind == "heure":
        if _FREE_AT.search(tail):
            return "from"
        if _BUSY_AT.search(tail):
            return "before"
    negated, working = bool(_NEGATED.search(tail)), bool(re.search(_WORK, tail))
    return "not" if negated != working else None


def _is_span(one: Piece, other: Piece, before: str, between: str) -> bool:
    """ "de 9h à 11h", "entre lundi et mercredi", "du 3 au 5"."""
    alike = (one.kind == other.kind == "heure") or (
        one.kind in {"jour", "nom", "habitude"} and other.kind in {"jour", "nom", "habitude"}
    )
    if not alike or one.wish is None or other.wish is None:
        return False
    if _AND.fullmatch(between):
        return bool(_BETWEEN.search(before)) and "entre" in before[-12:]
    if one.kind == "heure":
        return bool(_TO.fullmatch(between))
    return bool(_TO.fullmatch(between)) and between.strip() not in {"", "/"}


def _add_span(
    gathered: _Sense, one: Piece, other: Piece, operator: Operator | None, today: dt.date
) -> None:
    """From one to the other."""
    assert one.wish is not None and other.wish is not None
    gathered.read = True
    if one.kind == "heure":
        apres, avant = one.wish.a, other.wish.a
        assert apres is not None and avant is not None
        if operator == "not":  # "je travaille de 9h à 12h"
            early, late = apres <= dt.time(9), avant >= dt.time(16)
            _bound(gathered, (avant if early else None, apres if late else None), "")
        elif apres < avant:
            _bound(gathered, (apres, avant), "")
        else:
            gathered.a = apres
        return
    if one.kind == other.kind == "habitude":
        first, last = one.wish.jours_semaine[0], other.wish.jours_semaine[0]
        weekdays = {(first + away) % 7 for away in range((last - first) % 7 + 1)}
        if operator == "not":
            gathered.sauf |= weekdays
        else:
            gathered.habits |= weekdays
        return
    premier, dernier = _bounds(one, today)[0], _bounds(other, today)[1]
    assert premier is not None and dernier is not None
    if dernier < premier:
        if other.kind == "nom":
            dernier += dt.timedelta(7)
        else:
            premier = min(today, dernier)
    gathered.spans.append((premier, dernier))


def _add(
    gathered: _Sense, piece: Piece, operator: Operator | None, gap: str, today: dt.date
) -> None:
    """One piece alone."""
    wish = piece.wish
    if wish is None:
        gathered.impossible = True
    elif piece.kind in {"tot", "heures"}:
        gathered.soon |= wish.au_plus_tot
        gathered.read = True
    elif piece.kind == "heure":
        _add_time(gathered, wish, operator, gap)
    elif piece.kind == "partie":
        _add_part(gathered, wish, operator, gap)
    else:
        _add_days(gathered, piece, wish, operator, today)


def _add_time(gathered: _Sense, wish: Souhait, operator: Operator | None, gap: str) -> None:
    if operator == "not":
        return
    gathered.read = True
    if operator in {"from", "after"}:
        _bound(gathered, (wish.a, None), gap)
    elif operator in {"until", "before"}:
        _bound(gathered, (None, wish.a), gap)
    elif gathered.a is None:
        gathered.a = wish.a


def _add_part(gathered: _Sense, wish: Souhait, operator: Operator | None, gap: str) -> None:
    apres, avant = wish.apres, wish.avant
    if operator == "not":
        if apres is not None and avant is not None:
            return  # "pas entre midi et deux": two spans, which a wish cannot say
        apres, avant = avant, apres
    elif operator == "before" and apres is not None:
        apres, avant = None, apres
    elif operator == "after" and avant is not None:
        apres, avant = avant, None
    gathered.read = True
    _bound(gathered, (apres, avant), gap)


def _add_days(
    gathered: _Sense, piece: Piece, wish: Souhait, operator: Operator | None, today: dt.date
) -> None:
    first, last = _bounds(piece, today)
    if operator == "not":
        if wish.jours_semaine:
            gathered.sauf |= {*wish.jours_semaine}
        elif piece.near and last is not None:
            gathered.spans.append((last + dt.timedelta(1), None))
        else:
            return  # "pas le 3": one day only, which a wish cannot say
    elif operator == "from":
        gathered.spans.append((first, None))
    elif operator == "after":
        gathered.spans.append((last and last + dt.timedelta(1), None))
    elif operator == "until" or (operator == "before" and piece.kind == "fin"):
        gathered.spans.append((None, last))
    elif operator == "before":
        gathered.spans.append((None, first and first - dt.timedelta(1)))
    elif piece.kind in {"jour", "nom"}:
        gathered.days += [(day, piece.kind == "nom") for day in wish.jours]
        gathered.soon |= wish.au_plus_tot
    elif piece.kind == "habitude":
        gathered.habits |= {*wish.jours_semaine}
    else:
        gathered.spans.append((wish.premier, wish.dernier))
    gathered.read = True


def _bounds(piece: Piece, today: dt.date) -> tuple[dt.date | None, dt.date | None]:
    """The first and last days of a piece that says days."""
    assert piece.wish is not None
    if piece.wish.jours:
        return piece.wish.jours[0], piece.wish.jours[-1]
    if piece.wish.jours_semaine:
        weekdays = piece.wish.jours_semaine
        first = next_weekday(today, weekdays[0])
        return first, first + dt.timedelta(weekdays[-1] - weekdays[0])
    return piece.wish.premier, piece.wish.dernier


def _bound(gathered: _Sense, bounds: tuple[dt.time | None, dt.time | None], gap: str) -> None:
    """Narrow the times; "ou", or times that exclude one another, widen them instead."""
    if gathered.bounds is None:
        gathered.bounds = bounds
        return
    (apres, avant), (since, until) = gathered.bounds, bounds
    latest = max((t for t in (apres, since) if t is not None), default=None)
    soonest = min((t for t in (avant, until) if t is not None), default=None)
    if not re.search(r"\bou\b", gap) and go_together(latest, soonest, None):
        gathered.bounds = (latest, soonest)
        return
    gathered.bounds = (
        None if apres is None or since is None else min(apres, since),
        None if avant is None or until is None else max(avant, until),
    )


def _wish(gathered: _Sense, today: dt.date) -> Souhait | None:
    """The limits as one wish."""
    named_days = gathered.days or gathered.habits or gathered.spans
    if not gathered.read or (gathered.impossible and not named_days):
        return None
    apres, avant = gathered.bounds or (None, None)
    if gathered.a is not None and not go_together(apres, avant, gathered.a):
        apres = avant = None
    sauf = tuple(sorted(gathered.sauf))
    wish = Souhait(sauf=sauf, apres=apres, avant=avant, a=gathered.a, au_plus_tot=gathered.soon)
    return _with_days(wish, gathered, today)


def _with_days(wish: Souhait, gathered: _Sense, today: dt.date) -> Souhait:
    """The wish on the days that were said."""
    weekdays = {day.weekday() for day, named in gathered.days if named} | gathered.habits
    dated = {day for day, named in gathered.days if not named}
    span = _one_span(gathered.spans)
    if span is not None and weekdays and not some_day(span, weekdays):
        span = None  # "en fin de semaine, ou lundi"
    if span is not None and not dated:
        wish = replace(wish, premier=span[0], dernier=span[1])
        return replace(wish, jours_semaine=tuple(sorted(weekdays)))
    if span is not None and not all(
        Souhait(premier=span[0], dernier=span[1]).accepte_jour(day) for day in dated
    ):
        first = None if span[0] is None else min(span[0], *dated)
        last = None if span[1] is None else max(span[1], *dated)
        return replace(wish, premier=first, dernier=last)  # "demain ou la semaine prochaine"
    if dated:
        named = {day for day, is_named in gathered.days if is_named}
        habits = {next_weekday(today, weekday) for weekday in gathered.habits}
        return replace(wish, jours=tuple(sorted(dated | named | habits)))
    if gathered.habits:
        return replace(wish, jours_semaine=tuple(sorted(weekdays)))
    days = {day for day, _ in gathered.days}
    return replace(wish, jours=tuple(sorted(days)), jours_semaine=tuple(sorted(weekdays)))


def _one_span(
    spans: Sequence[tuple[dt.date | None, dt.date | None]],
) -> tuple[dt.date | None, dt.date | None] | None:
    """The days common to these spans; those from the first to the last when there are none."""
    if not spans:
        return None
    firsts = [first for first, _ in spans if first is not None]
    lasts = [last for _, last in spans if last is not None]
    premier, dernier = max(firsts, default=None), min(lasts, default=None)
    if premier is not None and dernier is not None and premier > dernier:
        return min(firsts), max(lasts)
    return premier, dernier
