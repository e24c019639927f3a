"""Corrects an answer of the questions, during them or after the result."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions import memory
from actions.buttons import Button, intent_button
from actions.eligibility.questions import Questionnaire
from actions.forms import FIELD_ENTITY, take_up, with_changes
from actions.memory import entity, text_of
from actions.resources import Resources
from actions.safe_action import SafeAction


class ActionCorriger(SafeAction):
    """With a value or a chosen question, takes the form up there; else asks which one."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def name(self) -> str:
        return "action_corriger"

    async def answer(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        name, answers = memory.questionnaire(tracker), memory.answers(tracker)
        questionnaire = self._resources.questionnaires.get(name or "")
        answered = questionnaire.answered(answers) if questionnaire else {}
        if questionnaire is None or not answered:
            dispatcher.utter_message(response="utter_rien_a_corriger")
            return []
        chosen = entity(tracker, FIELD_ENTITY)
        found = questionnaire.spotted(text_of(tracker), answers, self._resources.reader())
        changes: dict[str, str | None] = {chosen: None} if chosen else {**found}
        if changes:
            return take_up(with_changes(answers, changes))
        buttons = self._buttons(questionnaire, answered)
        dispatcher.utter_message(response="utter_que_corriger", buttons=buttons)
        return []

    def _buttons(self, questionnaire: Questionnaire, answered: dict[str, str]) -> list[Button]:
        words = self._resources.sentences.questionnaire
        return [
            intent_button(
                questionnaire.say_again(fact, value, words), "corriger", **{FIELD_ENTITY: fact}
            )
            for fact, value in answered.items()
        ]
