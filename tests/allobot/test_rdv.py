"""`allobot rdv`: what an agent of the Caf sees of the appointments, and does with them."""

from __future__ import annotations

import contextlib
import csv
import datetime as dt
import io
import os
import re
import stat
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result
from cryptography.fernet import Fernet
from hypothesis import example, given
from hypothesis import strategies as st
from icalendar import Calendar
from sqlalchemy import inspect, text
from typer.testing import CliRunner

from actions.appointments.booking import Booking, CreneauPris, RendezVous
from actions.appointments.content import read_rendez_vous
from actions.appointments.vault import Coordonnees, Vault
from allobot import rdv, rdv_desk
from allobot.database import make_engine, upgrade
from allobot.errors import AllobotError
from allobot.project import ROOT
from allobot.rdv_export import safe_cell
from allobot.rdv_texts import phone_text, read_moment
from allobot.settings import PARIS, Settings
from tests.allobot.appointments import KEY, PHONE, book
from tests.allobot.test_cli import allobot
from tests.web.conftest import postgres_url

__all__ = ["postgres_url"]  # a fixture

MONDAY = dt.datetime(2026, 11, 23, 8, 0, tzinfo=PARIS)
THURSDAY = dt.datetime(2026, 11, 26, 9, 10, tzinfo=PARIS)
SHOWN = "06 39 98 01 12"  # PHONE, as it is dialled
DIGITS = re.compile(r"0112|01 12")
OTHER_KEY = Fernet.generate_key().decode()
VERBS = [command.callback.__name__ for command in rdv.app.registered_commands if command.callback]


class Caf:
    """A calendar, and the commands of an agent on it."""

    def __init__(self, url: str, var: Path) -> None:
        self.url, self.var = url, var
        self.environment = {
            "DATABASE_URL": url,
            "ALLOBOT_VAR": str(var),
            "ALLOBOT_VAULT_KEY": KEY,
            "COLUMNS": "120",
        }
        upgrade(url)
        self.engine = make_engine(url)
        self.booking = Booking(self.engine, read_rendez_vous())
        self.vault = Vault(self.engine, [KEY])

    def book(
        self, debut: dt.datetime = THURSDAY, motif: str = "dette", nom: str | None = "Zoé"
    ) -> RendezVous:
        """An appointment that a person booked on that Monday."""
        return book(self.engine, MONDAY, debut, motif=motif, nom=nom)

    def run(self, *words: str, on: str = "2026-11-23", **environment: str) -> Result:
        """What a command answers on that day."""
        environment = {**self.environment, "ALLOBOT_DATE": on, **environment}
        return CliRunner().invoke(rdv.app, words, env=environment)

    def says(self, *words: str, on: str = "2026-11-23", **environment: str) -> str:
        """What a command that succeeds prints."""
        done = self.run(*words, on=on, **environment)
        assert done.exception is None, done.exception
        return done.output

    def refuses(self, *words: str, on: str = "2026-11-23", **environment: str) -> str:
        """The one sentence with which a command refuses."""
        done = self.run(*words, on=on, **environment)
        assert isinstance(done.exception, AllobotError), done.output
        sentence = str(done.exception)
        assert sentence.endswith("."), sentence
        assert "\n" not in sentence
        return sentence

    def state(self, rdv: RendezVous) -> str:
        found = self.booking.find(rdv.id)
        assert found is not None
        return found.etat


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("ALLOBOT_", "DATABASE_URL"))]:
        monkeypatch.delenv(name)


@pytest.fixture
def caf(tmp_path: Path) -> Iterator[Caf]:
    caf = Caf(f"sqlite:///{tmp_path / 'caf.sqlite'}", tmp_path)
    yield caf
    caf.engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def any_caf(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Caf]:
    """On each kind of database in turn."""
    sqlite = f"sqlite:///{tmp_path / 'caf.sqlite'}"
    url = sqlite if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    caf = Caf(url, tmp_path)
    yield caf
    caf.engine.dispose()


def short(rdv: RendezVous) -> str:
    """Written here by itself: eight characters, after the dashes that a shell would misread."""
    return re.sub(r"^[-_]+", "", rdv.id)[:8]


def read_csv(path: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig")), delimiter=";"))


# ---- the life of an appointment


def test_an_appointment_is_listed_closed_marked_exported_and_purged(
    any_caf: Caf, tmp_path: Path
) -> None:
    booked = any_caf.book()
    day = ("--jour", "2026-11-26")
    listed = any_caf.says("liste", *day)
    assert "jeudi 26 novembre 2026, Caf de la Haute-Marne" in listed
    assert re.search(rf"09:10 +Une dette.* +confirmé +{short(booked)}$", listed, re.MULTILINE)
    assert SHOWN in any_caf.says("liste", *day, "--coordonnees")
    assert re.search(r"^  09:10  1/2$", any_caf.says("occupation", *day), re.MULTILINE)
    closed = any_caf.says("fermer", "--du", "2026-11-26 09:00", "--au", "2026-11-26 10:00")
    assert short(booked) in closed
    assert any_caf.state(booked) == "confirme"
    assert "honoré" in any_caf.says("honore", short(booked), on="2026-11-27")
    assert any_caf.state(booked) == "honore"
    file = tmp_path / "jeudi.csv"
    any_caf.says("exporter", *day, "--format", "csv", "--vers", str(file))
    [_, row] = read_csv(file)
    assert row[:3] == ["26/11/2026", "09:10", "10"]
    assert row[-2:] == ["honoré", short(booked)]
    assert "Rien à effacer" in any_caf.says("purger", on="2026-12-20")
    erased = any_caf.says("purger", on="2026-12-30")
    assert "rdv_rendez_vous : 1" in erased
    assert any_caf.booking.find(booked.id) is None
    assert any_caf.vault.of_appointment(booked.id) is None


def test_a_phone_number_is_never_printed_unless_asked(caf: Caf, tmp_path: Path) -> None:
    first, second = caf.book(), caf.book(motif="logement")
    friday = caf.book(THURSDAY + dt.timedelta(days=1))
    said = [
        caf.says("liste", "--jour", "2026-11-26"),
        caf.says("liste", "--du", "2026-11-23", "--au", "2026-12-01"),
        caf.says("occupation", "--jour", "2026-11-26"),
        caf.says("fermer", "--du", "2026-11-26", "--au", "2026-11-27"),
        caf.says("ouvrir", "--du", "2026-11-26", "--au", "2026-11-26", "--capacite", "1"),
        caf.says("exceptions"),
        caf.says("exporter", "--jour", "2026-11-26", "--vers", str(tmp_path / "a.csv")),
        caf.says(
            *("exporter", "--jour", "2026-11-26", "--format", "ics"),
            *("--vers", str(tmp_path / "a.ics")),
        ),
        caf.says("annuler", short(friday)),
        caf.says("manque", short(first), on="2026-11-27"),
        caf.says("honore", short(second), on="2026-11-27"),
        caf.says("purger", on="2027-02-01"),
        (tmp_path / "a.csv").read_text(encoding="utf-8"),
        (tmp_path / "a.ics").read_text(encoding="utf-8"),
    ]
    assert all(said)
    for words in said:
        assert not DIGITS.search(words)
        assert "Zoé" not in words


# ---- seeing


def test_a_day_without_appointments_is_told(caf: Caf) -> None:
    assert caf.says("liste", "--jour", "26/11/2026").startswith(
        "Aucun rendez-vous le jeudi 26 novembre 2026."
    )


def test_today_is_the_default_and_a_period_is_shown_day_by_day(caf: Caf) -> None:
    caf.book()
    caf.book(THURSDAY + dt.timedelta(days=1, hours=2))
    assert "09:10" in caf.says("liste", on="2026-11-26")
    assert "11:10" not in caf.says("liste", on="2026-11-26")
    period = caf.says("liste", "--du", "2026-11-26")
    assert period.index("jeudi 26") < period.index("09:10") < period.index("vendredi 27")
    assert "vendredi 27" not in caf.says("liste", "--au", "2026-11-26")


def test_a_name_cannot_command_the_terminal(caf: Caf) -> None:
    caf.book(nom="\x1b[2J\x1b]0;x\x07Zoé\r\n  10:00  faux")
    listed = caf.says("liste", "--jour", "2026-11-26", "--coordonnees")
    assert "Zoé 10:00 faux" in listed
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", listed)


def test_a_retired_key_is_told_where_the_number_would_be(caf: Caf) -> None:
    caf.book()
    listed = ("liste", "--jour", "2026-11-26", "--coordonnees")
    assert "illisible" in caf.says(*listed, ALLOBOT_VAULT_KEY=OTHER_KEY)
    assert SHOWN in caf.says(*listed, ALLOBOT_VAULT_KEY=f"{OTHER_KEY} {KEY}")
    assert "ALLOBOT_VAULT_KEY" in caf.refuses(*listed, ALLOBOT_VAULT_KEY="pas une clé")


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+33639981234", "06 39 98 12 34"),
        ("+262262000000", "0262 00 00 00"),
        ("+687750000", "+687 75.00.00"),
    ],
)
def test_a_number_is_shown_as_it_is_dialled(number: str, shown: str) -> None:
    assert phone_text(number) == shown


# ---- opening and closing


def test_closing_keeps_appointments_and_frees_no_slot(caf: Caf) -> None:
    inside, before = caf.book(), caf.book(THURSDAY - dt.timedelta(minutes=10), "logement")
    after = caf.book(THURSDAY + dt.timedelta(minutes=20), "handicap")
    told = caf.says("fermer", "--du", "2026-11-26 09:10", "--au", "2026-11-26 09:30")
    assert "du jeudi 26 novembre 2026 09:10 au jeudi 26 novembre 2026 09:30" in told
    assert "gardés : 1." in told
    assert short(inside) in told
    assert short(before) not in told
    assert short(after) not in told
    slots = caf.says("occupation", "--jour", "2026-11-26")
    rows = re.findall(r"^  (\d\d:\d\d)  (.*)$", slots, re.MULTILINE)
    kept = ("09:10", "fermé, appels gardés : 1")
    assert rows[:4] == [("09:00", "1/2"), kept, ("09:30", "1/2"), ("09:40", "0/2")]
    assert rows[-1] == ("15:50", "0/2")


def test_who_is_booking_in_the_span_that_closes_is_counted(caf: Caf) -> None:
    now = Settings(date=MONDAY.date()).now()
    for motif, minutes in (("dette", 0), ("logement", 0), ("handicap", 60)):
        debut = THURSDAY + dt.timedelta(minutes=minutes)
        caf.booking.hold("52", debut, motif, conversation=motif, now=now)
    assert "  09:10  2/2" in caf.says("occupation", "--jour", "2026-11-26")
    told = caf.says("fermer", "--du", "2026-11-26 09:00", "--au", "2026-11-26 10:00")
    assert "En cours de réservation dans cette période : 2." in told
    assert "gardés" not in told


def test_a_whole_day_is_closed_by_its_name_alone(caf: Caf) -> None:
    caf.says("fermer", "--du", "2026-12-24", "--au", "2026-12-24")
    assert "aucun créneau ouvert" in caf.says("occupation", "--jour", "2026-12-24")
    assert "/2" in caf.says("occupation", "--jour", "2026-12-23")


def test_opening_adds_slots_and_an_exception_can_be_removed(caf: Caf) -> None:
    saturday = ("--jour", "2026-11-28")
    assert "aucun créneau ouvert" in caf.says("occupation", *saturday)
    caf.says(*("ouvrir", "--du", "2026-11-28 9h", "--au", "2026-11-28 10h30"), *("--capacite", "3"))
    assert "Places prises : 0 sur 27." in caf.says("occupation", *saturday)  # 9 slots of 3
    caf.says("fermer", "--du", "24/12/2026 12:00", "--au", "2026-12-24T16:00")
    listed = caf.says("exceptions", "--bureau", "52").splitlines()
    assert len(listed) == 2
    [opened] = [line.split()[0] for line in listed if "capacité 3" in line]
    [closed] = [line.split()[0] for line in listed if "fermé" in line]
    assert opened != closed
    assert opened in caf.says("exceptions", "--retirer", opened)
    assert "aucun créneau ouvert" in caf.says("occupation", *saturday)
    assert [line.split()[0] for line in caf.says("exceptions").splitlines()] == [closed]
    assert opened in caf.refuses("exceptions", "--retirer", opened)


def test_changing_the_capacity_of_a_span_counts_at_once(caf: Caf) -> None:
    span = ("--du", "2026-11-26 09:00", "--au", "2026-11-26 16:00")
    assert "sur 84." in caf.says("occupation", "--jour", "2026-11-26")  # 42 slots of 2
    caf.says("ouvrir", *span, "--capacite", "1")
    assert "sur 42." in caf.says("occupation", "--jour", "2026-11-26")


# ---- refusals


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["liste", "--bureau", "99"], "« 99 »"),
        (["liste", "--jour", "2026-11-26", "--du", "2026-11-26"], "pas les deux"),
        (["liste", "--du", "2026-11-26", "--au", "2026-11-25"], "avant le début"),
        (["occupation", "--bureau", "44"], "choisissez parmi 52"),
        (["fermer", "--du", "2026-12-24 12:00", "--au", "2026-12-24 12:00"], "avant le début"),
        (["fermer", "--du", "2026-11-20", "--au", "2026-11-22"], "déjà passé"),
        (["fermer", "--du", "demain", "--au", "2026-12-24"], "« demain »"),
        (["fermer", "--du", "2026-12-24 25:00", "--au", "2026-12-25"], "25:00"),
        (["fermer", "--du", "2026-02-30", "--au", "2026-12-25"], "2026-02-30"),
        (["ouvrir", "--du", "2026-11-20", "--au", "2026-11-22", "--capacite", "1"], "déjà passé"),
        (["exceptions", "--retirer", "abcd"], "« abcd »"),
        (["honore", "abc"], "trop court"),
        (["manque", "zzzzzzzz"], "« zzzzzzzz »"),
        (["annuler", "----"], "trop court"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_sentence(caf: Caf, words: list[str], told: str) -> None:
    ident = ["--", *words[1:]] if "----" in words else words[1:]
    assert told in caf.refuses(words[0], *ident)


def test_only_a_confirmed_appointment_that_has_begun_is_marked(caf: Caf) -> None:
    booked = caf.book()
    for verb in ("honore", "manque"):
        assert "n'a pas encore eu lieu" in caf.refuses(verb, short(booked))
    assert caf.state(booked) == "confirme"
    caf.says("annuler", short(booked))
    assert "annulé" in caf.refuses("honore", short(booked), on="2026-11-27")
    assert caf.state(booked) == "annule"


def test_an_id_that_begins_several_is_refused(caf: Caf, monkeypatch: pytest.MonkeyPatch) -> None:
    booked = caf.book()
    twins = [booked, caf.book(motif="logement")]
    alike = [
        RendezVous(**{**fields(rdv), "id": f"-_abcd{i}{rdv.id[8:]}"}) for i, rdv in enumerate(twins)
    ]
    monkeypatch.setattr(Booking, "of_days", lambda *_: alike)
    told = caf.refuses("manque", "abcd", on="2026-11-27")
    assert "désigne 2 rendez-vous" in told
    listed = caf.says("liste", "--jour", "2026-11-26")
    assert "  abcd0" in listed, "without the dash that a shell takes for an option"


def fields(rdv: RendezVous) -> dict[str, object]:
    return {name: getattr(rdv, name) for name in RendezVous.__dataclass_fields__}


# ---- cancelling


def test_cancelling_says_that_nobody_is_told(caf: Caf) -> None:
    booked = caf.book()
    told = caf.says("annuler", short(booked), "--coordonnees")
    assert "Personne n'est prévenu automatiquement" in told
    assert SHOWN in told, "the last time that the number can be read"
    assert caf.state(booked) == "annule"
    assert caf.vault.of_appointment(booked.id) is None
    assert "  09:10  0/2" in caf.says("occupation", "--jour", "2026-11-26")
    assert "annulé" in caf.refuses("annuler", short(booked))


@pytest.mark.parametrize(("answer", "state"), [("non", "confirme"), ("oui", "annule")])
def test_on_a_terminal_it_is_asked_first(
    caf: Caf, monkeypatch: pytest.MonkeyPatch, answer: str, state: str
) -> None:
    booked = caf.book()
    monkeypatch.setattr(rdv, "_on_terminal", lambda: True)
    done = CliRunner().invoke(
        rdv.app,
        ["annuler", short(booked)],
        input=f"{answer}\n",
        env={**caf.environment, "ALLOBOT_DATE": "2026-11-23"},
    )
    assert done.exception is None
    assert "prévenu la personne ?" in done.output
    assert caf.state(booked) == state


def test_a_past_appointment_is_marked_not_cancelled(caf: Caf) -> None:
    booked = caf.book()
    assert "« honore » ou « manque »" in caf.refuses("annuler", short(booked), on="2026-11-27")
    assert "manqué" in caf.says("manque", short(booked), on="2026-11-27")
    assert caf.state(booked) == "manque"
    assert "honoré" in caf.says("honore", short(booked), on="2026-11-27"), "a mistake is mended"


# ---- files


def test_a_csv_opens_in_a_french_spreadsheet(caf: Caf, tmp_path: Path) -> None:
    caf.book(nom='=HYPERLINK("https://example.org";"Zoé")')
    cancelled = caf.book(motif="logement")
    caf.says("annuler", short(cancelled))
    file = tmp_path / "appels.csv"
    told = caf.says(
        *("exporter", "--jour", "2026-11-26", "--coordonnees", "--vers", str(file)),
    )
    assert str(file) in told
    assert "supprimez-le" in told
    assert file.read_bytes().startswith(b"\xef\xbb\xbfJour;Heure;")
    heads, *rows = read_csv(file)
    assert heads[-2:] == ["Téléphone", "Nom"]
    assert len(rows) == 1, "who cancelled is not to be called"
    assert rows[0][-2:] == [SHOWN, '\'=HYPERLINK("https://example.org";"Zoé")']


def test_a_calendar_holds_the_time_and_nobody(caf: Caf, tmp_path: Path) -> None:
    caf.book(nom="Zoé")
    file = tmp_path / "jour.ics"
    day = ("--jour", "2026-11-26", "--format", "ics", "--vers", str(file))
    assert "--coordonnees" in caf.refuses("exporter", *day, "--coordonnees")
    assert not file.exists()
    caf.says("annuler", short(caf.book(THURSDAY.replace(hour=11), "logement", "Zoé")))
    caf.says("exporter", *day)
    event, cancelled = Calendar.from_ical(file.read_bytes()).walk("VEVENT")
    assert event.start == THURSDAY
    assert event.end == THURSDAY + dt.timedelta(minutes=10)
    assert (cancelled.start, cancelled["STATUS"]) == (THURSDAY.replace(hour=11), "CANCELLED")
    assert "Zoé" not in file.read_text(encoding="utf-8")


@pytest.mark.parametrize("format", ["csv", "ics"])
def test_a_file_is_its_owners_alone_and_replaces_none(
    caf: Caf, tmp_path: Path, format: str
) -> None:
    file = tmp_path / f"jour.{format}"
    export = ("exporter", "--jour", "2026-11-26", "--format", format, "--vers")
    before = os.umask(0)
    try:
        caf.says(*export, str(file))
    finally:
        os.umask(before)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    made = file.read_bytes()
    assert "existe déjà" in caf.refuses(*export, str(file))
    assert file.read_bytes() == made
    link = tmp_path / "lien"
    link.symlink_to(tmp_path / "ailleurs")
    assert "existe déjà" in caf.refuses(*export, str(link))
    assert not (tmp_path / "ailleurs").exists()
    assert "ne peut pas être écrit" in caf.refuses(*export, str(tmp_path / "absent" / "a"))


FORMULAS = "=+-@\t\r\n\N{MINUS SIGN}＝＋－＠﹦﹢﹣﹫⁼⁺⁻₌₊₋"


@given(st.text(st.one_of(st.sampled_from(FORMULAS + " \u200b\ufeff\xa0;\"'"), st.characters())))
@example("=1+1")
@example("\t=1+1")
@example("\ufeff \u200b＝1+1")
@example("+33639981234")
def test_no_cell_is_a_formula(words: str) -> None:
    cell = safe_cell(words)
    assert cell[:1] not in set(FORMULAS) - {""}
    assert not cell.startswith((" ", "\u200b", "\ufeff", "\xa0"))
    assert cell.isprintable()
    seen = re.sub(r"[^\w]", "", words)
    assert re.sub(r"[^\w]", "", cell) == seen, "nothing written is lost"


@given(st.dates(dt.date(2020, 1, 1), dt.date(2040, 12, 31)), st.times())
def test_a_moment_is_read_as_it_is_written(day: dt.date, time: dt.time) -> None:
    expected = dt.datetime(day.year, day.month, day.day, time.hour, time.minute, tzinfo=PARIS)
    for written in (
        f"{day:%Y-%m-%d} {time:%H:%M}",
        f"{day:%Y-%m-%d}T{time:%H:%M}",
        f"{day:%d/%m/%Y}  {time:%Hh%M}",
    ):
        assert read_moment(written) == expected
    midnight = dt.datetime(day.year, day.month, day.day, tzinfo=PARIS)
    assert read_moment(f"{day:%d/%m/%Y}") == midnight
    assert read_moment(f"{day}", end=True).replace(tzinfo=None) == midnight.replace(
        tzinfo=None
    ) + dt.timedelta(days=1)


# ---- what is kept


def test_the_days_kept_may_be_chosen_and_nothing_of_it_stays(caf: Caf, tmp_path: Path) -> None:
    booked = caf.book(nom="Zoé")
    coming = caf.book(THURSDAY + dt.timedelta(days=4))
    with caf.engine.connect() as connection:
        [token] = connection.execute(
            text("SELECT chiffre FROM rdv_coordonnees WHERE rdv_id = :rdv"), {"rdv": booked.id}
        ).scalars()
    assert token.encode() in files(tmp_path)
    assert "Rien à effacer" in caf.says("purger", "--jours", "2", on="2026-11-27")
    caf.says("purger", "--jours", "0", on="2026-11-27")
    assert caf.booking.find(booked.id) is None
    assert caf.state(coming) == "confirme"
    assert token.encode() not in files(tmp_path)
    assert caf.run("purger", "--jours", "-1").exit_code == 2


def files(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("caf.sqlite*"))


def test_a_hold_that_nobody_confirmed_goes_too(caf: Caf) -> None:
    caf.booking.hold("52", THURSDAY, "dette", conversation="c", now=MONDAY)
    caf.vault.put(Coordonnees(None, PHONE), conversation="c", now=MONDAY)
    caf.says("purger", on="2026-11-24")
    with caf.engine.connect() as connection:
        tables = [name for name in inspect(connection).get_table_names() if "rdv_" in name]
        counts = {t: connection.scalar(text(f"SELECT count(*) FROM {t}")) for t in tables}
    assert counts == {
        "rdv_rendez_vous": 0,
        "rdv_coordonnees": 0,
        "rdv_code": 0,
        "rdv_exception": 0,
    }


# ---- the command itself


def test_errors_are_one_sentence_and_a_code(tmp_path: Path) -> None:
    done = allobot("rdv", "liste", "--bureau", "99", ALLOBOT_VAR=str(tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Aucun bureau « 99 »")
    broken = allobot("rdv", "liste", ALLOBOT_VAR=str(tmp_path), DATABASE_URL="mysql://x/y")
    assert (broken.returncode, len(broken.stderr.splitlines())) == (1, 1)
    assert "DATABASE_URL" in broken.stderr
    wrong = allobot("rdv", "liste", ALLOBOT_CAF="Haute-Marne")
    assert wrong.stderr.startswith("Réglage à corriger : ALLOBOT_CAF")


def test_a_new_copy_of_the_repository_has_an_empty_calendar(tmp_path: Path) -> None:
    done = allobot("rdv", "liste", ALLOBOT_VAR=str(tmp_path), ALLOBOT_DATE="2026-11-23")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "Aucun rendez-vous le lundi 23 novembre 2026.\n"
    assert not (tmp_path / "vault.key").exists(), "no key is needed to see the hours"


def test_the_office_of_the_deployment_is_the_default(caf: Caf) -> None:
    assert "Haute-Marne" in caf.says("occupation", "--jour", "2026-11-26", ALLOBOT_CAF="52")
    assert "Haute-Marne" in caf.says("occupation", "--jour", "2026-11-26", ALLOBOT_CAF="44")


def test_of_several_offices_one_must_be_named(caf: Caf, monkeypatch: pytest.MonkeyPatch) -> None:
    caf.book()
    content = read_rendez_vous()
    other = content.bureaux["52"].model_copy(update={"nom": "Caf de la Loire-Atlantique"})
    both = content.model_copy(update={"bureaux": {**content.bureaux, "44": other}})
    monkeypatch.setattr(rdv_desk, "read_rendez_vous", lambda: both)
    day = ("--jour", "2026-11-26")
    assert "44, 52" in caf.refuses("occupation", *day)
    assert "Loire-Atlantique" in caf.says("occupation", *day, "--bureau", "44")
    assert "Loire-Atlantique" in caf.says("occupation", *day, ALLOBOT_CAF="44")
    caf.says("fermer", "--du", "2026-11-26", "--au", "2026-11-26", "--bureau", "44")
    assert "Loire-Atlantique" in caf.says("exceptions")
    assert "fermé" not in caf.says("exceptions", "--bureau", "52")
    assert "1/2" in caf.says("occupation", *day, "--bureau", "52")
    assert "09:10" in caf.says("liste", *day), "every office"
    assert "Aucun rendez-vous" in caf.says("liste", *day, "--bureau", "44")


def test_it_works_while_people_book(any_caf: Caf) -> None:
    """What is closed is given to nobody afterwards, and what was given before is told."""
    friday = THURSDAY.replace(day=27, hour=9, minute=0)
    now = Settings(date=MONDAY.date()).now()  # as the command reads it
    closed, given_late = threading.Event(), []
    given: list[RendezVous] = []

    def people() -> None:
        for number in range(30):
            late = closed.is_set()
            slot = friday + dt.timedelta(minutes=10 * (number // 2))
            motif = ("dette", "logement")[number % 2]
            with contextlib.suppress(CreneauPris):
                given.append(book(any_caf.engine, now, slot, motif=motif))
                given_late.append(late)

    crowd = threading.Thread(target=people)
    crowd.start()
    told = any_caf.says("fermer", "--du", "2026-11-27", "--au", "2026-11-27")
    closed.set()
    crowd.join(60)
    assert not crowd.is_alive()
    assert not any(given_late)
    shown = set(re.findall(r"confirmé +(\S{8})$", told, re.MULTILINE))
    held = re.search(r"cette période : (\d+)", told)
    assert shown <= {short(it) for it in given}
    assert len(given) - len(shown) <= (int(held[1]) if held else 0)


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_explains_itself(verb: str) -> None:
    shown = CliRunner().invoke(rdv.app, [verb, "--help"])
    assert shown.exit_code == 0
    assert verb in shown.output


def test_make_passes_the_words_as_they_are_typed() -> None:
    words = "fermer --du '2026-12-24 12:00' --au 2026-12-28"
    shown = subprocess.run(
        ["make", "-n", "rdv", f"do={words}"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert f"allobot rdv {words}" in shown
    alone = subprocess.run(
        ["make", "-n", "rdv"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert "allobot rdv liste" in alone


def test_the_settings_and_the_command_agree_on_the_retention(caf: Caf) -> None:
    days = Settings().rdv_retention_days
    assert f"plus de {days} jours" in caf.says("purger")
    assert "plus de 7 jours" in caf.says("purger", ALLOBOT_RDV_RETENTION_DAYS="7")
