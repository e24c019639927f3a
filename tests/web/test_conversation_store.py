"""Every store keeps its word: in memory, on SQLite, on PostgreSQL when it answers."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, inspect, text

from allobot.database import make_engine, upgrade
from tests.web.fake_rasa import CARD
from web.conversations.sql_store import SqlStore
from web.conversations.store import Begun, ConversationStore, MemoryStore
from web.errors import InvalidMessage, NoConversation, StoreUnavailable, UnknownButton
from web.messages import Button, Message

GREETING = [
    Message(
        "00000000-0000-4000-8000-000000000001",
        "bot",
        "Bonjour",
        buttons=(Button("b2", "Deux", "/deux"), Button("b1", "Un", "/un")),
    )
]
QUESTION = Message("00000000-0000-4000-8000-000000000002", "person", "Et moi ?")
ANSWER = [
    Message("00000000-0000-4000-8000-000000000003", "bot", "Voici.", card=CARD),
    Message("00000000-0000-4000-8000-000000000004", "bot", "Autre chose ? é ’ 🙂"),
]


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def store(request: pytest.FixtureRequest) -> Iterator[ConversationStore]:
    if request.param == "memory":
        yield MemoryStore()
        return
    name = "sqlite_url" if request.param == "sqlite" else "postgres_url"
    url: str = request.getfixturevalue(name)
    upgrade(url)
    engine = make_engine(url)
    yield SqlStore(engine)
    engine.dispose()


async def test_an_exchange_is_kept_in_order(store: ConversationStore) -> None:
    await store.create("c", GREETING)
    assert await store.claim("c", QUESTION)
    await store.keep_answer("c", QUESTION.id, ANSWER)
    assert await store.history("c") == [*GREETING, QUESTION, *ANSWER]
    assert await store.answer_to("c", QUESTION.id) == ANSWER


async def test_an_answer_is_none_then_empty_then_there(store: ConversationStore) -> None:
    await store.create("c", GREETING)
    assert await store.answer_to("c", QUESTION.id) is None
    await store.claim("c", QUESTION)
    assert await store.answer_to("c", QUESTION.id) == []
    assert await store.answer_to("c", GREETING[0].id) is None


async def test_a_message_is_claimed_once(store: ConversationStore) -> None:
    await store.create("c", GREETING)
    assert await store.claim("c", QUESTION)
    assert not await store.claim("c", QUESTION)
    assert not await store.claim("c", Message(GREETING[0].id, "person", "x"))
    assert await store.history("c") == [*GREETING, QUESTION]


async def test_many_claims_at_once_have_one_winner(store: ConversationStore) -> None:
    await store.create("c", GREETING)
    wins = await asyncio.gather(*(store.claim("c", QUESTION) for _ in range(8)))
    assert sorted(wins) == [False] * 7 + [True]


async def test_nothing_is_claimed_in_an_erased_conversation(store: ConversationStore) -> None:
    with pytest.raises(NoConversation):
        await store.claim("c", QUESTION)


async def test_an_exchange_begins_once(store: ConversationStore) -> None:
    await store.create("c", GREETING)
    assert await store.begin("c", QUESTION.id, text=QUESTION.text) == Begun(None)
    assert await store.begin("c", QUESTION.id, text="autre chose") == Begun([])
    await store.keep_answer("c", QUESTION.id, ANSWER)
    assert await store.begin("c", QUESTION.id, text="autre chose") == Begun(ANSWER)
    assert await store.history("c") == [*GREETING, QUESTION, *ANSWER]


async def test_many_beginnings_at_once_have_one_winner(store: ConversationStore) -> None:
    await store.create("c", GREETING)
    begun = await asyncio.gather(*(store.begin("c", QUESTION.id, text="un") for _ in range(8)))
    assert sorted(begun, key=repr) == [Begun(None), *[Begun([])] * 7]


async def test_a_button_pressed_leaves_its_label(store: ConversationStore) -> None:
    await store.create("c", GREETING)
    begun = await store.begin("c", QUESTION.id, button="b1")
    assert begun == Begun(None, Button("b1", "Un", "/un"))
    assert await store.history("c") == [*GREETING, replace(QUESTION, text="Un")]


async def test_what_cannot_begin_leaves_nothing(store: ConversationStore) -> None:
    await store.create("c", GREETING)
    await store.create("d", [])
    with pytest.raises(UnknownButton):
        await store.begin("d", QUESTION.id, button="b1")
    with pytest.raises(UnknownButton):
        await store.begin("d", QUESTION.id, button="")
    with pytest.raises(InvalidMessage):
        await store.begin("c", GREETING[0].id, text="x")
    with pytest.raises(NoConversation):
        await store.begin("none", QUESTION.id, text="x")
    assert await store.history("c") == GREETING
    assert await store.history("d") == []


async def test_beginning_is_a_use(sqlite_url: str) -> None:
    upgrade(sqlite_url)
    engine = make_engine(sqlite_url)
    store = SqlStore(engine)
    await store.create("c", [])
    await asyncio.sleep(0.01)
    await store.begin("c", QUESTION.id, text="x")
    assert used_after_creation(engine)
    engine.dispose()


async def test_buttons_belong_to_their_conversation(store: ConversationStore) -> None:
    await store.create("c", GREETING)
    await store.create("d", [])
    assert await store.button("c", "b1") == Button("b1", "Un", "/un")
    assert await store.button("d", "b1") is None
    assert await store.button("c", "none") is None


async def test_the_same_id_in_two_conversations(store: ConversationStore) -> None:
    await store.create("c", [])
    await store.create("d", [])
    assert await store.claim("c", QUESTION)
    assert await store.claim("d", QUESTION)


async def test_only_a_living_conversation_can_be_touched(store: ConversationStore) -> None:
    assert not await store.touch("c")
    await store.create("c", [])
    assert await store.touch("c")
    await store.erase("c")
    assert not await store.touch("c")


async def test_erasing_spares_the_others(store: ConversationStore) -> None:
    await store.create("c", GREETING)
    other = [Message("00000000-0000-4000-8000-000000000009", "bot", "x")]
    await store.create("d", other)
    await store.erase("c")
    await store.erase("c")
    assert await store.history("c") == []
    assert await store.button("c", "b1") is None
    assert await store.history("d") == other


async def test_a_store_that_answers(store: ConversationStore) -> None:
    await store.ping()


async def test_what_is_replaced_is_in_no_table(store: ConversationStore) -> None:
    await store.create("c", GREETING)
    await store.create("d", [])
    await store.claim("c", QUESTION)
    await store.claim("d", QUESTION)
    await store.keep_answer("c", QUESTION.id, ANSWER, instead="[effacé]")
    assert await store.history("c") == [*GREETING, replace(QUESTION, text="[effacé]"), *ANSWER]
    assert await store.answer_to("c", QUESTION.id) == ANSWER
    assert not await store.claim("c", QUESTION)
    assert await store.history("d") == [QUESTION], "the same id elsewhere is another message"
    await store.erase("d")
    assert QUESTION.text not in everything(store)
    assert "[effacé]" in everything(store)


async def test_an_answer_that_cannot_be_kept_replaces_nothing(store: ConversationStore) -> None:
    """Both or none: the same transaction."""
    await store.create("c", GREETING)
    await store.claim("c", QUESTION)
    with pytest.raises(StoreUnavailable):
        await store.keep_answer("c", QUESTION.id, [*ANSWER, *ANSWER], instead="[effacé]")
    assert await store.history("c") == [*GREETING, QUESTION]


async def test_what_is_replaced_is_not_in_the_files_of_sqlite(
    sqlite_url: str, tmp_path: Path
) -> None:
    upgrade(sqlite_url)
    engine = make_engine(sqlite_url)
    store = SqlStore(engine)
    await store.create("c", GREETING)
    await store.claim("c", QUESTION)
    await store.keep_answer("c", QUESTION.id, ANSWER, instead="[effacé]")
    for path in tmp_path.glob("scratch.sqlite*"):
        assert QUESTION.text.encode() not in path.read_bytes()
    engine.dispose()


def everything(store: ConversationStore) -> str:
    """Every value of every table of a store."""
    if isinstance(store, MemoryStore):
        return repr(store._conversations)
    assert isinstance(store, SqlStore)
    with store._engine.connect() as connection:
        tables = inspect(connection).get_table_names()
        assert {"conversation", "message", "button"} <= set(tables)
        return repr([connection.execute(text(f"SELECT * FROM {t}")).all() for t in tables])


async def test_use_is_dated(sqlite_url: str) -> None:
    upgrade(sqlite_url)
    engine = make_engine(sqlite_url)
    store = SqlStore(engine)
    await store.create("c", [])
    await asyncio.sleep(0.01)
    await store.touch("c")
    assert used_after_creation(engine)
    engine.dispose()


def used_after_creation(engine: Engine) -> bool:
    """Tell whether the only conversation there is was used again."""
    dates = text("SELECT created_at, last_used_at FROM conversation")
    with engine.connect() as connection:
        created, used = connection.execute(dates).one()
    return bool(used > created)


async def test_a_database_that_is_away_is_said_so(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/none/x.sqlite")
    with pytest.raises(StoreUnavailable):
        await SqlStore(engine).ping()
    engine.dispose()
