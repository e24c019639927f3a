"""Reading the end of a conversation only gives the predictions of Rasa's own policy."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from rasa.core.policies.rule_policy import RulePolicy
from rasa.core.training import load_data
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActionExecutionRejected,
    ActiveLoop,
    BotUttered,
    Event,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.generator import TrackerWithCachedStates
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.importers.rasa import RasaFileImporter

from bot.recent_rules import RecentRulePolicy, tail

ROOT = Path(__file__).parents[2]
FORMS = ("questionnaire_form", "rendez_vous_form")


# Of libraries that Rasa reads its files with, and of rules read without their examples.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")

Policies = tuple[RulePolicy, RecentRulePolicy, Domain]


@pytest.fixture(scope="module")
def policies(tmp_path_factory: pytest.TempPathFactory) -> Policies:
    """Rasa's and ours, with the rules of the project, as they are after a training."""
    importer = RasaFileImporter(
        domain_path=str(ROOT / "domain.yml"), training_data_paths=[str(ROOT / "data" / "rules")]
    )
    domain = importer.get_domain()
    trackers: list[TrackerWithCachedStates] = load_data(importer, domain)
    storage = LocalModelStorage.create(tmp_path_factory.mktemp("rules"))
    context = ExecutionContext(GraphSchema({}), "test")
    where = (storage, Resource("rules"), context)
    config = {**RulePolicy.get_default_config(), "core_fallback_action_name": "action_incompris"}
    RulePolicy.create(config, *where).train(trackers, domain)
    return RulePolicy.load(config, *where), RecentRulePolicy.load(config, *where), domain


def conversation(seed: int, domain: Domain, turns: int) -> Iterator[Event]:
    """Anything that may happen, sensible or not: the two policies must agree on it all."""
    choose = random.Random(seed)
    yield ActionExecuted("action_session_start")
    for number in range(turns):
        yield ActionExecuted("action_listen")
        intent = choose.choice([*domain.intents, "affirmer", "affirmer", "refuser", "arreter"])
        yield UserUttered(f"message {number}", {"name": intent, "confidence": 1.0})
        for _ in range(choose.randrange(4)):
            name = choose.choice([*domain.user_actions, *FORMS, *FORMS, "action_deactivate_loop"])
            yield ActionExecuted(name)
            yield from choose.choice(
                [
                    [],
                    [BotUttered("une réponse")],
                    [SlotSet("sujet", intent)],
                    [ActiveLoop(choose.choice(FORMS))],
                    [ActiveLoop(None)],
                    [ActionExecutionRejected(name)],
                ]
            )


@pytest.mark.parametrize("seed", range(12))
def test_same_predictions_as_rasa(policies: Policies, seed: int) -> None:
    stock, recent, domain = policies
    tracker = DialogueStateTracker("someone", domain.slots)
    predicted = []
    for event in conversation(seed, domain, turns=40):
        tracker.update(event)
        if isinstance(event, (ActionExecuted, UserUttered, ActiveLoop)):
            expected = stock.predict_action_probabilities(tracker, domain)
            found = recent.predict_action_probabilities(tracker, domain)
            assert found.probabilities == expected.probabilities
            assert found.is_no_user_prediction == expected.is_no_user_prediction
            assert found.events == expected.events
            predicted.append(expected.max_confidence_index)
    assert len(set(predicted)) > 3, "several actions were predicted"


def test_the_work_does_not_grow_with_the_conversation(policies: Policies) -> None:
    _, recent, domain = policies
    sizes = []
    for turns in (10, 200):
        tracker = DialogueStateTracker("someone", domain.slots)
        for number in range(turns):
            tracker.update(ActionExecuted("action_listen"))
            tracker.update(UserUttered(f"{number}", {"name": "asf", "confidence": 1.0}))
            tracker.update(ActionExecuted("action_repondre"))
        sizes.append(len(recent._prediction_states(tracker, domain)))
    assert sizes[0] == sizes[1]


def test_a_short_conversation_is_read_whole() -> None:
    tracker = DialogueStateTracker("someone", [])
    tracker.update(ActionExecuted("action_listen"))
    assert tail(tracker, 4) is tracker
