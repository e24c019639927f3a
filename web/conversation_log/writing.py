"""Writes what was read of conversations: rows, words and counts move together."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from web.conversation_log import search
from web.conversation_log.counts import CONVERSATION, counts_of, day_of, hour_of
from web.conversation_log.models import LogConversationRow, LogDayRow, LogHourRow, LogTurnRow
from web.conversation_log.turns import ReadConversation, ReadTurn

CONVERSATIONS: Table = LogConversationRow.__table__  # type: ignore[assignment]
TURNS: Table = LogTurnRow.__table__  # type: ignore[assignment]
HOURS: Table = LogHourRow.__table__  # type: ignore[assignment]
DAYS: Table = LogDayRow.__table__  # type: ignore[assignment]
REVIEWED = {"id", "etat"}  # not the reader's

Row = dict[str, Any]


class Tally:
    """Changes of the counts, by hour and by day."""

    def __init__(self) -> None:
        self.hours: Counter[tuple[str, int, str]] = Counter()
        self.days: Counter[tuple[str, int, str]] = Counter()

    def turn(self, row: Mapping[str, Any], times: int = 1) -> None:
        """Add a turn `times` times: -1 takes it back."""
        hour, day = hour_of(row["at"]), row["day"]
        for (kind, key), number in counts_of(row).items():
            self.hours[kind, hour, key] += times * number
            self.days[kind, day, key] += times * number

    def conversation(self, started_at: dt.datetime) -> None:
        """Add a conversation."""
        self.hours[CONVERSATION, hour_of(started_at), ""] += 1
        self.days[CONVERSATION, day_of(started_at), ""] += 1

    def write(self, connection: Connection) -> None:
        """Apply the changes, always in the same order."""
        _add(connection, HOURS, "hour", self.hours)
        _add(connection, DAYS, "day", self.days)


def write(connection: Connection, found: Mapping[str, ReadConversation]) -> int:
    """Bring the rows of these conversations to what was read; return how many turns changed.

    Nothing is removed: only erasures do that. What was reviewed stays so.
    """
    tally = Tally()
    new: list[Row] = []
    changed = 0
    for conversation_id, read in found.items():
        known = _known(connection, conversation_id)
        _write_conversation(connection, conversation_id, read, known, tally)
        for turn in read.turns:
            row = _row(conversation_id, turn)
            before = known.get(turn.at)
            if before is None:
                new.append(row)
            elif any(before[name] != value for name, value in row.items()):
                _change(connection, before, row, tally)
                changed += 1
    new.sort(key=lambda row: (row["at"], row["event_id"]))
    add(connection, new, tally)
    tally.write(connection)
    return len(new) + changed


def add(connection: Connection, rows: Sequence[Row], tally: Tally) -> list[int]:
    """Insert new turns, in order, and their words; return their ids."""
    if not rows:
        return []
    statement = insert(TURNS).returning(TURNS.c.id, sort_by_parameter_order=True)
    ids = list(connection.execute(statement, list(rows)).scalars())
    search.index(connection, zip(ids, (row["text"] for row in rows), strict=True))
    for row in rows:
        tally.turn(row)
    return ids


def utc(moment: dt.datetime) -> dt.datetime:
    """A moment as the database gives it back, in UTC: SQLite forgets the zone."""
    return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)


def _known(connection: Connection, conversation_id: str) -> dict[dt.datetime, Row]:
    """The turns that the log has of a conversation, by their moment."""
    statement = select(TURNS).where(TURNS.c.conversation_id == conversation_id)
    rows = [dict(row) for row in connection.execute(statement).mappings()]
    for row in rows:
        row["at"] = utc(row["at"])
    return {row["at"]: row for row in rows}


def _row(conversation_id: str, turn: ReadTurn) -> Row:
    reasons = list(turn.priority_reasons)
    return {"conversation_id": conversation_id, **vars(turn), "priority_reasons": reasons}


def _write_conversation(
    connection: Connection,
    conversation_id: str,
    read: ReadConversation,
    known: Mapping[dt.datetime, Row],
    tally: Tally,
) -> None:
    """Before its turns, which refer to it.

    When Rasa's file was made anew, what came before stays.
    """
    started_at = min([read.started_at, *known])
    row = {
        "started_at": started_at,
        "last_at": max([read.last_at, *known]),
        "turns": len({*known, *(turn.at for turn in read.turns)}),
        "channel": read.channel,
        "caf": read.caf,
        "falc": read.falc,
        "device": read.device,
        "outcome": read.outcome,
        "last_event": read.last_event,
    }
    mine = CONVERSATIONS.c.conversation_id == conversation_id
    if connection.execute(update(CONVERSATIONS).where(mine).values(row)).rowcount == 0:
        connection.execute(insert(CONVERSATIONS).values(conversation_id=conversation_id, **row))
        tally.conversation(started_at)


def _change(connection: Connection, before: Row, row: Row, tally: Tally) -> None:
    connection.execute(update(TURNS).where(TURNS.c.id == before["id"]).values(row))
    tally.turn(before, -1)
    tally.turn(row)
    if before["text"] != row["text"]:
        search.remove(connection, [before["id"]])
        search.index(connection, [(before["id"], row["text"])])


def _add(
    connection: Connection, table: Table, unit: str, changes: Counter[tuple[str, int, str]]
) -> None:
    rows = [
        {"kind": kind, unit: when, "key": key, "n": number}
        for (kind, when, key), number in sorted(changes.items())
        if number
    ]
    if rows:
        connection.execute(_adding(connection.dialect.name, table, unit), rows)


def _adding(dialect: str, table: Table, unit: str) -> Any:
    """Each dialect has its own INSERT, which agree on ON CONFLICT."""
    statement: Any = (sqlite if dialect == "sqlite" else postgresql).insert(table)
    return statement.on_conflict_do_update(
        index_elements=["kind", unit, "key"],
        set_={"n": table.c.n + statement.excluded.n},
    )


def chunks(values: Iterable[str], size: int = 500) -> list[list[str]]:
    """The values in lists of at most `size`: SQLite binds few at a time."""
    listed = list(values)
    return [listed[i : i + size] for i in range(0, len(listed), size)]
