"""The person says where he or she lives: the subject under discussion is said for that Caf."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions import memory
from actions.answering import remembered, say_procedure
from actions.forms import entity, text_of
from actions.resources import Resources
from actions.safe_action import SafeAction

DEPARTEMENT_ENTITY = "departement"  # put there by a button
ELSEWHERE = "autre"


class ActionMonTerritoire(SafeAction):
    """Keeps the département and the commune for the rest of the conversation."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def name(self) -> str:
        return "action_mon_territoire"

    async def answer(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        where = self._place(tracker)
        if where[0] is None:
            dispatcher.utter_message(response="utter_ou_habitez_vous")
            return [SlotSet(memory.CAF_ASKED, True)]
        tracker.slots.update({memory.CAF: where[0], memory.COMMUNE: where[1]})
        events = [SlotSet(memory.CAF_ASKED, True), *remembered(where)]
        dispatcher.utter_message(response="utter_territoire_note")
        if subject := memory.subject(tracker):
            events += say_procedure(subject, dispatcher, tracker, self._resources, chosen=[])
        return events

    def _place(self, tracker: Tracker) -> tuple[str | None, str | None]:
        if pressed := entity(tracker, DEPARTEMENT_ENTITY):
            return pressed, None
        spotted = self._resources.territories.spot(text_of(tracker))
        if spotted is None:
            return None, None
        return spotted.departement, spotted.commune.nom if spotted.commune else None
