"""Contact details at rest: encrypted, bound to a conversation, gone in time."""

import datetime as dt
import logging
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import Engine, text

from actions.appointments.booking import Booking
from actions.appointments.vault import Coordonnees, Vault
from allobot.database import make_engine, upgrade
from allobot.settings import PARIS

WHO = Coordonnees("Camille Essai-Dupré", "+33639981278")
MINUTE = dt.timedelta(minutes=1)
NINE = dt.datetime(2026, 11, 24, 9, tzinfo=PARIS)


def test_what_is_put_is_read_in_its_conversation_only(vault: Vault, now: dt.datetime) -> None:
    token = vault.put(WHO, conversation="c1", now=now)
    assert vault.read(token, conversation="c1", now=now) == WHO
    assert vault.read(token, conversation="c2", now=now) is None
    assert vault.read(token[:-1], conversation="c1", now=now) is None
    assert vault.read("", conversation="c1", now=now) is None
    assert vault.read("' OR 1=1 --", conversation="c1", now=now) is None


def test_tokens_are_random_and_fit_an_address(vault: Vault, now: dt.datetime) -> None:
    tokens = {vault.put(WHO, conversation="c1", now=now) for _ in range(50)}
    assert len(tokens) == 50
    assert all(
        len(token) == 22 and token.replace("-", "a").replace("_", "a").isalnum() for token in tokens
    )


def test_a_name_is_not_needed(vault: Vault, now: dt.datetime) -> None:
    nameless = Coordonnees(None, "+262692123456")
    token = vault.put(nameless, conversation="c1", now=now)
    assert vault.read(token, conversation="c1", now=now) == nameless
    assert nameless.last_digits == "56"


def test_pending_details_last_an_hour(vault: Vault, now: dt.datetime) -> None:
    token = vault.put(WHO, conversation="c1", now=now)
    entry = vault.put_appointment("r1", conversation="c1", now=now)
    for moment, there in ((now + 59 * MINUTE, True), (now + 60 * MINUTE, False)):
        assert (vault.read(token, conversation="c1", now=moment) is not None) == there
        assert (vault.appointment(entry, conversation="c1", now=moment) == "r1") == there


def test_a_pass_opens_an_appointment_and_nothing_else(vault: Vault, now: dt.datetime) -> None:
    entry = vault.put_appointment("r1", conversation="c1", now=now)
    token = vault.put(WHO, conversation="c1", now=now)
    assert vault.appointment(entry, conversation="c1", now=now) == "r1"
    assert vault.appointment(entry, conversation="c2", now=now) is None
    assert vault.appointment(token, conversation="c1", now=now) is None
    assert vault.read(entry, conversation="c1", now=now) is None


def test_the_purge_takes_what_expired(vault: Vault, engine: Engine, now: dt.datetime) -> None:
    vault.put(WHO, conversation="c1", now=now)
    kept = vault.put(WHO, conversation="c2", now=now + MINUTE)
    assert vault.purge(now + 60 * MINUTE) == 1
    assert vault.purge(now + 60 * MINUTE) == 0
    assert vault.read(kept, conversation="c2", now=now + 60 * MINUTE) == WHO


def test_the_purge_spares_a_booked_appointment(
    vault: Vault, booking: Booking, now: dt.datetime
) -> None:
    rdv_id = booking.hold("52", NINE, "dossier", conversation="c1", now=now)
    token = vault.put(WHO, conversation="c1", now=now)
    booking.confirm(rdv_id, token, conversation="c1", now=now)
    assert vault.purge(now + dt.timedelta(days=90)) == 0
    assert vault.of_appointment(rdv_id) == WHO
    assert vault.of_appointment("nobody") is None


def test_a_new_key_encrypts_and_the_old_one_still_decrypts(
    engine: Engine, keys: list[str], now: dt.datetime
) -> None:
    old = Vault(engine, keys)
    before = old.put(WHO, conversation="c1", now=now)
    fresh = Fernet.generate_key().decode()
    rotated = Vault(engine, [fresh, *keys])
    after = rotated.put(WHO, conversation="c1", now=now)
    assert rotated.read(before, conversation="c1", now=now) == WHO
    assert rotated.read(after, conversation="c1", now=now) == WHO
    assert old.read(after, conversation="c1", now=now) is None, "the new key encrypted"
    retired = Vault(engine, [fresh])
    assert retired.read(before, conversation="c1", now=now) is None
    assert retired.read(after, conversation="c1", now=now) == WHO


def test_a_wrong_key_is_refused_at_once(engine: Engine) -> None:
    with pytest.raises(ValueError, match="key"):
        Vault(engine, ["too short"])


def test_nothing_is_in_clear_in_the_table(vault: Vault, engine: Engine, now: dt.datetime) -> None:
    vault.put(WHO, conversation="c1", now=now)
    vault.put_appointment("un-rendez-vous", conversation="c1", now=now)
    with engine.connect() as connection:
        rows = repr(connection.execute(text("SELECT * FROM rdv_coordonnees")).all())
    for secret in ("39981278", "Camille", "Essai", "un-rendez-vous"):
        assert secret not in rows
    assert "c1" in rows


def test_an_altered_row_is_read_as_nothing(vault: Vault, engine: Engine, now: dt.datetime) -> None:
    token = vault.put(WHO, conversation="c1", now=now)
    with engine.begin() as connection:
        connection.execute(text("UPDATE rdv_coordonnees SET chiffre = 'gAAAAABm' || chiffre"))
    assert vault.read(token, conversation="c1", now=now) is None


def test_details_show_nothing_in_logs_and_tracebacks(
    caplog: pytest.LogCaptureFixture,
) -> None:
    logging.getLogger("essai").warning("%s %r", WHO, WHO)
    assert "essai" in caplog.text
    assert "39981278" not in caplog.text and "Camille" not in caplog.text


def test_the_raw_file_holds_nothing_in_clear(
    sqlite_url: str, tmp_path: Path, keys: list[str], now: dt.datetime
) -> None:
    upgrade(sqlite_url)
    engine = make_engine(sqlite_url)
    token = Vault(engine, keys).put(WHO, conversation="c1", now=now)
    engine.dispose()
    files = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert token.encode() in files
    for secret in ("39981278", "Camille", "Dupr", keys[0]):
        assert secret.encode() not in files
