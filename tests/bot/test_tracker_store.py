"""A real SQLite file: words of danger and personal data must be nowhere in its bytes.

And a real PostgreSQL, and several Rasas on one store. The numbers are made up.
"""

import asyncio
import json
import logging
import multiprocessing
import secrets
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import sqlalchemy as sa
from rasa.core.tracker_store import FailSafeTrackerStore, create_tracker_store
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    BotUttered,
    Event,
    SessionStarted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker, EventVerbosity
from rasa.utils.endpoints import EndpointConfig

from allobot.dangers import DANGERS
from bot.tracker_store import DiscreetTrackerStore, StoreDown, discreet

DOMAIN = {
    "version": "3.1",
    "intents": ["rsa", *DANGERS],
    "slots": {"sujet": {"type": "any", "mappings": [{"type": "custom"}]}},
    "actions": ["action_repondre"],
}
WORDS = "il m'a étranglée hier soir à Chaumont"
PERSON = "personne-1"

pytestmark = [
    # Said by Rasa for any domain with slots, and for any SQL store.
    pytest.mark.filterwarnings("ignore:Slot auto-fill:UserWarning"),
    pytest.mark.filterwarnings("ignore:Calling URL:sqlalchemy.exc.SADeprecationWarning"),
]


def said(text: str, intent: str, second: str | None = None) -> UserUttered:
    """As Rasa makes it from a message of the gateway."""
    found = {"name": intent, "confidence": 1.0}
    entity = {"entity": "commune", "value": "Chaumont", "start": 26, "end": 34}
    parse_data = {
        "text": text,
        "intent": found,
        "entities": [entity],
        "intent_ranking": [found, {"name": "rsa", "confidence": 0.1}],
        "text_tokens": [(0, 2), (3, 6)],
        "texte_normalise": text.lower(),
        "metadata": {"quote": text},
        "message_id": "7",
        "bande": "repondre",
        "autre_sujet": second,
    }
    return UserUttered(
        text,
        found,
        [entity],
        parse_data,
        input_channel="rest",
        message_id="7",
        metadata={"quote": text},
    )


def turn(event: UserUttered) -> list[Event]:
    return [
        ActionExecuted("action_listen"),
        event,
        SlotSet("sujet", event.intent_name),
        ActionExecuted("action_repondre"),
        BotUttered("Appelez le 17."),
    ]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "rasa.sqlite"


@pytest.fixture
def store(file: Path) -> DiscreetTrackerStore:
    """Made by Rasa, as from endpoints.yml."""
    config = EndpointConfig(
        type="bot.tracker_store.DiscreetTrackerStore", dialect="sqlite", db=str(file)
    )
    made = create_tracker_store(config, Domain.from_dict(DOMAIN))
    assert isinstance(made, DiscreetTrackerStore)
    return made


def rows(file: Path) -> list[dict[str, Any]]:
    with sqlite3.connect(file) as connection:
        found = connection.execute("select data from events order by id").fetchall()
    connection.close()
    return [json.loads(data) for (data,) in found]


def bytes_of(file: Path) -> bytes:
    """The file, and what SQLite keeps beside it."""
    return b"".join(path.read_bytes() for path in file.parent.glob(f"{file.name}*"))


async def save(store: DiscreetTrackerStore, *events: Event) -> DialogueStateTracker:
    tracker = await store.get_or_create_tracker(PERSON, append_action_listen=False)
    for event in events:
        tracker.update(event)
    await store.save(tracker)
    return tracker


@pytest.mark.parametrize("category", DANGERS)
async def test_the_words_are_nowhere_in_the_file(
    store: DiscreetTrackerStore, file: Path, category: str
) -> None:
    tracker = await save(store, *turn(said(WORDS, category)))
    content = bytes_of(file)
    for word in ("trangl", "Chaumont", "hier soir"):
        assert word.encode() not in content
    [user] = [row for row in rows(file) if row["event"] == "user"]
    assert user["text"] == user["parse_data"]["text"] == f"[{category}]"
    assert user["parse_data"]["intent"]["name"] == category
    # The message being answered keeps its words: the answer depends on them.
    assert tracker.latest_message is not None
    assert tracker.latest_message.text == WORDS


async def test_the_talk_goes_on_after_it_was_read_again(
    store: DiscreetTrackerStore, file: Path
) -> None:
    await save(store, *turn(said(WORDS, "violences_conjugales")))
    tracker = await save(store, *turn(said("et le rsa ?", "rsa")))
    again = await store.retrieve(PERSON)
    assert again is not None
    assert [event.type_name for event in again.events] == [
        event.type_name for event in tracker.events
    ]
    first, second = (event for event in again.events if isinstance(event, UserUttered))
    assert (first.text, first.intent_name) == ("[violences_conjugales]", "violences_conjugales")
    assert (second.text, second.intent_name) == ("et le rsa ?", "rsa")
    assert again.get_slot("sujet") == "rsa"
    assert len(rows(file)) == len(tracker.events)


async def test_other_events_are_stored_as_they_are(store: DiscreetTrackerStore, file: Path) -> None:
    events = turn(said("comment demander le rsa", "rsa"))
    await save(store, *events)
    expected = [json.loads(json.dumps(event.as_dict())) for event in events]
    assert rows(file) == expected


async def test_a_second_question_about_danger_counts(
    store: DiscreetTrackerStore, file: Path
) -> None:
    await save(store, *turn(said(WORDS, "rsa", second="violences_conjugales")))
    assert b"trangl" not in bytes_of(file)


@pytest.mark.parametrize(
    ("secret", "token"),
    [
        ("06 39 98 12 34", "[numéro de téléphone]"),
        ("lea.martin@exemple.fr", "[adresse e-mail]"),
        ("2 85 08 52 232 261 42", "[numéro de Sécurité sociale]"),
        ("FR76 1922 6141 4661 4610 0330 772", "[IBAN]"),
        ("4971 0146 7300 2455", "[carte bancaire]"),
        ("12 rue des Lilas 52000 Langres", "[adresse postale]"),
    ],
)
async def test_personal_data_is_nowhere_in_the_file(
    store: DiscreetTrackerStore, file: Path, secret: str, token: str
) -> None:
    tracker = await save(store, *turn(said(f"le rsa ? {secret} merci", "rsa")))
    content = bytes_of(file)
    for part in (secret, secret.lower(), secret[-8:]):
        assert part.encode() not in content
    [user] = [row for row in rows(file) if row["event"] == "user"]
    assert user["text"] == user["parse_data"]["text"] == f"le rsa ? {token} merci"
    assert user["parse_data"]["intent"]["name"] == "rsa"
    # The message being answered keeps its words, as for danger.
    assert tracker.latest_message is not None
    assert secret in tracker.latest_message.text


async def test_a_name_and_its_birth_date_are_nowhere_in_the_file(
    store: DiscreetTrackerStore, file: Path
) -> None:
    await save(store, *turn(said("je m'appelle Léa Martin née le 12/03/1985", "rsa")))
    content = bytes_of(file)
    for part in ("Martin", "martin", "1985"):
        assert part.encode() not in content


async def test_personal_data_beside_the_text_is_not_kept_either(
    store: DiscreetTrackerStore, file: Path
) -> None:
    event = said("comment demander le rsa", "rsa")
    event.metadata = event.parse_data["metadata"] = {"de": "lea.martin@exemple.fr"}
    await save(store, *turn(event))
    assert b"martin" not in bytes_of(file)
    assert b"comment demander le rsa" in bytes_of(file)


def test_only_messages_are_changed() -> None:
    slot = SlotSet("sujet", "violences_conjugales")
    assert discreet(slot) is slot


CODE = "RDV-K7M2-9QXP-4T8W"


async def test_the_code_of_an_appointment_is_said_and_not_kept(
    store: DiscreetTrackerStore, file: Path
) -> None:
    told = BotUttered(
        f"Votre code : {CODE}.", {"custom": {"kind": "rendez_vous", "notices": [f"Code {CODE}"]}}
    )
    tracker = await save(store, *turn(said("prendre rdv", "rdv_telephonique"))[:-1], told)
    assert CODE.encode() not in bytes_of(file)
    kept = [row for row in rows(file) if row["event"] == "bot"][-1]
    assert kept["data"]["custom"]["kind"] == "rendez_vous"
    assert CODE in str(tracker.events[-1].text)  # the answer under way keeps it


async def test_what_the_gateway_says_of_a_message_is_kept_when_its_text_is_masked(
    store: DiscreetTrackerStore, file: Path
) -> None:
    about = {"message": "0612345678-0000", "device": "telephone", "received": 1764000000.5}
    for text in ("mon numéro : 06 12 34 56 78", "bonjour"):
        event = said(text, "salutation")
        event.metadata = {**about, "quote": "jean@example.fr"}
        await save(store, ActionExecuted("action_listen"), event)
    kept = [row["metadata"] for row in rows(file) if row["event"] == "user"]
    assert kept == [about, about]
    assert b"06 12" not in bytes_of(file)
    assert b"jean@" not in bytes_of(file)


async def test_a_random_id_is_not_taken_for_a_number_of_a_person(
    store: DiscreetTrackerStore, file: Path
) -> None:
    event = said("bonjour", "salutation")
    event.metadata = {"message": "0612345678"}
    await save(store, ActionExecuted("action_listen"), event)
    [user] = [row for row in rows(file) if row["event"] == "user"]
    assert user["parse_data"]["texte_normalise"] == "bonjour"
    assert user["metadata"] == {"message": "0612345678"}


POSTGRES = "postgresql://root@127.0.0.1:5432"


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """A scratch database when a PostgreSQL server answers on this machine, else a skip."""
    try:
        server = psycopg2.connect(f"{POSTGRES}/postgres", connect_timeout=2)
    except psycopg2.OperationalError:
        pytest.skip("no PostgreSQL server on 127.0.0.1:5432")
    server.autocommit = True
    name = f"allobot_test_{secrets.token_hex(4)}"
    cursor = server.cursor()
    cursor.execute(f"CREATE DATABASE {name}")
    yield f"{POSTGRES}/{name}"
    cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")
    server.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, file: Path) -> EndpointConfig:
    """Each kind of store in turn, as endpoints.yml names it."""
    kind = "bot.tracker_store.DiscreetTrackerStore"
    if request.param == "sqlite":
        return EndpointConfig(type=kind, dialect="sqlite", db=str(file))
    return EndpointConfig(type=kind, url=request.getfixturevalue("postgres_url"))


@pytest.fixture
def twins(place: EndpointConfig) -> Iterator[list[DiscreetTrackerStore]]:
    """The stores of two Rasas, in one place."""
    domain = Domain.from_dict(DOMAIN)
    stores = [create_tracker_store(place, domain) for _ in range(2)]
    yield stores
    for store in stores:
        store.engine.dispose()


def kept(store: DiscreetTrackerStore, sender: str = PERSON) -> list[dict[str, Any]]:
    with store.session_scope() as session:
        query = store._event_query(session, sender, fetch_events_from_all_sessions=True)
        return [json.loads(row.data) for row in query.all()]


def as_json(tracker: DialogueStateTracker) -> str:
    return json.dumps([event.as_dict() for event in tracker.events])


async def test_words_of_danger_and_personal_data_stay_out_of_any_store(
    twins: list[DiscreetTrackerStore],
) -> None:
    await save(twins[0], *turn(said(WORDS, "violences_conjugales")))
    await save(twins[0], *turn(said("le rsa ? 06 39 98 12 34", "rsa")))
    content = json.dumps(kept(twins[1]), ensure_ascii=False)
    for word in ("trangl", "Chaumont", "06 39", "hier soir"):
        assert word not in content
    assert "[violences_conjugales]" in content


async def test_another_rasa_goes_on_where_the_first_was(
    twins: list[DiscreetTrackerStore],
) -> None:
    first, second = twins
    await save(first, *turn(said("comment demander le rsa", "rsa")))
    tracker = await save(second, *turn(said("et combien", "rsa")))
    again = await first.retrieve(PERSON)
    assert again is not None
    assert as_json(again) == as_json(tracker)
    assert len(kept(first)) == 10


async def test_a_turn_saved_twice_is_kept_once(twins: list[DiscreetTrackerStore]) -> None:
    tracker = await save(twins[0], *turn(said("bonjour", "rsa")))
    await twins[0].save(tracker)
    tracker.update(SlotSet("sujet", "rsa"))
    await twins[0].save(tracker)
    assert len(kept(twins[0])) == 6


async def test_turns_said_at_once_are_both_whole(twins: list[DiscreetTrackerStore]) -> None:
    """Without a lock, each Rasa adds its turn after what the other wrote meanwhile."""
    await save(twins[0], *turn(said("bonjour", "rsa")))
    trackers = [await store.get_or_create_tracker(PERSON) for store in twins]
    for tracker, words in zip(trackers, ("le rsa", "la paje"), strict=True):
        for event in turn(said(words, "rsa")):
            tracker.update(event)
    for store, tracker in zip(twins, trackers, strict=True):
        await store.save(tracker)
    assert [row.get("text") for row in kept(twins[0]) if row["event"] == "user"] == [
        "bonjour",
        "le rsa",
        "la paje",
    ]
    assert len(kept(twins[0])) == 15


async def test_a_tracker_of_another_origin_is_kept_too(
    twins: list[DiscreetTrackerStore],
) -> None:
    """A copy does not know what is kept: the store counts, as Rasa does."""
    tracker = await save(twins[0], *turn(said("bonjour", "rsa")))
    copy = tracker.copy()
    copy.update(SlotSet("sujet", "rsa"))
    await twins[0].save(copy)
    assert len(kept(twins[0])) == 6


def _talk(place: EndpointConfig, name: str, turns: int) -> None:
    async def work() -> None:
        store = create_tracker_store(place, Domain.from_dict(DOMAIN))
        for number in range(turns):
            tracker = await store.get_or_create_tracker(f"{name}-{number % 3}")
            for event in turn(said(f"question {number}", "rsa")):
                tracker.update(event)
            await store.save(tracker)
        store.engine.dispose()

    asyncio.run(work())


def test_two_processes_write_together(place: EndpointConfig) -> None:
    """Made at the same time, then written by both: none is refused, nothing is lost."""
    context = multiprocessing.get_context("fork")
    with context.Pool(2) as pool:
        pool.starmap(_talk, [(place, name, 60) for name in ("a", "b")])
    store = create_tracker_store(place, Domain.from_dict(DOMAIN))
    counts = [len(kept(store, f"{name}-{number}")) for name in "ab" for number in range(3)]
    store.engine.dispose()
    # 20 turns of 5 events each, after the first listening.
    assert counts == [101] * 6


async def test_on_a_server_rasa_has_a_schema_of_its_own(postgres_url: str) -> None:
    store = DiscreetTrackerStore(Domain.from_dict(DOMAIN), host=postgres_url)
    inspector = sa.inspect(store.engine)
    assert inspector.get_table_names(schema="rasa") == ["events"]
    assert inspector.get_table_names(schema="public") == []
    store.engine.dispose()


async def test_an_error_of_the_database_quotes_nobody(
    twins: list[DiscreetTrackerStore], caplog: pytest.LogCaptureFixture
) -> None:
    with twins[0].engine.begin() as connection:
        connection.execute(sa.text("SELECT 1"))
        connection.execute(twins[0].SQLEvent.__table__.delete())
        twins[0].SQLEvent.__table__.drop(connection)
    with caplog.at_level(logging.DEBUG), pytest.raises(StoreDown) as error:
        await save(twins[0], *turn(said("une question privée", "rsa")))
    assert "privée" not in f"{error.value.__cause__}{caplog.text}"


async def test_a_server_started_again_is_found_again(postgres_url: str) -> None:
    store = DiscreetTrackerStore(Domain.from_dict(DOMAIN), host=postgres_url)
    await save(store, *turn(said("bonjour", "rsa")))
    server = psycopg2.connect(f"{POSTGRES}/postgres")
    server.cursor().execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
        (postgres_url.rpartition("/")[2],),
    )
    server.close()
    await save(store, *turn(said("et encore", "rsa")))
    assert len(kept(store)) == 10
    store.engine.dispose()


async def test_the_file_is_for_its_owner_only(store: DiscreetTrackerStore, file: Path) -> None:
    await save(store, *turn(said("bonjour", "rsa")))
    modes = {path.name: path.stat().st_mode & 0o077 for path in file.parent.glob(f"{file.name}*")}
    assert set(modes.values()) == {0}
    assert f"{file.name}-wal" in modes


async def test_a_conversation_under_way_is_not_read_again(
    twins: list[DiscreetTrackerStore],
) -> None:
    await save(twins[0], *turn(said("bonjour", "rsa")))
    kept_by_first = await save(twins[0], *turn(said("le rsa", "rsa")))
    found = await twins[0].retrieve(PERSON)
    assert found is kept_by_first
    read = await twins[1].retrieve(PERSON)
    assert read is not None
    states = [tracker.current_state(EventVerbosity.ALL) for tracker in (read, found)]
    assert json.dumps(states[0]) == json.dumps(states[1])


async def test_what_another_process_wrote_is_read(twins: list[DiscreetTrackerStore]) -> None:
    await save(twins[0], *turn(said("bonjour", "rsa")))
    await save(twins[1], *turn(said("le rsa", "rsa")))
    found = await twins[0].retrieve(PERSON)
    assert found is not None
    assert found.latest_message is not None
    assert found.latest_message.text == "le rsa"


async def test_a_message_that_failed_half_way_leaves_nothing(
    twins: list[DiscreetTrackerStore],
) -> None:
    await save(twins[0], *turn(said("bonjour", "rsa")))
    under_way = await twins[0].retrieve(PERSON)
    assert under_way is not None
    under_way.update(said("et une erreur", "rsa"))
    found = await twins[0].retrieve(PERSON)
    assert found is not None
    assert found.latest_message is not None
    assert found.latest_message.text == "bonjour"


async def test_an_erased_conversation_is_forgotten(twins: list[DiscreetTrackerStore]) -> None:
    await save(twins[0], *turn(said("bonjour", "rsa")))
    with twins[1].engine.begin() as connection:
        connection.execute(twins[1].SQLEvent.__table__.delete())
    assert await twins[0].retrieve(PERSON) is None


async def test_what_is_not_written_is_not_remembered_either(
    store: DiscreetTrackerStore,
) -> None:
    await save(store, *turn(said(WORDS, "violences_conjugales")))
    again = await store.retrieve(PERSON)
    assert again is not None
    assert again.latest_message is not None
    assert again.latest_message.text == "[violences_conjugales]"


async def test_another_model_reads_the_conversation_with_its_own_slots(
    store: DiscreetTrackerStore,
) -> None:
    await save(store, *turn(said("bonjour", "rsa")))
    slots = {name: {"type": "any", "mappings": [{"type": "custom"}]} for name in ("sujet", "autre")}
    store.domain = Domain.from_dict({**DOMAIN, "slots": slots})
    found = await store.retrieve(PERSON)
    assert found is not None
    assert "autre" in found.slots


async def test_only_so_many_conversations_stay_in_memory(
    store: DiscreetTrackerStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.tracker_store.RECENT", 2)
    first = await save(store, *turn(said("bonjour", "rsa")))
    for name in ("b", "c"):
        tracker = await store.get_or_create_tracker(name)
        await store.save(tracker)
    found = await store.retrieve(PERSON)
    assert found is not None
    assert found is not first
    monkeypatch.setattr("bot.tracker_store.RECENT_SECONDS", -1)
    alone = await save(store, *turn(said("merci", "rsa")))
    assert await store.retrieve(PERSON) is not alone


@pytest.mark.parametrize("method", ["retrieve", "save"])
async def test_rasa_does_not_go_on_without_its_store(
    store: DiscreetTrackerStore, method: str
) -> None:
    """It would take a conversation under way for a new one, or answer and forget."""
    tracker = await save(store, *turn(said("bonjour", "rsa")))
    safe = FailSafeTrackerStore(store)
    with store.engine.begin() as connection:
        store.SQLEvent.__table__.drop(connection)
    tracker.update(ActionExecuted("action_listen"))
    given = {"retrieve": PERSON, "save": tracker}[method]
    with pytest.raises(StoreDown):
        await getattr(safe, method)(given)


async def test_a_clock_that_is_set_back_hides_nothing(twins: list[DiscreetTrackerStore]) -> None:
    first, second = twins
    await save(first, ActionExecuted("action_session_start"), SessionStarted())
    late = turn(said("bonjour", "rsa"))
    for event in late:
        event.timestamp -= 3600
    await save(first, *late)
    tracker = await second.retrieve(PERSON)
    assert tracker is not None
    assert tracker.get_slot("sujet") == "rsa"
    assert len(tracker.events) == 2 + len(late)


async def test_only_the_last_session_is_read(twins: list[DiscreetTrackerStore]) -> None:
    first, second = twins
    session = [ActionExecuted("action_session_start"), SessionStarted()]
    await save(first, *session, *turn(said("bonjour", "rsa")), *session)
    tracker = await second.retrieve(PERSON)
    assert tracker is not None
    assert [type(event) for event in tracker.events] == [ActionExecuted, SessionStarted]
    whole = await second.retrieve_full_tracker(PERSON)
    assert whole is not None
    assert len(whole.events) == 9
