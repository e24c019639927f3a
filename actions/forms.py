"""The manners of every form: understand, explain, let correct, let leave. One mechanism.

A form is a list of `Question`s. At each turn the mechanism decides, in this order:
a clear answer to the question asked; another subject (the form steps aside, Rasa's rules
answer, then the question comes back); a correction of an earlier answer; an answer found inside
other words; otherwise the question is explained, and after `REFUSALS` times a person is offered.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.reading import Reading, read_unknown, simplify
from actions.safe_action import SafeAction

REFUSALS = 3  # unusable answers in a row before a person is offered
REQUESTED = "requested_slot"
REFUSED = "reponses_refusees"
EXTRACTION = "action_extract_slots"  # Rasa runs it after each message
ANSWER_ENTITY, FIELD_ENTITY = "reponse", "champ"

# Intents that are not another subject when they come as the answer to a question.
NOT_A_SUBJECT = {
    "affirmer",
    "refuser",
    "corriger",
    "capacites",
    "question_suivante",
    "plus_simple",
    "mon_territoire",
    "hors_sujet",
    "nlu_fallback",
    None,
}
URGENT = "violences_conjugales"

_CORRECTION = re.compile(
    r"\b(?:en fait|(?:me|m) (?:suis|etais) tromp\w*|erreur|pardon|finalement|corrig\w*|modifi\w*"
    r"|non mais|plutot|je voulais dire|rectif\w*|mal repondu)\b"
)

Answers = Mapping[str, str]


@dataclass(frozen=True)
class Question:
    """One question: its slot, how its answer is read, when it is asked.

    `spot` recognises the answer anywhere in a text, without the question being asked; it must
    be strict, for it serves corrections ("en fait il a 12 ans").
    """

    slot: str
    read: Callable[[str], Reading | None]
    spot: Callable[[str], str | None] = field(default=lambda text: None)
    asked: Callable[[Answers], bool] = field(default=lambda answers: True)


class GuidedForm(SafeAction):
    """Base of `validate_<form>` actions. Subclasses give `form`, `subject` and `questions`."""

    form: str
    subject: str
    questions: tuple[Question, ...]

    def name(self) -> str:
        return f"validate_{self.form}"

    async def answer(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        answers = self.answers(tracker)
        events: list[EventType] = []
        requested = tracker.get_slot(REQUESTED)
        if requested and _is_reply(tracker, self.form):
            events = self._reply(dispatcher, tracker, requested, answers)
            if not events:
                return []  # Rasa takes it as a refusal, and its rules answer
        changes = {event["name"]: event["value"] for event in events}
        answers = {k: v for k, v in {**answers, **changes}.items() if v is not None}
        return [*events, SlotSet(REQUESTED, self._next(answers))]

    def _reply(
        self,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        requested: str,
        answers: dict[str, str],
    ) -> list[EventType]:
        question = next(q for q in self.questions if q.slot == requested)
        text = text_of(tracker)
        if field_name := entity(tracker, FIELD_ENTITY):
            return self._changed({field_name: None})
        if value := entity(tracker, ANSWER_ENTITY):
            return self._changed({requested: value})
        reading = question.read(text) or read_unknown(text)
        if self._is_other_subject(tracker, reading):
            return []
        if corrected := self._corrections(text, question, answers):
            return self._changed(corrected)
        if reading:
            return self._changed({requested: reading.value})
        return self._not_understood(dispatcher, tracker, requested)

    def _is_other_subject(self, tracker: Tracker, reading: Reading | None) -> bool:
        intent = intent_of(tracker)
        if intent == URGENT:
            return True
        if intent in NOT_A_SUBJECT or intent == self.subject:
            return False
        return reading is None or not reading.sure

    def _corrections(
        self, text: str, asked: Question, answers: dict[str, str]
    ) -> dict[str, str | None]:
        """Earlier answers that the text changes: "en fait elle a 12 ans"."""
        if not _CORRECTION.search(simplify(text)):
            return {}
        return self.spotted(text, {slot for slot in answers if slot != asked.slot})

    def spotted(self, text: str, slots: set[str]) -> dict[str, str | None]:
        """Values of `slots` said in the text, by slot."""
        found = {q.slot: q.spot(text) for q in self.questions if q.slot in slots}
        return {slot: value for slot, value in found.items() if value is not None}

    def _changed(self, values: Mapping[str, str | None]) -> list[EventType]:
        return [*(SlotSet(slot, value) for slot, value in values.items()), SlotSet(REFUSED, None)]

    def _not_understood(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, requested: str
    ) -> list[EventType]:
        refused = int(tracker.get_slot(REFUSED) or 0) + 1
        if refused >= REFUSALS:
            dispatcher.utter_message(response="utter_question_difficile")
        else:
            dispatcher.utter_message(response=f"utter_expliquer_{requested}")
        return [SlotSet(REFUSED, refused % REFUSALS or None)]

    def answers(self, tracker: Tracker) -> dict[str, str]:
        """What was answered, by slot."""
        slots = {q.slot: tracker.get_slot(q.slot) for q in self.questions}
        return {slot: value for slot, value in slots.items() if value is not None}

    def asked(self, answers: Answers) -> list[str]:
        """Slots of the questions that these answers call for, in order."""
        return [q.slot for q in self.questions if q.asked(answers)]

    def _next(self, answers: Answers) -> str | None:
        return next((slot for slot in self.asked(answers) if slot not in answers), None)


def text_of(tracker: Tracker) -> str:
    """What the person wrote last."""
    return str(tracker.latest_message.get("text") or "")


def intent_of(tracker: Tracker) -> str | None:
    intent = tracker.latest_message.get("intent") or {}
    name: str | None = intent.get("name")
    return name


def entity(tracker: Tracker, name: str) -> str | None:
    """The value that a button put into the message."""
    return next(tracker.get_latest_entity_values(name), None)


def _is_reply(tracker: Tracker, form: str) -> bool:
    """Whether the person just answered; False when the form comes back after another subject."""
    for event in reversed(tracker.events):
        if event.get("event") == "user":
            return True
        if event.get("event") == "action" and event.get("name") not in {form, EXTRACTION}:
            return False
    return False
