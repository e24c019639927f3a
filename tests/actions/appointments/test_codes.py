"""The codes of appointments: found however written, guessed by nobody, three at most."""

import datetime as dt
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, func, select, text

from actions.appointments import codes as module
from actions.appointments.booking import Booking, RendezVousInconnu
from actions.appointments.codes import Codes, NoReferenceLeft, Verified, draw
from actions.appointments.models import CodeRow
from allobot.masking.codes import codes as spans
from allobot.masking.codes import is_code
from allobot.settings import PARIS

NINE = dt.datetime(2026, 11, 24, 9, tzinfo=PARIS)
MINUTE = dt.timedelta(minutes=1)
SHAPE = re.compile(r"RDV(-[23456789BCDFGHJKLMNPQRSTVWXZ]{4}){3}")


@pytest.fixture
def held(booking: Booking, now: dt.datetime) -> Callable[[str], str]:
    """Holds a slot for a conversation; returns the id."""
    return lambda name: booking.hold("52", NINE, "dossier", conversation=name, now=now)


def wrong(code: str) -> str:
    """A code with the same reference and another secret."""
    while True:
        plain = code[4:8] + draw()[4:]
        if is_code(plain) and plain != code[4:].replace("-", ""):
            return plain


def test_a_code_opens_its_appointment(
    codes: Codes, held: Callable[[str], str], now: dt.datetime
) -> None:
    first, second = held("c1"), held("c2")
    mine, other = codes.issue(first, now), codes.issue(second, now)
    assert SHAPE.fullmatch(mine) and sum(char.isdigit() for char in mine) >= 2
    assert codes.verify(mine, now) == Verified(first)
    assert codes.verify(other, now) == Verified(second)
    assert codes.verify(mine, now + dt.timedelta(days=90)) == Verified(first)


def test_it_is_read_as_people_write_it(
    codes: Codes, held: Callable[[str], str], now: dt.datetime
) -> None:
    rdv_id = held("c1")
    code = codes.issue(rdv_id, now)
    plain = code[4:].replace("-", "")
    for written in (
        code.lower(),
        code[4:],
        plain,
        f"voici mon code : {code.replace('-', ' ')}. merci",
        f"rdv {plain.lower()}",
        " ".join(plain),
        f"je l'ai noté à 9h25 9h35, {code.lower()}",
        f"annuler le rdv {code[4:].replace('-', ' - ')}",
    ):
        assert codes.verify(written, now).rdv_id == rdv_id, written


def test_what_is_no_code_opens_nothing(
    codes: Codes, held: Callable[[str], str], now: dt.datetime
) -> None:
    code = codes.issue(held("c1"), now)
    for written in (
        "",
        "bonjour",
        draw(),
        code[:-1],
        code[4:] + "2",
        "RDV-OOOO-OOOO-OOOO",
        "[code]",
    ):
        assert codes.verify(written, now) == Verified()


def test_an_unknown_appointment_has_no_code(codes: Codes, now: dt.datetime) -> None:
    with pytest.raises(RendezVousInconnu):
        codes.issue("nobody", now)


def test_five_wrong_secrets_lock_the_reference_for_an_hour(
    codes: Codes, held: Callable[[str], str], now: dt.datetime
) -> None:
    rdv_id, other_id = held("c1"), held("c2")
    code, other = codes.issue(rdv_id, now), codes.issue(other_id, now)
    for _ in range(4):
        assert codes.verify(wrong(code), now) == Verified()
    assert codes.verify(wrong(code), now) == Verified(locked=True)
    assert codes.verify(code, now) == Verified(locked=True), "even the right one"
    assert codes.verify(code, now + 59 * MINUTE) == Verified(locked=True)
    assert codes.verify(other, now) == Verified(other_id), "the others are not locked"
    assert codes.verify(code, now + 60 * MINUTE) == Verified(rdv_id)


def test_after_the_hour_there_are_five_tries_again(
    codes: Codes, held: Callable[[str], str], now: dt.datetime
) -> None:
    code = codes.issue(held("c1"), now)
    for round_ in range(2):
        moment = now + round_ * 60 * MINUTE
        found = [codes.verify(wrong(code), moment).locked for _ in range(6)]
        assert found == [False] * 4 + [True] * 2


def test_a_right_code_forgets_the_wrong_ones(
    codes: Codes, held: Callable[[str], str], now: dt.datetime
) -> None:
    rdv_id = held("c1")
    code = codes.issue(rdv_id, now)
    for _ in range(2):
        for _ in range(4):
            assert not codes.verify(wrong(code), now).locked
        assert codes.verify(code, now) == Verified(rdv_id)


def test_many_guesses_at_once_get_no_more_tries(
    codes: Codes,
    held: Callable[[str], str],
    now: dt.datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    code = codes.issue(held("c1"), now)
    guesses = [wrong(code) for _ in range(12)]
    compared: list[str] = []
    right = module._is_right

    def counted(hashed: str | None, secret: str) -> bool:
        compared.append(secret)
        return right(hashed, secret)

    monkeypatch.setattr(module, "_is_right", counted)
    with ThreadPoolExecutor(12) as threads:
        list(threads.map(lambda guess: codes.verify(guess, now), guesses))
    assert len(compared) == 5


def test_an_unknown_reference_takes_as_long_as_a_known_one(
    codes: Codes,
    held: Callable[[str], str],
    now: dt.datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As long: the same comparison, with a hash of nothing."""
    code = codes.issue(held("c1"), now)
    compared: list[str | None] = []
    monkeypatch.setattr(module, "_is_right", lambda hashed, _: bool(compared.append(hashed)))
    codes.verify(wrong(code), now)
    codes.verify("RDV-Z9Z9-Z9Z9-Z9Z8", now)
    codes.verify("pas de code", now)
    assert len(compared) == 3
    assert compared[0] is not None and compared[1:] == [None, None]


def test_without_hash_the_comparison_is_made_and_says_no(monkeypatch: pytest.MonkeyPatch) -> None:
    verified: list[str] = []

    class Hasher:
        def verify(self, hashed: str, secret: str) -> bool:
            verified.append(hashed)
            return True

    dummy = module._dummy()
    monkeypatch.setattr(module, "HASHER", Hasher())
    assert module._is_right(None, "secret") is False
    assert verified == [dummy] and dummy.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_three_codes_at_most_the_oldest_goes(
    codes: Codes, engine: Engine, held: Callable[[str], str], now: dt.datetime
) -> None:
    rdv_id, other_id = held("c1"), held("c2")
    other = codes.issue(other_id, now)
    issued = [codes.issue(rdv_id, now) for _ in range(5)]
    opened = [codes.verify(code, now).rdv_id for code in issued]
    assert opened == [None, None, rdv_id, rdv_id, rdv_id]
    assert codes.verify(other, now).rdv_id == other_id
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(CodeRow)) == 4


def test_codes_issued_at_once_are_three_at_most(
    codes: Codes, engine: Engine, held: Callable[[str], str], now: dt.datetime
) -> None:
    rdv_id = held("c1")
    with ThreadPoolExecutor(6) as threads:
        issued = list(threads.map(lambda _: codes.issue(rdv_id, now), range(6)))
    assert sum(codes.verify(code, now).rdv_id == rdv_id for code in issued) == 3


def test_a_reference_is_never_given_twice(
    codes: Codes,
    held: Callable[[str], str],
    now: dt.datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rdv_id = held("c1")
    drawn = iter(["K7M29QXP4T8W", "K7M2D3F4G5H6", "L8N3D3F4G5H6"])
    monkeypatch.setattr(module, "draw", lambda: next(drawn))
    assert codes.issue(rdv_id, now) == "RDV-K7M2-9QXP-4T8W"
    assert codes.issue(rdv_id, now) == "RDV-L8N3-D3F4-G5H6"
    monkeypatch.setattr(module, "draw", lambda: "K7M2D3F4G5H6")
    with pytest.raises(NoReferenceLeft):
        codes.issue(rdv_id, now)


def test_only_the_reference_and_a_hash_are_kept(
    codes: Codes, engine: Engine, held: Callable[[str], str], now: dt.datetime
) -> None:
    code = codes.issue(held("c1"), now)
    with engine.connect() as connection:
        rows = repr(connection.execute(text("SELECT * FROM rdv_code")).all())
    assert code[4:8] in rows and "$argon2id$" in rows
    assert code[9:13] not in rows and code[14:] not in rows


def test_every_code_drawn_is_found_by_the_masking() -> None:
    drawn = {draw() for _ in range(3000)}
    assert len(drawn) == 3000
    assert all(list(spans(plain)) == [(0, 12)] for plain in drawn)
