"""Attempts to sign in, counted before they are judged: five that fail lock for a while."""

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, select, update

from web.console import people
from web.console.clock import utc
from web.console.models import UserRow

FAILURES = 5
LOCK_MINUTES = 15


@dataclass(frozen=True)
class Candidate:
    """Who tries to sign in, an attempt already counted; `lock` when it was the last allowed."""

    id: int
    login: str
    password_hash: str
    totp_secret: bytes | None
    lock: dt.datetime | None


def count(
    connection: Connection, whom: ColumnElement[bool], moment: dt.datetime
) -> Candidate | None:
    """Count an attempt before it is judged, so that many at once are not worth more.

    None when there is nobody, or nobody to let in now. The last attempt allowed locks at once;
    one that succeeds unlocks.
    """
    row = connection.execute(select(UserRow).where(whom).with_for_update()).one_or_none()
    if row is None or not row.active:
        return None
    if row.locked_until is not None and utc(row.locked_until) > moment:
        return None
    last = row.failures + 1 >= FAILURES
    lock = moment + dt.timedelta(minutes=LOCK_MINUTES) if last else None
    failures = 0 if last else row.failures + 1
    people.change(connection, row.id, failures=failures, locked_until=lock)
    return Candidate(row.id, row.login, row.password_hash, row.totp_secret, lock)


def take_back(connection: Connection, candidate: Candidate) -> None:
    """Take back one attempt, and only that one: others may have been counted meanwhile."""
    if candidate.lock is not None:
        ours = update(UserRow).where(
            UserRow.id == candidate.id, UserRow.locked_until == candidate.lock
        )
        connection.execute(ours.values(failures=FAILURES - 1, locked_until=None))
    else:
        one = update(UserRow).where(UserRow.id == candidate.id, UserRow.failures > 0)
        connection.execute(one.values(failures=UserRow.failures - 1))


def forgive(connection: Connection, user_id: int) -> None:
    """Forget the attempts of a person, and unlock."""
    people.change(connection, user_id, failures=0, locked_until=None)
