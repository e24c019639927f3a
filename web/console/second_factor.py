"""The second factor: TOTP codes (RFC 6238) and recovery codes, each worth once."""

import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass

import pyotp
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy import Connection, delete, insert, select, update

from web.console import people
from web.console.clock import Clock
from web.console.errors import WrongCode
from web.console.models import RecoveryRow, UserRow, digest
from web.logs import LOGGER

STEP = 30  # seconds of a code
WINDOW = (0, -1, 1)  # steps accepted around the present one
TOTP_CODE = re.compile(r"[0-9]{6}")
ENROLMENT_SECONDS = 600
RECOVERY_CODES = 8
RECOVERY_BYTES = 10  # 80 bits: 16 letters and digits
ISSUER = "Allobot"


@dataclass(frozen=True)
class Enrolment:
    """A second factor proposed: the secret to show, and itself sealed, to be given back."""

    secret: str
    uri: str
    sealed: str


class SecondFactor:
    """Secrets of people, kept under the vault's keys, and the codes of the moment."""

    def __init__(self, keys: Sequence[str], clock: Clock) -> None:
        """Use `keys`, the current one first."""
        self._fernet = MultiFernet([Fernet(key) for key in keys])
        self._now = clock

    def propose(self, user: people.User) -> Enrolment:
        """Return a new secret, kept nowhere."""
        secret = pyotp.random_base32()
        sealed = self._fernet.encrypt(f"{user.id} {secret}".encode()).decode()
        return Enrolment(secret, _uri(secret, user.login), sealed)

    def reopen(self, user: people.User, sealed: str) -> Enrolment:
        """Return an enrolment again. Raises WrongCode: too old, or somebody else's."""
        secret = self._unseal(user.id, sealed)
        return Enrolment(secret, _uri(secret, user.login), sealed)

    def confirm(self, user_id: int, sealed: str, code: str) -> tuple[str, int]:
        """Return the secret of an enrolment and the step its first code is of.

        Raises WrongCode when `code` is not of the secret, or it was proposed 10 minutes ago.
        """
        secret = self._unseal(user_id, sealed)
        step = self._step_of(secret, code)
        if step is None:
            raise WrongCode
        return secret, step

    def keep(self, connection: Connection, user_id: int, secret: str, step: int) -> list[str]:
        """Keep a secret, its code of `step` used up; return the recovery codes, kept hashed."""
        codes = [_recovery_code() for _ in range(RECOVERY_CODES)]
        encrypted = self._fernet.encrypt(secret.encode())
        people.change(connection, user_id, totp_secret=encrypted, totp_last=step)
        connection.execute(delete(RecoveryRow).where(RecoveryRow.user_id == user_id))
        connection.execute(
            insert(RecoveryRow),
            [{"code_hash": digest(_bare(each)), "user_id": user_id} for each in codes],
        )
        return codes

    def use(
        self, connection: Connection, user_id: int, encrypted: bytes | None, code: str
    ) -> str | None:
        """Return how a code fits ("code" or "code_secours"), used up at once; None otherwise.

        `encrypted` is the secret, as it is kept.
        """
        bare = _bare(code)
        if TOTP_CODE.fullmatch(bare):
            secret = self._decrypt(encrypted)
            step = None if secret is None else self._step_of(secret, bare)
            if step is None:
                return None
            used = connection.execute(
                update(UserRow)
                .where(UserRow.id == user_id, UserRow.totp_last < step)
                .values(totp_last=step)
            )
            return "code" if used.rowcount == 1 else None
        used = connection.execute(
            delete(RecoveryRow).where(
                RecoveryRow.code_hash == digest(bare), RecoveryRow.user_id == user_id
            )
        )
        return "code_secours" if used.rowcount == 1 else None

    def _decrypt(self, encrypted: bytes | None) -> str | None:
        """Return the secret; None when no key of the vault opens it: recovery codes still work."""
        try:
            return self._fernet.decrypt(encrypted or b"").decode()
        except InvalidToken:
            LOGGER.error("console: a second factor cannot be read: was the vault's key changed?")
            return None

    def _step_of(self, secret: str, code: str) -> int | None:
        """Return the number of the 30 seconds a code is of, among those accepted now."""
        present = int(self._now().timestamp()) // STEP
        totp, given = pyotp.TOTP(secret), _bare(code).encode()
        fits = [
            present + shift
            for shift in WINDOW
            if hmac.compare_digest(totp.at((present + shift) * STEP).encode(), given)
        ]
        return fits[0] if fits else None

    def _unseal(self, user_id: int, sealed: str) -> str:
        try:
            opened = self._fernet.decrypt(sealed, ttl=ENROLMENT_SECONDS).decode()
        except (InvalidToken, ValueError):
            raise WrongCode from None
        owner, _, secret = opened.partition(" ")
        if owner != str(user_id):
            raise WrongCode
        return secret


def remove(connection: Connection, user_id: int) -> None:
    """Forget the secret of a person and their recovery codes."""
    people.change(connection, user_id, totp_secret=None, totp_last=None)
    connection.execute(delete(RecoveryRow).where(RecoveryRow.user_id == user_id))


def recovery_left(connection: Connection, user_id: int) -> int:
    """Return how many recovery codes are left."""
    statement = select(RecoveryRow.code_hash).where(RecoveryRow.user_id == user_id)
    return len(connection.execute(statement).all())


def _uri(secret: str, login: str) -> str:
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=ISSUER)


def _bare(code: str) -> str:
    """Return a code without the blanks and dashes that make it readable."""
    return re.sub(r"[\s-]+", "", code).upper()


def _recovery_code() -> str:
    letters = pyotp.random_base32(32)[: RECOVERY_BYTES * 8 // 5]
    return "-".join(letters[start : start + 4] for start in range(0, len(letters), 4))
