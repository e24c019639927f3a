"""« Plus simple » : easy words from now on, and the last answer again in easy words."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions import memory
from actions.answering import say_procedure
from actions.resources import Resources
from actions.safe_action import SafeAction


class ActionPlusSimple(SafeAction):
    """Stays on until the conversation ends."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def name(self) -> str:
        return "action_plus_simple"

    async def answer(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        tracker.slots[memory.EASY] = True
        dispatcher.utter_message(response="utter_plus_simple")
        events: list[EventType] = [SlotSet(memory.EASY, True)]
        if subject := memory.subject(tracker):
            events += say_procedure(subject, dispatcher, tracker, self._resources, chosen=[])
        return events
