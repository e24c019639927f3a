"""Days found in a text ("mardi prochain", "le 3", "fin de semaine"). Pure.

The future is preferred: "le 3" said on the 21st is the 3rd of the next month that has one, and
"5 janvier" said in December is the next year's. A date is left in the past when the text says so
("hier", "mardi dernier") or when it went by less than `JUST_PAST` days ago ("le 15 novembre" said
on the 21st): a mistake that the person had better hear of. A weekday's name said on that very day
is the next week's; "ce mardi" and "le mardi" hold today.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Callable, Iterator

from actions.appointments.souhaits_modele import Souhait
from actions.appointments.souhaits_mots import (
    APREM,
    MATIN,
    NEXT,
    SOIR,
    WEEK,
    WEEKDAY,
    Piece,
    next_weekday,
    weekday_number,
)
from actions.reading_births import MONTH, month_number

JUST_PAST = 60  # days
FARTHEST = 366  # days: the next 29 February may not come in a year
AROUND = 2  # days around "dans deux semaines"

Reader = Callable[[re.Match[str], dt.date], Piece | None]

_NOT_A_DAY = (
    r"(?! ?(?:h\b|h[0-9]|heures?|e\b|eme|%|€|euros?|ans?\b|mois\b|jours?|sem|enfants?|fois|prems"
    r"|dern|proch|autre|creneau|/|[0-9])|[.,][0-9])"
)
_LED = rf"(?:{WEEKDAY},? (?:le )?)?"
_YEAR_FIRST = re.compile(r"(?<![0-9/.])(?P<y>20[0-9]{2})/(?P<m>[0-9]{1,2})/(?P<d>[0-9]{1,2})\b")
_NUMERIC = re.compile(
    rf"{_LED}(?<![0-9/.,])(?P<d>[0-9]{{1,2}})(?:/(?P<m>[0-9]{{1,2}})(?:/(?P<y>20[0-9]{{2}}"
    rf"|[0-9]{{2}}))?"
    r"|\.(?P<m2>[0-9]{1,2})\.(?P<y2>20[0-9]{2}|[0-9]{2}))"
    r"(?![0-9/]| ?(?:h\b|h[0-9]|heures?|%|€|euros?|ans?\b|mois\b))"
)
_WRITTEN = re.compile(
    rf"{_LED}(?<![0-9/.,])(?P<d>[0-9]{{1,2}}) ?(?:er )?(?:du mois )?(?:de |d )?(?P<m>{MONTH})"
    r"(?: (?:de )?(?P<y>20[0-9]{2}))?(?![0-9])"
)
_NUMBER = re.compile(
    rf"(?:(?P<led>{WEEKDAY},? (?:le )?)|\b(?:les?|du|au|ce|aux) )(?P<d>[0-9]{{1,2}})(?: ?er\b)?"
    rf"(?P<next> du mois prochain)?{_NOT_A_DAY}"
)
_TOLD = re.compile(
    r"\b(?:(?P<avant>avan[t]? ?hier)|(?P<hier>hier)|(?P<apres>(?:apres?|ap|aprs) ?demain)"
    r"|(?P<demain>demain)|(?P<jour>aujourd ?h?ui|aujourdui|ajd|auj|aujd|ojd|ojourd ?h?ui|ce jour\b)"
    rf"|ce(?:t|tte)?(?= (?:{MATIN}|{APREM}|{SOIR}|midi\b|fin d|debut d)))\b(?: {WEEKDAY})?"
)
_AWAY = {"avant": -2, "hier": -1, "apres": 2, "demain": 1, "jour": 0, None: 0}
_NAMED = re.compile(
    rf"(?P<lead>\b(?:les?|tous les|chaque|du|au) |\bce )?(?P<at>{WEEKDAY})"
    rf"(?: (?:(?P<next>{NEXT})|(?P<last>derniers?|passes?)\b|en (?P<weeks>8|15|huitaine"
    rf"|quinzaine)\b))?"
)
_WEEKEND = re.compile(
    rf"(?P<lead>\b(?:les?|ce|du|au|aux) )?\b(?P<at>week ?ends?|wk|(?<=le )we|(?<=ce )we"
    rf"|(?<=les )we)\b"
    rf"(?P<next> {NEXT})?"
)
_WORKDAYS = re.compile(r"\b(?:en semaine\b|jours? (?:ouvr\w+|de (?:la )?semaine)|la semaine$)")
_WEEKS = re.compile(
    r"(?:\b(?P<part>debut|milieu|mi|fin)(?: de| d)?(?: la| l| cette)? )?"
    rf"(?P<this>\b(?:cette|dans la|pendant la|courant) )?\b(?:la )?{WEEK}"
    rf"(?: (?:(?P<next>{NEXT})|(?P<last>derniere|passee)\b|(?P<now>en cours|ci)\b))?"
)
_WEEK_OF = re.compile(
    rf"\b{WEEK} du (?:lundi )?(?P<d>[0-9]{{1,2}})(?:/(?P<m2>[0-9]{{1,2}})| ?(?P<m>{MONTH}))?"
)
_MONTHS = re.compile(
    r"(?:\b(?P<part>debut|mi|milieu|fin|courant)(?: de| d| du)?(?: mois de| mois d)? )?"
    rf"(?:(?P<this>\b(?:ce|du|au|le) )?\bmois\b(?: (?:(?P<next>{NEXT})|(?P<now>ci|en cours)\b))?"
    rf"|(?<![a-z0-9])(?<![0-9] )(?P<m>{MONTH})(?: (?P<y>20[0-9]{{2}}))?(?![0-9]))"
)
_IN = re.compile(
    r"\b(?P<by>d ici(?: a)?|sous|dans les|dans moins de)? ?\b(?:dans )?(?:environ )?"
    rf"(?P<n>[0-9]{{1,3}}|une?|quelques)? ?(?P<unit>jours?\b|j\b|{WEEK}|mois\b|quinzaine|huitaine"
    rf"|h(?![a-z])"
    r"|heures?\b|min(?:ute)?s?\b)"
)
_IN_LEAD = re.compile(r"(?:d ici|sous|dans) ")


def easter(year: int) -> dt.date:
    """Easter Sunday (Gregorian computus of Meeus, Jones and Butcher)."""
    golden, (century, rest) = year % 19, divmod(year, 100)
    correction = century - century // 4 - (century - (century + 8) // 25 + 1) // 3
    moon = (19 * golden + correction + 15) % 30
    sunday = (32 + 2 * (century % 4) + 2 * (rest // 4) - moon - rest % 4) % 7
    late = (golden + 11 * moon + 22 * sunday) // 451
    month, day = divmod(moon + sunday - 7 * late + 114, 31)
    return dt.date(year, month, day + 1)


_FEASTS: dict[str, Callable[[int], dt.date]] = {
    r"(?:le jour de )?noel": lambda year: dt.date(year, 12, 25),
    r"(?:le )?reveillon": lambda year: dt.date(year, 12, 24),
    r"(?:le )?(?:jour de l an|nouvel an)": lambda year: dt.date(year, 1, 1),
    r"(?:la )?saint sylvestre": lambda year: dt.date(year, 12, 31),
    r"(?:la )?toussaint": lambda year: dt.date(year, 11, 1),
    r"(?:l )?armistice": lambda year: dt.date(year, 11, 11),
    r"(?:l )?assomption": lambda year: dt.date(year, 8, 15),
    r"paques": easter,
    r"(?:le )?lundi de paques": lambda year: easter(year) + dt.timedelta(1),
    r"(?:le )?(?:jeudi de )?l ascension": lambda year: easter(year) + dt.timedelta(39),
    r"(?:la )?pentecote": lambda year: easter(year) + dt.timedelta(49),
    r"(?:le )?lundi de (?:la )?pentecote": lambda year: easter(year) + dt.timedelta(50),
}
_FEAST_PATTERNS = [(re.compile(rf"\b{name}\b"), day) for name, day in _FEASTS.items()]


def pieces_of_days(plain: str, today: dt.date) -> Iterator[Piece]:
    """Every day said in a text that `clear` gave, in no order."""
    for pattern, read in _READERS:
        for found in pattern.finditer(plain):
            if (piece := read(found, today)) is not None:
                yield piece
    for pattern, day_of in _FEAST_PATTERNS:
        for found in pattern.finditer(plain):
            day = _coming(today, day_of)
            yield _day(found, day)


def _day(
    found: re.Match[str], day: dt.date | None, at: int | None = None, *, near: bool = False
) -> Piece:
    start = found.start() if at is None else at
    wish = None if day is None else Souhait(jours=(day,))
    return Piece(start, found.end(), "jour", wish, near)


def _coming(today: dt.date, day_of: Callable[[int], dt.date]) -> dt.date | None:
    """That day of the year, the nearest to come or just past; None when no year near has it."""
    for year in (today.year - 1, today.year, today.year + 1):
        try:
            day = day_of(year)
        except ValueError:
            continue
        if day >= today - dt.timedelta(JUST_PAST):
            return day if day <= today + dt.timedelta(FARTHEST) else None
    return None


def _date(found: re.Match[str], today: dt.date) -> Piece:
    """A day and its month, the year or not."""
    said = {name.rstrip("2"): value for name, value in found.groupdict().items() if value}
    number, month = int(said["d"]), month_number(said["m"])
    if "y" not in said:
        return _day(found, _coming(today, lambda year: dt.date(year, month, number)))
    try:
        return _day(found, dt.date(int(said["y"]) % 100 + 2000, month, number))
    except ValueError:
        return _day(found, None)


def _number(found: re.Match[str], today: dt.date) -> Piece:
    """A day of this month, or of the next that has it."""
    day = None
    first = today.replace(day=1)
    for away in range(1 if found["next"] else 0, 3):
        month = _months_later(first, away)
        try:
            day = month.replace(day=int(found["d"]))
        except ValueError:
            continue
        if day >= today:
            break
        day = None
    return _day(found, day, found.start("led") if found["led"] else found.start("d"))


def _told(found: re.Match[str], today: dt.date) -> Piece:
    return _day(found, today + dt.timedelta(_AWAY[found.lastgroup]), near=True)


def _named(found: re.Match[str], today: dt.date) -> Piece:
    """A weekday: one day, or a habit ("le mardi")."""
    weekday = weekday_number(found["at"])
    day, at = next_weekday(today, weekday), found.start("at")
    if found["last"]:
        return _day(found, day - dt.timedelta(7 if day - today < dt.timedelta(7) else 14), at)
    if found["weeks"]:
        return _day(found, day + dt.timedelta(7 if found["weeks"] in {"8", "huitaine"} else 14), at)
    lead = (found["lead"] or "").strip()
    if lead and lead != "ce" and not found["next"]:
        return Piece(at, found.end(), "habitude", Souhait(jours_semaine=(weekday,)))
    if lead == "ce" and weekday == today.weekday():
        day = today
    return Piece(at, found.end(), "nom", Souhait(jours=(day,), jours_semaine=(weekday,)))


def _weekend(found: re.Match[str], today: dt.date) -> Piece:
    at = found.start("at")
    if found["next"] or (found["lead"] or "").strip() == "ce":
        saturday = today - dt.timedelta(today.weekday() - 5)
        if found["next"] and saturday <= today:
            saturday += dt.timedelta(7)
        days = tuple(d for d in (saturday, saturday + dt.timedelta(1)) if d >= today)
        return Piece(at, found.end(), "jour", Souhait(jours=days))
    return Piece(at, found.end(), "habitude", Souhait(jours_semaine=(5, 6)))


def _workdays(found: re.Match[str], today: dt.date) -> Piece:
    return Piece(found.start(), found.end(), "habitude", Souhait(jours_semaine=(0, 1, 2, 3, 4)))


def _weeks(found: re.Match[str], today: dt.date) -> Piece | None:
    """A week, or its beginning (two days), middle (three) or end (two)."""
    if not any(found.groupdict().values()):
        return None
    monday = today - dt.timedelta(today.weekday())
    if found["next"] or found["last"]:
        monday += dt.timedelta(7 if found["next"] else -7)
    first, last = {"debut": (0, 1), "milieu": (1, 3), "mi": (1, 3), "fin": (3, 4), None: (0, 6)}[
        found["part"]
    ]
    over = {"debut": 0, "milieu": 2, "mi": 2, "fin": 4}.get(found["part"] or "", 6)
    if not found["next"] and today.weekday() > over:
        monday += dt.timedelta(7)  # "début de semaine" said on a Thursday
    premier, dernier = monday + dt.timedelta(first), monday + dt.timedelta(last)
    if not found["last"]:
        premier = max(premier, today)
    return _span(found, premier, dernier, fin=found["part"] == "fin")


def _week_of(found: re.Match[str], today: dt.date) -> Piece:
    month = found["m"] or found["m2"]
    day = (_date if month else _number_alone)(found, today)
    if day.wish is None:
        return day
    monday = day.wish.jours[0] - dt.timedelta(day.wish.jours[0].weekday())
    return _span(found, monday, monday + dt.timedelta(6))


def _number_alone(found: re.Match[str], today: dt.date) -> Piece:
    led = _NUMBER.match(f"le {found['d']}")
    return _number(led, today) if led else _day(found, None)


def _months(found: re.Match[str], today: dt.date) -> Piece | None:
    """A month, or one of its thirds."""
    part = found["part"]
    if found["m"]:
        month = month_number(found["m"])
        year = int(found["y"]) if found["y"] else today.year
        if not found["y"] and month < today.month:
            year += 1
        first = dt.date(year, month, 1)
    elif part or found["next"] or found["now"] or (found["this"] or "").strip() == "ce":
        first = _months_later(today.replace(day=1), 1 if found["next"] else 0)
    else:
        return None
    if not found["m"] and not found["next"] and part in {"debut", "mi", "milieu"}:
        over = 10 if part == "debut" else 20
        first = _months_later(first, 1) if today.day > over else first
    length = calendar.monthrange(first.year, first.month)[1]
    begin, end = {"debut": (1, 10), "mi": (11, 20), "milieu": (11, 20), "fin": (21, length)}.get(
        part or "", (1, length)
    )
    premier, dernier = first.replace(day=begin), first.replace(day=end)
    return _span(found, min(max(premier, today), dernier), dernier, fin=part == "fin")


def _in(found: re.Match[str], today: dt.date) -> Piece | None:
    """Days, weeks or months away; hours or minutes away are today."""
    if not _IN_LEAD.match(found[0].lstrip()):
        return None
    unit, said = found["unit"], found["n"]
    if said is None and unit not in {"quinzaine", "huitaine"}:
        return None
    number = int(said) if said and said.isdigit() else 3 if said == "quelques" else 1
    if unit.startswith(("h", "min")) and unit != "huitaine":
        wish = Souhait(jours=(today,), au_plus_tot=True)
        return Piece(found.start(), found.end(), "jour", wish)
    if unit.startswith("m"):
        day = _months_later(today, number)
    else:
        days = {"q": 14, "h": 7, "s": 7 * number, "j": number}[unit[0]]
        idiom = {8: 7, 15: 14} if unit[0] == "j" else {}  # "dans quinze jours": two weeks
        day = today + dt.timedelta(idiom.get(days, days))
        if unit[0] == "j" and not found["by"] and days not in idiom:
            return _day(found, day)
    if found["by"]:
        return Piece(found.start(), found.end(), "fin", Souhait(dernier=day))
    return _span(found, day - dt.timedelta(AROUND), day + dt.timedelta(AROUND))


def _months_later(day: dt.date, months: int) -> dt.date:
    """The same day some months later, or the last of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _span(found: re.Match[str], premier: dt.date, dernier: dt.date, *, fin: bool = False) -> Piece:
    wish = Souhait(premier=premier, dernier=dernier)
    return Piece(found.start(), found.end(), "fin" if fin else "periode", wish, near=True)


_READERS: tuple[tuple[re.Pattern[str], Reader], ...] = (
    (_YEAR_FIRST, _date),
    (_NUMERIC, _date),
    (_WRITTEN, _date),
    (_NUMBER, _number),
    (_TOLD, _told),
    (_NAMED, _named),
    (_WEEKEND, _weekend),
    (_WORKDAYS, _workdays),
    (_WEEKS, _weeks),
    (_WEEK_OF, _week_of),
    (_MONTHS, _months),
    (_IN, _in),
)
