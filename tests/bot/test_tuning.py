"""Guards bot/tuning.py, which touches private details of Rasa 3.6.21."""

import inspect
import random
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import jsonschema
import pytest
import rasa
import rasa.core.actions.action as rasa_action
import rasa.core.run as rasa_run
import spacy
from aiohttp import web
from aiohttp.test_utils import TestServer
from rasa.core.actions.action import RemoteAction
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.nlu.utils.spacy_utils import SpacyNLP
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActionExecutionRejected,
    ActionReverted,
    ActiveLoop,
    BotUttered,
    Event,
    LoopInterrupted,
    Restarted,
    SessionStarted,
    SlotSet,
    UserUtteranceReverted,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig
from sanic import Sanic

from bot.__main__ import blas_kernels
from bot.tuning import ACTION_TIMEOUT, _applied_events, last_turns, tune

TUNED: list[tuple[Any, str]] = [
    (RemoteAction, "_validate_action_result"),
    (RemoteAction, "_action_call_format"),
    (rasa_action, "DEFAULT_REQUEST_TIMEOUT"),
    (SpacyNLP, "load_model"),
    (EndpointConfig, "session"),
    (rasa_run, "close_resources"),
    (Event, "resolve_by_type"),
    (DialogueStateTracker, "applied_events"),
    (DaskGraphRunner, "run"),
]
ANSWERS: list[Any] = [
    {"events": [], "responses": []},
    {"events": [{"event": "slot", "name": "caf", "value": "52", "timestamp": None}]},
    {"events": [], "responses": [{"text": "Bonjour", "buttons": []}]},
    {"events": [{"event": "action", "name": "action_listen", "timestamp": 1.0}]},
    {"events": "non", "responses": []},
    {"events": [], "responses": ["pas un objet"]},
    {"events": [{"event": "inconnu"}], "responses": []},
    {"events": [{"sans": "event"}]},
    [],
]


@pytest.fixture(scope="module")
def stock_verdicts() -> list[bool]:
    """Asked before anything is tuned."""
    return [accepts(RemoteAction("action_repondre", None), answer) for answer in ANSWERS]


@pytest.fixture
def tuned() -> Iterator[RemoteAction]:
    before = [(owner, name, inspect.getattr_static(owner, name)) for owner, name in TUNED]
    tune()
    yield RemoteAction("action_repondre", None)
    for owner, name, value in before:
        setattr(owner, name, value)


def accepts(action: RemoteAction, answer: object) -> bool:
    try:
        return bool(action._validate_action_result(answer))
    except jsonschema.ValidationError:
        return False


def test_it_is_still_the_version_that_was_read() -> None:
    assert rasa.__version__ == "3.6.21"


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: str(answer)[:60])
def test_same_verdict_as_rasa(stock_verdicts: list[bool], tuned: RemoteAction, answer: Any) -> None:
    assert accepts(tuned, answer) == stock_verdicts[ANSWERS.index(answer)]


def test_the_verdicts_tell_good_from_bad(stock_verdicts: list[bool]) -> None:
    assert set(stock_verdicts) == {True, False}


def test_the_schema_is_not_checked_again_at_each_answer(tuned: RemoteAction) -> None:
    with patch.object(jsonschema.Draft7Validator, "check_schema") as check:
        tuned._validate_action_result(ANSWERS[0])
    check.assert_not_called()


def test_an_error_does_not_quote_what_the_person_wrote(tuned: RemoteAction) -> None:
    answer = {"events": [{"event": "inconnu", "name": "mon mari me frappe"}]}
    with pytest.raises(jsonschema.ValidationError) as error:
        tuned._validate_action_result(answer)
    assert "frappe" not in str(error.value)


def test_an_action_has_two_seconds(tuned: RemoteAction) -> None:
    assert rasa_action.DEFAULT_REQUEST_TIMEOUT == ACTION_TIMEOUT == 2


def test_the_spacy_model_is_loaded_once(tuned: RemoteAction) -> None:
    with patch("spacy.load", wraps=spacy.load) as load:
        models = [SpacyNLP.load_model("fr_core_news_md") for _ in range(2)]
    assert models[0] is models[1]
    assert models[0].model.pipe_names == []
    assert models[0].model("l'aide au logement")[0].text == "l'"
    load.assert_called_once()


def test_tokens_are_those_of_the_whole_model(tuned: RemoteAction) -> None:
    light = SpacyNLP.load_model("fr_core_news_md").model
    whole = spacy.load("fr_core_news_md", disable=light.meta["components"])
    for text in (
        "J'ai 2 enfants, c.-à-d. qu'ils ont 8 et 12 ans : 1 442,40 € par mois ?",
        "aujourd'hui jsuis allé à l'accueil... mdp oublié!! https://www.caf.fr",
        "prud'hommes, grand-mère, M. Untel, va-t-il venir ? 3/12/2025 14h30",
    ):
        assert [token.text for token in light(text)] == [token.text for token in whole(text)]


CPU = "processor : 0\nmodel name : Some CPU\nflags : {}\n\nprocessor : 1\nflags : none\n"


@pytest.mark.parametrize(
    ("flags", "kernels"),
    [("fpu sse2 avx avx2 fma avx512f", "HASWELL"), ("fpu sse2 avx fma", None), ("", None)],
)
def test_a_cpu_that_openblas_does_not_know_is_named(
    tmp_path: Path, flags: str, kernels: str | None
) -> None:
    file = tmp_path / "cpuinfo"
    file.write_text(CPU.format(flags))
    assert blas_kernels(file) == kernels
    assert blas_kernels(tmp_path / "absent") is None


def test_each_kind_of_event_is_found_once(tuned: RemoteAction) -> None:
    first = Event.resolve_by_type("slot")
    with patch("rasa.shared.utils.common.all_subclasses") as walk:
        assert Event.resolve_by_type("slot") is first is SlotSet
    walk.assert_not_called()
    with pytest.raises(ValueError, match="inconnu"):
        Event.resolve_by_type("inconnu")
    assert Event.resolve_by_type("inconnu", default=BotUttered) is BotUttered


def test_tuning_again_changes_nothing(tuned: RemoteAction) -> None:
    before = inspect.getattr_static(Event, "resolve_by_type").__func__
    tune()
    assert inspect.getattr_static(Event, "resolve_by_type").__func__ is before


LOOP = "questionnaire_form"
ANYTHING: list[Any] = [
    lambda: ActionExecuted("action_listen"),
    lambda: UserUttered("bonjour", {"name": "salutation"}),
    lambda: ActionExecuted("action_repondre"),
    lambda: BotUttered("Bonjour."),
    lambda: SlotSet("sujet", "asf"),
    lambda: ActionExecuted(LOOP),
    lambda: ActiveLoop(LOOP),
    lambda: ActionExecutionRejected(LOOP),
    lambda: LoopInterrupted(True),
    lambda: ActiveLoop(None),
    lambda: ActionReverted(),
    lambda: UserUtteranceReverted(),
    lambda: Restarted(),
    lambda: SessionStarted(),
]


@pytest.mark.parametrize("seed", range(40))
def test_the_events_that_count_are_those_rasa_says(seed: int) -> None:
    stock = inspect.getattr_static(DialogueStateTracker, "applied_events")
    choose = random.Random(seed)
    tracker = DialogueStateTracker("someone", [])
    shares = [6, 6, 3, 3, 2, 5, 3, 1, 1, 1, 1, 1, 0.2, 0.2]
    tracker.events.extend(make() for make in choose.choices(ANYTHING, shares, k=120))
    assert list(map(id, _applied_events(tracker))) == list(map(id, stock(tracker)))


def test_an_event_is_still_of_its_classes(tuned: RemoteAction) -> None:
    slot = SlotSet("sujet", "asf")
    assert isinstance(slot, SlotSet)
    assert isinstance(slot, Event)
    assert not isinstance(slot, BotUttered)
    assert not isinstance("slot", Event)
    with pytest.raises(TypeError):
        Event()


def test_an_action_is_told_the_last_turns_only(tuned: RemoteAction) -> None:
    domain = Domain.from_dict({"actions": ["action_repondre"]})
    tracker = DialogueStateTracker("someone", [])
    for number in range(30):
        tracker.update(UserUttered(f"question {number}", {"name": "asf"}))
        tracker.update(BotUttered(f"réponse {number}"))
    tracker.update(UserUttered("la dernière", {"name": "rsa"}))
    call = tuned._action_call_format(tracker, domain)
    said = [event["text"] for event in call["tracker"]["events"]]
    assert said == [*(f"question {number}" for number in range(23, 30)), "la dernière"]
    assert call["tracker"]["latest_message"]["text"] == "la dernière"
    assert call["domain"] == {}, "the SDK wants one"
    assert set(call["tracker"]) == set(tracker.current_state())


@pytest.fixture
async def server() -> AsyncIterator[TestServer]:
    """Answers each call with the number of connections opened so far."""
    doors: set[Any] = set()

    async def answer(request: web.Request) -> web.Response:
        doors.add(request.transport)
        return web.json_response({"connections": len(doors)})

    app = web.Application()
    app.router.add_post("/webhook", answer)
    async with TestServer(app) as running:
        yield running


async def test_calls_share_a_connection_until_the_server_stops(
    tuned: RemoteAction, server: TestServer
) -> None:
    endpoint = EndpointConfig(str(server.make_url("/webhook")))
    for _ in range(3):
        assert await endpoint.request(json={}) == {"connections": 1}
    async with endpoint.session() as session:
        assert not session.closed
    await rasa_run.close_resources(Sanic("nothing_to_close"), None)
    assert session.closed
    assert await endpoint.request(json={}) == {"connections": 2}
    await rasa_run.close_resources(Sanic("nothing_left"), None)


def test_a_short_conversation_is_told_whole(tuned: RemoteAction) -> None:
    tracker = DialogueStateTracker("someone", [])
    tracker.update(ActionExecuted("action_session_start"))
    tracker.update(UserUttered("bonjour"))
    assert last_turns(tracker.events) == list(tracker.events)


def node(name: str, needs: dict[str, str], function: Any) -> Any:
    def call(*inputs: tuple[str, Any]) -> tuple[str, Any]:
        return name, function(*(value for _, value in inputs))

    return SimpleNamespace(needs=needs), call


def runner_of(**nodes: tuple[dict[str, str], Any]) -> DaskGraphRunner:
    runner = object.__new__(DaskGraphRunner)
    made = {name: node(name, *what) for name, what in nodes.items()}
    runner._graph_schema = SimpleNamespace(
        nodes={name: schema for name, (schema, _) in made.items()}, target_names=["total"]
    )
    runner._instantiated_nodes = {name: call for name, (_, call) in made.items()}
    return runner


def test_nodes_run_once_each_after_those_they_need(tuned: RemoteAction) -> None:
    ran: list[str] = []

    def double(value: int) -> int:
        ran.append("double")
        return 2 * value

    runner = runner_of(
        double=({"it": "start"}, double),
        one_more=({"it": "double"}, lambda value: value + 1),
        total=({"a": "double", "b": "one_more"}, lambda a, b: a + b),
        unwanted=({"it": "start"}, lambda _: 1 / 0),
    )
    assert runner.run({"start": 5}) == {"total": 21}
    assert ran == ["double"]
    both = runner.run({"start": 5}, targets=["one_more", "double"])
    assert both == {"one_more": 11, "double": 10}


def test_an_error_in_a_node_comes_out(tuned: RemoteAction) -> None:
    def fail() -> None:
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        runner_of(total=({}, fail)).run()
