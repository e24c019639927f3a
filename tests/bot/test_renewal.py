"""A model replaced while a Rasa runs: with tiny real models."""

import asyncio
import importlib
import json
import shutil
import tarfile
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
from rasa.core.lock_store import InMemoryLockStore
from rasa.core.processor import MessageProcessor
from rasa.shared.core.domain import Domain
from rasa.utils.endpoints import EndpointConfig
from ruamel.yaml import YAML

from allobot.dangers import DANGERS
from allobot.masking import mask
from bot import renewal
from bot.metrics import Metrics, measure
from bot.renewal import ModelChannel, Question, read_questions, successor
from bot.tracker_store import DiscreetTrackerStore

ROOT = Path(__file__).parents[2]
CONFIG = """
recipe: default.v1
language: fr
assistant_id: test
pipeline:
  - name: KeywordIntentClassifier
policies:
  - name: RulePolicy
"""
DATA = """
version: "3.1"
intents: [rsa, {other}]
entities: [caf]
responses:
  utter_rsa: [{{text: "{answer}"}}]
nlu:
  - intent: rsa
    examples: |
      - rsa
  - intent: {other}
    examples: |
      - {other}
rules:
  - rule: rsa
    steps:
      - intent: rsa
      - action: utter_rsa
"""
ENDPOINT = EndpointConfig("http://127.0.0.1:1/webhook")
QUESTIONS = [Question("le rsa", "rsa"), Question('/rsa{"caf": "52"}', "rsa")]


def make_model(folder: Path, answer: str, other: str) -> Path:
    """Train a model of two words, which answers `answer` to « rsa »."""
    (folder / "config.yml").write_text(CONFIG)
    (folder / "data.yml").write_text(DATA.format(answer=answer, other=other))
    training = importlib.import_module("rasa.model_training")
    data = str(folder / "data.yml")
    made = training.train(
        data, str(folder / "config.yml"), [data], str(folder), fixed_model_name=other
    )
    return Path(made.model)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The old one says « un », the new one « deux »."""
    folder = tmp_path_factory.mktemp("models")
    with warnings.catch_warnings(), pytest.MonkeyPatch.context() as patch:
        warnings.simplefilter("ignore")
        patch.chdir(folder)  # Rasa's cache
        return make_model(folder, "un", "apl"), make_model(folder, "deux", "asf")


@pytest.fixture(autouse=True)
def _quiet_libraries() -> Iterator[None]:
    with warnings.catch_warnings():  # Rasa's frozen libraries warn when a model is loaded
        warnings.simplefilter("ignore")
        yield


@pytest.fixture
def agent(models: tuple[Path, Path], tmp_path: Path) -> Agent:
    """Started with a file that now holds the new model."""
    file = tmp_path / "allobot.tar.gz"
    shutil.copy(models[0], file)
    store = DiscreetTrackerStore(Domain.empty(), db=str(tmp_path / "rasa.sqlite"))
    started = Agent.load(
        file, tracker_store=store, lock_store=InMemoryLockStore(), action_endpoint=ENDPOINT
    )
    shutil.copy(models[1], file)
    return started


async def said(agent: Agent, text: str = "rsa", who: str = "moi") -> list[str]:
    answers = await agent.handle_message(UserMessage(text, sender_id=who)) or []
    return [answer["text"] for answer in answers]


class Server:
    """Rasa's, without sockets: Sanic starts one application a process."""

    def __init__(self, agent: Agent) -> None:
        self.ctx = SimpleNamespace(agent=agent)
        page = ModelChannel().blueprint(None)
        self._routes = {
            method: one.handler for one in page._future_routes for method in one.methods
        }

    async def ask(self, method: str) -> tuple[int, Any]:
        answer = await self._routes[method](SimpleNamespace(app=self))
        return answer.status, json.loads(answer.body)


@pytest.fixture
def server(agent: Agent) -> Server:
    return Server(agent)


def test_the_questions_are_subjects_of_the_bot_and_nothing_personal() -> None:
    questions = read_questions()
    intents = set(YAML(typ="safe").load(ROOT / "domain.yml")["intents"]) | {"nlu_fallback"}
    assert {one.sujet for one in questions} <= intents
    assert set(DANGERS) <= {one.sujet for one in questions}
    assert sum(one.dit.startswith("/") for one in questions) >= 2
    assert len({one.dit for one in questions}) == len(questions) >= 10
    assert not any(mask(one.dit).kinds for one in questions)


async def test_the_new_model_has_the_same_stores_and_its_own_domain(agent: Agent) -> None:
    assert await said(agent) == ["un"]
    fresh = await successor(agent, QUESTIONS)
    assert fresh.model_id != agent.model_id
    assert fresh.lock_store is agent.lock_store
    assert fresh.action_endpoint is agent.action_endpoint
    assert fresh.processor.lock_store is agent.lock_store
    assert agent.tracker_store.domain is agent.domain, "the old one still reads with its own"
    assert fresh.tracker_store.domain is fresh.domain
    assert (await said(fresh), await said(agent)) == (["deux"], ["un"])
    tracker = await agent.tracker_store.retrieve("moi")
    assert [event.text for event in tracker.events if event.type_name == "bot"] == [
        "un",
        "deux",
        "un",
    ]


async def test_the_questions_are_neither_stored_nor_counted(
    agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("handle_message", "parse_message", "save_tracker"):
        method = getattr(MessageProcessor, name)
        monkeypatch.setattr(MessageProcessor, name, getattr(method, "__wrapped__", method))
    metrics = Metrics()
    measure(metrics)
    await successor(agent, QUESTIONS)
    assert "allobot_rasa_parse_seconds_count 0" in metrics.text()
    assert list(await agent.tracker_store.keys()) == []


async def test_it_takes_over_and_a_message_under_way_ends_with_the_old_one(
    agent: Agent, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renewal, "read_questions", lambda: QUESTIONS)
    async with agent.lock_store.lock("moi"):
        under_way = asyncio.create_task(agent.handle_message(UserMessage("rsa", None, "moi")))
        await asyncio.sleep(0.1)
        status, body = await server.ask("POST")
    assert (status, body["questions"]) == (200, 2)
    assert server.ctx.agent is not agent
    assert body["modele"] == server.ctx.agent.model_id != agent.model_id
    assert await server.ask("GET") == (200, {"modele": body["modele"]})
    assert [answer["text"] for answer in await under_way] == ["un"]
    assert await said(server.ctx.agent) == ["deux"]


async def test_messages_are_answered_while_it_is_loaded(
    agent: Agent, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renewal, "read_questions", lambda: QUESTIONS)
    load, loading, go_on = Agent.load_model, threading.Event(), threading.Event()

    def slow(self: Agent, *given: Any) -> None:
        loading.set()
        assert go_on.wait(10)
        load(self, *given)

    monkeypatch.setattr(Agent, "load_model", slow)
    renewed = asyncio.create_task(server.ask("POST"))
    assert await asyncio.to_thread(loading.wait, 10)
    assert await said(server.ctx.agent) == ["un"]
    assert not renewed.done()
    go_on.set()
    assert (await renewed)[0] == 200
    assert await said(server.ctx.agent) == ["deux"]


async def test_one_that_misunderstands_a_question_does_not_take_over(
    agent: Agent, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = [Question("apl", "apl"), Question("/apl", "apl")]
    monkeypatch.setattr(renewal, "read_questions", lambda: [*QUESTIONS, *wrong])
    status, body = await server.ask("POST")
    assert (status, body["raison"]) == (409, "questions")
    assert [(one["dit"], one["sujet"]) for one in body["ratees"]] == [
        ("apl", "apl"),
        ("/apl", "apl"),
    ]
    assert server.ctx.agent is agent
    assert await said(agent) == ["un"]


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-2000])


def garbage(path: Path) -> None:
    path.write_bytes(b"rien de bon" * 100)


def without_metadata(path: Path) -> None:
    with tarfile.open(path, "w:gz") as archive:
        archive.add(ROOT / "config.yml", "config.yml")


@pytest.mark.parametrize("damage", [truncated, garbage, without_metadata, Path.unlink])
async def test_one_that_cannot_be_read_does_not_take_over(
    agent: Agent, server: Server, damage: Any
) -> None:
    damage(renewal.model_path(agent))
    status, body = await server.ask("POST")
    assert (status, body["raison"], body["ratees"]) == (409, "illisible", [])
    assert body["erreur"]
    assert server.ctx.agent is agent
    assert await said(agent) == ["un"]


async def test_a_second_renewal_at_once_is_refused(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renewal, "read_questions", lambda: QUESTIONS)
    first = asyncio.create_task(server.ask("POST"))
    await asyncio.sleep(0)
    status, body = await server.ask("POST")
    assert (status, body["raison"]) == (409, "occupe")
    assert (await first)[0] == 200
    assert (await server.ask("POST"))[0] == 200


async def test_a_rasa_that_started_without_a_model_takes_one(
    models: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renewal, "MODEL", models[1])
    fresh = await successor(Agent(), QUESTIONS)
    assert await said(fresh) == ["deux"]


def test_it_carries_no_message() -> None:
    assert ModelChannel.name() == "modele"
    assert ModelChannel().url_prefix() == "/modele"
    channels = YAML(typ="safe").load(ROOT / "credentials.yml")
    assert "bot.renewal.ModelChannel" in channels
