"""What is personal in a text becomes a token before Rasa hears of it."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.appointments.codes import Codes, Verified
from actions.appointments.intake import Intake, Taken
from actions.appointments.vault import Coordonnees, Vault
from allobot.database import make_engine
from allobot.masking import DETECTORS, mask
from allobot.settings import PARIS

NOW = dt.datetime(2026, 11, 24, 10, 0, tzinfo=PARIS)
RIGHT, LOCKED, WRONG = "RDV-K7M2-9QXP-4T8W", "RDV-B2C3-D4F5-G6H7", "RDV-C3D4-F5G6-H7J8"
PHONE, OTHER = "06 39 98 12 34", "02 61 91 12 34"


class Memory(Vault):
    """A vault whose tokens say their rank."""

    def __init__(self) -> None:
        self.details: list[tuple[Coordonnees, str, dt.datetime]] = []
        self.passes: list[tuple[str, str, dt.datetime]] = []

    def put(self, coordonnees: Coordonnees, *, conversation: str, now: dt.datetime) -> str:
        self.details.append((coordonnees, conversation, now))
        return f"D{len(self.details)}"

    def put_appointment(self, rdv_id: str, *, conversation: str, now: dt.datetime) -> str:
        self.passes.append((rdv_id, conversation, now))
        return f"P{len(self.passes)}"


class Known(Codes):
    """One right code, one locked, the others wrong."""

    def __init__(self) -> None:
        super().__init__(make_engine("sqlite://"))
        self.tried: list[str] = []

    def verify(self, text: str, now: dt.datetime) -> Verified:
        self.tried.append(text)
        assert now == NOW
        if LOCKED in text:
            return Verified(locked=True)
        return Verified("the appointment" if RIGHT in text else None)


@pytest.fixture
def vault() -> Memory:
    return Memory()


@pytest.fixture
def codes() -> Known:
    return Known()


@pytest.fixture
def intake(vault: Memory, codes: Known) -> Intake:
    return Intake(vault, codes)


def read(intake: Intake, text: str, *, booking: bool = True, verify: bool = True) -> Taken:
    return intake.read(text, conversation="ours", now=NOW, booking=booking, verify=verify)


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("bonjour", "bonjour"),
        (f"c'est le {PHONE}, merci", "c'est le [coordonnees:D1], merci"),
        (f"mon code {RIGHT}.", "mon code [rendez-vous:P1]."),
        (WRONG, "[code refusé]"),
        (LOCKED, "[code bloqué]"),
        (f"{RIGHT} et {WRONG}", "[rendez-vous:P1] et [code refusé]"),
        (f"{RIGHT}, au {PHONE}", "[rendez-vous:P1], au [coordonnees:D1]"),
        ("au +44 20 7946 0958", "au [numéro refusé:etranger]"),
        ("au 3230", "au 3230"),
        (f"je m'appelle Zélie Quintavalle, {PHONE}", "je m'appelle [nom], [coordonnees:D1]"),
        ("zelie@exemple.fr", "[adresse e-mail]"),
    ],
)
def test_rasa_hears_tokens(intake: Intake, written: str, sent: str) -> None:
    assert intake.take(written, conversation="ours", now=NOW, booking=True) == sent


def test_the_vault_gets_what_was_written(intake: Intake, vault: Memory) -> None:
    taken = read(intake, f"{OTHER} puis {PHONE}, code {RIGHT}")
    assert sorted(details[0].telephone for details in vault.details) == [
        "+33261911234",
        "+33639981234",
    ]
    assert {details[1:] for details in vault.details} == {("ours", NOW)}
    assert vault.passes == [("the appointment", "ours", NOW)]
    ranks = {details[0].telephone: rank for rank, details in enumerate(vault.details, 1)}
    first, second = ranks["+33261911234"], ranks["+33639981234"]
    assert (
        taken.sent == f"[coordonnees:D{first}] puis [coordonnees:D{second}], code [rendez-vous:P1]"
    )
    assert taken.shown == (
        "[numéro de téléphone] puis [numéro de téléphone], code [code de rendez-vous]"
    )
    assert taken.kept and taken.kinds == ()


def test_outside_a_booking_numbers_are_masked_and_codes_still_open(
    intake: Intake, vault: Memory
) -> None:
    taken = read(intake, f"{PHONE} {RIGHT}", booking=False)
    assert taken.sent == "[numéro de téléphone] [rendez-vous:P1]"
    assert (taken.kinds, taken.kept, vault.details) == (("phone",), False, [])


def test_who_tried_too_many_codes_tries_no_more(intake: Intake, codes: Known) -> None:
    taken = read(intake, f"{RIGHT} {WRONG}", verify=False)
    assert taken.sent == "[code bloqué] [code bloqué]"
    assert codes.tried == []


def test_other_personal_data_is_masked_and_told(intake: Intake, vault: Memory) -> None:
    taken = read(intake, "FR76 3000 6000 0112 3456 7890 189 et 295109912611193")
    assert taken.sent == taken.shown == "[IBAN] et [numéro de Sécurité sociale]"
    assert taken.kinds == ("iban", "nir")
    assert vault.details == []


def test_a_number_that_is_refused_is_not_kept(intake: Intake, vault: Memory) -> None:
    taken = read(intake, "+44 20 7946 0958")
    assert (taken.kept, taken.kinds, vault.details) == (False, (), [])
    assert taken.shown == "[numéro de téléphone]"


def test_the_marks_of_our_own_cannot_be_typed(intake: Intake) -> None:
    assert read(intake, f"\ue000 \ue001 {PHONE} \uf8ff").sent == "  [coordonnees:D1] "


@given(st.text(max_size=300), st.booleans())
def test_any_text_is_taken(text: str, booking: bool) -> None:
    taken = read(Intake(Memory(), Known()), text, booking=booking)
    unmarked = "".join(character for character in text if not "\ue000" <= character <= "\uf8ff")
    assert taken.shown == mask(unmarked).text
    if taken.shown == unmarked:
        assert taken.sent == unmarked


@given(
    st.lists(
        st.sampled_from([PHONE, RIGHT, WRONG, LOCKED, "jean@exemple.fr", "le 12 mars", ", "]),
        max_size=8,
    )
)
def test_nothing_personal_is_left(parts: list[str]) -> None:
    taken = read(Intake(Memory(), Known()), " ; ".join(parts))
    for text in (taken.sent, taken.shown):
        for kind in ("code", "phone", "email"):
            assert not list(DETECTORS[kind](text)), (kind, text)
