"""Who may enter the console: what may be done about people, one transaction each.

Each subject has its module, whose functions run in the transaction they are given:

    people         logins, roles, rows
    passwords      rules, drawing, hashes
    attempts       counted, then locked
    second_factor  TOTP, recovery codes
    sessions       tokens, their end
    trail          who did what

Every moment is an aware datetime, in UTC. Methods block: a handler calls them through
`asyncio.to_thread`; they raise sqlalchemy.exc.SQLAlchemyError when the database is down, and
the UserError of web.console.errors.
"""

import datetime as dt
from collections.abc import Sequence

from argon2 import PasswordHasher
from sqlalchemy import ColumnElement, Engine
from sqlalchemy.exc import IntegrityError

from allobot.database import for_writing
from web.console import attempts, people, second_factor, sessions
from web.console.attempts import Candidate
from web.console.clock import Clock, now
from web.console.errors import BadLogin, LoginTaken, WeakPassword, WrongPassword
from web.console.models import UserRow
from web.console.passwords import Passwords, check_password, normal
from web.console.people import Role, User
from web.console.second_factor import Enrolment, SecondFactor
from web.console.sessions import Opened, Sessions
from web.console.trail import AuditFilters, AuditLine, Trail


class Users:
    """People, their sessions and what they did, in the application's database."""

    def __init__(
        self,
        engine: Engine,
        keys: Sequence[str],
        idle: dt.timedelta,
        *,
        hasher: PasswordHasher | None = None,
        clock: Clock = now,
    ) -> None:
        """Use `keys` (the vault's, the current one first) for the secrets of the second factor.

        `idle` is how long a session lasts without use. Connects to nothing.
        """
        self._engine = engine
        self._writer = for_writing(engine)
        self._now = clock
        self._passwords = Passwords(hasher)
        self._second_factor = SecondFactor(keys, clock)
        self._sessions = Sessions(idle, clock)
        self._trail = Trail(clock)

    # ---- signing in

    def sign_in(self, login: str, password: str) -> Opened | None:
        """Open a session; None when the login, the password or the moment (lock) is not right.

        The same work is done whether the login exists or not. Who has a second factor gets a
        session that opens nothing before `second_factor`.
        """
        candidate = self._attempt(people.named(login))
        hashed = candidate.password_hash if candidate else self._passwords.decoy()
        right = self._passwords.match(hashed, password)
        if candidate is None:
            return None
        if not right:
            self._failed(candidate)
            return None
        pending = candidate.totp_secret is not None
        renewed = self._passwords.hashed_again(candidate.password_hash, password)
        with self._writer.begin() as connection:
            self._sessions.sweep(connection)
            self._trail.sweep(connection)
            if renewed is not None:
                people.change(connection, candidate.id, password_hash=renewed)
            if pending:
                attempts.take_back(connection, candidate)
            else:
                attempts.forgive(connection, candidate.id)
                self._trail.note(connection, candidate.login, "connexion")
            token = self._sessions.open(connection, candidate.id, pending=pending)
        return Opened(token, candidate.login, pending)

    def second_factor(self, token: str, code: str) -> Opened | None:
        """Open the session that awaits a code, under a new token; None when it stays closed."""
        with self._engine.connect() as connection:
            user_id = self._sessions.awaiting(connection, token)
        candidate = self._attempt(UserRow.id == user_id) if user_id is not None else None
        if candidate is None:
            return None
        with self._writer.begin() as connection:
            how = self._second_factor.use(connection, candidate.id, candidate.totp_secret, code)
            if how is not None and sessions.close_pending(connection, token):
                attempts.forgive(connection, candidate.id)
                self._trail.note(connection, candidate.login, "connexion", detail=how)
                opened = self._sessions.open(connection, candidate.id, pending=False)
                return Opened(opened, candidate.login, False)
        self._failed(candidate)
        return None

    def awaits_code(self, token: str) -> bool:
        """Tell whether a session awaits its second factor."""
        with self._engine.connect() as connection:
            return self._sessions.awaiting(connection, token) is not None

    def who(self, token: str) -> User | None:
        """Return who a session belongs to, and note that it was used; None when it is over."""
        with self._engine.connect() as connection:
            found = self._sessions.user(connection, token)
        if found is None:
            return None
        user, to_write = found
        if to_write:
            with self._writer.begin() as connection:
                self._sessions.use(connection, token)
        return user

    def sign_out(self, token: str) -> None:
        """End a session."""
        with self._writer.begin() as connection:
            login = sessions.close(connection, token)
            if login is not None:
                self._trail.note(connection, login, "deconnexion")

    # ---- one's own account

    def confirm(self, user_id: int, password: str) -> None:
        """Check that it is really them: raises WrongPassword, and counts it as an attempt."""
        self._confirmed(user_id, password)

    def change_password(self, user_id: int, present: str, wanted: str) -> str:
        """Change one's own password, end every session of it; return the token of a new one.

        Raises WrongPassword, WeakPassword.
        """
        candidate = self._confirmed(user_id, present)
        if normal(present) == normal(wanted):
            raise WeakPassword("evident")
        check_password(candidate.login, wanted)
        hashed = self._passwords.hashed(wanted)
        with self._writer.begin() as connection:
            people.change(connection, user_id, password_hash=hashed, must_change=False)
            sessions.revoke(connection, user_id)
            self._trail.note(connection, candidate.login, "mot_de_passe", candidate.login)
            return self._sessions.open(connection, user_id, pending=False)

    def propose_second_factor(self, login: str) -> Enrolment:
        """Return a new secret for who has this login; nothing is kept before `enable`."""
        return self._second_factor.propose(self.find(login))

    def reopen_enrolment(self, login: str, sealed: str) -> Enrolment:
        """Return an enrolment again, to show it once more. Raises WrongCode."""
        return self._second_factor.reopen(self.find(login), sealed)

    def enable_second_factor(self, login: str, sealed: str, code: str, by: str) -> list[str]:
        """Ask for a code at each sign-in from now on; return the recovery codes, shown once.

        Raises WrongCode when `code` is not of the secret, or it was proposed 10 minutes ago.
        """
        user = self.find(login)
        secret, step = self._second_factor.confirm(user.id, sealed, code)
        with self._writer.begin() as connection:
            codes = self._second_factor.keep(connection, user.id, secret, step)
            self._trail.note(connection, by, "double_active", user.login)
        return codes

    def remove_second_factor(self, login: str, by: str) -> None:
        """Ask for the password only from now on. Raises UnknownUser."""
        user = self.find(login)
        with self._writer.begin() as connection:
            second_factor.remove(connection, user.id)
            self._trail.note(connection, by, "double_retire", user.login)

    def recovery_left(self, user_id: int) -> int:
        """Return how many recovery codes are left."""
        with self._engine.connect() as connection:
            return second_factor.recovery_left(connection, user_id)

    # ---- everybody

    def all(self) -> list[User]:
        """Return everybody, by login."""
        with self._engine.connect() as connection:
            return people.everybody(connection)

    def find(self, login: str) -> User:
        """Return who has this login. Raises UnknownUser."""
        with self._engine.connect() as connection:
            return people.one(connection, people.named(login))

    def get(self, user_id: int) -> User:
        """Return a person by number. Raises UnknownUser."""
        with self._engine.connect() as connection:
            return people.one(connection, UserRow.id == user_id)

    def add(
        self, login: str, role: Role, password: str, by: str, *, must_change: bool = False
    ) -> User:
        """Add a person. Raises BadLogin, LoginTaken, WeakPassword."""
        login = people.clean_login(login)
        if not login:
            raise BadLogin
        check_password(login, password)
        hashed = self._passwords.hashed(password)
        try:
            with self._writer.begin() as connection:
                people.add(connection, login, role, hashed, must_change, self._now())
                self._trail.note(connection, by, "utilisateur_ajoute", login, role)
        except IntegrityError:
            raise LoginTaken from None
        return self.find(login)

    def set_role(self, login: str, role: Role, by: str) -> None:
        """Change a role and end their sessions. Raises UnknownUser, LastAdmin."""
        with self._writer.begin() as connection:
            user = people.for_change(connection, login, keeps_admin=role == "admin")
            if user.role == role:
                return
            people.change(connection, user.id, role=role)
            sessions.revoke(connection, user.id)
            self._trail.note(connection, by, "role", user.login, f"{user.role} > {role}")

    def set_active(self, login: str, active: bool, by: str) -> None:
        """Let somebody in again, or keep them out at once. Raises UnknownUser, LastAdmin."""
        with self._writer.begin() as connection:
            user = people.for_change(connection, login, keeps_admin=active)
            if user.active == active:
                return
            people.change(connection, user.id, active=active)
            sessions.revoke(connection, user.id)
            self._trail.note(connection, by, "active" if active else "desactive", user.login)

    def unlock(self, login: str, by: str) -> None:
        """Forget the failed attempts. Raises UnknownUser."""
        user = self.find(login)
        with self._writer.begin() as connection:
            attempts.forgive(connection, user.id)
            self._trail.note(connection, by, "debloque", user.login)

    def reset_password(self, login: str, password: str, by: str, *, must_change: bool) -> None:
        """Give another password, end their sessions, unlock. Raises UnknownUser, WeakPassword."""
        user = self.find(login)
        check_password(user.login, password)
        hashed = self._passwords.hashed(password)
        with self._writer.begin() as connection:
            people.change(connection, user.id, password_hash=hashed, must_change=must_change)
            attempts.forgive(connection, user.id)
            sessions.revoke(connection, user.id)
            self._trail.note(connection, by, "mot_de_passe_donne", user.login)

    # ---- the audit trail

    def note(self, login: str, action: str, on: str = "", detail: str = "") -> None:
        """Write a line of the audit trail."""
        with self._writer.begin() as connection:
            self._trail.note(connection, login, action, on, detail)

    def trail(
        self, filters: AuditFilters, before: int | None = None, limit: int = 100
    ) -> list[AuditLine]:
        """Return the last lines, the newest first; `before` is the id of the last one seen."""
        with self._engine.connect() as connection:
            return self._trail.read(connection, filters, before, limit)

    # ---- attempts

    def _attempt(self, whom: ColumnElement[bool]) -> Candidate | None:
        """Count an attempt, in a transaction over before it is judged."""
        with self._writer.begin() as connection:
            return attempts.count(connection, whom, self._now())

    def _failed(self, candidate: Candidate) -> None:
        with self._writer.begin() as connection:
            self._trail.note(connection, candidate.login, "connexion_refusee", candidate.login)
            if candidate.lock is not None:
                self._trail.note(connection, candidate.login, "blocage", candidate.login)

    def _confirmed(self, user_id: int, password: str) -> Candidate:
        candidate = self._attempt(UserRow.id == user_id)
        if candidate is None:
            raise WrongPassword
        if not self._passwords.match(candidate.password_hash, password):
            self._failed(candidate)
            raise WrongPassword
        with self._writer.begin() as connection:
            attempts.take_back(connection, candidate)
        return candidate
