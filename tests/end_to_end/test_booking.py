"""Appointments, really booked, moved and cancelled. The reference date is a Saturday."""

import datetime as dt
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from actions.appointments.booking import Booking
from actions.appointments.content import read_rendez_vous
from allobot.database import make_engine
from allobot.settings import PARIS, Settings
from tests.end_to_end.booking import (
    CODE,
    CONFIRM,
    OFFICE,
    PHONE,
    REASON,
    all_said,
    book,
    code,
    give_details,
    moments,
    reach_moments,
)
from tests.end_to_end.conftest import System
from tests.end_to_end.parts import running
from tests.end_to_end.person import Message, Person, card, labels, text

THURSDAY = dt.date(2026, 11, 26)


@pytest.fixture
def booking(system: System) -> Iterator[Booking]:
    """The calendar of the running bot."""
    engine = make_engine(f"sqlite:///{system.var / 'allobot.sqlite'}")
    yield Booking(engine, read_rendez_vous())
    engine.dispose()


@pytest.fixture
def someone(system: System) -> Person:
    return Person(system.web)


def at(day: dt.date, hour: int, minute: int = 0) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(hour, minute), PARIS)


def booked(booking: Booking, day: dt.date = THURSDAY) -> list[str]:
    return [rdv.id for rdv in booking.of_days("52", day, day) if rdv.etat == "confirme"]


def test_a_call_is_booked_with_a_code_and_a_calendar_file(
    someone: Person, booking: Booking
) -> None:
    before = booked(booking)
    proposed = reach_moments(someone, "je voudrais qu'on me rappelle jeudi matin")
    assert len(moments(proposed)) == 3
    assert all(m.startswith("Jeudi 26 novembre") for m in moments(proposed))
    asked = someone.press(proposed, moments(proposed)[1])
    assert card(asked)["form"] == "coordonnees"
    summary = all_said(give_details(someone))
    assert moments(proposed)[1][1:] in summary
    assert "termine par 12" in summary
    done = someone.request("GET", "/api/conversation")[1]["messages"]
    said = someone.press([done[-1]], CONFIRM)
    assert CODE.search(all_said(said))
    assert "+33 32 30" in all_said(said)
    assert "courriers" in all_said(said)  # what to prepare
    assert len(booked(booking)) == len(before) + 1
    status, _ = someone.request("GET", "/api/conversation")
    assert status == 200
    assert card(said)["file"].startswith("/rendez-vous/20261126T")


def test_the_code_is_shown_once_and_kept_nowhere(someone: Person, system: System) -> None:
    given = code(book(someone))
    _, history = someone.request("GET", "/api/conversation")
    assert given not in json.dumps(history)
    assert "Recevoir un nouveau code" in labels(history["messages"])
    for path in system.var.rglob("*"):
        if path.is_file():
            assert given.encode() not in path.read_bytes(), path


def test_a_lost_code_is_given_anew_in_the_conversation_that_booked(someone: Person) -> None:
    done = book(someone)
    again = someone.press(done, "Recevoir un nouveau code")
    assert code(again) != code(done)


def test_a_call_is_cancelled_from_elsewhere_with_its_code(
    someone: Person, system: System, booking: Booking
) -> None:
    given = code(book(someone, "rappelez moi vendredi aprem"))
    day = THURSDAY + dt.timedelta(days=1)
    before = booked(booking, day)
    other = Person(system.web)
    other.open()
    assert "code" in text(other.say("je veux annuler mon rendez-vous téléphonique"))
    shown = other.say(given.lower().replace("-", " "))
    assert "vendredi 27 novembre" in text(shown)
    assert "annulé" in text(other.press(shown, "Oui, annuler"))
    assert len(booked(booking, day)) == len(before) - 1


def test_a_call_is_moved_and_keeps_its_code(
    someone: Person, system: System, booking: Booking
) -> None:
    given = code(book(someone))
    thursday = booked(booking)
    other = Person(system.web)
    other.open()
    other.say("je voudrais déplacer mon rdv téléphonique")
    asked = other.say(f"mon code {given}")
    assert "Quel jour" in text(asked)
    proposed = other.say("plutôt mardi après 14h")
    assert moments(proposed)[0].startswith("Mardi 24 novembre à 14 h")
    summary = other.press(proposed, moments(proposed)[0])
    moved = other.press(summary, CONFIRM)
    assert "déplacé" in text(moved)
    assert len(booked(booking)) == len(thursday) - 1
    third = Person(system.web)
    third.open()
    third.say("annuler mon rendez-vous par téléphone svp")
    assert "mardi 24 novembre" in text(third.say(given))


def test_three_wrong_codes_lead_to_a_person(someone: Person) -> None:
    someone.open()
    someone.say("je veux annuler mon rendez-vous téléphonique")
    for _ in range(2):
        assert "n'ouvre aucun" in text(someone.say("RDV-K7M2-9QXP-4T8W"))
    last = someone.say("RDV-K7M2-9QXP-4T8W")
    assert "3230" in text(last)
    assert "Parler à une personne" in labels(last)


def test_a_change_of_mind_on_the_way(someone: Person, booking: Booking) -> None:
    proposed = reach_moments(someone, "je veux prendre un rdv téléphonique")
    assert "Quel jour" in text(proposed)
    proposed = someone.say("mardi prochain")
    assert moments(proposed)[0].startswith("Mardi 24 novembre")
    proposed = someone.say("plutôt après 14h")
    assert moments(proposed)[0].startswith("Mardi 24 novembre à 14 h")
    more = someone.press(proposed, "D'autres horaires")
    assert not set(moments(more)) & set(moments(proposed))
    someone.press(more, moments(more)[0])
    proposed = someone.say("finalement mercredi matin")
    assert moments(proposed)[0].startswith("Mercredi 25 novembre à 9 h")
    someone.press(proposed, moments(proposed)[0])
    give_details(someone)
    assert "aucun rendez-vous" in text(someone.say("stop"))
    assert not booked(booking, dt.date(2026, 11, 25))


@pytest.mark.parametrize(
    ("wish", "why"),
    [
        ("dimanche", "ni le samedi, ni le dimanche"),
        ("mardi à 18h", "entre 9 h et 16 h"),
        ("le 5 novembre", "passé"),
        ("le 25 décembre", "prochains jours"),
        ("dans 3 mois", "prochains jours"),
    ],
)
def test_a_moment_that_cannot_be_is_explained_and_others_offered(
    someone: Person, wish: str, why: str
) -> None:
    reach_moments(someone, "je veux prendre un rdv téléphonique")
    answer = someone.say(wish)
    assert why in text(answer)
    assert moments(answer)


def test_a_closed_week_is_said_and_the_next_offered(someone: Person, booking: Booking) -> None:
    monday = dt.date(2026, 11, 30)
    booking.set_exception("52", at(monday, 0), at(monday + dt.timedelta(days=5), 0), 0)
    try:
        proposed = reach_moments(someone, "je voudrais être rappelé")
        proposed = someone.say("mardi 1er décembre")
        assert "n'appelle pas" in text(proposed)
        assert moments(proposed)[0].startswith("Lundi 7 décembre")
    finally:
        for exception in booking.exceptions("52"):
            booking.remove_exception("52", exception.debut, exception.fin)


def test_a_full_day_is_said(someone: Person, booking: Booking) -> None:
    day, now = dt.date(2026, 12, 3), Settings(date=dt.date(2026, 11, 21)).now()
    booking.set_exception("52", at(day, 9, 20), at(day, 16), 0)
    held = [
        booking.hold("52", at(day, 9, minute), "dossier", conversation=f"c{i}", now=now)
        for i, minute in enumerate((0, 0, 10, 10))
    ]
    try:
        reach_moments(someone, "je voudrais être rappelé")
        proposed = someone.say("jeudi 3 décembre")
        assert "plus de place" in text(proposed)
        assert moments(proposed)
    finally:
        for rdv_id in held:
            booking.release(rdv_id)
        booking.remove_exception("52", at(day, 9, 20), at(day, 16))


@pytest.mark.parametrize(
    ("number", "why"),
    [
        ("+32 470 12 34 56", "français"),
        ("3230", "service"),
        ("06 39 98 00", "numéro"),
    ],
)
def test_a_number_that_cannot_be_called_is_refused_kindly(
    someone: Person, number: str, why: str
) -> None:
    proposed = reach_moments(someone, "rappelez moi jeudi matin")
    someone.press(proposed, moments(proposed)[0])
    status, answer = someone.give_details("Aïcha Exemple", number)
    assert status == 400
    assert why in answer["error"]["message"]
    assert "termine par 12" in all_said(give_details(someone))


def test_a_number_typed_in_the_talk_serves_the_booking(someone: Person) -> None:
    proposed = reach_moments(someone, "rappelez moi jeudi matin")
    someone.press(proposed, moments(proposed)[0])
    summary = someone.say(f"oui au {PHONE} svp")
    assert "termine par 12" in all_said(summary)
    assert CODE.search(all_said(someone.press(summary, CONFIRM)))


def test_confirming_twice_gives_the_same_appointment(someone: Person, booking: Booking) -> None:
    proposed = reach_moments(someone, "rappelez moi jeudi matin")
    someone.press(proposed, moments(proposed)[0])
    summary = give_details(someone)
    before = booked(booking)
    first = someone.press(summary, CONFIRM)
    second = someone.press(summary, CONFIRM)  # the old button, pressed again
    assert len(booked(booking)) == len(before) + 1
    assert card(first)["summary"] == card(second)["summary"]


def test_another_subject_in_the_middle_then_back(someone: Person) -> None:
    proposed = reach_moments(someone, "rappelez moi jeudi matin")
    aside = someone.say("jai perdu mon mot de passe caf")
    assert "mot de passe" in text(aside)
    assert moments(aside) == moments(proposed)


def test_a_danger_ends_the_booking_at_once(someone: Person) -> None:
    reach_moments(someone, "rappelez moi jeudi matin")
    answer = someone.say("mon mari me frappe j'ai peur")
    assert card(answer)["kind"] == "danger"
    assert not moments(answer)


def test_another_caf_is_told_where_to_go(someone: Person) -> None:
    someone.open()
    asked = someone.say("je veux qu'on me rappelle demain")
    answer = someone.press(asked, "Une autre Caf")
    assert "Haute-Marne" in text(answer)
    assert "caf.fr" in text(answer)


def test_how_it_works_is_still_explained(someone: Person) -> None:
    someone.open()
    answer = someone.say("comment prendre un rendez-vous téléphonique")
    assert card(answer)["id"] == "rdv_telephonique"
    assert "Réserver un appel de la Caf" in labels(answer)


CANARIES = {
    "phone": ("0639980047", "06 39 98 00 47"),
    "email": ("aicha.canari@example.fr",),
    "nir": ("2 85 05 52 121 004 47", "285055212100447"),
}


def test_nothing_personal_is_left_anywhere(tmp_path: Path) -> None:
    """A number, an e-mail and a NIR typed at every step appear nowhere on the disk."""
    typed = [value for values in CANARIES.values() for value in values]
    with running(tmp_path, limit_messages="1000/minute") as parts:
        _book_with_canaries(Person(parts.web), typed)
        found = {
            (path.name, value)
            for path in tmp_path.rglob("*")
            if path.is_file()
            for value in typed
            if value.encode() in path.read_bytes()
        }
        assert not found
        assert not _in_tables(tmp_path, [*typed, "639980047"])


def _book_with_canaries(someone: Person, typed: list[str]) -> None:
    def say_them_all() -> None:
        for value in typed:
            someone.say(f"c'est {value}")

    someone.open()
    say_them_all()
    someone.say(f"rappelez moi jeudi matin au {typed[0]}")
    say_them_all()
    someone.press(_last(someone, OFFICE), OFFICE)
    say_them_all()
    someone.press(_last(someone, REASON), REASON)
    say_them_all()
    proposed = _last(someone, "Un autre jour")
    someone.press(proposed, moments(proposed)[0])
    say_them_all()
    give_details(someone, typed[0])
    say_them_all()
    done = someone.press(_last(someone, CONFIRM), CONFIRM)
    assert CODE.search(all_said(done))
    say_them_all()
    someone.say("je veux annuler mon rdv téléphonique")
    say_them_all()


def _last(someone: Person, label: str) -> list[Message]:
    """The last message that has this button."""
    _, history = someone.request("GET", "/api/conversation")
    return [[m for m in history["messages"] if label in labels([m])][-1]]


def _in_tables(var: Path, values: list[str]) -> list[tuple[str, str]]:
    found = []
    for name in ("allobot.sqlite", "rasa.sqlite"):
        with sqlite3.connect(var / name) as connection:
            tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            for (table,) in tables.fetchall():
                content = str(connection.execute(f"SELECT * FROM {table}").fetchall())
                found += [(table, value) for value in values if value in content]
        connection.close()
    return found
