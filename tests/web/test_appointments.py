"""Appointments at the gateway: what Rasa receives, what is kept, and what nobody may see again.

Every number is of a range kept for fiction, every code is drawn by the tests.
"""

import asyncio
import datetime as dt
import json
import logging
import re
import secrets
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp.test_utils import TestClient
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from icalendar import Calendar
from pydantic import SecretStr
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from actions.appointments.codes import Codes
from actions.appointments.models import CoordonneesRow, RendezVousRow
from actions.appointments.vault import Coordonnees, Vault
from allobot.database import make_engine
from allobot.settings import PARIS, BadKey, Settings
from tests.web.api_client import Answer, Api
from tests.web.fake_rasa import CARD, FakeRasa
from web.appointments import DatabaseReception
from web.limits import Limits
from web.rasa_client import device_of
from web.sentences import sentences

OpenGateway = Callable[..., Awaitable[Api]]

TYPED, E164 = "06 39 98 12 34", "+33639981234"
FOREIGN = "+44 20 7946 0958"
NAME = "Zélie Quintavalle"
TODAY = dt.date(2026, 11, 24)
TOKEN = r"[\w-]{22}"
DETAILS = "/api/conversation/coordonnees"
BOOKING: dict[str, Any] = {
    **CARD,
    "kind": "rendez_vous",
    "id": "rdv_telephonique",
    "title": "Votre rendez-vous",
    "summary": "Jeudi 26 novembre à 9 h 10, par téléphone.",
    "form": "coordonnees",
}
SECOND: dict[str, Any] = {**BOOKING, "form": None, "file": "/rendez-vous/20261126T0910.ics?m=10"}
PHONE_TOKEN = "[numéro de téléphone]"


def ask_for_details(_message: str) -> Any:
    return [{"text": "À quel numéro ?"}, {"custom": BOOKING}]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"date": TODAY})


class Desk:
    """A conversation of a gateway, with what the database and the vault hold of it."""

    def __init__(self, api: Api, rasa: FakeRasa, settings: Settings) -> None:
        self.api = api
        self.rasa = rasa
        self.settings = settings
        self.engine = make_engine(settings.database_url)
        self.vault = Vault(self.engine, settings.vault_keys())

    @property
    def conversation(self) -> str:
        return str(self.rasa.received[-1]["sender"])

    @property
    def heard(self) -> str:
        """The last message that Rasa received."""
        return self.rasa.messages()[-1]

    def token(self, pattern: str) -> str:
        """The token in what Rasa heard, all of which fits the pattern (TOKEN stands for it)."""
        found = re.fullmatch(pattern.replace("TOKEN", f"({TOKEN})"), self.heard)
        assert found, self.heard
        return found[1]

    def read(self, token: str, conversation: str | None = None) -> Coordonnees | None:
        name = conversation or self.conversation
        return self.vault.read(token, conversation=name, now=self.settings.now())

    def rows(self) -> int:
        with Session(self.engine) as session:
            return session.scalar(select(func.count()).select_from(CoordonneesRow)) or 0

    def book(self) -> tuple[str, str]:
        """Book an appointment of somebody's; return its id and its code."""
        rdv_id = secrets.token_urlsafe(24)
        now = self.settings.now()
        with Session(self.engine) as session, session.begin():
            session.add(
                RendezVousRow(
                    id=rdv_id,
                    bureau="52",
                    debut=now + dt.timedelta(days=2),
                    minutes=10,
                    place=0,
                    motif="dette",
                    mode="telephone",
                    etat="confirme",
                    cree_le=now,
                )
            )
        return rdv_id, Codes(self.engine).issue(rdv_id, now)

    async def give(self, answer_id: str | None = None, **body: Any) -> Answer:
        details = {"id": answer_id or str(uuid.uuid4()), "nom": NAME, "telephone": TYPED} | body
        kept = {name: value for name, value in details.items() if value is not None}
        return await self.api.request("POST", DETAILS, json=kept)

    async def told(self) -> list[str]:
        return [message["text"] for message in (await self.api.history()).messages]

    def files(self) -> bytes:
        """All the bytes of SQLite's files."""
        paths = [path for path in self.settings.var.rglob("*") if path.suffix != ".key"]
        return b"".join(path.read_bytes() for path in paths if path.is_file())

    def close(self) -> None:
        self.engine.dispose()


@pytest.fixture
async def desk(open_gateway: OpenGateway, settings: Settings, rasa: FakeRasa) -> Any:
    """A conversation open, in which nothing was asked yet."""
    api = await open_gateway(settings)
    await api.open()
    made = Desk(api, rasa, settings)
    yield made
    made.close()


@pytest.fixture
async def booking(desk: Desk) -> Desk:
    """A conversation whose last answer asks for contact details."""
    desk.rasa.reply = ask_for_details
    await desk.api.say("je veux un rendez-vous")
    return desk


# ---- numbers typed


async def test_a_number_typed_in_a_booking_is_in_the_vault_of_both_databases(
    open_gateway: OpenGateway, settings: Settings, rasa: FakeRasa, database_url: str
) -> None:
    settings = settings.model_copy(update={"database_url": database_url})
    api = await open_gateway(settings)
    await api.open()
    desk = Desk(api, rasa, settings)
    rasa.reply = ask_for_details
    await api.say("je veux un rendez-vous")
    answer = await api.say(f"c'est le {TYPED}, merci")
    assert answer.messages[0]["text"] == sentences().appointments.kept
    token = desk.token(r"c'est le \[coordonnees:TOKEN\], merci")
    assert desk.read(token) == Coordonnees(nom=None, telephone=E164)
    assert desk.read(token, "another conversation") is None
    assert f"c'est le {PHONE_TOKEN}, merci" in await desk.told()

    given = await desk.give()
    assert given.status == 200
    token = desk.token(r'/repondre\{"jeton": "TOKEN"\}')
    assert desk.read(token) == Coordonnees(nom=NAME, telephone=E164)
    _, code = desk.book()
    await api.say(code)
    assert desk.heard.startswith("[rendez-vous:")
    assert desk.rows() == 3
    await api.erase()
    assert desk.rows() == 0
    desk.close()


async def test_elsewhere_a_number_is_masked_as_ever(desk: Desk) -> None:
    answer = await desk.api.say(f"appelez le {TYPED}")
    assert desk.heard == f"appelez le {PHONE_TOKEN}"
    assert "un numéro de téléphone" in answer.messages[0]["text"]
    assert desk.rows() == 0


async def test_a_booking_ends_with_another_answer(booking: Desk) -> None:
    booking.rasa.reply = FakeRasa.echo
    await booking.api.say("finalement, combien est l'ASF ?")
    await booking.api.say(f"mon numéro : {TYPED}")
    assert booking.heard == f"mon numéro : {PHONE_TOKEN}"
    assert booking.rows() == 0


async def test_a_booking_goes_on_after_an_answer_that_did_not_come(booking: Desk) -> None:
    booking.rasa.status = 500
    await booking.api.say("jeudi matin")
    booking.rasa.status = 200
    await booking.api.say(TYPED)
    assert booking.read(booking.token(r"\[coordonnees:TOKEN\]")) == Coordonnees(None, E164)


@pytest.mark.parametrize(
    ("typed", "heard"),
    [
        (f"au {FOREIGN}", r"au \[numéro refusé:etranger\]"),
        (f"{FOREIGN} ou {TYPED}", rf"\[numéro refusé:etranger\] ou \[coordonnees:{TOKEN}\]"),
        (f"{TYPED} et {TYPED}", rf"\[coordonnees:{TOKEN}\] et \[coordonnees:{TOKEN}\]"),
        ("appelez le 3230", "appelez le 3230"),
    ],
)
async def test_what_rasa_hears_of_the_numbers_of_a_booking(
    booking: Desk, typed: str, heard: str
) -> None:
    answer = await booking.api.say(typed)
    assert re.fullmatch(heard, booking.heard)
    notices = [message["text"] for message in answer.messages[:-1]]
    assert notices == [sentences().appointments.kept] * ("coordonnees" in heard)


async def test_the_digits_of_an_iban_are_no_phone_number(booking: Desk) -> None:
    answer = await booking.api.say(f"FR76 3000 6000 0112 3456 7890 189, et le {TYPED}")
    booking.token(r"\[IBAN\], et le \[coordonnees:TOKEN\]")
    notices = [message["text"] for message in answer.messages[:2]]
    assert "un IBAN" in notices[0] and "téléphone" not in notices[0]
    assert notices[1] == sentences().appointments.kept
    assert booking.rows() == 1


async def test_a_token_of_another_conversation_or_kind_opens_nothing(booking: Desk) -> None:
    await booking.give()
    token, ours = booking.token(r'/repondre\{"jeton": "TOKEN"\}'), booking.conversation
    await booking.api.erase()
    await booking.api.open()
    await booking.api.say(f"[coordonnees:{token}] [rendez-vous:{token}]")
    assert booking.conversation != ours
    assert booking.read(token) is None
    now = booking.settings.now()
    assert booking.vault.appointment(token, conversation=ours, now=now) is None


# ---- codes


async def test_a_right_code_opens_its_appointment_in_this_conversation(desk: Desk) -> None:
    rdv_id, code = desk.book()
    answer = await desk.api.say(f"mon code {code.lower().replace('-', ' ')}")
    token = desk.token(r"mon code \[rendez-vous:TOKEN\]")
    now = desk.settings.now()
    assert desk.vault.appointment(token, conversation=desk.conversation, now=now) == rdv_id
    assert desk.vault.appointment(token, conversation="another", now=now) is None
    assert len(answer.messages) == 1, "no notice: it was asked for"
    assert not any(code[4:] in text.upper() for text in await desk.told())
    assert code[-9:].encode() not in desk.files()


async def test_a_wrong_code_is_refused_then_locked(desk: Desk) -> None:
    _, code = desk.book()
    wrong = code[:-1] + ("2" if code[-1] != "2" else "3")
    heard = []
    for _ in range(6):
        await desk.api.say(wrong)
        heard.append(desk.heard)
    assert heard == ["[code refusé]"] * 4 + ["[code bloqué]"] * 2
    await desk.api.say(code)
    assert desk.heard == "[code bloqué]"


async def test_a_conversation_tries_ten_codes_an_hour(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []
    verify = Codes.verify

    def count(self: Codes, text: str, now: dt.datetime) -> Any:
        tried.append(text)
        return verify(self, text, now)

    monkeypatch.setattr(Codes, "verify", count)
    _, code = desk.book()
    for number in range(2, 7):
        await desk.api.say(f"RDV-B{number}C2-D3F4-G5H6 ou RDV-C{number}D2-F3G4-H5J6")
        assert desk.heard == "[code refusé] ou [code refusé]"
    await desk.api.say(code)
    assert desk.heard == "[code bloqué]"
    assert len(tried) == 10


async def test_an_address_tries_ten_codes_an_hour_whatever_its_conversations(
    open_gateway: OpenGateway, settings: Settings, rasa: FakeRasa
) -> None:
    proxied = settings.model_copy(
        update={
            "trusted_proxies": Settings(
                trusted_proxies="127.0.0.0/8"  # type: ignore[arg-type]
            ).trusted_proxies,
            "limit_codes": "2/hour",
        }
    )
    api = await open_gateway(proxied)

    async def tries(address: str) -> str:
        headers = {"X-Forwarded-For": address}
        api.client.session.cookie_jar.clear()
        await api.open(headers=headers)
        body = {"id": str(uuid.uuid4()), "text": "RDV-B2C2-D3F4-G5H6"}
        await api.send(body, headers=headers)
        return rasa.messages()[-1]

    heard = [await tries("192.0.2.7") for _ in range(3)] + [await tries("192.0.2.8")]
    assert heard == ["[code refusé]", "[code refusé]", "[code bloqué]", "[code refusé]"]


async def test_a_code_is_shown_once(desk: Desk) -> None:
    code = "RDV-K7M2-9QXP-4T8W"
    given = {**SECOND, "title": f"Code {code}", "steps": [f"Notez {code}"], "form": None}
    desk.rasa.reply = lambda _: [
        {
            "text": f"C'est réservé. Votre code : {code}",
            "buttons": [{"title": "Nouveau code", "payload": "/rdv_code"}],
        },
        {"custom": given},
    ]
    question = str(uuid.uuid4())
    first = await desk.api.say("oui", question)
    assert code in first.messages[0]["text"]
    assert first.messages[0]["card"] == given
    again = await desk.api.say("oui", question)
    history = await desk.api.history()
    for answer in (again, history):
        assert code not in answer.body.decode() and "9QXP" not in answer.body.decode()
        shown = answer.messages[-1]
        assert shown["id"] == first.messages[0]["id"]
        assert shown["text"] == "C'est réservé. Votre code : [code de rendez-vous]"
        assert shown["card"]["steps"] == ["Notez [code de rendez-vous]"]
        assert shown["card"]["file"] == given["file"]
        assert [button["label"] for button in shown["buttons"]] == ["Nouveau code"]
    assert desk.rasa.messages() == ["oui"]
    await desk.api.press(history.messages[-1]["buttons"][0]["id"])
    assert desk.heard == "/rdv_code"
    assert b"9QXP" not in desk.files() and b"[code de rendez-vous]" in desk.files()


# ---- the form


async def test_details_given_are_answered_as_a_message(booking: Desk) -> None:
    booking.rasa.reply = lambda _: [{"text": "C'est réservé."}, {"custom": SECOND}]
    answer = await booking.give()
    assert [message["text"] for message in answer.messages] == ["C'est réservé."]
    assert answer.messages[0]["card"] == SECOND
    assert "Set-Cookie" in answer.headers
    assert booking.read(booking.token(r'/repondre\{"jeton": "TOKEN"\}')) == Coordonnees(NAME, E164)
    assert (await booking.told())[-2:] == ["Mes coordonnées", "C'est réservé."]


async def test_details_sent_twice_are_given_once(booking: Desk) -> None:
    question = str(uuid.uuid4())
    booking.rasa.delay = 0.2
    first, second = await asyncio.gather(booking.give(question), booking.give(question))
    assert first.messages == second.messages
    assert (await booking.give(question)).messages == first.messages
    assert len(booking.rasa.messages()) == 2  # the first asked for the booking
    assert booking.rows() == 1


async def test_the_form_says_how_long_we_keep_what_it_asks_for(
    open_gateway: OpenGateway, settings: Settings, rasa: FakeRasa
) -> None:
    api = await open_gateway(settings.model_copy(update={"rdv_retention_days": 12}))
    await api.open()
    rasa.reply = ask_for_details
    (message,) = (await api.say("un rendez-vous")).messages
    assert message["card"]["form"] == "coordonnees"
    assert "12\u00a0jours" in message["form_note"]
    assert (await api.history()).messages[-1]["form_note"] == message["form_note"]
    rasa.reply = lambda _: [{"custom": SECOND}]
    (message,) = (await api.say("jeudi")).messages
    assert "form_note" not in message


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        (FOREIGN, "etranger"),
        ("+32 2 555 12 12", "etranger"),
        ("3230", "court"),
        ("0 800 12 34 56", "court"),
        ("mon numéro", "illisible"),
        ("", "illisible"),
        ("\u200b", "illisible"),
        ("0000000000", "inexistant"),
        ("06 39 98 12", "inexistant"),
    ],
)
async def test_a_number_that_cannot_be_called_is_refused_with_its_reason(
    booking: Desk, written: str, kind: str
) -> None:
    answer = await booking.give(telephone=written)
    assert (answer.status, answer.code) == (400, "invalid_phone")
    assert answer.json["error"]["message"] == sentences().appointments.phones[kind]
    assert len(booking.rasa.messages()) == 1 and booking.rows() == 0
    assert (await booking.give()).status == 200, "and the form may be sent again"


def test_foreign_numbers_are_told_where_to_go() -> None:
    said = sentences().appointments.phones
    assert "caf.fr" in said["etranger"] and "3230" in said["etranger"]
    assert set(said) == {"illisible", "court", "inexistant", "etranger"}


@pytest.mark.parametrize("nom", ["", "  ", "\u200b", "0639981234", "x" * 81, "…"])
async def test_a_name_that_is_none_is_refused(booking: Desk, nom: str) -> None:
    answer = await booking.give(nom=nom)
    assert (answer.status, answer.code) == (400, "invalid_name")
    assert booking.rows() == 0


@pytest.mark.parametrize(
    ("nom", "kept"),
    [(None, None), ("é", "é"), (" Zélie \n  Q ", "Zélie Q"), ("x" * 80, "x" * 80)],
)
async def test_a_name_is_kept_on_one_line(booking: Desk, nom: str | None, kept: str | None) -> None:
    assert (await booking.give(nom=nom)).status == 200
    assert booking.read(booking.token(r'/repondre\{"jeton": "TOKEN"\}')) == Coordonnees(kept, E164)


@pytest.mark.parametrize(
    "more",
    [
        {"telephone": None},
        {"telephone": 639981234},
        {"telephone": [TYPED]},
        {"telephone": "0" * 161},
        {"nom": 3},
        {"nom": "x" * 321},
        {"id": "x"},
        {"sender": "x"},
        {"conversation": "x"},
    ],
)
async def test_a_body_of_another_shape_is_refused(booking: Desk, more: dict[str, Any]) -> None:
    given = {"id": str(uuid.uuid4()), "nom": NAME, "telephone": TYPED} | more
    body = {name: value for name, value in given.items() if value is not None}
    answer = await booking.api.request("POST", DETAILS, json=body)
    assert (answer.status, answer.code) == (400, "invalid_message")
    assert booking.rows() == 0


async def test_details_that_nobody_asked_for_are_not_kept(desk: Desk) -> None:
    answer = await desk.give()
    assert (answer.status, answer.code) == (409, "no_booking")
    assert desk.rows() == 0 and desk.rasa.messages() == []
    assert "Mes coordonnées" not in await desk.told()


async def test_details_need_a_conversation(api: Api, booking: Desk) -> None:
    body = {"id": str(uuid.uuid4()), "nom": NAME, "telephone": TYPED}
    answer = await api.request("POST", DETAILS, json=body)
    assert (answer.status, answer.code) == (404, "no_conversation")
    cookie = booking.api.cookie()
    await booking.api.erase()
    answer = await booking.api.request(
        "POST", DETAILS, json=body, headers={"Cookie": f"allobot={cookie}"}
    )
    assert (answer.status, answer.code) == (404, "no_conversation")


async def test_the_id_of_an_answer_is_no_id_for_details(booking: Desk) -> None:
    taken = (await booking.api.history()).messages[-1]["id"]
    answer = await booking.give(taken)
    assert (answer.status, answer.code) == (400, "invalid_message")


async def test_details_come_from_this_site_only(booking: Desk) -> None:
    body = {"id": str(uuid.uuid4()), "nom": NAME, "telephone": TYPED}
    headers = {"Origin": "https://evil.example"}
    answer = await booking.api.request("POST", DETAILS, json=body, headers=headers)
    assert (answer.status, answer.code) == (403, "bad_origin")
    assert booking.rows() == 0


async def test_when_the_vault_is_down_nothing_is_lost(
    booking: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_: Any, **__: Any) -> str:
        raise OperationalError(TYPED, {}, Exception(TYPED))

    question = str(uuid.uuid4())
    with monkeypatch.context() as patched:
        patched.setattr(Vault, "put", down)
        answer = await booking.give(question)
        assert (answer.status, answer.code) == (503, "unavailable")
        typed = await booking.api.say(TYPED)
        assert (typed.status, typed.code) == (503, "unavailable")
    assert (await booking.give(question)).status == 200, "the same try, later"
    assert booking.rows() == 1


async def test_details_count_as_messages(
    open_gateway: OpenGateway, settings: Settings, rasa: FakeRasa
) -> None:
    api = await open_gateway(settings.model_copy(update={"limit_messages": "2/minute"}))
    await api.open()
    body = {"id": str(uuid.uuid4()), "telephone": TYPED}
    statuses = [(await api.request("POST", DETAILS, json=body)).status for _ in range(3)]
    assert statuses == [409, 409, 429]


FUZZ = hypothesis_settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@FUZZ
@given(
    nom=st.none() | st.text(max_size=100),
    telephone=st.text(max_size=60) | st.from_regex(r"[+0]?[0-9 .()-]{0,20}", fullmatch=True),
)
async def test_whatever_is_in_the_form_it_is_answered(
    booking: Desk, nom: str | None, telephone: str
) -> None:
    booking.rasa.received.clear()
    answer = await booking.give(nom=nom, telephone=telephone)
    if answer.status == 200:
        assert re.fullmatch(rf'/repondre\{{"jeton": "{TOKEN}"\}}', booking.heard)
    else:
        assert (answer.status, answer.code[:8]) == (400, "invalid_")
        assert booking.rasa.received == []


# ---- nowhere else


async def test_nothing_personal_is_kept_nor_logged_nor_heard(
    booking: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    rdv_id, code = booking.book()
    await booking.give()
    await booking.api.say(f"et {TYPED}")
    await booking.api.say(f"{code} puis {FOREIGN}")
    await booking.give(telephone=FOREIGN)
    await booking.give(nom="1", telephone=TYPED)
    heard = json.dumps(booking.rasa.received, ensure_ascii=False)
    kept, logged = booking.files(), caplog.text
    for written in (TYPED, "639981234", "63998", NAME, "Quintavalle", code[-9:], "7946 0958"):
        assert written not in heard
        assert written.encode() not in kept
        assert json.dumps(written)[1:-1].encode() not in kept
        assert written not in logged
    assert PHONE_TOKEN.encode() in kept, "these are the files, and they were read"
    assert rdv_id not in heard


async def test_an_erased_conversation_leaves_no_details(booking: Desk) -> None:
    await booking.give()
    with Session(booking.engine) as session:
        encrypted = session.scalars(select(CoordonneesRow.chiffre)).one()
    assert encrypted.encode() in booking.files()
    booking.close()
    await booking.api.erase()
    assert booking.rows() == 0
    booking.close()
    assert encrypted.encode() not in booking.files()


def test_a_key_that_is_none_is_told_by_its_name(settings: Settings) -> None:
    wrong = settings.model_copy(update={"vault_key": SecretStr("x" * 44)})
    engine = make_engine(settings.database_url)
    with pytest.raises(BadKey, match=r"^vault_key$"):
        DatabaseReception(engine, wrong, Limits(wrong, "k" * 32))
    engine.dispose()


# ---- the file for one's calendar

AUTUMN = "/rendez-vous/20261126T0910.ics"


async def fetch(client: TestClient[Any, Any], path: str, **options: Any) -> Answer:
    async with client.get(path, **options) as response:
        return Answer(response.status, response.headers, await response.read())


async def test_an_appointment_goes_to_ones_calendar(desk: Desk) -> None:
    answer = await fetch(desk.api.client, f"{AUTUMN}?m=10")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    disposition = answer.headers["Content-Disposition"]
    assert disposition == 'attachment; filename="rendez-vous.ics"'
    assert "Set-Cookie" not in answer.headers
    (event,) = Calendar.from_ical(answer.body).walk("VEVENT")
    begins, ends = event.decoded("DTSTART"), event.decoded("DTEND")
    assert begins == dt.datetime(2026, 11, 26, 9, 10, tzinfo=PARIS)
    assert ends - begins == dt.timedelta(minutes=10)
    (again,) = Calendar.from_ical((await fetch(desk.api.client, f"{AUTUMN}?m=10")).body).walk(
        "VEVENT"
    )
    assert again["UID"] == event["UID"], "fetched twice, it is in the calendar once"


async def test_the_calendar_tells_neither_who_calls_nor_why(desk: Desk) -> None:
    told = (await fetch(desk.api.client, f"{AUTUMN}?m=10")).body.decode()
    summary = re.search(r"^SUMMARY.*:(.*)\r$", told, re.MULTILINE)
    assert summary and summary[1] == "Rendez-vous"
    shown = re.sub(r"(?m)^(PRODID|UID).*\r?$", "", told)
    assert not re.search(r"caf\b|allobot|dette|violence|social|rdv-", shown, re.IGNORECASE)


@pytest.mark.parametrize(
    "path",
    [
        AUTUMN,
        f"{AUTUMN}?m=",
        f"{AUTUMN}?m=4",
        f"{AUTUMN}?m=121",
        f"{AUTUMN}?m=-10",
        f"{AUTUMN}?m=1e1",
        f"{AUTUMN}?m=dix",
        "/rendez-vous/20261126.ics?m=10",
        "/rendez-vous/20261126T0910?m=10",
        "/rendez-vous/20261326T0910.ics?m=10",
        "/rendez-vous/20260229T0910.ics?m=10",
        "/rendez-vous/20261126T2510.ics?m=10",
        "/rendez-vous/20261126T0360.ics?m=10",
        "/rendez-vous/20261126T0300.ics?m=10",
        "/rendez-vous/20261126T2200.ics?m=10",
        "/rendez-vous/20260901T0910.ics?m=10",
        "/rendez-vous/20271201T0910.ics?m=10",
        "/rendez-vous/00000000T0000.ics?m=10",
        "/rendez-vous/99991231T0910.ics?m=10",
        "/rendez-vous/00010101T0910.ics?m=10",
        "/rendez-vous/%D9%A2%D9%A0261126T0910.ics?m=10",
        "/rendez-vous/../rendez-vous.ics?m=10",
    ],
)
async def test_an_address_that_is_no_appointment_is_not_found(desk: Desk, path: str) -> None:
    answer = await fetch(desk.api.client, path)
    assert (answer.status, answer.code) == (404, "not_found")
    assert "Content-Disposition" not in answer.headers


async def test_calendar_files_are_limited_as_pages(
    open_gateway: OpenGateway, settings: Settings
) -> None:
    proxied = Settings(trusted_proxies="127.0.0.0/8").trusted_proxies  # type: ignore[arg-type]
    update = {"limit_pages": "2/minute", "trusted_proxies": proxied}
    api = await open_gateway(settings.model_copy(update=update))
    headers = {"X-Forwarded-For": "192.0.2.7"}
    answers = [await fetch(api.client, f"{AUTUMN}?m=10", headers=headers) for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 429]
    assert int(answers[-1].headers["Retry-After"]) >= 1


# ---- what goes with a message


async def test_rasa_is_told_the_message_the_kind_of_device_and_the_time(booking: Desk) -> None:
    began, question = time.time(), str(uuid.uuid4())
    phone = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Mobile Safari/537.36"
    body = {"id": question, "text": "jeudi"}
    await booking.api.send(body, headers={"User-Agent": phone})
    metadata = booking.rasa.received[-1]["metadata"]
    assert set(metadata) == {"message", "device", "received"}
    assert (metadata["message"], metadata["device"]) == (question, "telephone")
    assert began <= metadata["received"] <= time.time()
    assert "Pixel" not in json.dumps(booking.rasa.received)
    assert b"Pixel" not in booking.files()
    given = str(uuid.uuid4())
    await booking.give(given)
    assert booking.rasa.received[-1]["metadata"]["message"] == given


WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("browser", "device"),
    [
        (f"Mozilla/5.0 (iPhone; CPU iPhone OS 17_0) {WEBKIT} Mobile/15E148", "telephone"),
        ("Mozilla/5.0 (Android 13; Mobile; rv:120.0) Gecko/120.0 Firefox/120.0", "telephone"),
        ("Mozilla/5.0 (Mobile; Nokia_8110_4G; rv:48.0) Gecko/48.0 KAIOS/2.5", "telephone"),
        (f"Mozilla/5.0 (iPad; CPU OS 16_0 like Mac OS X) {WEBKIT} Mobile/15E148", "tablette"),
        (f"Mozilla/5.0 (Linux; Android 13; SM-X200) {WEBKIT} Safari/537.36", "tablette"),
        ("Mozilla/5.0 (Android 13; Tablet; rv:120.0) Gecko/120.0 Firefox/120.0", "tablette"),
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT}", "ordinateur"),
        (f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {WEBKIT}", "ordinateur"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0", "ordinateur"),
        ("Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) Chrome/120.0", "ordinateur"),
        ("curl/8.0", None),
        ("", None),
    ],
)  # fmt: skip
def test_a_device_is_known_by_its_class(browser: str, device: str | None) -> None:
    assert device_of(browser) == device


# ---- the same without JavaScript

FIELD = re.compile(r'<input[^>]*name="(token|id)" value="([^"]*)"')


async def submit(desk: Desk, **fields: str) -> Answer:
    page = await desk.api.request("GET", "/assistant")
    hidden = dict(FIELD.findall(page.body.decode()))
    return await desk.api.request("POST", "/assistant", data=hidden | fields)


async def test_without_javascript_the_form_is_on_the_page(booking: Desk) -> None:
    page = (await booking.api.request("GET", "/assistant")).body.decode()
    assert 'name="telephone" type="tel"' in page and 'autocomplete="tel"' in page
    assert "30 jours après" in page.replace("\u00a0", " ")
    booking.rasa.reply = lambda _: [{"text": "C'est réservé."}, {"custom": SECOND}]
    answer = await submit(booking, nom=NAME, telephone=TYPED)
    assert (answer.status, answer.headers["Location"]) == (303, "/assistant#suite")
    assert booking.read(booking.token(r'/repondre\{"jeton": "TOKEN"\}')) == Coordonnees(NAME, E164)
    page = (await booking.api.request("GET", "/assistant")).body.decode()
    assert 'name="telephone"' not in page and TYPED not in page
    assert f'<a href="{SECOND["file"]}">Ajouter à mon agenda</a>' in page


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"nom": NAME, "telephone": FOREIGN}, "telephone"),
        ({"nom": NAME, "telephone": ""}, "telephone"),
        ({"nom": "", "telephone": TYPED}, "nom"),
    ],
)
async def test_without_javascript_an_error_is_tied_to_its_field(
    booking: Desk, fields: dict[str, str], wrong: str
) -> None:
    answer = await submit(booking, **fields)
    page = answer.body.decode()
    assert answer.status == 400
    assert f'href="#{wrong}"' in page
    marked = re.findall(r'<(?:input|textarea) id="(\w+)"[^>]*aria-describedby="[^"]*erreur', page)
    assert marked == [wrong]
    for name, value in fields.items():
        assert f'name="{name}"' in page and f'value="{value}"' in page
    assert booking.rows() == 0


@pytest.mark.parametrize(
    "fields", [{"telephone": TYPED}, {"nom": NAME}, {"nom": NAME, "telephone": TYPED, "text": "x"}]
)
async def test_without_javascript_a_form_of_another_shape_is_refused(
    booking: Desk, fields: dict[str, str]
) -> None:
    assert (await submit(booking, **fields)).status == 400
    assert booking.rows() == 0


async def test_without_javascript_a_page_with_no_booking_has_no_form(desk: Desk) -> None:
    page = (await desk.api.request("GET", "/assistant")).body.decode()
    assert 'name="telephone"' not in page
    answer = await submit(desk, nom=NAME, telephone=TYPED)
    assert answer.status == 409
    assert desk.rows() == 0


async def test_a_conversation_kept_before_bookings_is_still_shown(
    booking: Desk, settings: Settings
) -> None:
    from web.conversations.models import MessageRow

    new = ("form", "file")
    with Session(booking.engine) as session, session.begin():
        row = session.scalars(select(MessageRow).where(MessageRow.card.is_not(None))).one()
        card = row.card or {}
        row.card = {name: value for name, value in card.items() if name not in new}
    assert (await booking.api.request("GET", "/assistant")).status == 200
    assert (await booking.give()).status == 200
