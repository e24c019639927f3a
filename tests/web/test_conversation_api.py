"""A conversation through the API: opened, continued, read again, erased."""

import asyncio
import sqlite3
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from allobot.settings import Settings
from tests.web.api_client import Api
from tests.web.fake_rasa import CARD, DANGER, FakeRasa
from web.conversations.store import ConversationStore, MemoryStore
from web.messages import Message
from web.sentences import sentences

OpenGateway = Callable[..., Awaitable[Api]]
SORRY = sentences().rasa_unavailable
DISCREET = sentences().discreet


def texts(messages: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(message["author"], message["text"]) for message in messages]


# ---- opening


async def test_opening_greets_and_sets_the_cookie(api: Api, rasa: FakeRasa) -> None:
    answer = await api.open()
    assert answer.status == 201
    assert texts(answer.messages) == [("bot", "Bonjour, je suis Allobot.")]
    assert [button["label"] for button in answer.messages[0]["buttons"]] == ["Prendre rendez-vous"]
    assert [item["message"] for item in rasa.received] == ["/salutation"]
    assert len(rasa.received[0]["sender"]) == 32


async def test_opening_again_gives_the_history_back(opened: Api, rasa: FakeRasa) -> None:
    await opened.say("bonjour")
    answer = await opened.open()
    assert answer.status == 200
    assert [author for author, _ in texts(answer.messages)] == ["bot", "person", "bot"]
    assert len(rasa.received) == 2


async def test_each_conversation_has_its_own_sender(
    open_gateway: OpenGateway, rasa: FakeRasa
) -> None:
    api = await open_gateway()
    for _ in range(3):
        api.client.session.cookie_jar.clear()
        await api.open()
    assert len({item["sender"] for item in rasa.received}) == 3


async def test_opening_without_rasa_still_opens(api: Api, rasa: FakeRasa) -> None:
    rasa.status = 500
    answer = await api.open()
    assert answer.status == 201
    assert texts(answer.messages) == [("bot", SORRY)]
    rasa.status = 200
    assert texts((await api.say("bonjour")).messages) == [("bot", "Reçu 7 signes.")]


# ---- talking


async def test_a_message_is_answered_and_kept(opened: Api, rasa: FakeRasa) -> None:
    question = str(uuid.uuid4())
    answer = await opened.say("  Comment prendre rendez-vous ?\n", question)
    assert answer.status == 200
    assert texts(answer.messages) == [("bot", "Reçu 29 signes.")]
    assert rasa.messages() == ["Comment prendre rendez-vous ?"]
    history = (await opened.history()).messages
    assert texts(history)[1:] == [
        ("person", "Comment prendre rendez-vous ?"),
        ("bot", "Reçu 29 signes."),
    ]
    assert history[1]["id"] == question
    assert history[2] == answer.messages[0]


async def test_the_sender_stays_the_same(opened: Api, rasa: FakeRasa) -> None:
    await opened.say("un")
    await opened.say("deux")
    assert len({item["sender"] for item in rasa.received}) == 1


async def test_a_card_joins_the_text_before_it(opened: Api, rasa: FakeRasa) -> None:
    rasa.reply = lambda _: [
        {"recipient_id": "x", "text": "Voici."},
        {"recipient_id": "x", "custom": CARD},
    ]
    answer = await opened.say("mot de passe")
    (message,) = answer.messages
    assert message["text"] == "Voici."
    assert message["card"] == CARD
    assert (await opened.history()).messages[-1] == message


async def test_rules_of_the_text(opened: Api) -> None:
    assert (await opened.say("a" * 500)).status == 200
    assert (await opened.say(" " * 50 + "a" * 500 + "\n" * 50)).status == 200
    too_long = await opened.say("a" * 501)
    assert (too_long.status, too_long.code) == (400, "text_too_long")
    for empty in ("", "   \n\t", "\u200b\u200d\ufeff", "\u202e"):
        answer = await opened.say(empty)
        assert (answer.status, answer.code) == (400, "empty_text")


async def test_without_a_conversation_there_is_nothing_to_say_to(api: Api) -> None:
    for answer in (await api.say("bonjour"), await api.history()):
        assert (answer.status, answer.code) == (404, "no_conversation")


# ---- buttons


async def test_a_button_sends_its_payload_and_shows_its_label(opened: Api, rasa: FakeRasa) -> None:
    button = (await opened.history()).messages[0]["buttons"][0]["id"]
    answer = await opened.press(button)
    assert answer.status == 200
    assert rasa.messages() == ["/rdv_telephonique"]
    assert texts((await opened.history()).messages)[1] == ("person", "Prendre rendez-vous")


async def test_an_unknown_button_is_refused(opened: Api, rasa: FakeRasa) -> None:
    for button in ("nope", "/rdv_telephonique", "Prendre rendez-vous"):
        answer = await opened.press(button)
        assert (answer.status, answer.code) == (400, "unknown_button")
    assert rasa.messages() == []
    assert len((await opened.history()).messages) == 1


async def test_a_button_of_another_conversation_is_refused(opened: Api, rasa: FakeRasa) -> None:
    theirs = (await opened.history()).messages[0]["buttons"][0]["id"]
    opened.client.session.cookie_jar.clear()
    await opened.open()
    assert (await opened.press(theirs)).code == "unknown_button"
    assert rasa.messages() == []


# ---- the same message again


async def test_the_same_id_returns_the_same_answer(opened: Api, rasa: FakeRasa) -> None:
    question = str(uuid.uuid4())
    first = await opened.say("bonjour", question)
    again = await opened.say("bonjour", question)
    other_text = await opened.say("tout autre chose", question.upper())
    assert first.messages == again.messages == other_text.messages
    assert rasa.messages() == ["bonjour"]
    assert len((await opened.history()).messages) == 3


async def test_the_same_id_waits_for_the_answer_under_way(opened: Api, rasa: FakeRasa) -> None:
    rasa.delay = 0.3
    question = str(uuid.uuid4())
    answers = await asyncio.gather(*(opened.say("bonjour", question) for _ in range(4)))
    assert len({answer.body for answer in answers}) == 1
    assert rasa.messages() == ["bonjour"]


async def test_two_people_may_choose_the_same_id(opened: Api, rasa: FakeRasa) -> None:
    question = str(uuid.uuid4())
    await opened.say("bonjour", question)
    opened.client.session.cookie_jar.clear()
    await opened.open()
    assert texts((await opened.say("bonsoir !", question)).messages) == [("bot", "Reçu 9 signes.")]


async def test_the_id_of_a_bot_message_is_refused(opened: Api, rasa: FakeRasa) -> None:
    bot_message = (await opened.history()).messages[0]["id"]
    answer = await opened.say("bonjour", bot_message)
    assert (answer.status, answer.code) == (400, "invalid_message")
    assert rasa.messages() == []


async def test_half_an_exchange_is_not_sent_again(
    settings: Settings, open_gateway: OpenGateway, rasa: FakeRasa
) -> None:
    """The gateway stopped between the question and the answer: Rasa may have heard it."""
    store = MemoryStore()
    api = await open_gateway(settings, store)
    await api.open()
    question = str(uuid.uuid4())
    await store.claim(rasa.received[0]["sender"], Message(question, "person", "bonjour"))
    first = await api.say("bonjour", question)
    assert texts(first.messages) == [("bot", SORRY)]
    assert (await api.say("bonjour", question)).messages == first.messages
    assert rasa.messages() == []


# ---- one at a time


async def test_messages_of_one_conversation_are_answered_one_at_a_time(
    opened: Api, rasa: FakeRasa
) -> None:
    rasa.delay = 0.05
    said = [f"message {number}" for number in range(6)]
    await asyncio.gather(*(opened.say(text) for text in said))
    assert rasa.most_running == 1
    assert sorted(rasa.messages()) == said
    authors = [author for author, _ in texts((await opened.history()).messages)]
    assert authors == ["bot", *["person", "bot"] * 6]


async def test_conversations_do_not_wait_for_one_another(
    open_gateway: OpenGateway, rasa: FakeRasa
) -> None:
    gateways = [await open_gateway() for _ in range(3)]
    for api in gateways:
        await api.open()
    rasa.delay = 0.4
    start = asyncio.get_running_loop().time()
    await asyncio.gather(*(api.say("bonjour") for api in gateways))
    assert asyncio.get_running_loop().time() - start < 1.0


async def test_a_browser_that_leaves_finds_its_answer_later(opened: Api, rasa: FakeRasa) -> None:
    rasa.delay = 0.3
    question = str(uuid.uuid4())
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await opened.say("bonjour", question)
    rasa.delay = 0.0
    assert texts((await opened.say("bonjour", question)).messages) == [("bot", "Reçu 7 signes.")]
    assert rasa.messages() == ["bonjour"]


# ---- when Rasa fails


@pytest.mark.parametrize(
    ("knob", "value"),
    [
        ("status", 500),
        ("status", 404),
        ("status", 302),
        ("delay", 5.0),
        ("raw", b"not json"),
        ("raw", b"[]"),
        ("raw", b"{}"),
        ("raw", b'[{"text": 3}]'),
        ("raw", b'["text"]'),
        ("raw", b'[{"recipient_id": "x"}]'),
        ("raw", b'[{"text": ""}]'),
        ("raw", b"\xff\xfe"),
        ("raw", b""),
    ],
)
async def test_a_failure_of_rasa_is_a_kind_sentence(
    opened: Api, rasa: FakeRasa, knob: str, value: object
) -> None:
    setattr(rasa, knob, value)
    answer = await opened.say("bonjour")
    assert answer.status == 200
    assert texts(answer.messages) == [("bot", SORRY)]
    assert "3230" in SORRY
    assert texts((await opened.history()).messages)[1:] == [("person", "bonjour"), ("bot", SORRY)]


async def test_rasa_down_is_a_kind_sentence(
    settings: Settings, open_gateway: OpenGateway, unused_tcp_port: int
) -> None:
    api = await open_gateway(settings.model_copy(update={"rasa_port": unused_tcp_port}))
    assert texts((await api.open()).messages) == [("bot", SORRY)]
    assert texts((await api.say("bonjour")).messages) == [("bot", SORRY)]


async def test_the_conversation_goes_on_after_a_failure(opened: Api, rasa: FakeRasa) -> None:
    rasa.status = 500
    await opened.say("bonjour")
    rasa.status = 200
    assert texts((await opened.say("bonjour")).messages) == [("bot", "Reçu 7 signes.")]


# ---- personal data


async def test_personal_data_is_masked_before_rasa_and_the_history(
    opened: Api, rasa: FakeRasa
) -> None:
    answer = await opened.say("mon numéro est le 06 12 34 56 78, rappelez-moi")
    masked = "mon numéro est le [numéro de téléphone], rappelez-moi"
    assert rasa.messages() == [masked]
    notice, reply = answer.messages
    assert notice["text"] == sentences().masked.notice_of(["phone"])
    assert reply["text"].startswith("Reçu")
    history = texts((await opened.history()).messages)
    assert history[1:] == [("person", masked), ("bot", notice["text"]), ("bot", reply["text"])]


# ---- danger


async def test_what_a_person_in_danger_wrote_is_not_kept(
    opened: Api, rasa: FakeRasa, tmp_path: Path
) -> None:
    rasa.reply = lambda _: [{"text": "Appelez le 17."}, {"custom": DANGER}]
    question = str(uuid.uuid4())
    answer = await opened.say("il me frappe quand il rentre", question)
    assert answer.messages[0]["card"] == DANGER
    assert rasa.messages() == ["il me frappe quand il rentre"]
    rasa.reply = rasa.echo
    assert (await opened.say("il me frappe quand il rentre", question)).messages == answer.messages
    assert len(rasa.messages()) == 1
    history = (await opened.history()).messages
    assert texts(history)[1:] == [("person", DISCREET), ("bot", "Appelez le 17.")]
    assert history[1]["id"] == question
    for reread in (await opened.history(), await opened.open()):
        assert "frappe" not in reread.body.decode()
    database = sqlite3.connect(tmp_path / "allobot.sqlite")
    tables = {n for (n,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert {"conversation", "message", "button"} <= set(tables)
    kept = repr([database.execute(f"SELECT * FROM {t}").fetchall() for t in tables])
    database.close()
    assert "frappe" not in kept
    assert DISCREET in kept
    for path in tmp_path.glob("allobot.sqlite*"):
        assert b"frappe" not in path.read_bytes()


async def test_a_button_that_leads_to_danger_is_not_kept_either(
    opened: Api, rasa: FakeRasa
) -> None:
    rasa.reply = lambda _: [{"text": "Un", "buttons": [{"title": "Violences", "payload": "/v"}]}]
    said = await opened.say("bonjour")
    rasa.reply = lambda _: [{"text": "Appelez le 17."}, {"custom": DANGER}]
    await opened.press(said.messages[0]["buttons"][0]["id"])
    people = [text for author, text in texts((await opened.history()).messages) if author != "bot"]
    assert people == ["bonjour", DISCREET]


async def test_only_danger_is_not_kept(opened: Api, rasa: FakeRasa) -> None:
    rasa.reply = lambda _: [{"text": "Voici."}, {"custom": CARD}]
    await opened.say("mot de passe")
    assert texts((await opened.history()).messages)[1] == ("person", "mot de passe")


# ---- restart


async def test_a_restart_keeps_history_buttons_and_answers(
    settings: Settings, open_gateway: OpenGateway, rasa: FakeRasa
) -> None:
    before = await open_gateway()
    await before.open()
    question = str(uuid.uuid4())
    first = await before.say("bonjour", question)
    cookie, history = before.cookie(), (await before.history()).messages
    await before.client.close()
    after = await open_gateway()
    after.client.session.cookie_jar.update_cookies({"allobot": cookie})
    assert (await after.history()).messages == history
    assert (await after.say("bonjour", question)).messages == first.messages
    assert rasa.messages() == ["bonjour"]
    assert (await after.press(history[0]["buttons"][0]["id"])).status == 200


# ---- erasing


def make_tracker(path: Path, *senders: str) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE events (id INTEGER PRIMARY KEY, sender_id, data)")
        connection.executemany(
            "INSERT INTO events (sender_id, data) VALUES (?, 'x')", [(name,) for name in senders]
        )
    connection.close()


def senders(path: Path) -> list[str]:
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT sender_id FROM events").fetchall()
    connection.close()
    return [name for (name,) in rows]


async def test_erasing_leaves_nothing(
    opened: Api, settings: Settings, rasa: FakeRasa, tmp_path: Path
) -> None:
    await opened.say("un texte bien à moi")
    make_tracker(settings.tracker_path, rasa.received[0]["sender"], "someone else")
    cookie = opened.cookie()
    answer = await opened.erase()
    assert (answer.status, answer.body) == (204, b"")
    assert "Max-Age=0" in answer.headers["Set-Cookie"]
    assert senders(settings.tracker_path) == ["someone else"]
    database = sqlite3.connect(tmp_path / "allobot.sqlite")
    for table in ("conversation", "message", "button"):
        assert database.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
    database.close()
    for path in tmp_path.glob("allobot.sqlite*"):
        assert "bien à moi".encode() not in path.read_bytes()
    opened.client.session.cookie_jar.update_cookies({"allobot": cookie})
    assert (await opened.history()).code == "no_conversation"


async def test_erasing_nothing_is_fine(api: Api) -> None:
    assert (await api.erase()).status == 204
    await api.open()
    assert (await api.erase()).status == 204
    assert (await api.erase()).status == 204


async def test_erasing_waits_for_the_message_under_way(opened: Api, rasa: FakeRasa) -> None:
    rasa.delay = 0.3
    message = asyncio.create_task(opened.say("bonjour"))
    await asyncio.sleep(0.1)
    waiting = asyncio.create_task(opened.say("encore"))
    erased = asyncio.create_task(opened.erase())
    cookie = opened.cookie()
    assert (await message).status == 200
    assert (await waiting).status in (200, 404)
    assert (await erased).status == 204
    opened.client.session.cookie_jar.update_cookies({"allobot": cookie})
    assert (await opened.history()).code == "no_conversation"


async def test_when_rasas_events_cannot_be_erased_nothing_is(
    opened: Api, settings: Settings
) -> None:
    settings.tracker_path.write_bytes(b"this is not a database, and it is long enough to tell")
    answer = await opened.erase()
    assert (answer.status, answer.code) == (503, "unavailable")
    assert (await opened.history()).status == 200


async def test_after_erasing_one_opens_another(opened: Api) -> None:
    await opened.erase()
    answer = await opened.open()
    assert answer.status == 201
    assert len((await opened.history()).messages) == 1


async def test_a_database_that_fails_is_a_503(
    settings: Settings, open_gateway: OpenGateway, caplog: pytest.LogCaptureFixture
) -> None:
    from web.errors import StoreUnavailable

    class Broken(MemoryStore):
        async def touch(self, conversation_id: str) -> bool:
            raise StoreUnavailable

    store: ConversationStore = Broken()
    api = await open_gateway(settings, store)
    await api.open()
    answer = await api.say("bonjour")
    assert (answer.status, answer.code) == (503, "unavailable")
    assert "unavailable" in caplog.text
