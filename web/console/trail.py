"""The audit trail: who did what, when. All the SQL of console_audit."""

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select

from web.console.clock import Clock, utc
from web.console.models import AuditRow

AUDIT_DAYS = 365  # the triggers of 0007_console know this number too
CLOCKS_DAYS = 1  # our clock and the database's may differ
ACTION, OBJECT, DETAIL = 40, 200, 500  # characters of a line


@dataclass(frozen=True)
class AuditLine:
    """A line of the audit trail."""

    id: int
    at: dt.datetime
    login: str
    action: str
    on: str
    detail: str


@dataclass(frozen=True)
class AuditFilters:
    """What is looked for; None: anything. `until` is excluded."""

    login: str | None = None
    action: str | None = None
    since: dt.datetime | None = None
    until: dt.datetime | None = None


class Trail:
    """The lines, written in the transaction of what they tell."""

    def __init__(self, clock: Clock) -> None:
        """Date the lines with `clock`."""
        self._now = clock

    def note(
        self, connection: Connection, login: str, action: str, on: str = "", detail: str = ""
    ) -> None:
        """Write a line, cut to what the table holds."""
        connection.execute(
            insert(AuditRow).values(
                at=self._now(),
                login=login,
                action=action[:ACTION],
                object=_storable(on)[:OBJECT],
                detail=_storable(detail)[:DETAIL],
            )
        )

    def read(
        self, connection: Connection, filters: AuditFilters, before: int | None, limit: int
    ) -> list[AuditLine]:
        """Return the last lines, the newest first; `before` is the id of the last one seen."""
        statement = select(AuditRow).order_by(AuditRow.id.desc()).limit(limit)
        for column, value in ((AuditRow.login, filters.login), (AuditRow.action, filters.action)):
            if value is not None:
                statement = statement.where(column == value)
        if filters.since is not None:
            statement = statement.where(AuditRow.at >= filters.since)
        if filters.until is not None:
            statement = statement.where(AuditRow.at < filters.until)
        if before is not None:
            statement = statement.where(AuditRow.id < before)
        return [
            AuditLine(row.id, utc(row.at), row.login, row.action, row.object, row.detail)
            for row in connection.execute(statement).all()
        ]

    def sweep(self, connection: Connection) -> None:
        """Erase the lines of more than a year."""
        old = self._now() - dt.timedelta(days=AUDIT_DAYS + CLOCKS_DAYS)
        connection.execute(delete(AuditRow).where(AuditRow.at < old))


def _storable(text: str) -> str:
    """Return a text that both databases take."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()
