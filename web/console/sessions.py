"""Sessions of people, each under the SHA-256 of its token: all the SQL of console_session."""

import datetime as dt
import secrets
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from web.console.clock import Clock, utc
from web.console.models import SessionRow, UserRow, digest
from web.console.people import USER, User, user_of

TOKEN_BYTES = 32
SESSION_HOURS = 12
PENDING_MINUTES = 5  # between the password and the code
USED_SECONDS = 30  # a use is written so often at most: reading a page writes nothing as a rule


@dataclass(frozen=True)
class Opened:
    """A session just opened: the value of its cookie; `pending` while a code is awaited."""

    token: str
    login: str
    pending: bool


class Sessions:
    """Sessions opened, recognised and ended, in the transaction of the caller."""

    def __init__(self, idle: dt.timedelta, clock: Clock) -> None:
        """End a session after `idle` without use."""
        self._idle = idle
        self._now = clock

    def open(self, connection: Connection, user_id: int, *, pending: bool) -> str:
        """Open a session; return its token, kept nowhere."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        moment = self._now()
        lasts = (
            dt.timedelta(minutes=PENDING_MINUTES) if pending else dt.timedelta(hours=SESSION_HOURS)
        )
        connection.execute(
            insert(SessionRow).values(
                token_hash=digest(token),
                user_id=user_id,
                pending=pending,
                created_at=moment,
                used_at=moment,
                expires=moment + lasts,
            )
        )
        return token

    def user(self, connection: Connection, token: str) -> tuple[User, bool] | None:
        """Return who a session belongs to, and whether its use is to be written; None if over."""
        moment = self._now()
        row = connection.execute(
            select(*USER, SessionRow.used_at)
            .join(SessionRow, SessionRow.user_id == UserRow.id)
            .where(
                _has(token),
                SessionRow.pending.is_(False),
                SessionRow.expires > moment,
                SessionRow.used_at > moment - self._idle,
                UserRow.active,
            )
        ).one_or_none()
        if row is None:
            return None
        return user_of(row), moment - utc(row.used_at) >= dt.timedelta(seconds=USED_SECONDS)

    def use(self, connection: Connection, token: str) -> None:
        """Write that a session was used."""
        connection.execute(update(SessionRow).where(_has(token)).values(used_at=self._now()))

    def awaiting(self, connection: Connection, token: str) -> int | None:
        """Return whose session awaits its second factor; None when none does."""
        return connection.scalar(
            select(SessionRow.user_id).where(
                _has(token), SessionRow.pending, SessionRow.expires > self._now()
            )
        )

    def sweep(self, connection: Connection) -> None:
        """Erase the sessions that are over."""
        connection.execute(delete(SessionRow).where(SessionRow.expires < self._now()))


def close(connection: Connection, token: str) -> str | None:
    """End a session; return the login it was of, None when it was no more."""
    login = connection.scalar(
        select(UserRow.login).join(SessionRow, SessionRow.user_id == UserRow.id).where(_has(token))
    )
    connection.execute(delete(SessionRow).where(_has(token)))
    return login


def close_pending(connection: Connection, token: str) -> bool:
    """End a session that awaits its second factor; False when somebody else just did."""
    gone = connection.execute(delete(SessionRow).where(_has(token), SessionRow.pending))
    return gone.rowcount == 1


def revoke(connection: Connection, user_id: int) -> None:
    """End every session of a person."""
    connection.execute(delete(SessionRow).where(SessionRow.user_id == user_id))


def _has(token: str) -> ColumnElement[bool]:
    return SessionRow.token_hash == digest(token)
