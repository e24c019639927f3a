"""A question that means something only with the subject under discussion: « et par chèque ? »."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions import memory
from actions.answering import say_procedure
from actions.resources import Resources
from actions.safe_action import SafeAction


class ActionQuestionSuivante(SafeAction):
    """Answers from the subject under discussion; without one, asks which."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def name(self) -> str:
        return "action_question_suivante"

    async def answer(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        subject = memory.subject(tracker)
        if subject is None:
            dispatcher.utter_message(response="utter_de_quel_sujet")
            return []
        return say_procedure(subject, dispatcher, tracker, self._resources)
