"""Asks the question now awaited by the form, with its choices; first of all, which right."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions import memory
from actions.buttons import Button, answer_button, button
from actions.eligibility.content import Lecture, QuestionContent
from actions.forms import AWAITED
from actions.reading import UNKNOWN
from actions.resources import Resources
from actions.safe_action import SafeAction

CHOICES = {Lecture.OUI_NON, Lecture.CHOIX}


class ActionDemander(SafeAction):
    """Named as Rasa's forms want it: `action_ask_` and the slot."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def name(self) -> str:
        return f"action_ask_{AWAITED}"

    async def answer(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        rule, fact = memory.questionnaire(tracker), memory.asked_fact(tracker)
        if rule is None:
            dispatcher.utter_message(response="utter_quel_droit", buttons=self._rules())
        elif fact:
            question = self._resources.rules[rule].questions[fact]
            text = self._resources.cards.render(question.texte, self._resources.today())
            dispatcher.utter_message(text=text, buttons=self._choices(question))
        return []

    def _rules(self) -> list[Button]:
        return [button(self._resources.rule_button(name)) for name in self._resources.rules]

    def _choices(self, question: QuestionContent) -> list[Button]:
        words = self._resources.sentences.questionnaire
        choices = {value: choix.libelle for value, choix in question.choix.items()}
        if question.lecture is Lecture.OUI_NON:
            choices = {"oui": words.oui.capitalize(), "non": words.non.capitalize()}
        choices[UNKNOWN] = words.ne_sait_pas
        return [answer_button(label, value) for value, label in choices.items()]
