"""Tables of the knowledge (created by allobot/migrations)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy import DateTime as DateTimeColumn
from sqlalchemy.orm import Mapped, mapped_column

from allobot.database import Base


class ProcedureRow(Base):
    """A subject."""

    __tablename__ = "procedure"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    titre: Mapped[str] = mapped_column(String(200))
    theme: Mapped[str] = mapped_column(String(32))


class ProcedureVersionRow(Base):
    """What was said of a subject, in a territory, from `du` to `au` (both inclusive)."""

    __tablename__ = "procedure_version"
    __table_args__ = (UniqueConstraint("procedure_id", "territoire", "du"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    procedure_id: Mapped[str] = mapped_column(ForeignKey("procedure.id", ondelete="CASCADE"))
    territoire: Mapped[str] = mapped_column(String(16))
    du: Mapped[dt.date]
    au: Mapped[dt.date | None]
    contenu: Mapped[dict[str, Any]] = mapped_column(JSON)
    verifie_le: Mapped[dt.date]


class PrecisionRow(Base):
    """The answer to one question about a subject; `rang` keeps the order of the file."""

    __tablename__ = "precision"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    procedure_id: Mapped[str] = mapped_column(
        ForeignKey("procedure.id", ondelete="CASCADE"), index=True
    )
    rang: Mapped[int]
    territoire: Mapped[str] = mapped_column(String(16))
    du: Mapped[dt.date]
    au: Mapped[dt.date | None]
    contenu: Mapped[dict[str, Any]] = mapped_column(JSON)


class KnowledgeStateRow(Base):
    """Which state of data/ the tables hold: one row."""

    __tablename__ = "knowledge_state"

    id: Mapped[int] = mapped_column(primary_key=True)
    empreinte: Mapped[str] = mapped_column(String(64))
    charge_le: Mapped[dt.datetime] = mapped_column(DateTimeColumn(timezone=True))
