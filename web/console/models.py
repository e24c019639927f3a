"""Tables of the console (revision 0007_console).

The audit trail names people by their login, not by a key: it outlives whatever becomes of them.
"""

import datetime as dt
import hashlib

from sqlalchemy import DateTime, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from allobot.database import Base


class UserRow(Base):
    """A person who may enter; never erased, only disabled."""

    __tablename__ = "console_user"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    login: Mapped[str] = mapped_column(String(32), unique=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    must_change: Mapped[bool]
    role: Mapped[str] = mapped_column(String(16))
    totp_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    totp_last: Mapped[int | None]
    active: Mapped[bool]
    failures: Mapped[int]
    locked_until: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))


class RecoveryRow(Base):
    """A recovery code not used yet, as its SHA-256."""

    __tablename__ = "console_recovery"

    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(UserRow.id, ondelete="CASCADE"), index=True)


class SessionRow(Base):
    """A session, under the SHA-256 of its token; `pending` until the second factor is given."""

    __tablename__ = "console_session"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(UserRow.id, ondelete="CASCADE"), index=True)
    pending: Mapped[bool]
    created_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    used_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    expires: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), index=True)


class AuditRow(Base):
    """Who did what, when. Triggers refuse to change a row, or to erase one of less than a year."""

    __tablename__ = "console_audit"
    __table_args__ = (
        Index(None, "login", "id"),
        Index(None, "action", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), index=True)
    login: Mapped[str] = mapped_column(String(32))
    action: Mapped[str] = mapped_column(String(40))
    object: Mapped[str] = mapped_column(String(200))
    detail: Mapped[str] = mapped_column(String(500))


def digest(secret: str) -> str:
    """Return what is kept of a token or a recovery code, drawn at random: its SHA-256."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
