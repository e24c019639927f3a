"""A real SQLite file: words of danger and personal data must be nowhere in its bytes.

The numbers are made up.
"""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from rasa.core.tracker_store import create_tracker_store
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, BotUttered, Event, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

from bot.danger import CATEGORIES
from bot.tracker_store import DiscreetTrackerStore, discreet

DOMAIN = {
    "version": "3.1",
    "intents": ["rsa", *CATEGORIES],
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


@pytest.mark.parametrize("category", CATEGORIES)
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
