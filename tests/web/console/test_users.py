"""People, sessions and the audit trail in the database: SQLite and PostgreSQL alike."""

import datetime as dt
import hashlib
import itertools
import threading
import time
from typing import Any

import pyotp
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from argon2 import PasswordHasher
from cryptography.fernet import Fernet
from sqlalchemy import Engine, insert, select, text
from sqlalchemy.exc import DBAPIError

from allobot.database import Base
from tests import databases
from tests.web.console.conftest import CHEAP, PASSWORD, Clock
from web.console import models
from web.console.errors import (
    BadLogin,
    LastAdmin,
    LoginTaken,
    UnknownUser,
    WeakPassword,
    WrongCode,
    WrongPassword,
)
from web.console.models import AuditRow, RecoveryRow, SessionRow, UserRow
from web.console.passwords import check_password, new_password
from web.console.sessions import Opened
from web.console.trail import AuditFilters
from web.console.users import Users

IDLE = dt.timedelta(minutes=30)
KEY = Fernet.generate_key().decode()
OTHER = "un-tout-autre-secret"


engine = databases.engine  # each kind of database in turn, not the console's


@pytest.fixture
def users(engine: Engine, clock: Clock) -> Users:
    users = Users(engine, [KEY], IDLE, hasher=CHEAP, clock=clock)
    users.add("chef", "admin", PASSWORD, "essai")
    users.add("lea", "analyste", PASSWORD, "essai")
    return users


def opened(users: Users, login: str = "lea", password: str = PASSWORD) -> str:
    """The token of a session just opened."""
    session = users.sign_in(login, password)
    assert session is not None
    return session.token


def code(secret: str, clock: Clock, steps: int = 0) -> str:
    return pyotp.TOTP(secret).at(clock.now + dt.timedelta(seconds=30 * steps))


def with_code(users: Users, clock: Clock, login: str = "lea") -> tuple[str, list[str]]:
    """Turn the second factor on; return the secret and the recovery codes."""
    proposed = users.propose_second_factor(login)
    codes = users.enable_second_factor(login, proposed.sealed, code(proposed.secret, clock), login)
    clock.advance(seconds=60)  # the code of the enrolment is used up
    return proposed.secret, codes


def actions(users: Users) -> list[tuple[str, str, str]]:
    lines = users.trail(AuditFilters())
    return [(line.login, line.action, line.on) for line in reversed(lines)]


def rows(engine: Engine, model: Any) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(select(model)).all())


# ---- the schema


def test_the_migration_makes_the_models(engine: Engine) -> None:
    ours = {name for name in vars(models).values() if hasattr(name, "__tablename__")}
    names = {model.__tablename__ for model in ours} - {None}
    assert names == {"console_user", "console_recovery", "console_session", "console_audit"}
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "include_object": lambda _o, name, kind, *_: kind != "table" or name in names,
                "compare_server_default": True,
            },
        )
        assert compare_metadata(context, Base.metadata) == []


# ---- passwords


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("", "court"),
        ("onze-lettre", "court"),
        ("x1" * 65, "long"),
        ("lea.martin-52", "evident"),
        ("LEA.Martin-52", "evident"),
        ("motdepasse123", "evident"),
        ("MotDePasse123", "evident"),
        ("azertyuiopqs", "evident"),
        ("aaaaaaaaaaaaaaa", "evident"),
        ("121212121212", "evident"),
    ],
)
def test_a_password_too_easy_is_refused(password: str, why: str) -> None:
    with pytest.raises(WeakPassword) as refused:
        check_password("lea.martin-52", password)
    assert refused.value.code == why


@pytest.mark.parametrize("password", ["douze-signes", "quatre mots sans lien", "éàüß漢字 12345678"])
def test_any_other_password_is_taken(password: str) -> None:
    check_password("lea", password)


def test_generated_passwords_are_strong_and_never_the_same() -> None:
    drawn = {new_password() for _ in range(50)}
    assert len(drawn) == 50
    assert {len(password) for password in drawn} == {23}
    for password in drawn:
        check_password("lea", password)


def test_passwords_are_kept_as_argon2id_only(engine: Engine, users: Users) -> None:
    for row in rows(engine, UserRow):
        assert row.password_hash.startswith("$argon2id$")
        assert PASSWORD not in str(row)


def test_the_default_cost_is_that_of_rfc_9106(engine: Engine, clock: Clock) -> None:
    users = Users(engine, [KEY], IDLE, clock=clock)
    users.add("zoe", "agent", PASSWORD, "essai")
    (row,) = [row for row in rows(engine, UserRow) if row.login == "zoe"]
    assert row.password_hash.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_a_password_typed_with_another_keyboard_is_the_same(users: Users) -> None:
    users.reset_password("lea", "e\u0301te\u0301-long-et-chaud", "chef", must_change=False)
    assert users.sign_in("lea", "\u00e9t\u00e9-long-et-chaud") is not None


def test_a_hash_of_other_parameters_is_made_again(
    engine: Engine, users: Users, clock: Clock
) -> None:
    stronger = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)
    later = Users(engine, [KEY], IDLE, hasher=stronger, clock=clock)
    assert later.sign_in("lea", "faux-faux-faux") is None
    before = {row.login: row.password_hash for row in rows(engine, UserRow)}
    opened(later)
    after = {row.login: row.password_hash for row in rows(engine, UserRow)}
    assert "m=8,t=1" in before["lea"] and "m=16,t=2" in after["lea"]
    assert after["chef"] == before["chef"]
    opened(later)


def test_an_unknown_login_costs_the_same_work(
    users: Users, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []
    real = CHEAP.verify

    class Counting:
        hash = staticmethod(CHEAP.hash)
        check_needs_rehash = staticmethod(CHEAP.check_needs_rehash)

        @staticmethod
        def verify(hashed: str, password: str) -> bool:
            checked.append(hashed.rpartition("$")[0].rpartition("$")[0])
            return bool(real(hashed, password))

    monkeypatch.setattr(users._passwords, "_hasher", Counting())
    users.set_active("lea", False, "chef")
    for login in ("chef", "lea", "personne", "", "\x00", "' or 1=1", "a" * 5000):
        assert users.sign_in(login, OTHER) is None
    assert checked == ["$argon2id$v=19$m=8,t=1,p=1"] * 7


# ---- adding


@pytest.mark.parametrize("login", ["", "a", "é", "a b", "x" * 33, "-ab", "ab-", "a\x00b", "<b>x"])
def test_a_login_of_another_shape_is_refused(users: Users, login: str) -> None:
    with pytest.raises(BadLogin):
        users.add(login, "agent", PASSWORD, "chef")


def test_a_login_is_taken_once_whatever_its_case(users: Users) -> None:
    with pytest.raises(LoginTaken):
        users.add(" Lea ", "agent", PASSWORD, "chef")
    assert [user.login for user in users.all()] == ["chef", "lea"]
    assert users.sign_in(" LEA ", PASSWORD) is not None


def test_nobody_is_found_under_another_name(users: Users) -> None:
    for login in ("personne", "", "le%"):
        with pytest.raises(UnknownUser):
            users.find(login)
    with pytest.raises(UnknownUser):
        users.get(9999)


# ---- sessions


def test_a_session_is_kept_as_the_hash_of_its_token(engine: Engine, users: Users) -> None:
    token = opened(users)
    assert len(token) >= 43
    (row,) = rows(engine, SessionRow)
    assert row.token_hash == hashlib.sha256(token.encode()).hexdigest()
    assert token not in str(row)
    user = users.who(token)
    assert user is not None and (user.login, user.role) == ("lea", "analyste")


def test_a_forged_token_opens_nothing(users: Users) -> None:
    token = opened(users)
    for forged in ("", "x", token[:-1], token + "a", hashlib.sha256(token.encode()).hexdigest()):
        assert users.who(forged) is None


def test_a_session_ends_without_use(users: Users, clock: Clock) -> None:
    token = opened(users)
    for _ in range(4):
        clock.advance(minutes=29)
        assert users.who(token) is not None
    clock.advance(minutes=30)
    assert users.who(token) is None


def test_a_session_ends_after_12_hours_even_used(users: Users, clock: Clock) -> None:
    token = opened(users)
    for _ in range(47):
        clock.advance(minutes=15)
        assert users.who(token) is not None
    clock.advance(minutes=15)
    assert users.who(token) is None


def test_reading_pages_does_not_write_each_time(users: Users, engine: Engine, clock: Clock) -> None:
    token = opened(users)
    first = rows(engine, SessionRow)[0].used_at
    clock.advance(seconds=29)
    users.who(token)
    assert rows(engine, SessionRow)[0].used_at == first
    clock.advance(seconds=1)
    users.who(token)
    assert rows(engine, SessionRow)[0].used_at > first


def test_over_sessions_are_swept_at_the_next_sign_in(
    users: Users, engine: Engine, clock: Clock
) -> None:
    opened(users)
    clock.advance(hours=13)
    opened(users, "chef")
    assert len(rows(engine, SessionRow)) == 1


def test_signing_out_ends_this_session_only(users: Users) -> None:
    one, two = opened(users), opened(users)
    users.sign_out(one)
    assert users.who(one) is None
    assert users.who(two) is not None


@pytest.mark.parametrize("how", ["role", "disable", "reset", "change"])
def test_what_changes_a_person_ends_their_sessions(users: Users, how: str) -> None:
    tokens, chef = [opened(users), opened(users)], opened(users, "chef")
    if how == "role":
        users.set_role("lea", "agent", "chef")
    elif how == "disable":
        users.set_active("lea", False, "chef")
        users.set_active("lea", True, "chef")
    elif how == "reset":
        users.reset_password("lea", OTHER, "chef", must_change=True)
    else:
        mine = users.who(tokens[0])
        assert mine is not None
        fresh = users.change_password(mine.id, PASSWORD, OTHER)
        assert users.who(fresh) is not None
    assert [users.who(token) for token in tokens] == [None, None]
    assert users.who(chef) is not None


def test_a_disabled_person_comes_in_no_more(users: Users) -> None:
    users.set_active("lea", False, "chef")
    assert users.sign_in("lea", PASSWORD) is None
    users.set_active("lea", True, "chef")
    assert users.sign_in("lea", PASSWORD) is not None


# ---- lockout


def test_five_failures_lock_for_15_minutes(users: Users, clock: Clock) -> None:
    for _ in range(4):
        assert users.sign_in("lea", OTHER) is None
    assert users.find("lea").locked_until is None
    assert users.sign_in("lea", OTHER) is None
    assert users.find("lea").locked_until == clock.now + dt.timedelta(minutes=15)
    clock.advance(minutes=14, seconds=59)
    assert users.sign_in("lea", PASSWORD) is None
    assert users.sign_in("chef", PASSWORD) is not None
    clock.advance(seconds=1)
    assert users.sign_in("lea", PASSWORD) is not None


def test_a_success_forgets_the_failures(users: Users) -> None:
    for _ in range(3):
        for _ in range(4):
            assert users.sign_in("lea", OTHER) is None
        assert users.sign_in("lea", PASSWORD) is not None


def test_the_fifth_try_may_be_the_right_one(users: Users) -> None:
    for _ in range(4):
        users.sign_in("lea", OTHER)
    assert users.sign_in("lea", PASSWORD) is not None
    assert users.find("lea").locked_until is None


def test_many_tries_at_once_are_worth_five(users: Users, monkeypatch: pytest.MonkeyPatch) -> None:
    judged = itertools.count()
    passwords = users._passwords
    decoy, real = passwords.decoy(), passwords.match

    def match(hashed: str, password: str) -> bool:
        if hashed != decoy:
            next(judged)
        return real(hashed, password)

    monkeypatch.setattr(passwords, "match", match)
    threads = [threading.Thread(target=users.sign_in, args=("lea", OTHER)) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert next(judged) == 5
    assert users.sign_in("lea", PASSWORD) is None


def test_an_admin_unlocks_and_a_new_password_does_too(users: Users) -> None:
    for unlock in (
        lambda: users.unlock("lea", "chef"),
        lambda: users.reset_password("lea", PASSWORD, "chef", must_change=False),
    ):
        for _ in range(5):
            users.sign_in("lea", OTHER)
        assert users.sign_in("lea", PASSWORD) is None
        unlock()
        assert users.sign_in("lea", PASSWORD) is not None


def test_changing_a_password_counts_its_tries(users: Users) -> None:
    mine = users.find("lea")
    for _ in range(5):
        with pytest.raises(WrongPassword):
            users.change_password(mine.id, OTHER, "encore-un-autre-secret")
    with pytest.raises(WrongPassword):
        users.change_password(mine.id, PASSWORD, "encore-un-autre-secret")
    assert users.sign_in("lea", PASSWORD) is None


def test_the_same_password_again_is_no_change(users: Users) -> None:
    with pytest.raises(WeakPassword):
        users.change_password(users.find("lea").id, PASSWORD, PASSWORD)
    assert users.sign_in("lea", PASSWORD) is not None


# ---- second factor


def test_the_secret_is_encrypted_and_recovery_codes_are_hashed(
    users: Users, engine: Engine, clock: Clock
) -> None:
    secret, codes = with_code(users, clock)
    (row,) = [row for row in rows(engine, UserRow) if row.login == "lea"]
    assert Fernet(KEY).decrypt(row.totp_secret).decode() == secret
    assert secret.encode() not in row.totp_secret
    assert len(set(codes)) == 8
    kept = {row.code_hash for row in rows(engine, RecoveryRow)}
    assert kept == {hashlib.sha256(each.replace("-", "").encode()).hexdigest() for each in codes}


def test_a_password_alone_opens_nothing_any_more(users: Users, clock: Clock) -> None:
    secret, _ = with_code(users, clock)
    waiting = users.sign_in("lea", PASSWORD)
    assert waiting is not None and waiting.pending
    assert users.who(waiting.token) is None
    assert users.awaits_code(waiting.token)
    session = users.second_factor(waiting.token, code(secret, clock))
    assert session is not None and session.token != waiting.token
    assert users.who(session.token) is not None
    assert users.who(waiting.token) is None
    assert not users.awaits_code(waiting.token)


@pytest.mark.parametrize(
    ("steps", "fits"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_a_code_is_worth_for_its_step_and_the_ones_around(
    users: Users, clock: Clock, steps: int, fits: bool
) -> None:
    secret, _ = with_code(users, clock)
    clock.advance(seconds=300)
    waiting = users.sign_in("lea", PASSWORD)
    assert waiting is not None
    assert (users.second_factor(waiting.token, code(secret, clock, steps)) is not None) is fits


def test_a_code_is_never_accepted_twice(users: Users, clock: Clock) -> None:
    secret, _ = with_code(users, clock)
    given = code(secret, clock)
    sessions: list[Opened | None] = []
    for each in (given, given, code(secret, clock, -1), code(secret, clock, 1)):
        waiting = users.sign_in("lea", PASSWORD)
        assert waiting is not None
        sessions.append(users.second_factor(waiting.token, each))
    assert [session is not None for session in sessions] == [True, False, False, True]


def test_the_code_of_the_enrolment_is_used_up(users: Users, clock: Clock) -> None:
    proposed = users.propose_second_factor("lea")
    given = code(proposed.secret, clock)
    users.enable_second_factor("lea", proposed.sealed, given, "lea")
    waiting = users.sign_in("lea", PASSWORD)
    assert waiting is not None
    assert users.second_factor(waiting.token, given) is None


def test_a_recovery_code_serves_once_with_or_without_dashes(users: Users, clock: Clock) -> None:
    _, codes = with_code(users, clock)
    lea = users.find("lea").id
    for given, fits in (
        (codes[0], True),
        (codes[0], False),
        (codes[1].replace("-", " ").lower(), True),
        ("AAAA-BBBB-CCCC-DDDD", False),
        ("é" * 16, False),
    ):
        waiting = users.sign_in("lea", PASSWORD)
        assert waiting is not None
        assert (users.second_factor(waiting.token, given) is not None) is fits, given
    assert users.recovery_left(lea) == 6


def test_a_recovery_code_is_of_one_person(users: Users, clock: Clock) -> None:
    _, hers = with_code(users, clock)
    with_code(users, clock, "chef")
    waiting = users.sign_in("chef", PASSWORD)
    assert waiting is not None
    assert users.second_factor(waiting.token, hers[0]) is None


def test_who_has_the_password_may_try_five_codes(users: Users, clock: Clock) -> None:
    secret, codes = with_code(users, clock)
    for _ in range(5):
        waiting = users.sign_in("lea", PASSWORD)  # the right one: does not forget the failures
        assert waiting is not None
        assert users.second_factor(waiting.token, "000000") is None
    assert users.sign_in("lea", PASSWORD) is None
    assert users.second_factor(waiting.token, code(secret, clock)) is None
    assert users.second_factor(waiting.token, codes[0]) is None


def test_a_code_has_five_minutes_to_come(users: Users, clock: Clock) -> None:
    secret, _ = with_code(users, clock)
    waiting = users.sign_in("lea", PASSWORD)
    assert waiting is not None
    clock.advance(minutes=5)
    assert not users.awaits_code(waiting.token)
    assert users.second_factor(waiting.token, code(secret, clock)) is None


def test_an_enrolment_is_confirmed_in_ten_minutes_by_who_asked(
    users: Users, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    proposed = users.propose_second_factor("lea")
    given = code(proposed.secret, clock)
    for login, sealed, each in (
        ("chef", proposed.sealed, given),
        ("lea", "gAAAA", given),
        ("lea", "é", given),
        ("lea", proposed.sealed, "12345"),
        ("lea", proposed.sealed, "é"),
    ):
        with pytest.raises(WrongCode):
            users.enable_second_factor(login, sealed, each, login)
    later = time.time() + 601
    monkeypatch.setattr(time, "time", lambda: later)
    with pytest.raises(WrongCode):
        users.enable_second_factor("lea", proposed.sealed, given, "lea")
    assert not users.find("lea").two_factors


def test_a_new_key_of_the_vault_reads_the_old_secrets(
    engine: Engine, users: Users, clock: Clock
) -> None:
    secret, _ = with_code(users, clock)
    newer = Users(engine, [Fernet.generate_key().decode(), KEY], IDLE, hasher=CHEAP, clock=clock)
    waiting = newer.sign_in("lea", PASSWORD)
    assert waiting is not None
    assert newer.second_factor(waiting.token, code(secret, clock)) is not None


def test_without_the_vault_key_recovery_codes_still_open(
    engine: Engine, users: Users, clock: Clock
) -> None:
    secret, codes = with_code(users, clock)
    lost = Users(engine, [Fernet.generate_key().decode()], IDLE, hasher=CHEAP, clock=clock)
    waiting = lost.sign_in("lea", PASSWORD)
    assert waiting is not None
    assert lost.second_factor(waiting.token, code(secret, clock)) is None
    assert lost.second_factor(waiting.token, codes[3]) is not None


def test_removing_it_forgets_the_secret_and_the_codes(
    users: Users, engine: Engine, clock: Clock
) -> None:
    with_code(users, clock)
    users.remove_second_factor("lea", "chef")
    assert rows(engine, RecoveryRow) == []
    session = users.sign_in("lea", PASSWORD)
    assert session is not None and not session.pending


# ---- the last admin


def test_the_last_active_admin_stays(users: Users) -> None:
    users.add("second", "admin", PASSWORD, "chef")
    users.set_active("second", False, "chef")
    for change in (
        lambda: users.set_role("chef", "analyste", "chef"),
        lambda: users.set_active("chef", False, "chef"),
    ):
        with pytest.raises(LastAdmin):
            change()
    assert users.find("chef").role == "admin" and users.find("chef").active
    users.set_active("second", True, "chef")
    users.set_role("chef", "analyste", "second")
    with pytest.raises(LastAdmin):
        users.set_active("second", False, "chef")


def test_two_admins_who_demote_each_other_leave_one(users: Users) -> None:
    users.add("second", "admin", PASSWORD, "chef")
    barrier, refused = threading.Barrier(2), []

    def demote(whom: str, by: str) -> None:
        barrier.wait()
        try:
            users.set_role(whom, "analyste", by)
        except LastAdmin:
            refused.append(whom)

    pairs = (("chef", "second"), ("second", "chef"))
    threads = [threading.Thread(target=demote, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert [user.role for user in users.all()].count("admin") == 1


# ---- the audit trail


def test_everything_that_changes_a_person_is_in_the_trail(users: Users, clock: Clock) -> None:
    users.set_role("lea", "agent", "chef")
    users.set_role("lea", "agent", "chef")  # no change, no line
    users.set_active("lea", False, "chef")
    users.set_active("lea", True, "chef")
    users.unlock("lea", "chef")
    users.reset_password("lea", OTHER, "chef", must_change=True)
    with_code(users, clock)
    users.remove_second_factor("lea", "chef")
    fresh = users.change_password(users.find("lea").id, OTHER, PASSWORD)
    users.sign_out(fresh)
    users.sign_out(fresh)
    assert actions(users) == [
        ("essai", "utilisateur_ajoute", "chef"),
        ("essai", "utilisateur_ajoute", "lea"),
        ("chef", "role", "lea"),
        ("chef", "desactive", "lea"),
        ("chef", "active", "lea"),
        ("chef", "debloque", "lea"),
        ("chef", "mot_de_passe_donne", "lea"),
        ("lea", "double_active", "lea"),
        ("chef", "double_retire", "lea"),
        ("lea", "mot_de_passe", "lea"),
        ("lea", "deconnexion", ""),
    ]
    (role,) = users.trail(AuditFilters(action="role"))
    assert role.detail == "analyste > agent"


def test_tries_are_in_the_trail_but_never_what_was_typed(users: Users) -> None:
    users.sign_in("mon-mot-de-passe-tape-trop-haut", OTHER)
    for _ in range(7):
        users.sign_in("lea", OTHER)
    opened(users, "chef")
    said = actions(users)[2:]
    assert said == [("lea", "connexion_refusee", "lea")] * 5 + [
        ("lea", "blocage", "lea"),
        ("chef", "connexion", ""),
    ]


def test_lines_are_cut_and_cleaned(users: Users) -> None:
    users.note("lea", "essai", "a\x00" * 300, "\ud800" + "b" * 600)
    (line,) = users.trail(AuditFilters(action="essai"))
    assert line.on == "a" * 200
    assert line.detail == "?" + "b" * 499


def test_the_trail_is_read_by_pages_and_filters(users: Users, clock: Clock) -> None:
    start = clock.now
    for number in range(25):
        clock.advance(days=1)
        users.note("lea" if number % 2 else "chef", "lecture", f"conversation {number}")
    seen: list[str] = []
    before = None
    while page := users.trail(AuditFilters(action="lecture"), before, limit=10):
        seen += [line.on for line in page]
        before = page[-1].id
    assert seen == [f"conversation {number}" for number in reversed(range(25))]
    of_lea = users.trail(AuditFilters(login="lea", action="lecture"))
    assert {line.login for line in of_lea} == {"lea"} and len(of_lea) == 12
    day = dt.timedelta(days=1)
    between = AuditFilters(action="lecture", since=start + 3 * day, until=start + 5 * day)
    assert [line.on for line in users.trail(between)] == ["conversation 3", "conversation 2"]
    assert all(line.at.tzinfo is not None for line in of_lea)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE console_audit SET login = 'autre'",
        "UPDATE console_audit SET detail = 'x' WHERE login = 'essai'",
        "DELETE FROM console_audit",
        "DELETE FROM console_audit WHERE login = 'essai'",
    ],
)
def test_the_database_refuses_to_rewrite_the_trail(
    engine: Engine, users: Users, statement: str
) -> None:
    before = users.trail(AuditFilters())
    with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
        connection.execute(text(statement))
    assert users.trail(AuditFilters()) == before


def test_nor_to_empty_or_replace_it(engine: Engine, users: Users) -> None:
    before = users.trail(AuditFilters())
    if engine.dialect.name == "postgresql":
        statement = "TRUNCATE console_audit"
    else:
        statement = (
            "INSERT OR REPLACE INTO console_audit (id, at, login, action, object, detail)"
            " SELECT id, at, 'autre', action, object, detail FROM console_audit"
        )
    with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
        connection.execute(text(statement))
    assert users.trail(AuditFilters()) == before


def test_lines_of_more_than_a_year_go_at_the_next_sign_in(engine: Engine, users: Users) -> None:
    today = dt.datetime.now(dt.UTC)
    with engine.begin() as connection:
        for days in (364, 367):
            at = today - dt.timedelta(days=days)
            line = {"at": at, "login": "lea", "action": "vieux", "object": "", "detail": ""}
            connection.execute(insert(AuditRow).values(line | {"object": f"{days} jours"}))
    opened(users)
    assert [line.on for line in users.trail(AuditFilters(action="vieux"))] == ["364 jours"]
