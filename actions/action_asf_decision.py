"""Says the decision on the ASF once the form has its answers."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.asf_form import ValidateAsfForm, situation
from actions.eligibility import asf
from actions.eligibility.presentation import decision_card
from actions.resources import Resources
from actions.safe_action import SafeAction
from actions.saying import say_card


class ActionAsfDecision(SafeAction):
    """Answers stay, so that one can be corrected and the decision made again."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def name(self) -> str:
        return "action_asf_decision"

    async def answer(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        resources = self._resources
        facts = situation(ValidateAsfForm().answers(tracker))
        decision = asf.decide(facts, resources.today(), resources.parameters)
        content = resources.rules[asf.RULE]
        card = decision_card(decision, content, resources.cards)
        say_card(dispatcher, tracker, card, content.boutons, resources.sentences)
        return []
