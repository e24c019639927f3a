"""« Oui » said outside any question: yes to the questions that the last subject offers."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, FollowupAction
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.action_commencer import ActionCommencer
from actions.forms import FORM


class ActionOui(ActionCommencer):
    """Starts the questionnaire of the subject under discussion, when there is one."""

    def name(self) -> str:
        return "action_oui"

    async def answer(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        if self.of_subject(tracker) is None:
            dispatcher.utter_message(response="utter_d_accord")
            return []
        return [*await super().answer(dispatcher, tracker, domain), FollowupAction(FORM)]
