"""The manners of every questionnaire: understand, explain, let correct, let leave.

One Rasa form serves all rules. At each turn it decides, in this order: danger and other subjects
(the form steps aside, Rasa's rules answer, then the question comes back); why the question is
asked; a correction of an earlier answer; the answer; otherwise the question is explained, and
after `REFUSALS` times a person is offered. The next question is the first whose answer the rule
still misses.
"""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions import memory
from actions.buttons import ANSWER_ENTITY
from actions.eligibility.questions import Questionnaire, Reader
from actions.memory import REFUSED, entity, intent_of, text_of
from actions.reading import Reading, asks_why, is_correction, is_question
from actions.resources import Resources
from actions.safe_action import SafeAction
from allobot.dangers import DANGERS

FORM = "questionnaire_form"
REFUSALS = 3  # unusable answers in a row before a person is offered
REQUESTED, AWAITED = "requested_slot", "reponse_attendue"  # Rasa's own slot, and its only value
EXTRACTION = "action_extract_slots"  # Rasa runs it after each message
FIELD_ENTITY = "champ"

CORRECT, UNSURE = "corriger", "nlu_fallback"
SURELY = 0.85  # confidence; the danger net gives 1
# Intents that are not another subject when they come as the answer to a question.
NOT_A_SUBJECT = {
    "affirmer",
    "refuser",
    "repondre",
    CORRECT,
    "capacites",
    "question_suivante",
    "mon_territoire",
    "hors_sujet",
    UNSURE,
    None,
}


class ValidateQuestionnaireForm(SafeAction):
    """Rasa runs it at each turn of the form, to read the answer and choose the next question."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def name(self) -> str:
        return f"validate_{FORM}"

    async def answer(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        name = memory.questionnaire(tracker) or self._chosen(tracker)
        if name is None:
            away = is_reply(tracker, FORM) and intent_of(tracker) not in NOT_A_SUBJECT
            return [] if away else [SlotSet(REQUESTED, AWAITED)]
        questionnaire = self._resources.questionnaires[name]
        answers = memory.answers(tracker)
        asked = memory.asked_fact(tracker)
        refused = 0
        if asked and is_reply(tracker, FORM):
            turn = _Turn(questionnaire, asked, tracker, self._resources.reader())
            if turn.is_other_subject():
                return []  # Rasa takes it as a refusal, and its rules answer
            changes = turn.changes()
            if changes is None:
                refused = self._explain(dispatcher, turn)
            else:
                if turn.endangered() or _tells_danger(questionnaire, changes):
                    dispatcher.utter_message(response="utter_si_danger")
                answers = with_changes(answers, changes)
        answers = self._with_place(answers, questionnaire, tracker)
        fact = questionnaire.next_fact(answers, self._resources.today())
        return [
            SlotSet(memory.QUESTIONNAIRE, name),
            *memory.keep(answers, fact),
            SlotSet(REFUSED, refused or None),
            SlotSet(REQUESTED, AWAITED if fact else None),
        ]

    def _chosen(self, tracker: Tracker) -> str | None:
        """The right named in answer to "which one?"."""
        return self._resources.rule_named(text_of(tracker)) if is_reply(tracker, FORM) else None

    def _explain(self, dispatcher: CollectingDispatcher, turn: _Turn) -> int:
        """Explain the question, or offer a person. Return how often it was not answered."""
        refused = memory.refused(turn.tracker) + (0 if turn.asks_why() else 1)
        if refused >= REFUSALS:
            dispatcher.utter_message(response="utter_question_difficile")
            return 0
        text = turn.questionnaire.content.questions[turn.asked].pourquoi
        dispatcher.utter_message(text=self._resources.cards.render(text, self._resources.today()))
        return refused

    def _with_place(
        self, answers: dict[str, str], questionnaire: Questionnaire, tracker: Tracker
    ) -> dict[str, str]:
        """The département is not asked when the conversation knows it."""
        caf = memory.known_caf(tracker, self._resources)
        facts = questionnaire.departement_facts()
        return {**(dict.fromkeys(facts, caf) if caf else {}), **answers}


class _Turn:
    """A message received in answer to a question."""

    def __init__(
        self, questionnaire: Questionnaire, asked: str, tracker: Tracker, reader: Reader
    ) -> None:
        self.questionnaire, self.asked, self.tracker = questionnaire, asked, tracker
        self._reader = reader
        self._text = text_of(tracker)
        self._button = entity(tracker, ANSWER_ENTITY)
        self._field = entity(tracker, FIELD_ENTITY)
        self._reading = self._read()
        self._corrected = self._corrections()

    def _read(self) -> Reading | None:
        if self._button:
            return Reading(self._button)
        return self._reader.read(self.questionnaire.content.questions[self.asked], self._text)

    def is_other_subject(self) -> bool:
        if self._button or self._field:
            return False
        intent = intent_of(self.tracker)
        if intent in DANGERS:  # they end the questions, even when the words could be an answer
            return not (self._reading and self._reading.sure and is_doubtful(self.tracker))
        if intent == CORRECT and not (self._corrected or self._reading):
            return True  # its own action asks which answer is wrong
        if self._corrected or self.asks_why() or _repeated(self.tracker):
            return False
        if intent == UNSURE and self._reading is None and is_question(self._text):
            return True  # rather a question half understood than a bad answer
        if intent in NOT_A_SUBJECT:
            return False
        if intent == self.questionnaire.content.sujet and self._reading:
            return False
        return self._reading is None or not self._reading.sure or is_question(self._text)

    def endangered(self) -> bool:
        """A danger may be in words that answer the question all the same."""
        return intent_of(self.tracker) in DANGERS

    def asks_why(self) -> bool:
        return not self._button and asks_why(self._text)

    def changes(self) -> dict[str, str | None] | None:
        """Answers given or changed, None to ask again; None as a whole: nothing was understood."""
        if self._field:
            return {self._field: None}
        if self.asks_why():
            return None
        if self._corrected:
            return self._corrected
        return {self.asked: self._reading.value} if self._reading else None

    def _corrections(self) -> dict[str, str | None]:
        """Earlier answers that the text changes: "en fait elle a 12 ans", or a late answer."""
        if self._button or not (is_correction(self._text) or self._reading is None):
            return {}
        earlier = memory.answers(self.tracker)
        found = self.questionnaire.spotted(self._text, earlier, self._reader)
        return {fact: value for fact, value in found.items() if value != earlier[fact]}


def _tells_danger(questionnaire: Questionnaire, changes: dict[str, str | None]) -> bool:
    """Whether one of these answers is the one that tells of a danger."""
    questions = questionnaire.content.questions
    return any(value and questions[fact].alerte == value for fact, value in changes.items())


def with_changes(answers: dict[str, str], changes: dict[str, str | None]) -> dict[str, str]:
    """The answers with these changes, the last given last."""
    kept = {fact: value for fact, value in answers.items() if fact not in changes}
    return kept | {fact: value for fact, value in changes.items() if value is not None}


def take_up(answers: dict[str, str]) -> list[EventType]:
    """With these answers, the form asks what is still missing, or decides."""
    return [*memory.keep(answers), FollowupAction(FORM)]


def _repeated(tracker: Tracker) -> bool:
    """The words of just before, and maybe more: the person insists, and does not change subject."""
    said = [str(event.get("text")) for event in tracker.events if event.get("event") == "user"]
    return len(said) > 1 and set(said[-2].lower().split()) <= set(said[-1].lower().split())


def is_doubtful(tracker: Tracker) -> bool:
    """The classifier alone sees a danger, where the words of danger are not."""
    confidence = (tracker.latest_message.get("intent") or {}).get("confidence", 1.0)
    return float(confidence) < SURELY


def is_reply(tracker: Tracker, form: str) -> bool:
    """Whether the person just answered; False when the form comes back after another subject."""
    for event in reversed(tracker.events):
        if event.get("event") == "user":
            return True
        if event.get("event") == "action" and event.get("name") not in {form, EXTRACTION}:
            return False
    return False
