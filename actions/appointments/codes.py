"""The confidential codes of appointments: RDV-K7M2-9QXP-4T8W.

The first group is a public reference, by which the code is found; the others are a secret, of
which only a slow hash is kept: about 38 bits, and five tries an hour.
"""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import Connection, Engine, delete, insert, select, update

from actions.appointments.models import CodeRow, RendezVousRow
from actions.appointments.rendez_vous import RendezVousInconnu
from allobot.database import for_writing
from allobot.masking.codes import ALPHABET, GROUP, LENGTH, is_code, plain_codes

ALIVE = 3  # codes of one appointment
WRONG = 5  # secrets tried on a reference before it is locked
LOCK = dt.timedelta(hours=1)
TRIED = 3  # codes of one text, and references drawn before giving up
# What OWASP advises where memory is short: 19 MiB, 2 passes, 1 lane; about 20 ms.
HASHER = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)


class NoReferenceLeft(RuntimeError):
    """Three references drawn at random were all taken: of 600,000, nearly all are in use."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What a code opens; `locked`: too many wrong ones, none is tried for an hour."""

    rdv_id: str | None = None
    locked: bool = False


class Codes:
    """Issues and verifies codes. The engine stays the caller's."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writing = for_writing(engine)

    def issue(self, rdv_id: str, now: dt.datetime) -> str:
        """Return a new code of an appointment; of more than 3, the oldest no longer opens.

        Raises RendezVousInconnu.
        """
        for _ in range(TRIED):
            plain = draw()
            hashed = HASHER.hash(plain[GROUP:])
            with self._writing.begin() as connection:
                if _add(connection, plain[:GROUP], hashed, rdv_id, now):
                    return shown(plain)
        raise NoReferenceLeft

    def verify(self, text: str, now: dt.datetime) -> Verified:
        """Tell which appointment the code written in a text opens.

        Five wrong secrets on a reference lock it for one hour, even for the right one.
        """
        locked = False
        tried = plain_codes(text)[:TRIED]
        for plain in tried:
            verified = self._try(plain, now)
            if verified.rdv_id is not None:
                return verified
            locked = locked or verified.locked
        if not tried:
            _is_right(None, "")
        return Verified(locked=locked)

    def _try(self, plain: str, now: dt.datetime) -> Verified:
        """Count the try before it is made: many at once get no more tries than one by one."""
        reference, secret = plain[:GROUP], plain[GROUP:]
        row = CodeRow
        with self._writing.begin() as connection:
            query = select(row.rdv_id, row.hache, row.essais, row.verrou)
            found = connection.execute(
                query.where(row.reference == reference).with_for_update()
            ).one_or_none()
            if found is not None:
                if found.verrou is not None and now < found.verrou:
                    return Verified(locked=True)
                count = 1 if found.verrou is not None else found.essais + 1
                verrou = now + LOCK if count >= WRONG else None
                counted = update(row).where(row.reference == reference)
                connection.execute(counted.values(essais=count, verrou=verrou))
        if not _is_right(None if found is None else found.hache, secret) or found is None:
            return Verified(locked=found is not None and verrou is not None)
        with self._writing.begin() as connection:
            cleared = update(row).where(row.reference == reference, row.hache == found.hache)
            connection.execute(cleared.values(essais=0, verrou=None))
        return Verified(found.rdv_id)


def draw() -> str:
    """Draw the twelve characters of a new code."""
    while True:
        plain = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
        if is_code(plain):
            return plain


def shown(plain: str) -> str:
    """Return a code as people see it: RDV-K7M2-9QXP-4T8W."""
    groups = (plain[start : start + GROUP] for start in range(0, LENGTH, GROUP))
    return "-".join(("RDV", *groups))


def _add(
    connection: Connection, reference: str, hashed: str, rdv_id: str, now: dt.datetime
) -> bool:
    """Keep a code and drop the oldest; False when the reference is another's."""
    rdv = select(RendezVousRow.id).where(RendezVousRow.id == rdv_id).with_for_update()
    if connection.scalar(rdv) is None:
        raise RendezVousInconnu
    row = CodeRow
    if connection.scalar(select(row.position).where(row.reference == reference)) is not None:
        return False
    values = {"reference": reference, "hache": hashed, "rdv_id": rdv_id}
    connection.execute(insert(row).values(**values, essais=0, verrou=None, cree_le=now))
    newest = select(row.position).where(row.rdv_id == rdv_id).order_by(row.position.desc())
    kept = connection.scalars(newest.limit(ALIVE)).all()
    connection.execute(delete(row).where(row.rdv_id == rdv_id, row.position.not_in(kept)))
    return True


def _is_right(hashed: str | None, secret: str) -> bool:
    """Compare a secret with its hash; without hash, take as long and say no."""
    try:
        return HASHER.verify(hashed or _dummy(), secret) and hashed is not None
    except VerificationError:
        return False


@cache
def _dummy() -> str:
    return HASHER.hash(draw()[GROUP:])
