"""The people of the console: logins, roles, and their rows in console_user."""

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

from sqlalchemy import ColumnElement, Connection, insert, select, update

from web.console.clock import utc
from web.console.errors import LastAdmin, UnknownUser
from web.console.models import UserRow

Role = Literal["analyste", "agent", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)

LOGIN = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,30}[a-z0-9])")

USER = (
    UserRow.id,
    UserRow.login,
    UserRow.role,
    UserRow.active,
    UserRow.must_change,
    UserRow.totp_secret,
    UserRow.locked_until,
    UserRow.created_at,
)


@dataclass(frozen=True)
class User:
    """A person, as pages see them."""

    id: int
    login: str
    role: Role
    active: bool
    must_change: bool
    two_factors: bool
    locked_until: dt.datetime | None
    created_at: dt.datetime


def clean_login(login: str) -> str:
    """Return a login as it is kept; empty when nobody can have it."""
    cleaned = login.strip().casefold()
    return cleaned if LOGIN.fullmatch(cleaned) else ""


def named(login: str) -> ColumnElement[bool]:
    """Return the condition that a row is of who has this login."""
    return UserRow.login == clean_login(login)


def everybody(connection: Connection) -> list[User]:
    """Return everybody, by login."""
    rows = connection.execute(select(*USER).order_by(UserRow.login)).all()
    return [user_of(row) for row in rows]


def one(connection: Connection, whom: ColumnElement[bool]) -> User:
    """Return the person of a condition. Raises UnknownUser."""
    row = connection.execute(select(*USER).where(whom)).one_or_none()
    if row is None:
        raise UnknownUser
    return user_of(row)


def for_change(connection: Connection, login: str, *, keeps_admin: bool) -> User:
    """Return who is to be changed, the admins held: two of them cannot demote each other.

    Raises UnknownUser; LastAdmin when nobody could administer unless the change `keeps_admin`.
    """
    admins = connection.execute(
        select(UserRow.id)
        .where(UserRow.role == "admin", UserRow.active)
        .order_by(UserRow.id)
        .with_for_update()
    ).all()
    user = one(connection, named(login))
    if not keeps_admin and [admin.id for admin in admins] == [user.id]:
        raise LastAdmin
    return user


def add(
    connection: Connection,
    login: str,
    role: Role,
    password_hash: str,
    must_change: bool,
    moment: dt.datetime,
) -> None:
    """Write a new person, active. Raises IntegrityError when somebody has this login."""
    connection.execute(
        insert(UserRow).values(
            login=login,
            password_hash=password_hash,
            must_change=must_change,
            role=role,
            active=True,
            failures=0,
            created_at=moment,
        )
    )


def change(connection: Connection, user_id: int, **values: object) -> None:
    """Write some columns of a person."""
    connection.execute(update(UserRow).where(UserRow.id == user_id).values(values))


def user_of(row: Any) -> User:
    """Return the person of a row that has the columns USER."""
    return User(
        id=row.id,
        login=row.login,
        role=cast(Role, row.role),
        active=row.active,
        must_change=row.must_change,
        two_factors=row.totp_secret is not None,
        locked_until=None if row.locked_until is None else utc(row.locked_until),
        created_at=utc(row.created_at),
    )
