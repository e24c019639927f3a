"""Calendar files, read back as a calendar would."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from actions.appointments.booking import RendezVous
from actions.appointments.ics import calendar_file, day_file

PARIS = ZoneInfo("Europe/Paris")
THURSDAY = dt.datetime(2026, 11, 26, 9, 10, tzinfo=PARIS)
TEXT = "L'appel ; de la Caf, \\ n'oubliez pas :\nvos courriers"


def one(debut: dt.datetime = THURSDAY, minutes: int = 10, **said: str) -> bytes:
    texts = {"uid": "a@allobot", "title": "Appel", "description": "Préparez-vous."} | said
    return calendar_file(debut, minutes, **texts)


def events(file: bytes) -> list[Any]:
    return list(Calendar.from_ical(file).walk("VEVENT"))


def appointment(**changes: Any) -> RendezVous:
    fields: dict[str, Any] = {
        "id": "A" * 32,
        "bureau": "52",
        "debut": THURSDAY,
        "minutes": 20,
        "motif": "logement",
        "mode": "telephone",
        "etat": "confirme",
        "jeton": "jeton-secret",
        "remplace": None,
        "cree_le": dt.datetime(2026, 11, 21, 10, 0, tzinfo=PARIS),
    }
    return RendezVous(**fields | changes)


def test_the_file_holds_what_the_standard_requires() -> None:
    calendar = Calendar.from_ical(one())
    assert calendar["VERSION"] == "2.0"
    assert calendar["PRODID"]
    (event,) = calendar.walk("VEVENT")
    assert {"UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY"} <= {*event}
    assert not event.errors
    assert not calendar.errors


def test_lines_end_and_fold_as_the_standard_says() -> None:
    file = one(description="é" * 300 + " fin")
    lines = file.split(b"\r\n")
    assert lines[-1] == b"", "the last line ends too"
    assert not any(b"\n" in line or b"\r" in line for line in lines)
    assert all(len(line) <= 75 for line in lines)
    assert any(line.startswith(b" ") for line in lines)
    for line in lines:
        line.decode("utf-8")  # no character is cut in two
    assert events(file)[0]["DESCRIPTION"] == "é" * 300 + " fin"


def test_texts_are_escaped_and_come_back_whole() -> None:
    file = one(title=TEXT, description=TEXT)
    assert b"SUMMARY:L'appel \\; de la Caf\\, \\\\ n'oubliez pas :\\nvos courriers\r\n" in file
    (event,) = events(file)
    assert event["SUMMARY"] == event["DESCRIPTION"] == TEXT


def test_no_text_opens_a_line_of_its_own() -> None:
    file = one(title="Appel\r\nATTENDEE:mailto:a@example.org", uid="a\r\nURL:https://example.org")
    assert not re.search(rb"^(ATTENDEE|URL)", file, re.MULTILINE)
    assert len(events(file)) == 1


@pytest.mark.parametrize(
    ("local", "utc"),
    [
        # the Fridays and Mondays around both clock changes of 2026, and around the new year
        (dt.datetime(2026, 3, 27, 9, 0), dt.datetime(2026, 3, 27, 8, 0)),
        (dt.datetime(2026, 3, 30, 9, 0), dt.datetime(2026, 3, 30, 7, 0)),
        (dt.datetime(2026, 10, 23, 15, 50), dt.datetime(2026, 10, 23, 13, 50)),
        (dt.datetime(2026, 10, 26, 15, 50), dt.datetime(2026, 10, 26, 14, 50)),
        (dt.datetime(2027, 1, 1, 0, 30), dt.datetime(2026, 12, 31, 23, 30)),
        (dt.datetime(2028, 2, 29, 12, 0), dt.datetime(2028, 2, 29, 11, 0)),
    ],
)
def test_the_time_is_right_in_summer_and_winter(local: dt.datetime, utc: dt.datetime) -> None:
    file = one(local.replace(tzinfo=PARIS), 10)
    assert f"DTSTART:{utc:%Y%m%dT%H%M%S}Z\r\n".encode() in file
    (event,) = events(file)
    assert event.decoded("DTSTART") == local.replace(tzinfo=PARIS)
    assert event.decoded("DTEND") - event.decoded("DTSTART") == dt.timedelta(minutes=10)


@pytest.mark.parametrize("minutes", [10, 60])
def test_an_hour_said_twice_is_not_lost(minutes: int) -> None:
    first = dt.datetime(2026, 10, 25, 2, 30, tzinfo=PARIS)
    starts = [
        events(one(at, minutes))[0].decoded("DTSTART") for at in (first, first.replace(fold=1))
    ]
    assert starts[1] - starts[0] == dt.timedelta(hours=1)


def test_the_same_event_keeps_its_name() -> None:
    first, again = (events(one(uid="20261126T0910-10@allobot"))[0] for _ in range(2))
    assert first["UID"] == again["UID"] == "20261126T0910-10@allobot"


@pytest.mark.parametrize(
    ("debut", "minutes", "uid"),
    [
        (THURSDAY.replace(tzinfo=None), 10, "a"),
        (THURSDAY, 0, "a"),
        (THURSDAY, -10, "a"),
        (THURSDAY, 10, ""),
        (THURSDAY, 10, "\x00"),
    ],
)
def test_no_file_without_a_zone_a_length_and_a_name(
    debut: dt.datetime, minutes: int, uid: str
) -> None:
    with pytest.raises(ValueError):
        one(debut, minutes, uid=uid)


def test_a_day_holds_each_appointment_by_its_motif_and_nobody() -> None:
    later = appointment(id="B" * 32, debut=THURSDAY + dt.timedelta(hours=1), motif="dette")
    file = day_file([appointment(), later], {"logement": "Mon logement"})
    one, other = events(file)
    assert (one["SUMMARY"], other["SUMMARY"]) == ("Mon logement", "dette")
    assert one.decoded("DTSTART") == THURSDAY
    assert one.decoded("DTEND") == THURSDAY + dt.timedelta(minutes=20)
    assert one["UID"] != other["UID"]
    for secret in (b"A" * 32, b"B" * 32, b"jeton"):
        assert secret not in file


def test_a_day_made_again_is_the_same_file() -> None:
    assert day_file([appointment()], {}) == day_file([appointment()], {})


@pytest.mark.parametrize(
    ("etat", "status"),
    [
        ("tenu", "TENTATIVE"),
        ("confirme", "CONFIRMED"),
        ("honore", "CONFIRMED"),
        ("manque", "CONFIRMED"),
        ("annule", "CANCELLED"),
    ],
)
def test_a_calendar_is_told_what_was_cancelled(etat: str, status: str) -> None:
    (event,) = events(day_file([appointment(etat=etat)], {}))
    assert event["STATUS"] == status


def test_a_day_without_appointment_is_an_empty_calendar() -> None:
    file = day_file([], {})
    assert Calendar.from_ical(file)["VERSION"] == "2.0"
    assert events(file) == []


@given(
    title=st.text(max_size=200),
    description=st.text(max_size=400),
    debut=st.datetimes(dt.datetime(2020, 1, 1), dt.datetime(2090, 1, 1)),
    minutes=st.integers(1, 240),
)
def test_any_text_gives_one_event_at_that_time(
    title: str, description: str, debut: dt.datetime, minutes: int
) -> None:
    debut = debut.replace(tzinfo=PARIS, microsecond=0)
    file = one(debut, minutes, title=title, description=description)
    (event,) = events(file)
    assert event.decoded("DTSTART") == debut.astimezone(dt.UTC)
    assert event.decoded("DTEND") - event.decoded("DTSTART") == dt.timedelta(minutes=minutes)
    assert all(len(line) <= 75 for line in file.split(b"\r\n"))
    assert {*event} <= {"UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "DESCRIPTION", "CLASS"}
