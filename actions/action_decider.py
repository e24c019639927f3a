"""Says what a rule decides, once its questions have their answers."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions import memory
from actions.buttons import button
from actions.eligibility.presentation import decision_card
from actions.knowledge.schema import Bouton
from actions.resources import Resources
from actions.safe_action import SafeAction
from actions.saying import say_card


class ActionDecider(SafeAction):
    """Answers stay, so that one can be corrected and the decision made again."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def name(self) -> str:
        return "action_decider"

    async def answer(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        resources = self._resources
        name = memory.questionnaire(tracker)
        if name is None:
            return []
        questionnaire = resources.questionnaires[name]
        decision = questionnaire.decide(memory.answers(tracker), resources.today())
        card = decision_card(decision, questionnaire.content, resources.cards, resources.sentences)
        card = card.model_copy(update={"easy": memory.easy(tracker)})
        say_card(dispatcher, tracker, card, map(button, self._buttons(name)), resources.sentences)
        return [SlotSet(memory.SUBJECT, questionnaire.content.sujet)]

    def _buttons(self, name: str) -> list[Bouton]:
        words, content = self._resources.sentences.questionnaire, self._resources.rules[name]
        about = self._resources.sentences.sujets[content.sujet]
        return [
            *content.boutons,
            Bouton(libelle=words.corriger, intention="corriger"),
            Bouton(libelle=words.recommencer, intention="recommencer"),
            Bouton(libelle=words.tout_savoir.format(sujet=about), intention=content.sujet),
            Bouton(libelle=words.personne, intention="parler_humain"),
        ]
