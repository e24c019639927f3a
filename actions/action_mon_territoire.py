"""The person says where he or she lives: the subject under discussion is said for that Caf."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions import memory
from actions.answering import say_procedure
from actions.memory import entity
from actions.resources import Resources
from actions.safe_action import SafeAction

DEPARTEMENT_ENTITY = "departement"  # put there by a button


class ActionMonTerritoire(SafeAction):
    """Keeps the département and the commune for the rest of the conversation."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def name(self) -> str:
        return "action_mon_territoire"

    async def answer(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        place = self._place(tracker)
        if place is None:
            dispatcher.utter_message(response="utter_ou_habitez_vous")
            return [SlotSet(memory.CAF_ASKED, True)]
        events: list[EventType] = [SlotSet(memory.CAF_ASKED, True), *place.events()]
        tracker.slots.update({event["name"]: event["value"] for event in events})
        dispatcher.utter_message(response="utter_territoire_note")
        if subject := memory.subject(tracker):
            events += say_procedure(subject, dispatcher, tracker, self._resources, chosen=[])
        return events

    def _place(self, tracker: Tracker) -> memory.Place | None:
        if pressed := entity(tracker, DEPARTEMENT_ENTITY):
            return memory.Place(pressed)
        return memory.said_place(tracker, self._resources)
