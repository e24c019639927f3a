"""Corrects an answer of the ASF questions, during them or after the result."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.asf_form import ValidateAsfForm
from actions.forms import FIELD_ENTITY, entity, text_of
from actions.resources import Resources
from actions.safe_action import SafeAction


class ActionCorriger(SafeAction):
    """With a value or a chosen question, starts the form again there; else asks which one."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._form = ValidateAsfForm()

    def name(self) -> str:
        return "action_corriger"

    async def answer(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        answered = list(self._form.answers(tracker))
        if not answered:
            dispatcher.utter_message(response="utter_rien_a_corriger")
            return []
        chosen = entity(tracker, FIELD_ENTITY)
        changes = {chosen: None} if chosen else self._form.spotted(text_of(tracker), set(answered))
        if changes:
            events = [SlotSet(slot, value) for slot, value in changes.items()]
            return [*events, FollowupAction(self._form.form)]
        dispatcher.utter_message(response="utter_que_corriger", buttons=self._buttons(answered))
        return []

    def _buttons(self, slots: list[str]) -> list[dict[str, str]]:
        labels = self._resources.sentences.champs
        return [
            {"title": labels[slot], "payload": f'/corriger{{"{FIELD_ENTITY}": "{slot}"}}'}
            for slot in slots
        ]
