"""`allobot users`, as the operator types it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path

import pyotp
import pytest
from typer.testing import CliRunner, Result

from allobot import users as module
from allobot.database import make_engine
from allobot.errors import AllobotError, ConfigurationError, DatabaseError, UsageError
from allobot.settings import load_settings
from tests.allobot.test_cli import allobot
from web.console.trail import AuditFilters
from web.console.users import Users

PASSWORD = "quatre-mots-sans-lien"
GIVEN = re.compile(r"\b[a-z2-9]{5}(?:-[a-z2-9]{5}){3}\b")
URI = re.compile(r"otpauth://totp/Allobot:lea\?secret=([A-Z2-7]{32})&issuer=Allobot")
RECOVERY = re.compile(r"^  [A-Z2-7]{4}(?:-[A-Z2-7]{4}){3}$", re.MULTILINE)

Verb = Callable[..., Result]


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("ALLOBOT_VAR", str(tmp_path))


def users(*arguments: str, typed: str = "") -> Result:
    """Type a verb; errors of ours are raised, as main() tells them."""
    done = CliRunner().invoke(module.app, arguments, input=typed)
    if isinstance(done.exception, AllobotError):
        raise done.exception
    return done


def people() -> Users:
    settings = load_settings()
    engine = make_engine(settings.database_url)
    return Users(engine, settings.vault_keys(), dt.timedelta(minutes=30))


@pytest.fixture
def _lea() -> None:
    assert users("add", "lea", "--role", "admin", typed=f"{PASSWORD}\n{PASSWORD}\n").exit_code == 0


def test_from_a_new_copy_of_the_repository_to_a_person_who_signs_in(tmp_path: Path) -> None:
    empty = allobot("users", "list", ALLOBOT_VAR=str(tmp_path))
    assert (empty.returncode, empty.stderr) == (0, "")
    assert "--role admin --generate" in empty.stdout
    added = allobot(
        "users", "add", "lea", "--role", "admin", "--generate", ALLOBOT_VAR=str(tmp_path)
    )
    assert (added.returncode, added.stderr) == (0, "")
    given = GIVEN.search(added.stdout)
    assert given
    opened = people().sign_in("lea", given[0])
    assert opened is not None
    assert people().find("lea").must_change
    refused = allobot("users", "disable", "lea", ALLOBOT_VAR=str(tmp_path))
    assert refused.returncode == 2
    assert refused.stderr.startswith("C'est la dernière personne qui administre")
    assert "Traceback" not in refused.stderr


def test_a_password_is_typed_twice_and_never_shown() -> None:
    done = users(
        "add", "lea", "--role", "agent", typed=f"{PASSWORD}\nautre\n{PASSWORD}\n{PASSWORD}\n"
    )
    assert done.exit_code == 0
    assert PASSWORD not in done.output
    assert people().sign_in("lea", PASSWORD) is not None
    assert not people().find("lea").must_change


@pytest.mark.parametrize(
    ("arguments", "typed", "said"),
    [
        (("add", "lea", "--role", "agent"), "trop-court\ntrop-court\n", "trop court"),
        (("add", "lea", "--role", "agent"), "motdepasse123\nmotdepasse123\n", "facile"),
        (("add", "l", "--role", "agent", "--generate"), "", "de 2 à 32"),
        (("role", "personne", "agent"), "", "Personne n'a cet identifiant"),
        (("password", "personne", "--generate"), "", "Personne n'a cet identifiant"),
        (("unlock", "personne"), "", "Personne n'a cet identifiant"),
        (("enable", "personne"), "", "Personne n'a cet identifiant"),
        (("totp", "personne"), "", "Personne n'a cet identifiant"),
    ],
)
def test_what_cannot_be_is_one_sentence(arguments: tuple[str, ...], typed: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        users(*arguments, typed=typed)


@pytest.mark.usefixtures("_lea")
def test_a_login_is_taken_once() -> None:
    with pytest.raises(UsageError, match="déjà pris"):
        users("add", "LEA", "--role", "agent", "--generate")


@pytest.mark.usefixtures("_lea")
def test_each_verb_changes_the_person() -> None:
    users("add", "tom", "--role", "agent", "--generate")
    assert users("role", "tom", "analyste").exit_code == 0
    assert people().find("tom").role == "analyste"
    users("disable", "tom")
    assert not people().find("tom").active
    assert "tom : analyste, désactivé, sans code" in users("list").output
    users("enable", "tom")
    given = GIVEN.search(users("password", "tom", "--generate").output)
    assert given and people().sign_in("tom", given[0]) is not None
    for _ in range(5):
        people().sign_in("tom", "faux-faux-faux")
    assert "tom : analyste, bloqué" in users("list").output
    users("unlock", "tom")
    assert people().sign_in("tom", given[0]) is not None
    assert users("role", "tom", "chef").exit_code == 2


@pytest.mark.usefixtures("_lea")
def test_a_second_factor_is_drawn_in_the_terminal_and_confirmed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        module.typer, "prompt", lambda _: pyotp.TOTP(Seen.secret()).now(), raising=True
    )
    monkeypatch.setattr(module, "print", Seen.print, raising=False)
    Seen.lines.clear()
    done = users("totp", "lea")
    assert done.exit_code == 0
    assert "█" in done.output or "▀" in done.output
    said = "\n".join(Seen.lines)
    assert len(RECOVERY.findall(said)) == 8
    assert people().find("lea").two_factors
    assert "avec code" in (users("list"), "\n".join(Seen.lines))[1]
    users("totp", "lea", "--remove")
    assert not people().find("lea").two_factors


class Seen:
    """What a verb printed, to read the key out of it as a telephone does."""

    lines: list[str] = []

    @classmethod
    def print(cls, *words: object) -> None:
        cls.lines.append(" ".join(map(str, words)))

    @classmethod
    def secret(cls) -> str:
        found = URI.search("\n".join(cls.lines))
        assert found
        return found[1]


@pytest.mark.usefixtures("_lea")
def test_a_wrong_code_changes_nothing() -> None:
    with pytest.raises(UsageError, match="rien n'est changé"):
        users("totp", "lea", typed="000000\n")
    assert not people().find("lea").two_factors


@pytest.mark.usefixtures("_lea")
def test_the_trail_is_printed_from_a_day() -> None:
    users("unlock", "lea")
    lines = [line.split("\t") for line in users("audit").output.splitlines()]
    assert [line[1:] for line in lines] == [
        ["(commande)", "utilisateur_ajoute", "lea", "admin"],
        ["(commande)", "debloque", "lea", ""],
    ]
    assert "Rien dans l'audit" in users("audit", "--since", "2999-01-01").output
    assert len(people().trail(AuditFilters())) == 2


def test_a_database_that_does_not_answer_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nowhere")
    with pytest.raises(DatabaseError, match="vérifiez DATABASE_URL"):
        users("list")


def test_a_key_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "vault.key").write_text("court")
    with pytest.raises(ConfigurationError, match=r"vault\.key"):
        users("list")


def test_a_setting_that_does_not_fit_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOBOT_CONSOLE_MINUTES", "0")
    with pytest.raises(ConfigurationError, match="ALLOBOT_CONSOLE_MINUTES"):
        users("list")
