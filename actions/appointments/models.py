"""Tables of the appointments (revision 0005_rendez_vous)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import DateTime, ForeignKey, String, Text, TypeDecorator, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from allobot.database import Base


class UtcDateTime(TypeDecorator[dt.datetime]):
    """An aware datetime, kept in UTC and given back aware: SQLite keeps no time zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Any) -> dt.datetime | None:
        """Turn into UTC; a naive datetime is a bug."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a datetime without time zone")
        return value.astimezone(dt.UTC)

    def process_result_value(self, value: dt.datetime | None, dialect: Any) -> dt.datetime | None:
        """Give the time zone back."""
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


class ExceptionRow(Base):
    """A span in which an office is closed (`capacite` 0) or takes another number of calls.

    Of two that overlap, the last one set (`position`) counts.
    """

    __tablename__ = "rdv_exception"
    __table_args__ = (UniqueConstraint("bureau", "debut", "fin"),)

    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    bureau: Mapped[str] = mapped_column(String(8))
    debut: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    fin: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    capacite: Mapped[int]


class RendezVousRow(Base):
    """An appointment, held ("tenu") then confirmed.

    `place`: 0, 1…, NULL once freed: nobody can have one that another has.
    `conversation_id`: while it is held, so that erasing the conversation frees it; then NULL.
    """

    __tablename__ = "rdv_rendez_vous"
    __table_args__ = (UniqueConstraint("bureau", "debut", "place"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    bureau: Mapped[str] = mapped_column(String(8))
    debut: Mapped[dt.datetime] = mapped_column(UtcDateTime, index=True)
    minutes: Mapped[int]
    place: Mapped[int | None]
    motif: Mapped[str] = mapped_column(String(64))
    mode: Mapped[str] = mapped_column(String(16))
    etat: Mapped[str] = mapped_column(String(8))
    conversation_id: Mapped[str | None] = mapped_column(String(64), index=True)
    expire_le: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    jeton: Mapped[str | None] = mapped_column(String(32))
    remplace: Mapped[str | None] = mapped_column(String(32))
    cree_le: Mapped[dt.datetime] = mapped_column(UtcDateTime)


class CodeRow(Base):
    """A code that opens an appointment: its public reference, and the hash of its secret.

    `essais`: wrong secrets since the last right one; `verrou`: until when none is tried.
    """

    __tablename__ = "rdv_code"

    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    reference: Mapped[str] = mapped_column(String(4), unique=True)
    hache: Mapped[str] = mapped_column(String(128))
    rdv_id: Mapped[str] = mapped_column(
        ForeignKey(RendezVousRow.id, ondelete="CASCADE"), index=True
    )
    essais: Mapped[int]
    verrou: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    cree_le: Mapped[dt.datetime] = mapped_column(UtcDateTime)


class CoordonneesRow(Base):
    """What a token stands for, encrypted: contact details, or a pass to an appointment (`nature`).

    Pending: `conversation_id` and `expire_le`. Once the appointment is confirmed, contact details
    are its own (`rdv_id`) and go with it.
    """

    __tablename__ = "rdv_coordonnees"

    jeton: Mapped[str] = mapped_column(String(32), primary_key=True)
    nature: Mapped[str] = mapped_column(String(16))
    chiffre: Mapped[str] = mapped_column(Text)
    conversation_id: Mapped[str | None] = mapped_column(String(64), index=True)
    rdv_id: Mapped[str | None] = mapped_column(
        ForeignKey(RendezVousRow.id, ondelete="CASCADE"), index=True
    )
    expire_le: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
