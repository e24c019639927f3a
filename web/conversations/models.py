"""Tables of the gateway (revision 0001_conversations)."""

import datetime as dt
from typing import Any

from sqlalchemy import JSON, DateTime, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from allobot.database import Base


class ConversationRow(Base):
    """A conversation; its id is also Rasa's sender."""

    __tablename__ = "conversation"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    created_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    last_used_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), index=True)


class MessageRow(Base):
    """A message; `reply_to` is the id of the person's message a bot's message answers."""

    __tablename__ = "message"
    __table_args__ = (UniqueConstraint("conversation_id", "id"),)

    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey(ConversationRow.id, ondelete="CASCADE"))
    id: Mapped[str] = mapped_column(String(36))
    author: Mapped[str] = mapped_column(String(8))
    text: Mapped[str] = mapped_column(Text)
    card: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    reply_to: Mapped[str | None] = mapped_column(String(36))
    buttons: Mapped[list["ButtonRow"]] = relationship(
        order_by="ButtonRow.rank", lazy="selectin", passive_deletes=True
    )


class ButtonRow(Base):
    """A button issued with a message, and the payload it stands for."""

    __tablename__ = "button"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(
        ForeignKey(ConversationRow.id, ondelete="CASCADE"), index=True
    )
    message_position: Mapped[int] = mapped_column(
        ForeignKey(MessageRow.position, ondelete="CASCADE"), index=True
    )
    rank: Mapped[int]
    label: Mapped[str] = mapped_column(Text)
    payload: Mapped[str] = mapped_column(Text)


class FeedbackRow(Base):
    """What the person thinks of a message of the bot: the last opinion given."""

    __tablename__ = "feedback"

    message_position: Mapped[int] = mapped_column(
        ForeignKey(MessageRow.position, ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    conversation_id: Mapped[str] = mapped_column(
        ForeignKey(ConversationRow.id, ondelete="CASCADE"), index=True
    )
    useful: Mapped[bool]
    reasons: Mapped[list[str]] = mapped_column(JSON)
    given_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
