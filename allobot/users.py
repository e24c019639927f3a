"""`allobot users`: who may enter the analyst console."""

from __future__ import annotations

import contextlib
import datetime as dt
import sys
from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from allobot.errors import ConfigurationError, DatabaseError, UsageError
from allobot.messages import say
from allobot.settings import PARIS, load_settings

if TYPE_CHECKING:
    from web.console.users import Users

OPERATOR = "(commande)"  # no login looks like it
LINES = 500  # of the audit trail, read at once
REASONS = {
    "inconnu": "users_inconnu",
    "identifiant": "users_identifiant",
    "pris": "users_pris",
    "dernier_admin": "users_dernier_admin",
    "court": "users_court",
    "long": "users_long",
    "evident": "users_evident",
    "code_faux": "users_code_faux",
}

app = typer.Typer(no_args_is_help=True, help="Say who may enter the analyst console.")

Login = Annotated[str, typer.Argument(metavar="LOGIN", help="Their login, such as lea.m.")]
Generate = Annotated[
    bool, typer.Option("--generate", help="Draw the password at random and print it once.")
]


class RoleName(StrEnum):
    """What a person may do."""

    analyste = "analyste"
    agent = "agent"
    admin = "admin"


Role = Annotated[RoleName, typer.Option(help="agent: appointments; analyste: the rest but people.")]


@app.command()
def add(login: Login, role: Role, generate: Generate = False) -> None:
    """Add a person."""
    with _users() as users:
        password = _password(generate)
        user = users.add(login, role.value, password, OPERATOR, must_change=generate)
    print(say("users_ajoute", login=user.login, role=user.role))
    _print_once(generate, password)


@app.command("list")
def list_() -> None:
    """List everybody."""
    with _users() as users:
        people = users.all()
    for user in people:
        state = say("users_actif" if user.active else "users_desactive")
        locked = user.locked_until is not None and user.locked_until > dt.datetime.now(dt.UTC)
        print(
            say(
                "users_ligne",
                login=user.login,
                role=user.role,
                etat=say("users_bloque") if user.active and locked else state,
                code=say("users_avec_code" if user.two_factors else "users_sans_code"),
            )
        )
    if not people:
        print(say("users_personne"))


@app.command("role")
def role_(login: Login, role: Annotated[RoleName, typer.Argument(help="Their new role.")]) -> None:
    """Change a role; their sessions end."""
    with _users() as users:
        users.set_role(login, role.value, OPERATOR)
    print(say("users_role", login=login, role=role.value))


@app.command()
def disable(login: Login) -> None:
    """Keep somebody out, at once."""
    with _users() as users:
        users.set_active(login, False, OPERATOR)
    print(say("users_desactivation", login=login))


@app.command()
def enable(login: Login) -> None:
    """Let somebody in again."""
    with _users() as users:
        users.set_active(login, True, OPERATOR)
    print(say("users_activation", login=login))


@app.command()
def unlock(login: Login) -> None:
    """Forget the failed attempts."""
    with _users() as users:
        users.unlock(login, OPERATOR)
    print(say("users_debloque", login=login))


@app.command("password")
def password_(login: Login, generate: Generate = False) -> None:
    """Give another password; their sessions end."""
    with _users() as users:
        users.find(login)
        password = _password(generate)
        users.reset_password(login, password, OPERATOR, must_change=generate)
    print(say("users_mot_de_passe_change", login=login))
    _print_once(generate, password)


@app.command()
def totp(
    login: Login,
    remove: Annotated[bool, typer.Option("--remove", help="Ask for no code any more.")] = False,
) -> None:
    """Ask for a code at each sign-in: shows the key to photograph, then asks for a first code."""
    import segno

    with _users() as users:
        if remove:
            users.remove_second_factor(login, OPERATOR)
            print(say("users_code_retire", login=login))
            return
        proposed = users.propose_second_factor(login)
        segno.make(proposed.uri, error="l").terminal(out=sys.stdout, compact=True)
        print(proposed.uri)
        code = typer.prompt(say("users_code_demande"))
        codes = users.enable_second_factor(login, proposed.sealed, code, OPERATOR)
    print(say("users_code_active", login=login))
    for each in codes:
        print(say("users_code_secours", code=each))


@app.command()
def audit(
    since: Annotated[
        dt.datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="From that day; the last 30 days by default."),
    ] = None,
) -> None:
    """Print who did what, the oldest first."""
    from web.console.trail import AuditFilters, AuditLine

    first = since or dt.datetime.now(PARIS).replace(tzinfo=None) - dt.timedelta(days=30)
    filters = AuditFilters(since=first.replace(tzinfo=PARIS).astimezone(dt.UTC))
    lines: list[AuditLine] = []
    with _users() as users:
        while page := users.trail(filters, lines[-1].id if lines else None, LINES):
            lines += page
    for line in reversed(lines):
        at = line.at.astimezone(PARIS).isoformat(" ", "seconds")
        print("\t".join((at, line.login, line.action, line.on, line.detail)))
    if not lines:
        print(say("users_audit_vide"))


@contextlib.contextmanager
def _users() -> Iterator[Users]:
    """Yield the people of the database, its tables up to date; tell errors in one sentence.

    Raises ConfigurationError, DatabaseError, UsageError.
    """
    from pydantic import ValidationError
    from sqlalchemy.exc import SQLAlchemyError

    from allobot.database import UnsupportedDatabase, make_engine, upgrade
    from allobot.settings import BadKey
    from web.console.errors import UserError
    from web.console.users import Users

    try:
        settings = load_settings()
        upgrade(settings.database_url)
        engine = make_engine(settings.database_url)
        keys = settings.vault_keys()
    except ValidationError as error:
        first = error.errors()[0]
        name = f"ALLOBOT_{str(first['loc'][0]).upper()}" if first["loc"] else "ALLOBOT_*"
        raise ConfigurationError(say("reglage", champ=name, raison=first["msg"])) from error
    except (SQLAlchemyError, UnsupportedDatabase) as error:
        raise DatabaseError(say("users_base")) from error
    except (OSError, BadKey) as error:
        raise ConfigurationError(say("users_cle", raison=type(error).__name__)) from error
    try:
        yield Users(engine, keys, dt.timedelta(minutes=settings.console_minutes))
    except UserError as error:
        raise UsageError(say(REASONS[error.code])) from error
    except SQLAlchemyError as error:
        raise DatabaseError(say("users_base")) from error
    finally:
        engine.dispose()


def _password(generate: bool) -> str:
    """Return a password drawn at random, or typed twice without being shown."""
    from web.console.passwords import new_password

    if generate:
        return new_password()
    password: str = typer.prompt(
        say("users_mot_de_passe"), hide_input=True, confirmation_prompt=say("users_encore")
    )
    return password


def _print_once(generate: bool, password: str) -> None:
    if generate:
        print(say("users_mot_de_passe_donne", mot_de_passe=password))
