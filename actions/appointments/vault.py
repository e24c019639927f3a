"""Contact details and passes, encrypted, each known by a token that means nothing by itself.

A token is random, bound to its conversation and short-lived: typed by somebody else it is worth
nothing. Once an appointment is confirmed (booking.py), the contact details are the appointment's.
"""

from __future__ import annotations

import datetime as dt
import json
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy import Engine, delete, insert, select

from actions.appointments.models import CoordonneesRow
from allobot.database import for_writing

TOKEN_BYTES = 16
PENDING = dt.timedelta(minutes=60)
CONTACT = "contact"  # values of the column `nature`
PASS = "passe"


@dataclass(frozen=True, slots=True)
class Coordonnees:
    """Whom to call back: `telephone` in E.164, `nom` when the person gave one."""

    nom: str | None
    telephone: str

    @property
    def last_digits(self) -> str:
        """The two last digits ("78"), to recognise a number without showing it."""
        return self.telephone[-2:]

    def __repr__(self) -> str:
        """Nothing of it: a traceback or a log must not hold it."""
        return "Coordonnees(…)"


class Vault:
    """Keeps contact details. The engine stays the caller's.

    `keys` are Fernet keys: the first encrypts, all decrypt. Raises ValueError when one is no key.
    """

    def __init__(self, engine: Engine, keys: Sequence[str]) -> None:
        self._engine = engine
        self._writing = for_writing(engine)
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    def put(self, coordonnees: Coordonnees, *, conversation: str, now: dt.datetime) -> str:
        """Keep contact details for 60 minutes; return their token, good in this conversation."""
        return self._put(CONTACT, asdict(coordonnees), conversation, now)

    def put_appointment(self, rdv_id: str, *, conversation: str, now: dt.datetime) -> str:
        """Return a pass to an appointment, good for 60 minutes in this conversation.

        Given once its code was right.
        """
        return self._put(PASS, {"rdv_id": rdv_id}, conversation, now)

    def read(self, token: str, *, conversation: str, now: dt.datetime) -> Coordonnees | None:
        """Return pending contact details; None: unknown, expired, of another conversation."""
        content = self._read(CONTACT, token, conversation, now)
        return None if content is None else Coordonnees(**content)

    def appointment(self, token: str, *, conversation: str, now: dt.datetime) -> str | None:
        """Return the id of the appointment that a pass opens; None as for `read`."""
        content = self._read(PASS, token, conversation, now)
        return None if content is None else str(content["rdv_id"])

    def of_appointment(self, rdv_id: str) -> Coordonnees | None:
        """Return the contact details of a confirmed appointment.

        None when they were erased, or when no key opens them any more.
        """
        row = CoordonneesRow
        with self._engine.connect() as connection:
            found = connection.scalar(select(row.chiffre).where(row.rdv_id == rdv_id))
        content = None if found is None else self._decrypted(found)
        return None if content is None else Coordonnees(**content)

    def purge(self, now: dt.datetime) -> int:
        """Erase what has expired; return how many rows."""
        expired = delete(CoordonneesRow).where(CoordonneesRow.expire_le <= now)
        with self._writing.begin() as connection:
            return connection.execute(expired).rowcount

    def _put(self, nature: str, content: Any, conversation: str, now: dt.datetime) -> str:
        token = secrets.token_urlsafe(TOKEN_BYTES)
        values = {
            "jeton": token,
            "nature": nature,
            "chiffre": self._fernet.encrypt(json.dumps(content).encode()).decode("ascii"),
            "conversation_id": conversation,
            "expire_le": now + PENDING,
        }
        with self._writing.begin() as connection:
            connection.execute(insert(CoordonneesRow).values(**values))
        return token

    def _read(self, nature: str, token: str, conversation: str, now: dt.datetime) -> Any:
        row = CoordonneesRow
        query = select(row.chiffre).where(
            row.jeton == token,
            row.nature == nature,
            row.conversation_id == conversation,
            row.expire_le > now,
        )
        with self._engine.connect() as connection:
            found = connection.scalar(query)
        return None if found is None else self._decrypted(found)

    def _decrypted(self, written: str) -> Any:
        try:
            return json.loads(self._fernet.decrypt(written))
        except InvalidToken:  # encrypted with a key that was retired
            return None
