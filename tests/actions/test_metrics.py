"""The action server's counts: runs, errors and time by action."""

import asyncio
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from rasa_sdk import Action, Tracker
from rasa_sdk.endpoint import create_app
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import ActionNotFoundException
from rasa_sdk.types import DomainDict

from actions.metrics import MeasuredExecutor, add_metrics
from actions.safe_action import SafeAction

PERSON = "personne-secrete"
WORDS = "mes mots à moi"


class Says(SafeAction):
    """Answers, slowly enough to be timed."""

    def name(self) -> str:
        return "action_dit"

    async def answer(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        await asyncio.sleep(0.02)
        dispatcher.utter_message(text="voilà")
        return []


class Fails(SafeAction):
    """Has a fault, which the person does not see."""

    def name(self) -> str:
        return "action_casse"

    async def answer(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        raise ValueError(WORDS)


class Raises(Action):
    """Has a fault that nothing catches."""

    def name(self) -> str:
        return "action_leve"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        raise KeyError(WORDS)


@pytest.fixture
def executor() -> MeasuredExecutor:
    made = MeasuredExecutor()
    for action in (Says(), Fails(), Raises()):
        made.register_action(action)
    return made


def call(name: str) -> dict[str, Any]:
    """As Rasa asks."""
    tracker = {
        "sender_id": PERSON,
        "slots": {},
        "latest_message": {"text": WORDS, "intent": {"name": "rsa"}, "entities": []},
        "events": [],
        "paused": False,
        "followup_action": None,
        "active_loop": {},
        "latest_action_name": None,
    }
    return {"next_action": name, "sender_id": PERSON, "tracker": tracker, "domain": {}}


def count(executor: MeasuredExecutor, name: str, action: str) -> float | None:
    return executor.metrics.get_sample_value(name, {"action": action})


async def test_runs_and_time(executor: MeasuredExecutor) -> None:
    for _ in range(3):
        result = await executor.run(call("action_dit"))
        assert result is not None and result.responses[0]["text"] == "voilà"
    assert count(executor, "allobot_action_runs_total", "action_dit") == 3
    assert count(executor, "allobot_action_errors_total", "action_dit") is None
    assert count(executor, "allobot_action_seconds_count", "action_dit") == 3
    total = count(executor, "allobot_action_seconds_sum", "action_dit")
    assert total is not None and 0.06 <= total < 3
    assert executor.metrics.get_sample_value("allobot_actions_in_flight") == 0


async def test_an_error_that_became_a_sentence_is_one(executor: MeasuredExecutor) -> None:
    await executor.run(call("action_casse"))
    assert count(executor, "allobot_action_errors_total", "action_casse") == 1


async def test_an_error_that_nothing_caught_is_one(executor: MeasuredExecutor) -> None:
    with pytest.raises(KeyError):
        await executor.run(call("action_leve"))
    assert count(executor, "allobot_action_errors_total", "action_leve") == 1
    assert executor.metrics.get_sample_value("allobot_actions_in_flight") == 0


async def test_an_unknown_action_has_no_name(executor: MeasuredExecutor) -> None:
    with pytest.raises(ActionNotFoundException):
        await executor.run(call("action_inventee_par_quelqu_un"))
    assert count(executor, "allobot_action_errors_total", "inconnue") == 1
    assert count(executor, "allobot_action_runs_total", "action_inventee_par_quelqu_un") is None


async def test_rasa_need_not_send_its_domain(executor: MeasuredExecutor) -> None:
    without = call("action_dit")
    del without["domain"]
    result = await executor.run(without)
    assert result is not None and result.responses[0]["text"] == "voilà"


async def test_the_page_names_nobody(executor: MeasuredExecutor) -> None:
    app = create_app(executor, cors_origins=[])
    add_metrics(app, executor)
    await executor.run(call("action_casse"))
    handler = next(route.handler for route in app.router.routes if route.path == "metrics")
    answer = await handler(None)
    text = answer.body.decode()
    assert answer.content_type.startswith("text/plain; version=")
    families = {family.name: family for family in text_string_to_metric_families(text)}
    [run] = [s for s in families["allobot_action_runs"].samples if s.name.endswith("_total")]
    assert (run.labels, run.value) == ({"action": "action_casse"}, 1)
    assert PERSON not in text and WORDS not in text
