"""Passwords: which are worth having, how they are drawn, kept and checked."""

import secrets
import threading
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from web.console.errors import WeakPassword

MIN_PASSWORD, MAX_PASSWORD = 12, 128  # characters
MIN_LETTERS = 5  # different ones
OBVIOUS = frozenset(
    (
        "123456789012",
        "1234567890123",
        "12345678901234567890",
        "abcdefghijkl",
        "abcdefghijklmnopqrstuvwxyz",
        "administrateur",
        "administrator",
        "allobot12345",
        "allobotallobot",
        "azertyazerty",
        "azertyuiop123",
        "azertyuiopqs",
        "azertyuiopqsdfghjklm",
        "bonjourbonjour",
        "changezmoi123",
        "iloveyou1234",
        "jetaimejetaime",
        "letmeinletmein",
        "mot de passe",
        "motdepasse12",
        "motdepasse123",
        "motdepasse1234",
        "motdepassemotdepasse",
        "password1234",
        "password12345",
        "passwordpassword",
        "qwertyqwerty",
        "qwertyuiop12",
        "qwertyuiop123",
        "qwertyuiopasdfghjkl",
        "caissedallocationsfamiliales",
        "allocationsfamiliales",
    )
)

HASHES_AT_ONCE = 2  # each takes 64 MiB


def check_password(login: str, password: str) -> None:
    """Raise WeakPassword when a password is not worth having."""
    plain = normal(password).casefold()
    if len(plain) < MIN_PASSWORD:
        raise WeakPassword("court")
    if len(plain) > MAX_PASSWORD:
        raise WeakPassword("long")
    if plain == login.casefold() or plain in OBVIOUS or len(set(plain)) < MIN_LETTERS:
        raise WeakPassword("evident")


def new_password() -> str:
    """Return a password drawn at random, easy to copy by hand: 4 groups of 5 (100 bits)."""
    alphabet = "abcdefghijkmnpqrstuvwxyz23456789"  # 32, none that looks like another
    return "-".join("".join(secrets.choice(alphabet) for _ in range(5)) for _ in range(4))


def normal(password: str) -> str:
    """Return a password as every keyboard writes it."""
    return unicodedata.normalize("NFKC", password)


class Passwords:
    """Hashes of passwords: a few at once, since each takes memory and time on purpose."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        """Hash as argon2-cffi does by default (RFC 9106, low memory), unless told otherwise."""
        self._hasher = hasher or PasswordHasher()
        self._hashing = threading.BoundedSemaphore(HASHES_AT_ONCE)
        self._decoy: str | None = None

    def hashed(self, password: str) -> str:
        """Return what is kept of a password."""
        with self._hashing:
            return self._hasher.hash(normal(password))

    def match(self, hashed: str, password: str) -> bool:
        """Tell whether a password is the one of a hash."""
        try:
            with self._hashing:
                return self._hasher.verify(hashed, normal(password))
        except (VerificationError, InvalidHashError):
            return False

    def hashed_again(self, hashed: str, password: str) -> str | None:
        """Return a new hash when the one kept was made at another cost; None otherwise."""
        return self.hashed(password) if self._hasher.check_needs_rehash(hashed) else None

    def decoy(self) -> str:
        """Return what to check a password against when nobody has this login."""
        if self._decoy is None:
            self._decoy = self.hashed(secrets.token_urlsafe())
        return self._decoy
