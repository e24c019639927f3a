"""All that analysts read: lists, one conversation, the queue, the dashboard.

Lists go from the newest to the oldest and page by key: `next` is given back as `cursor`. A page
may be short and still have a `next`, when few of the turns looked at were wanted.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import Connection, Select, and_, exists, func, select, tuple_
from sqlalchemy.sql.elements import ColumnElement

from web.conversation_log import search
from web.conversation_log.cursors import moment_of, read_cursor, write_cursor
from web.conversation_log.figures import dashboard as figures
from web.conversation_log.figures import midnight
from web.conversation_log.models import (
    LogConversationRow,
    LogNoteRow,
    LogReviewRow,
    LogTagRow,
    LogTurnRow,
)
from web.conversation_log.reviews import LATER, Reviews, as_tag
from web.conversation_log.shapes import (
    BadCursor,
    Conversation,
    ConversationRow,
    Dashboard,
    DayPoint,
    Filters,
    HourPoint,
    Latency,
    Note,
    Page,
    QueueRow,
    Share,
    Subject,
    Turn,
    TurnRow,
)
from web.conversation_log.writing import utc

__all__ = [
    "BadCursor",
    "Conversation",
    "ConversationLog",
    "ConversationRow",
    "Dashboard",
    "DayPoint",
    "Filters",
    "HourPoint",
    "Latency",
    "Note",
    "Page",
    "QueueRow",
    "Share",
    "Subject",
    "Turn",
    "TurnRow",
]

LOOKED_AT = 10_000  # turns at most, for one page of a search: it is short rather than late
SLACK = 1000  # ids by which the order of the days and that of the ids may differ
UNREAD = "non"


class ConversationLog(Reviews):
    """Reads the log; the engine stays the caller's. Raises SQLAlchemyError as it comes."""

    def dashboard(self, depuis: dt.date, jusque: dt.date) -> Dashboard:
        """The figures of a period, beside those of the period before of the same length."""
        waiting = select(func.count()).select_from(LogTurnRow).where(_waiting())
        with self._engine.connect() as connection:
            number = connection.execute(waiting).scalar_one()
            return figures(connection, depuis, jusque, number)

    def turns(self, filters: Filters, cursor: str | None = None, limit: int = 50) -> Page[TurnRow]:
        """Turns, the newest first. Raises BadCursor."""
        with self._engine.connect() as connection:
            if filters.texte is not None or filters.tag is not None:
                ids, following = _searched(connection, filters, cursor, limit)
            else:
                ids, following = _listed(connection, filters, cursor, limit)
            return Page(_turn_rows(connection, ids), following)

    def conversations(
        self, filters: Filters, cursor: str | None = None, limit: int = 50
    ) -> Page[ConversationRow]:
        """Conversations, the newest first, each once.

        Their dates are those of their last message; when other filters choose turns, those of the
        last turn chosen. Raises BadCursor.
        """
        with self._engine.connect() as connection:
            if any(getattr(filters, name) is not None for name in OF_TURNS):
                names, following = _chosen(connection, filters, cursor, limit)
            else:
                names, following = _talks(connection, filters, cursor, limit)
            return Page(_conversation_rows(connection, names), following)

    def conversation(self, conversation_id: str) -> Conversation | None:
        """A whole conversation: every turn with what was understood and why."""
        key = LogTurnRow.conversation_id == conversation_id
        with self._engine.connect() as connection:
            row = connection.execute(
                select(LogConversationRow.__table__).where(
                    LogConversationRow.conversation_id == conversation_id
                )
            ).first()
            if row is None:
                return None
            ids = connection.execute(select(LogTurnRow.id).where(key).order_by(LogTurnRow.at))
            turns = _whole_turns(connection, list(ids.scalars()))
        return Conversation(
            conversation_id=row.conversation_id,
            started_at=utc(row.started_at),
            last_at=utc(row.last_at),
            channel=row.channel,
            caf=row.caf,
            falc=row.falc,
            device=row.device,
            outcome=row.outcome,
            turns=turns,
        )

    def turn(self, turn_id: int) -> Turn | None:
        """One turn."""
        with self._engine.connect() as connection:
            return next(iter(_whole_turns(connection, [turn_id])), None)

    def queue(
        self, cursor: str | None = None, limit: int = 25, *, reviewer: str, now: dt.datetime
    ) -> Page[QueueRow]:
        """What to read first: by priority, neither read nor claimed by another. Raises BadCursor.

        What was put off comes back 24 h later.
        """
        after = read_cursor(cursor, float, int)
        with self._engine.connect() as connection:
            fresh = connection.execute(_queue(_waiting(), after, limit, reviewer, now)).all()
            late = connection.execute(
                _queue(_put_off(now), after, limit, reviewer, now, joined=True)
            ).all()
            rows = sorted([*fresh, *late], key=lambda row: (-row.priority, -row.id))
            more, rows = len(rows) > limit, rows[:limit]
            turns = _whole_turns(connection, [row.id for row in rows])
            mine = _claimed(connection, [row.id for row in rows], reviewer, now)
        following = write_cursor(rows[-1].priority, rows[-1].id) if more else None
        return Page([QueueRow(**_values(turn), mine=turn.id in mine) for turn in turns], following)

    def tags(self) -> list[str]:
        """Every tag in use, in order."""
        with self._engine.connect() as connection:
            statement = select(LogTagRow.tag).distinct().order_by(LogTagRow.tag)
            return list(connection.execute(statement).scalars())


OF_TURNS = ("sujet", "confiance_max", "tag", "texte", "vus", "pouce")  # filters
Conditions = list[ColumnElement[bool]]


# ---- lists of turns


def _on_turn(turn: Any, filters: Filters, *, dates: bool = True, whole: bool = False) -> Conditions:
    """The conditions on a turn; not those of its conversation when `whole`."""
    conditions: Conditions = []
    if filters.outcome is not None and not whole:
        conditions.append(turn.outcome == filters.outcome)
    if filters.caf is not None and not whole:
        conditions.append(turn.caf == filters.caf)
    if filters.sujet is not None:
        conditions.append(turn.intent == filters.sujet)
    if filters.confiance_max is not None:
        conditions.append(turn.confidence <= filters.confiance_max)
    if filters.pouce is not None:
        conditions.append(turn.feedback == filters.pouce)
    if filters.vus is not None:
        conditions.append(
            turn.etat.is_(None) if filters.vus == UNREAD else turn.etat == filters.vus
        )
    if dates and filters.depuis is not None:
        conditions.append(turn.day >= filters.depuis.toordinal())
    if dates and filters.jusque is not None:
        conditions.append(turn.day <= filters.jusque.toordinal())
    return conditions


def _listed(
    connection: Connection, filters: Filters, cursor: str | None, limit: int
) -> tuple[list[int], str | None]:
    """Ids of turns by day: an index holds all that is looked at."""
    turn = LogTurnRow
    statement = select(turn.day, turn.id).where(*_on_turn(turn, filters))
    if after := read_cursor(cursor, int, int):
        statement = statement.where(tuple_(turn.day, turn.id) < tuple_(*after))
    statement = statement.order_by(turn.day.desc(), turn.id.desc()).limit(limit + 1)
    rows = connection.execute(statement).all()
    following = write_cursor(*rows[limit - 1]) if len(rows) > limit else None
    return [row.id for row in rows[:limit]], following


def _searched(
    connection: Connection, filters: Filters, cursor: str | None, limit: int
) -> tuple[list[int], str | None]:
    """Ids of turns with words or a tag, by id."""
    looked_at = _candidates(connection, filters, read_cursor(cursor, int))
    if looked_at is None:
        return [], None
    candidates = looked_at.subquery()
    statement = (
        select(LogTurnRow.id)
        .join_from(candidates, LogTurnRow, LogTurnRow.id == candidates.c.id)
        .where(*_on_turn(LogTurnRow, filters))
        .order_by(candidates.c.id.desc())
        .limit(limit + 1)
    )
    ids = list(connection.execute(statement).scalars())
    if len(ids) > limit:
        return ids[:limit], write_cursor(ids[limit - 1])
    return ids, _unfinished(connection, looked_at)


def _candidates(
    connection: Connection, filters: Filters, after: tuple[Any, ...] | None
) -> Select[int] | None:
    """The last turns with these words, and this tag, before an id; LOOKED_AT at most.

    None when no turn can have them.
    """
    if filters.texte is not None:
        found = search.found(connection.dialect.name, filters.texte)
        if found is None:
            return None
        statement, identity = found
        if filters.tag is not None:
            tagged = select(LogTagRow.turn_id).where(LogTagRow.tag == as_tag(filters.tag))
            statement = statement.where(identity.in_(tagged))
    else:
        identity = LogTagRow.turn_id.expression
        statement = select(identity.label("id")).where(LogTagRow.tag == as_tag(filters.tag or ""))
    for bound in _bounds(connection, identity, filters):
        statement = statement.where(bound)
    if after is not None:
        statement = statement.where(identity < after[0])
    return statement.order_by(identity.desc()).limit(LOOKED_AT)


def _bounds(
    connection: Connection, identity: ColumnElement[int], filters: Filters
) -> Iterable[ColumnElement[bool]]:
    """Ids between which the turns of some days are, so as not to look at the others."""
    turn = LogTurnRow
    if filters.depuis is not None:
        since = select(turn.id).where(turn.day >= filters.depuis.toordinal())
        first = connection.execute(since.order_by(turn.day, turn.id).limit(1)).scalar()
        yield identity >= (first - SLACK if first is not None else 2**62)
    if filters.jusque is not None:
        until = select(turn.id).where(turn.day <= filters.jusque.toordinal())
        last = connection.execute(until.order_by(turn.day.desc(), turn.id.desc()).limit(1)).scalar()
        yield identity <= (last + SLACK if last is not None else -1)


def _unfinished(connection: Connection, looked_at: Select[int]) -> str | None:
    """The cursor from which to go on when only a part was looked at."""
    candidates = looked_at.subquery()
    number, last = connection.execute(
        select(func.count(candidates.c.id), func.min(candidates.c.id))
    ).one()
    return write_cursor(last) if number == LOOKED_AT else None


# ---- lists of conversations


def _talks(
    connection: Connection, filters: Filters, cursor: str | None, limit: int
) -> tuple[list[str], str | None]:
    """Ids of conversations, by their last message."""
    talk = LogConversationRow
    statement = select(talk.last_at, talk.conversation_id).where(*_on_talk(talk, filters))
    if filters.depuis is not None:
        statement = statement.where(talk.last_at >= midnight(filters.depuis))
    if filters.jusque is not None:
        statement = statement.where(talk.last_at < midnight(filters.jusque, days=1))
    if after := read_cursor(cursor, str, str):
        moment = moment_of(after[0])
        statement = statement.where(
            tuple_(talk.last_at, talk.conversation_id) < tuple_(moment, after[1])
        )
    statement = statement.order_by(talk.last_at.desc(), talk.conversation_id.desc())
    rows = connection.execute(statement.limit(limit + 1)).all()
    following = None
    if len(rows) > limit:
        last = rows[limit - 1]
        following = write_cursor(utc(last.last_at).isoformat(), last.conversation_id)
    return [row.conversation_id for row in rows[:limit]], following


def _on_talk(talk: Any, filters: Filters) -> Conditions:
    conditions: Conditions = []
    if filters.outcome is not None:
        conditions.append(talk.outcome == filters.outcome)
    if filters.caf is not None:
        conditions.append(talk.caf == filters.caf)
    return conditions


def _chosen(
    connection: Connection, filters: Filters, cursor: str | None, limit: int
) -> tuple[list[str], str | None]:
    """Ids of conversations by the last of their turns that is wanted."""
    by_id = filters.texte is not None or filters.tag is not None
    after = read_cursor(cursor, *([int] if by_id else [int, int]))
    turn, talk = LogTurnRow, LogConversationRow
    conditions = _on_turn(turn, filters, whole=True)
    looked_at: Select[Any]
    if by_id:
        found = _candidates(connection, filters, after)
        if found is None:
            return [], None
        looked_at = found
    else:
        by_day = select(turn.day, turn.id).where(*conditions)
        if after:
            by_day = by_day.where(tuple_(turn.day, turn.id) < tuple_(*after))
        by_day = by_day.order_by(turn.day.desc(), turn.id.desc()).limit(LOOKED_AT)
        looked_at = by_day  # type: ignore[assignment]
    candidates = looked_at.subquery()
    order = [candidates.c.id.desc()] if by_id else [candidates.c.day.desc(), candidates.c.id.desc()]
    statement = (
        select(turn.day, turn.id, turn.conversation_id)
        .join_from(candidates, turn, turn.id == candidates.c.id)
        .join(talk, talk.conversation_id == turn.conversation_id)
        .where(*conditions, *_on_talk(talk, filters))
        .order_by(*order)
    )
    places: dict[str, tuple[int, ...]] = {}
    with connection.execute(statement) as rows:
        for row in rows:  # as few as needed: the database finds them one by one
            places.setdefault(row.conversation_id, (row.id,) if by_id else (row.day, row.id))
            if len(places) > limit:
                break
    names = list(places)[:limit]
    if len(places) > limit:
        following: str | None = write_cursor(*places[names[-1]])
    elif by_id:
        following = _unfinished(connection, looked_at)
    else:
        last = connection.execute(looked_at.offset(LOOKED_AT - 1).limit(1)).first()
        following = write_cursor(*last) if last is not None else None
    shown = _shown_before(connection, filters, names, after) if after else set()
    return [name for name in names if name not in shown], following


def _shown_before(
    connection: Connection, filters: Filters, names: Sequence[str], after: tuple[Any, ...]
) -> set[str]:
    """Of these conversations, those with a wanted turn on a page before this one."""
    turn = LogTurnRow
    place = tuple_(turn.day, turn.id) if len(after) == 2 else tuple_(turn.id)
    statement = select(turn.id, turn.conversation_id).where(
        turn.conversation_id.in_(names),
        place >= tuple_(*after),
        *_on_turn(turn, filters, whole=True),
    )
    newer = {row.id: row.conversation_id for row in connection.execute(statement)}
    wanted = set(newer)
    if filters.texte is not None and wanted:
        found = search.found(connection.dialect.name, filters.texte)
        assert found is not None
        words, identity = found
        wanted &= set(connection.execute(words.where(identity.in_(wanted))).scalars())
    if filters.tag is not None and wanted:
        tagged = select(LogTagRow.turn_id).where(
            LogTagRow.turn_id.in_(wanted), LogTagRow.tag == as_tag(filters.tag)
        )
        wanted &= set(connection.execute(tagged).scalars())
    return {newer[turn_id] for turn_id in wanted}


def _conversation_rows(connection: Connection, names: Sequence[str]) -> list[ConversationRow]:
    talk, turn = LogConversationRow, LogTurnRow
    first = (
        select(turn.text)
        .where(turn.conversation_id == talk.conversation_id)
        .order_by(turn.at)
        .limit(1)
        .scalar_subquery()
    )
    statement = select(talk.__table__, first.label("text")).where(talk.conversation_id.in_(names))
    rows = {row.conversation_id: row for row in connection.execute(statement)}
    return [
        ConversationRow(
            conversation_id=row.conversation_id,
            started_at=utc(row.started_at),
            last_at=utc(row.last_at),
            turns=row.turns,
            channel=row.channel,
            caf=row.caf,
            falc=row.falc,
            device=row.device,
            outcome=row.outcome,
            text=row.text or "",
        )
        for row in (rows[name] for name in names if name in rows)
    ]


# ---- rows of turns


def _turn_rows(connection: Connection, ids: Sequence[int]) -> list[TurnRow]:
    names = _names(TurnRow)
    return [TurnRow(**{name: row[name] for name in names}) for row in _details(connection, ids)]


def _whole_turns(connection: Connection, ids: Sequence[int]) -> list[Turn]:
    """In the order of `ids`; without those erased meanwhile."""
    names = _names(Turn) - {"reviewer", "notes"}
    reviews = select(LogReviewRow.turn_id, LogReviewRow.reviewer).where(
        LogReviewRow.turn_id.in_(ids), LogReviewRow.etat.is_not(None)
    )
    reviewers = {row.turn_id: row.reviewer for row in connection.execute(reviews)}
    notes: dict[int, list[Note]] = {}
    written = select(LogNoteRow.__table__).where(LogNoteRow.turn_id.in_(ids))
    for row in connection.execute(written.order_by(LogNoteRow.id)):
        notes.setdefault(row.turn_id, []).append(Note(row.author, utc(row.at), row.text))
    return [
        Turn(
            **{name: row[name] for name in names},
            reviewer=reviewers.get(row["id"]),
            notes=notes.get(row["id"], []),
        )
        for row in _details(connection, ids)
    ]


def _details(connection: Connection, ids: Sequence[int]) -> list[dict[str, Any]]:
    tags: dict[int, list[str]] = {}
    put = select(LogTagRow.turn_id, LogTagRow.tag).where(LogTagRow.turn_id.in_(ids))
    for turn_id, tag in connection.execute(put.order_by(LogTagRow.tag)):
        tags.setdefault(turn_id, []).append(tag)
    statement = select(LogTurnRow.__table__).where(LogTurnRow.id.in_(ids))
    found = {row["id"]: row for row in connection.execute(statement).mappings()}
    return [
        {**found[turn_id], "at": utc(found[turn_id]["at"]), "tags": tags.get(turn_id, [])}
        for turn_id in ids
        if turn_id in found
    ]


def _names(kind: type) -> set[str]:
    return {field.name for field in fields(kind)}


def _values(turn: Turn) -> dict[str, Any]:
    return {name: getattr(turn, name) for name in _names(Turn)}


# ---- the queue


def _waiting() -> ColumnElement[bool]:
    return and_(LogTurnRow.etat.is_(None), LogTurnRow.priority > 0)


def _put_off(now: dt.datetime) -> ColumnElement[bool]:
    return and_(LogReviewRow.etat == "plus_tard", LogReviewRow.at <= now - LATER)


def _queue(
    wanted: ColumnElement[bool],
    after: tuple[Any, ...] | None,
    limit: int,
    reviewer: str,
    now: dt.datetime,
    *,
    joined: bool = False,
) -> Select[int, float]:
    turn, claim = LogTurnRow, LogReviewRow.__table__.alias("claim")
    taken = exists().where(
        claim.c.turn_id == turn.id, claim.c.claimed_until > now, claim.c.reviewer != reviewer
    )
    statement = select(turn.id, turn.priority).where(wanted, ~taken)
    if joined:
        statement = statement.join(LogReviewRow, LogReviewRow.turn_id == turn.id)
    if after is not None:
        statement = statement.where(tuple_(turn.priority, turn.id) < tuple_(*after))
    return statement.order_by(turn.priority.desc(), turn.id.desc()).limit(limit + 1)


def _claimed(
    connection: Connection, ids: Sequence[int], reviewer: str, now: dt.datetime
) -> set[int]:
    claims = select(LogReviewRow.turn_id).where(
        LogReviewRow.turn_id.in_(ids),
        LogReviewRow.reviewer == reviewer,
        LogReviewRow.claimed_until > now,
    )
    return set(connection.execute(claims).scalars())
