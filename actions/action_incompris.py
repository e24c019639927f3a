"""Not understood, or not surely: choices first, then a reworded try, then a person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions import memory
from actions.answering import fitting, say_procedure
from actions.buttons import Button, intent_button
from actions.correcting import corrected
from actions.memory import before_latest_message, text_of
from actions.resources import Resources
from actions.safe_action import SafeAction
from allobot.dangers import DANGERS

CHOICES = 3
TRIES = 2  # misunderstood messages in a row, after which the ways to a person are given
DANGER_FROM = 0.08  # confidence
DEFAULT_CHOICES = ("mot_de_passe", "rembourser_dette", "separation")
TO_A_PERSON = "parler_humain"
ELSEWHERE = "hors_sujet"  # said as likely, above the choices
FOLLOW_UP_WORDS = 8  # a short message may be about the subject under discussion
PERHAPS, PERHAPS_ELSEWHERE = 0.5, 0.15  # confidences that allow a « perhaps »
FITS = 0.4  # share of the words that an answer said as a perhaps accounts for
SURE = 0.6  # of the words of a follow-up found in one answer


class ActionIncompris(SafeAction):
    """`bande` (from the classifier) tells doubt (`proposer`) from not understood."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def name(self) -> str:
        return "action_incompris"

    async def answer(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        ranking = tracker.latest_message.get("intent_ranking") or []
        if _may_be_in_danger(ranking):
            dispatcher.utter_message(response="utter_si_danger")
        if events := corrected(tracker, self._resources):
            return events
        if tries(tracker.events, self.name()) >= TRIES:
            dispatcher.utter_message(response="utter_vers_une_personne")
            return say_procedure(TO_A_PERSON, dispatcher, tracker, self._resources)
        if events := self._follow_up(dispatcher, tracker):
            return events
        if events := self._perhaps(dispatcher, tracker, ranking):
            return events
        response = _response(tracker.latest_message.get("bande"), ranking)
        dispatcher.utter_message(response=response, buttons=self._buttons(ranking))
        return []

    def _follow_up(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        """A short message that one answer of the subject under discussion fits well."""
        subject = memory.subject(tracker)
        if subject is None or len(text_of(tracker).split()) > FOLLOW_UP_WORDS:
            return []
        chosen = fitting(subject, tracker, self._resources, enough=SURE)
        if not chosen:
            return []
        return say_procedure(subject, dispatcher, tracker, self._resources, chosen=chosen)

    def _perhaps(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, ranking: list[dict[str, Any]]
    ) -> list[EventType]:
        """In doubt between subjects, an answer that fits the words: said as a perhaps, with the
        choices. Never when the question may be for another organisation."""
        if not _likely(tracker.latest_message.get("bande"), ranking):
            return []
        subject = ranking[0]["name"]
        chosen = fitting(subject, tracker, self._resources, enough=FITS)
        if not chosen:
            return []
        dispatcher.utter_message(response="utter_peut_etre_ceci")
        events = say_procedure(subject, dispatcher, tracker, self._resources, chosen=chosen)
        dispatcher.utter_message(
            response="utter_vouliez_vous_dire", buttons=self._buttons(ranking[1:])
        )
        return events

    def _buttons(self, ranking: list[dict[str, Any]]) -> list[Button]:
        labels = self._resources.sentences.sujets
        names = [item["name"] for item in ranking if item["name"] in labels]
        wanted = [name for name in (*names, *DEFAULT_CHOICES) if name != TO_A_PERSON]
        chosen = [*list(dict.fromkeys(wanted))[:CHOICES], TO_A_PERSON]
        return [intent_button(labels[name], name) for name in chosen]


def tries(events: Sequence[dict[str, Any]], action: str) -> int:
    """How many person's messages in a row `action` answered; the one being answered counts."""
    count, answered = 1, False
    for event in reversed(before_latest_message(events)):
        if event.get("event") == "action" and event.get("name") == action:
            answered = True
        elif event.get("event") == "user":
            if not answered:
                return count
            count, answered = count + 1, False
    return count


def _response(band: str | None, ranking: list[dict[str, Any]]) -> str:
    """What is said above the choices."""
    if band != "proposer" or not ranking:
        return "utter_reformulez"
    likeliest = ranking[0]["name"]
    return "utter_peut_etre_hors_sujet" if likeliest == ELSEWHERE else "utter_vouliez_vous_dire"


def _likely(band: str | None, ranking: list[dict[str, Any]]) -> bool:
    """One subject clearly before the others, and hardly a chance that it is not the Caf's."""
    if band != "proposer" or not ranking:
        return False
    confidences = {item["name"]: item["confidence"] for item in ranking}
    first = ranking[0]["name"]
    return bool(
        first != ELSEWHERE
        and confidences[first] >= PERHAPS
        and confidences.get(ELSEWHERE, 0.0) < PERHAPS_ELSEWHERE
    )


def _may_be_in_danger(ranking: list[dict[str, Any]]) -> bool:
    return any(
        item["name"] in DANGERS and item["confidence"] >= DANGER_FROM for item in ranking[:CHOICES]
    )
