"""The store of `make shell explain=1`: a line a turn, made from Rasa's own events."""

import io
import warnings
from pathlib import Path

import pytest
from rasa.core.tracker_store import InMemoryTrackerStore, create_tracker_store
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, BotUttered, Event, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

from allobot.explain import STORE
from bot.explain import DIM, ExplainingTrackerStore

DOMAIN = {
    "version": "3.1",
    "intents": ["rsa", "asf"],
    "slots": {"sujet": {"type": "any", "mappings": [{"type": "custom"}]}},
    "actions": ["action_repondre"],
}
PERSON = "agent"
WORDS = "comment demander l'asf"

pytestmark = pytest.mark.filterwarnings("ignore:Slot auto-fill:UserWarning")


def turn(*, version: str | None) -> list[Event]:
    """A message and its answer, as Rasa's processor adds them."""
    ranking = [{"name": "asf", "confidence": 0.934}, {"name": "rsa", "confidence": 0.04}]
    parsed = {
        "text": WORDS,
        "intent": ranking[0],
        "entities": [],
        "intent_ranking": ranking,
        "bande": "repondre",
    }
    card = {"carte": {"id": "asf", "version": version}} if version else {}
    return [
        UserUttered(WORDS, ranking[0], [], parsed),
        ActionExecuted("action_repondre", policy="policy_1_RulePolicy", confidence=1.0),
        BotUttered("Voici.", metadata=card),
        SlotSet("sujet", "asf"),
        ActionExecuted("action_listen", policy="policy_1_RulePolicy"),
    ]


@pytest.fixture
def sink() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def store(sink: io.StringIO) -> ExplainingTrackerStore:
    return ExplainingTrackerStore(Domain.from_dict(DOMAIN), sink=sink)


async def say(store: ExplainingTrackerStore, *events: Event) -> DialogueStateTracker:
    """What Rasa does of a message: read the tracker, add events, save it."""
    tracker = await store.get_or_create_tracker(PERSON)
    for event in events:
        tracker.update(event)
    await store.save(tracker)
    return tracker


async def test_a_turn_is_one_line(store: ExplainingTrackerStore, sink: io.StringIO) -> None:
    await say(store, ActionExecuted("action_listen"), *turn(version="2025-04-01"))
    [line] = sink.getvalue().splitlines()
    for part in (
        "compris : asf 0,93",
        "ensuite rsa 0,04",
        "bande repondre",
        "RulePolicy → action_repondre",
        "réponse asf, version 2025-04-01",
    ):
        assert part in line
    assert line.endswith(" ms")
    assert WORDS not in line and "action_listen" not in line


async def test_without_the_card_the_subject_is_told(
    store: ExplainingTrackerStore, sink: io.StringIO
) -> None:
    await say(store, *turn(version=None))
    assert "sujet asf" in sink.getvalue()


async def test_the_time_is_that_of_the_whole_turn(
    store: ExplainingTrackerStore, sink: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([10.0, 10.25])
    monkeypatch.setattr("bot.explain.time.monotonic", lambda: next(clock))
    await say(store, *turn(version=None))
    assert sink.getvalue().rstrip().endswith("250 ms")


async def test_each_turn_is_told_once(store: ExplainingTrackerStore, sink: io.StringIO) -> None:
    tracker = await say(store, *turn(version=None))
    await store.save(tracker)
    assert len(sink.getvalue().splitlines()) == 1
    await say(store, *turn(version=None))
    assert len(sink.getvalue().splitlines()) == 2


async def test_before_anyone_speaks_nothing_is_told(
    store: ExplainingTrackerStore, sink: io.StringIO
) -> None:
    await say(store, ActionExecuted("action_session_start"), ActionExecuted("action_listen"))
    assert sink.getvalue() == ""


async def test_it_is_dim_on_a_terminal_alone(
    sink: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(sink, "isatty", lambda: True)
    store = ExplainingTrackerStore(Domain.from_dict(DOMAIN), sink=sink)
    await say(store, *turn(version=None))
    assert sink.getvalue().startswith(DIM)
    monkeypatch.setenv("NO_COLOR", "1")
    await say(store, *turn(version=None))
    assert sink.getvalue().count(DIM) == 1


async def test_rasa_makes_it_from_the_endpoints() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = create_tracker_store(EndpointConfig(type=STORE), Domain.from_dict(DOMAIN))
    inner = made
    while not isinstance(inner, InMemoryTrackerStore):
        inner = inner._tracker_store
    assert isinstance(inner, ExplainingTrackerStore)


def test_nothing_is_written_on_the_disk(tmp_path: Path, store: ExplainingTrackerStore) -> None:
    assert not hasattr(store, "engine")
    assert isinstance(store, InMemoryTrackerStore)
