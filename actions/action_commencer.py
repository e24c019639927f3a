"""Chooses the rule whose questions the form will ask: Rasa runs the form next."""

from __future__ import annotations

import re

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions import memory
from actions.eligibility.questions import Questionnaire
from actions.memory import entity, text_of
from actions.reading import UNKNOWN, simplify
from actions.resources import Resources
from actions.safe_action import SafeAction

RULE_ENTITY = "regle"
_RESUME = re.compile(r"\b(?:repren\w*|repris\w*|contin\w*|suite|on en etait|verifier_droit)\b")


class ActionCommencer(SafeAction):
    """The one of the button, or named, or of the subject under discussion, or the last."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def name(self) -> str:
        return "action_commencer"

    async def answer(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        name = self._wanted(tracker)
        if name is not None:
            self._introduce(dispatcher, tracker, self._resources.questionnaires[name])
        return [
            SlotSet(memory.QUESTIONNAIRE, name),
            SlotSet(memory.ASKED, None),
            SlotSet(memory.REFUSED, None),
        ]

    def _wanted(self, tracker: Tracker) -> str | None:
        """None when nothing tells: the form then asks which right."""
        text = text_of(tracker)
        found = entity(tracker, RULE_ENTITY) or self._resources.rule_named(text)
        if found in self._resources.questionnaires:
            return found
        current = memory.questionnaire(tracker)
        if current and _RESUME.search(simplify(text)):
            return current
        return self.of_subject(tracker) or current

    def of_subject(self, tracker: Tracker) -> str | None:
        """The rule that the subject under discussion offers to check."""
        return next(iter(self._resources.rules_of(memory.subject(tracker))), None)

    def _introduce(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, questionnaire: Questionnaire
    ) -> None:
        cards, today = self._resources.cards, self._resources.today()
        dispatcher.utter_message(text=cards.render(questionnaire.content.debut, today))
        words = self._resources.sentences.questionnaire
        known = questionnaire.answered(memory.answers(tracker))
        again = [
            questionnaire.say_again(fact, value, words)
            for fact, value in known.items()
            if value != UNKNOWN
        ]
        if again:
            text = words.repris.format(reponses=" ; ".join(again))
            dispatcher.utter_message(text=text)
        else:
            dispatcher.utter_message(response="utter_comment_repondre")
