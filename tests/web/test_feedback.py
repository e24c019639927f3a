"""What people think of the answers: kept with them, the last opinion only, erased with them."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text

from allobot.database import make_engine, upgrade
from tests.web.api_client import Answer, Api
from web.conversations.sql_store import SqlStore
from web.conversations.store import ConversationStore, Feedback, MemoryStore
from web.messages import Message

BOT = Message("00000000-0000-4000-8000-000000000003", "bot", "Voici.")
PERSON = Message("00000000-0000-4000-8000-000000000002", "person", "Et moi ?")


async def give(api: Api, body: Any) -> Answer:
    return await api.request("POST", "/api/conversation/feedback", json=body)


async def answer_of(api: Api) -> str:
    """The id of a message of the bot."""
    return str((await api.say("bonjour")).messages[0]["id"])


# ---- over HTTP


async def test_an_opinion_is_kept_and_says_nothing(opened: Api) -> None:
    answer = await give(opened, {"message": await answer_of(opened), "useful": True})
    assert (answer.status, answer.body) == (204, b"")
    assert "allobot=" in answer.headers["Set-Cookie"], "the conversation was used: its hour too"


async def test_it_may_be_given_again_and_on_the_greeting(opened: Api) -> None:
    greeting = (await opened.history()).messages[0]["id"]
    for body in ({"useful": False, "reasons": ["faux", "trop_long"]}, {"useful": True}):
        assert (await give(opened, {"message": greeting, **body})).status == 204


async def test_a_message_that_the_bot_did_not_say_here_is_unknown(
    opened: Api, open_gateway: Any
) -> None:
    other = await open_gateway()
    await other.open()
    elsewhere = await answer_of(other)
    ours = str(uuid.uuid4())
    await opened.say("bonjour", ours)
    for message in (elsewhere, ours, str(uuid.uuid4())):
        answer = await give(opened, {"message": message, "useful": True})
        assert (answer.status, answer.code) == (404, "unknown_message")


async def test_without_a_conversation_there_is_nothing_to_judge(api: Api) -> None:
    body = {"message": str(uuid.uuid4()), "useful": True}
    assert (await give(api, body)).code == "no_conversation"


async def test_in_an_erased_conversation_there_is_nothing_to_judge(opened: Api) -> None:
    message, cookie = await answer_of(opened), opened.cookie()
    await opened.erase()
    answer = await opened.request(
        "POST",
        "/api/conversation/feedback",
        json={"message": message, "useful": True},
        headers={"Cookie": f"allobot={cookie}"},
    )
    assert (answer.status, answer.code) == (404, "no_conversation")


@pytest.mark.parametrize(
    "change",
    [
        {"useful": None},
        {"useful": "true"},
        {"useful": 1},
        {"message": "x"},
        {"message": None},
        {"reasons": ["autre"]},
        {"reasons": ["faux", "faux"]},
        {"reasons": "faux"},
        {"reasons": None},
        {"text": "mon avis, 06 12 34 56 78"},
    ],
)
async def test_an_opinion_of_another_shape_is_refused(
    opened: Api, change: dict[str, object]
) -> None:
    body = {"message": await answer_of(opened), "useful": False, "reasons": [], **change}
    answer = await give(opened, body)
    assert (answer.status, answer.code) == (400, "invalid_message")


async def test_another_site_gives_no_opinion(opened: Api) -> None:
    body = {"message": await answer_of(opened), "useful": True}
    answer = await opened.request(
        "POST",
        "/api/conversation/feedback",
        json=body,
        headers={"Origin": "https://evil.example"},
    )
    assert (answer.status, answer.code) == (403, "bad_origin")


# ---- in the stores


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def store(request: pytest.FixtureRequest) -> Iterator[ConversationStore]:
    if request.param == "memory":
        yield MemoryStore()
        return
    url: str = request.getfixturevalue(
        "sqlite_url" if request.param == "sqlite" else "postgres_url"
    )
    upgrade(url)
    engine = make_engine(url)
    yield SqlStore(engine)
    engine.dispose()


def kept(store: ConversationStore) -> list[tuple[str, bool, tuple[str, ...]]]:
    """Each opinion kept: of which message, useful or not, why."""
    if isinstance(store, MemoryStore):
        return [
            (opinion.message, opinion.useful, opinion.reasons)
            for conversation in store._conversations.values()
            for opinion in conversation.feedback.values()
        ]
    assert isinstance(store, SqlStore)
    query = text(
        "SELECT message.id, useful, reasons FROM feedback JOIN message ON position ="
        " message_position AND message.conversation_id = feedback.conversation_id"
    )
    with store._engine.connect() as connection:
        rows = connection.execute(query).all()
        return [(id_, bool(useful), _reasons(reasons)) for id_, useful, reasons in rows]


def _reasons(value: Any) -> tuple[str, ...]:
    return tuple(json.loads(value) if isinstance(value, str) else value)


async def begin(store: ConversationStore, conversation: str) -> None:
    await store.create(conversation, [])
    await store.claim(conversation, PERSON)
    await store.keep_answer(conversation, PERSON.id, [BOT])


async def test_the_last_opinion_wins(store: ConversationStore) -> None:
    await begin(store, "c")
    assert await store.keep_feedback("c", Feedback(BOT.id, False, ("faux", "pas_clair")))
    assert kept(store) == [(BOT.id, False, ("faux", "pas_clair"))]
    assert await store.keep_feedback("c", Feedback(BOT.id, True))
    assert kept(store) == [(BOT.id, True, ())]


async def test_only_the_bot_s_own_words_are_judged(store: ConversationStore) -> None:
    await begin(store, "c")
    await store.create("d", [])
    assert not await store.keep_feedback("c", Feedback(PERSON.id, True))
    assert not await store.keep_feedback("d", Feedback(BOT.id, True))
    assert not await store.keep_feedback("none", Feedback(BOT.id, True))
    assert kept(store) == []


async def test_an_opinion_goes_with_its_conversation(store: ConversationStore) -> None:
    await begin(store, "c")
    await begin(store, "d")
    await store.keep_feedback("c", Feedback(BOT.id, True))
    await store.keep_feedback("d", Feedback(BOT.id, False))
    await store.erase("c")
    assert kept(store) == [(BOT.id, False, ())]
