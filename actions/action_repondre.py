"""Answers a subject: the procedure in force for the person's Caf, on the reference date."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.forms import intent_of
from actions.resources import Resources
from actions.safe_action import SafeAction
from actions.saying import say_card


class ActionRepondre(SafeAction):
    """The intent's name is the procedure's id."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def name(self) -> str:
        return "action_repondre"

    async def answer(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        say_procedure(intent_of(tracker) or "", dispatcher, tracker, self._resources)
        return []


def say_procedure(
    procedure_id: str, dispatcher: CollectingDispatcher, tracker: Tracker, resources: Resources
) -> None:
    """Say the version in force, or that nothing is known for that date."""
    date = resources.today()
    found = resources.procedures.find(procedure_id, resources.settings.caf, date)
    if found is None:
        dispatcher.utter_message(response="utter_inconnu_a_cette_date")
        return
    card = resources.cards.procedure(found, date)
    say_card(dispatcher, tracker, card, found.version.boutons, resources.sentences)
