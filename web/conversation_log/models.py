"""Tables of the conversation log (revision 0006_conversation_log).

The words of the messages are indexed in `log_text`, of another kind in each database: see
`web.conversation_log.search`.
"""

import datetime as dt
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from allobot.database import Base

NOT_READ = text("etat IS NULL AND priority > 0")
READ = text("etat IS NOT NULL")


class LogConversationRow(Base):
    """A conversation; `last_event` is the id of the last of its events that was read."""

    __tablename__ = "log_conversation"
    __table_args__ = (
        Index("ix_log_conversation_recent", "last_at", "conversation_id", "outcome", "caf"),
        Index("ix_log_conversation_outcome", "outcome", "last_at", "conversation_id", "caf"),
    )

    conversation_id: Mapped[str] = mapped_column(String(255), primary_key=True)
    started_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    last_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    turns: Mapped[int]
    channel: Mapped[str] = mapped_column(String(32))
    caf: Mapped[str | None] = mapped_column(String(3))
    falc: Mapped[bool]
    device: Mapped[str | None] = mapped_column(String(16))
    outcome: Mapped[str] = mapped_column(String(16))
    last_event: Mapped[int] = mapped_column(BigInteger)


class LogTurnRow(Base):
    """A message of the person and what the bot did of it.

    `day`: ordinal of the date in Paris. `etat`: that of the review, repeated here for the lists.
    `event_id` is Rasa's, which SQLite gives again after an erasure: the moment identifies a turn.
    """

    __tablename__ = "log_turn"
    __table_args__ = (
        UniqueConstraint("conversation_id", "at"),
        # A list is one walk down an index that holds all it filters on.
        Index(
            "ix_log_turn_recent",
            *("day", "id", "outcome", "intent", "caf", "confidence", "etat", "feedback"),
        ),
        Index(
            "ix_log_turn_outcome",
            *("outcome", "day", "id", "intent", "caf", "confidence", "etat", "feedback"),
        ),
        Index(
            "ix_log_turn_intent",
            *("intent", "day", "id", "outcome", "caf", "confidence", "etat", "feedback"),
        ),
        Index("ix_log_turn_etat", "etat", "day", "id", sqlite_where=READ, postgresql_where=READ),
        Index(
            "ix_log_turn_queue",
            *("priority", "id"),
            sqlite_where=NOT_READ,
            postgresql_where=NOT_READ,
        ),
        {"sqlite_autoincrement": True},  # an id never names another turn
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = mapped_column(
        ForeignKey(LogConversationRow.conversation_id, ondelete="CASCADE")
    )
    event_id: Mapped[int] = mapped_column(BigInteger)
    message: Mapped[str | None] = mapped_column(String(36))
    at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    day: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    intent: Mapped[str | None] = mapped_column(String(64))
    confidence: Mapped[float | None]
    margin: Mapped[float | None]
    ranking: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    entities: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    band: Mapped[str | None] = mapped_column(String(16))
    policy: Mapped[str | None] = mapped_column(String(64))
    action: Mapped[str | None] = mapped_column(String(64))
    procedure: Mapped[str | None] = mapped_column(String(64))
    version: Mapped[str | None] = mapped_column(String(32))
    answer: Mapped[str] = mapped_column(Text)
    outcome: Mapped[str] = mapped_column(String(16))
    caf: Mapped[str | None] = mapped_column(String(3))
    reply_ms: Mapped[int | None]
    action_ms: Mapped[int | None]
    gateway_ms: Mapped[int | None]
    feedback: Mapped[bool | None]
    reasons: Mapped[list[str]] = mapped_column(JSON)
    reformulation: Mapped[bool]
    priority: Mapped[float]
    priority_reasons: Mapped[list[str]] = mapped_column(JSON)
    etat: Mapped[str | None] = mapped_column(String(16))


class LogReviewRow(Base):
    """Who reads or read a turn; `etat` is empty while it is only claimed, until `claimed_until`."""

    __tablename__ = "log_review"

    turn_id: Mapped[int] = mapped_column(
        ForeignKey(LogTurnRow.id, ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    conversation_id: Mapped[str] = mapped_column(String(255), index=True)
    etat: Mapped[str | None] = mapped_column(String(16))
    reviewer: Mapped[str] = mapped_column(String(64))
    at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    claimed_until: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))


class LogTagRow(Base):
    """A word that an analyst put on a turn."""

    __tablename__ = "log_tag"
    __table_args__ = (Index(None, "tag", "turn_id"),)

    turn_id: Mapped[int] = mapped_column(
        ForeignKey(LogTurnRow.id, ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    tag: Mapped[str] = mapped_column(String(40), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(String(255), index=True)
    author: Mapped[str] = mapped_column(String(64))
    at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))


class LogNoteRow(Base):
    """What an analyst wrote about a turn."""

    __tablename__ = "log_note"

    id: Mapped[int] = mapped_column(primary_key=True)
    turn_id: Mapped[int] = mapped_column(ForeignKey(LogTurnRow.id, ondelete="CASCADE"), index=True)
    conversation_id: Mapped[str] = mapped_column(String(255), index=True)
    author: Mapped[str] = mapped_column(String(64))
    at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    text: Mapped[str] = mapped_column(Text)


class LogHourRow(Base):
    """How many, in an hour: numbers only, they outlive the conversations.

    `hour`: hours since 1970 (UTC). What `kind` and `key` may be: `web.conversation_log.counts`.
    """

    __tablename__ = "log_hour"
    __table_args__ = ({"sqlite_with_rowid": False},)

    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    hour: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    n: Mapped[int]


class LogDayRow(Base):
    """The sum of the hours of a day in Paris, so that a year is read at once."""

    __tablename__ = "log_day"
    __table_args__ = ({"sqlite_with_rowid": False},)

    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    day: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    n: Mapped[int]


class LogCursorRow(Base):
    """How far the events were read: one row, changed in the transaction of what was read.

    `mark` is a digest of the event `event_id`, to see that it is still the same. `revision` grows
    at each change: of two writers that read the same one, one alone writes. `words_to_merge`:
    erased words are still in SQLite's index of words.
    """

    __tablename__ = "log_cursor"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    revision: Mapped[int]
    event_id: Mapped[int] = mapped_column(BigInteger)
    mark: Mapped[str | None] = mapped_column(String(64))
    feedback_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    quiet_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    words_to_merge: Mapped[bool]
