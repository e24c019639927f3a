"""The table of corrections.

A correction names its conversation: erased with it, it must be exported before the retention ends.
"""

import datetime as dt
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from allobot.database import Base


class CorrectionRow(Base):
    """What an analyst says of one message: at most one correction a turn."""

    __tablename__ = "correction"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    turn_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    conversation_id: Mapped[str] = mapped_column(String(255), index=True)
    text: Mapped[str] = mapped_column(String(4000))  # masked, as the log has it
    found: Mapped[str] = mapped_column(String(100))  # the intent understood
    nature: Mapped[str] = mapped_column(String(20))
    intent: Mapped[str | None] = mapped_column(String(100))  # or the name of the new subject
    reason: Mapped[str | None] = mapped_column(String(500))  # why not to learn from it
    entities: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    etat: Mapped[str] = mapped_column(String(20), index=True)
    author: Mapped[str] = mapped_column(String(100))
    proposed_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    decided_by: Mapped[str | None] = mapped_column(String(100))
    decided_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    motif: Mapped[str | None] = mapped_column(String(500))  # of the rejection
    exported_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
