"""Answers a subject: the procedure in force for the person's Caf, on the reference date."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.answering import say_procedure
from actions.correcting import corrected
from actions.memory import intent_of
from actions.resources import Resources
from actions.safe_action import SafeAction


class ActionRepondre(SafeAction):
    """The intent's name is the procedure's id."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def name(self) -> str:
        return "action_repondre"

    async def answer(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        if events := corrected(tracker, self._resources):
            return events
        return say_procedure(intent_of(tracker) or "", dispatcher, tracker, self._resources)
