"""How the commands of `allobot rdv` write and read days, times, phone numbers and ids. Pure."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import re
from typing import TYPE_CHECKING

from allobot.errors import UsageError
from allobot.messages import say
from allobot.settings import PARIS

if TYPE_CHECKING:
    from actions.appointments.booking import RendezVous
    from actions.appointments.creneaux import HoraireExceptionnel

DAY_FORMATS = ["%Y-%m-%d", "%d/%m/%Y"]
MOMENT = re.compile(r"([0-9/-]+)(?:[ T]+([0-9]{1,2})[:h]([0-9]{2})?)?")
SHORT = 8  # characters of an id that are shown
ETATS = {
    "confirme": "rdv_etat_confirme",
    "annule": "rdv_etat_annule",
    "honore": "rdv_etat_honore",
    "manque": "rdv_etat_manque",
}
NATIONAL = {33, 262, 508, 590, 594, 596}  # dialled 0… from the whole of France


def day_text(day: dt.date) -> str:
    """As it is said: "jeudi 26 novembre 2026"."""
    from babel.dates import format_date

    from actions.cards import french_date

    return f"{format_date(day, 'EEEE', locale='fr_FR')} {french_date(day)}"


def hour_text(moment: dt.datetime) -> str:
    """The time in Paris: "09:10"."""
    return f"{moment.astimezone(PARIS):%H:%M}"


def moment_text(moment: dt.datetime) -> str:
    """The day and time in Paris."""
    return f"{day_text(moment.astimezone(PARIS).date())} {hour_text(moment)}"


def read_moment(text: str, *, end: bool = False) -> dt.datetime:
    """What was typed, in Paris; a day alone is its first instant, or its end.

    Raises UsageError.
    """
    found = MOMENT.fullmatch(text.strip())
    if found:
        day, hour, minute = found.groups()
        for form in DAY_FORMATS:
            with contextlib.suppress(ValueError):
                date = dt.datetime.strptime(day, form).date()
                if hour is None:
                    return dt.datetime.combine(date + dt.timedelta(days=end), dt.time(), PARIS)
                return dt.datetime.combine(date, dt.time(int(hour), int(minute or 0)), PARIS)
    raise UsageError(say("rdv_moment_illisible", texte=text))


def plain(text: str) -> str:
    """The text on one line, without the characters that command a terminal."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def phone_text(number: str) -> str:
    """An E.164 number as the Caf dials it: "06 39 98 12 34", "+687 75 12 34"."""
    from phonenumbers import PhoneNumberFormat, format_number, parse

    parsed = parse(number)
    national = parsed.country_code in NATIONAL
    form = PhoneNumberFormat.NATIONAL if national else PhoneNumberFormat.INTERNATIONAL
    return format_number(parsed, form)


def etat_text(rdv: RendezVous) -> str:
    """What became of an appointment, in a word."""
    return say(ETATS[rdv.etat])


def bare(ident: str) -> str:
    """An id without the dashes at its start, which a shell would take for an option."""
    return ident.lstrip("-_")


def short(rdv: RendezVous) -> str:
    """The start of an id, enough to tell it from the others."""
    return bare(rdv.id)[:SHORT]


def exception_id(bureau: str, span: HoraireExceptionnel) -> str:
    """The same as long as the exception is: from its office, its start and its end."""
    what = f"{bureau} {span.debut.timestamp():.0f} {span.fin.timestamp():.0f}"
    return hashlib.sha256(what.encode()).hexdigest()[:SHORT]
