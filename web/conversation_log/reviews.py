"""What analysts write on turns: claims, reviews, tags and notes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, Literal

from sqlalchemy import Connection, Engine, Table, delete, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from allobot.database import for_writing
from web.conversation_log.models import LogNoteRow, LogReviewRow, LogTagRow, LogTurnRow
from web.conversation_log.turns import clean

Etat = Literal["vu", "plus_tard", "signale"]

CLAIM = dt.timedelta(minutes=15)  # for one analyst; then the turn is anyone's
LATER = dt.timedelta(hours=24)  # after which what was put off is in the queue again
LONGEST_TAG, LONGEST_NAME, LONGEST_NOTE = 40, 64, 4000
REVIEWS: Table = LogReviewRow.__table__  # type: ignore[assignment]
TAGS: Table = LogTagRow.__table__  # type: ignore[assignment]


class Reviews:
    """Writes on turns. Each method returns False when there is no such turn (any more)."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writer = for_writing(engine)

    def claim(self, turn_id: int, reviewer: str, now: dt.datetime) -> bool:
        """Reserve a turn for 15 min; False when another analyst reads it.

        Of two analysts at once, one alone gets it.
        """
        row = {"reviewer": reviewer[:LONGEST_NAME], "at": now, "claimed_until": now + CLAIM}

        def work(connection: Connection, conversation_id: str) -> bool:
            values = {"turn_id": turn_id, "conversation_id": conversation_id, **row}
            free = or_(
                REVIEWS.c.claimed_until.is_(None),
                REVIEWS.c.claimed_until <= now,
                REVIEWS.c.reviewer == row["reviewer"],
            )
            statement = _insert(connection, REVIEWS).values(**values)
            statement = statement.on_conflict_do_update(
                index_elements=["turn_id"], set_=row, where=free
            )
            return connection.execute(statement.returning(REVIEWS.c.turn_id)).first() is not None

        return self._on(turn_id, work)

    def review(self, turn_id: int, reviewer: str, etat: Etat, now: dt.datetime) -> bool:
        """Note that a turn was read; frees the claim. The last review wins."""
        row = {
            "etat": etat,
            "reviewer": reviewer[:LONGEST_NAME],
            "at": now,
            "claimed_until": None,
        }

        def work(connection: Connection, conversation_id: str) -> bool:
            values = {"turn_id": turn_id, "conversation_id": conversation_id, **row}
            statement = _insert(connection, REVIEWS).values(**values)
            connection.execute(
                statement.on_conflict_do_update(index_elements=["turn_id"], set_=row)
            )
            connection.execute(update(LogTurnRow).where(LogTurnRow.id == turn_id).values(etat=etat))
            return True

        return self._on(turn_id, work)

    def tag(self, turn_id: int, tag: str, author: str, now: dt.datetime) -> bool:
        """Put a tag, in lower case, 40 characters at most; again changes nothing.

        False when nothing is left of it either.
        """
        name = as_tag(tag)

        def work(connection: Connection, conversation_id: str) -> bool:
            values = {
                "turn_id": turn_id,
                "tag": name,
                "conversation_id": conversation_id,
                "author": author[:LONGEST_NAME],
                "at": now,
            }
            connection.execute(_insert(connection, TAGS).values(**values).on_conflict_do_nothing())
            return True

        return bool(name) and self._on(turn_id, work)

    def untag(self, turn_id: int, tag: str) -> bool:
        """Remove a tag; False when it was not there."""
        mine = (LogTagRow.turn_id == turn_id) & (LogTagRow.tag == as_tag(tag))
        with self._writer.begin() as connection:
            return bool(connection.execute(delete(LogTagRow).where(mine)).rowcount)

    def note(self, turn_id: int, author: str, text: str, now: dt.datetime) -> bool:
        """Add a note, 4000 characters at most; False when it says nothing."""
        said = clean(text, LONGEST_NOTE).strip()

        def work(connection: Connection, conversation_id: str) -> bool:
            values = {
                "turn_id": turn_id,
                "conversation_id": conversation_id,
                "author": author[:LONGEST_NAME],
                "at": now,
                "text": said,
            }
            connection.execute(insert(LogNoteRow).values(**values))
            return True

        return bool(said) and self._on(turn_id, work)

    def _on(self, turn_id: int, work: Callable[[Connection, str], bool]) -> bool:
        """Do some work on a turn in one transaction; False when there is none."""
        turn = select(LogTurnRow.conversation_id).where(LogTurnRow.id == turn_id)
        with self._writer.begin() as connection:
            if connection.dialect.name != "sqlite":
                turn = turn.with_for_update(key_share=True)
            conversation_id = connection.execute(turn).scalar()
            return conversation_id is not None and work(connection, conversation_id)


def as_tag(tag: str) -> str:
    """A tag as it is kept: one line, lower case, 40 characters at most."""
    return " ".join(clean(tag).lower().split())[:LONGEST_TAG].strip()


def _insert(connection: Connection, table: Table) -> Any:
    """Each dialect has its own INSERT, which agree on ON CONFLICT."""
    return (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(table)
