"""How the pages of the console show figures, moments and hostile text."""

import datetime as dt
import unicodedata
from functools import partial
from typing import Any

from babel.dates import format_date, format_datetime, format_time
from babel.numbers import format_decimal, format_percent
from markupsafe import Markup, escape

from allobot.settings import PARIS
from web.console.labels import labels, said, subject
from web.conversation_log.queries import TurnRow

LOCALE = "fr"
# Controls, formats (zero-width, bidi), surrogates, private use, unassigned, line separators.
UNSEEN = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
MAX_MARKS = 4  # marks on one letter; more of them would cover the lines around
SECOND = 1000  # milliseconds


def visible(text: str | None) -> Markup:
    """Return the text escaped, what cannot be seen named by its code point, in its own direction.

    Line feeds stay: the style sheet shows them.
    """
    shown: list[str] = []
    marks = 0
    for character in text or "":
        kind = unicodedata.category(character)
        marks = marks + 1 if kind.startswith("M") else 0
        if character != "\n" and (kind in UNSEEN or marks > MAX_MARKS):
            shown.append(f'<span class="unseen">U+{ord(character):04X}</span>')
        else:
            shown.append(str(escape(character)))
    return Markup(f"<bdi>{''.join(shown)}</bdi>")


def message(turn: TurnRow) -> Markup:
    """Return what the person wrote; of a danger, of which no word is kept, the subject's name."""
    category = turn.text.removeprefix("[").removesuffix("]")
    return visible(f"[{subject(category)}]" if turn.outcome == "danger" else turn.text)


def number(value: float | None, digits: int = 0) -> str:
    """« 1 234,5 »; a dash when there is none."""
    if value is None:
        return "–"
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    return str(format_decimal(value, format=pattern, locale=LOCALE))


def percent(value: float | None, digits: int = 1) -> str:
    """« 12,3 % » of a share between 0 and 1; a dash when there is none."""
    if value is None:
        return "–"
    pattern = "0" + ("." + "0" * digits if digits else "") + "\u202f%"
    return str(format_percent(value, format=pattern, locale=LOCALE))


def signed(text: str, value: float) -> str:
    """Return a formatted absolute figure with the sign of `value`."""
    sign = "+" if value > 0 else "\u2212" if value < 0 else "="
    return sign if sign == "=" else f"{sign}{text}"


def duration(milliseconds: float | None) -> str:
    """« 320 ms », « 1,2 s »; a dash when there is none."""
    if milliseconds is None:
        return "–"
    if milliseconds < SECOND:
        return f"{number(milliseconds)}\u00a0ms"
    return f"{number(milliseconds / SECOND, 1)}\u00a0s"


def local(moment: dt.datetime) -> dt.datetime:
    """Return a moment of a table (UTC, perhaps naive) as it is in France."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    return aware.astimezone(PARIS)


def moment(value: dt.datetime | None) -> str:
    """« ven. 20 nov. 2026, 14:32 », in France."""
    if value is None:
        return "–"
    day = format_datetime(local(value), "EEE d MMM y, HH:mm", tzinfo=PARIS, locale=LOCALE)
    return str(day)


def clock(value: dt.datetime) -> str:
    """« 14:32 », in France."""
    return str(format_time(local(value), "HH:mm", tzinfo=PARIS, locale=LOCALE))


def day(value: dt.date, pattern: str = "d MMM y") -> str:
    """« 20 nov. 2026 »."""
    return str(format_date(value, pattern, locale=LOCALE))


def helpers() -> dict[str, Any]:
    """Return what the templates of the console use."""
    words = labels()
    return {
        "visible": visible,
        "message": message,
        "number": number,
        "percent": percent,
        "duration": duration,
        "moment": moment,
        "clock": clock,
        "day": day,
        "local": local,
        "subject": subject,
        "said": said,
        "signed": signed,
        "outcome_words": partial(said, words.resultats),
        "reason_words": partial(said, words.raisons),
        "priority_words": partial(said, words.priorites),
        "labels": words,
    }
