"""Forgets the answers given to the questions, and starts them again."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.asf_form import SLOTS, ValidateAsfForm
from actions.safe_action import SafeAction


class ActionRecommencer(SafeAction):
    """Without any answer to forget, there is nothing to start again: the menu is shown."""

    def name(self) -> str:
        return "action_recommencer"

    async def answer(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        if not ValidateAsfForm().answers(tracker):
            dispatcher.utter_message(response="utter_capacites")
            return []
        dispatcher.utter_message(response="utter_on_recommence")
        forgotten = [SlotSet(slot, None) for slot in SLOTS]
        return [*forgotten, FollowupAction(ValidateAsfForm.form)]
