"""Not the Caf's: names the right door when the words tell which."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.correcting import corrected
from actions.doors import door
from actions.memory import text_of
from actions.resources import Resources
from actions.safe_action import SafeAction


class ActionHorsSujet(SafeAction):
    """Says which organisation answers, and that Allobot does not."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def name(self) -> str:
        return "action_hors_sujet"

    async def answer(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        if events := corrected(tracker, self._resources):
            return events
        porte = door(text_of(tracker), self._resources.portes)
        if porte is None:
            dispatcher.utter_message(response="utter_hors_sujet")
        else:
            fields = {"organisme": porte.libelle, "pour": porte.pour, "adresse": porte.url}
            dispatcher.utter_message(response="utter_autre_porte", **fields)
        return []
