"""Forgets the answers given to the questions, and starts them again."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions import memory
from actions.forms import take_up
from actions.resources import Resources
from actions.safe_action import SafeAction


class ActionRecommencer(SafeAction):
    """Without any question asked, there is nothing to start again: the menu is shown."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def name(self) -> str:
        return "action_recommencer"

    async def answer(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        name = memory.questionnaire(tracker)
        if name is None:
            dispatcher.utter_message(response="utter_capacites")
            return []
        dispatcher.utter_message(response="utter_on_recommence")
        facts = self._resources.rules[name].questions
        kept = {f: value for f, value in memory.answers(tracker).items() if f not in facts}
        return take_up(kept)
