"""« Rendez-vous téléphonique »: books, moves or cancels when asked to, else explains how."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions import memory
from actions.action_conclure_rendez_vous import Conclusion
from actions.answering import say_procedure
from actions.appointments.content import SUBJECT
from actions.appointments.demande import Demande, Operation
from actions.appointments.intake import read_tokens
from actions.appointments.souhaits import spot_souhait, wants
from actions.booking_form import (
    FORM,
    RDV_ENTITY,
    SLOT,
    appointment_of,
    changeable,
    discreet_text,
)
from actions.booking_words import BookingWords
from actions.correcting import corrected
from actions.memory import entity, text_of
from actions.resources import Resources
from actions.safe_action import SafeAction

CONFIRM, NEW_CODE = "confirmer", "nouveau_code"


class ActionRendezVous(SafeAction):
    """A question about appointments is answered; a request starts the form, or takes it up."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._conclusion = Conclusion(resources)

    def name(self) -> str:
        return "action_rendez_vous"

    async def answer(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        if events := corrected(tracker, self._resources):
            return events
        before = Demande.read(tracker.get_slot(SLOT))
        wanted = entity(tracker, RDV_ENTITY) or wants(text_of(tracker))
        agreed = before.avec(accepte=True)
        if wanted == CONFIRM and not before.fini and agreed.manque() is None:
            # Pressed after another subject, or again when the first time had no answer.
            return await self._conclusion.reach(dispatcher, tracker, agreed)
        if wanted in (CONFIRM, NEW_CODE):
            return await self._conclusion.again(
                dispatcher, tracker, before, new_code=wanted == NEW_CODE
            )
        if wanted not in set(Operation):
            return self._explain(dispatcher, tracker)
        return await self._start(dispatcher, tracker, before, Operation(wanted))

    def _explain(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        return say_procedure(SUBJECT, dispatcher, tracker, self._resources)

    async def _start(
        self,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        before: Demande,
        operation: Operation,
    ) -> list[EventType]:
        desk, words = self._resources.desk, BookingWords(self._resources)
        caf = memory.place(tracker, self._resources).caf
        if not desk.is_open:
            dispatcher.utter_message(text=words.sentences.ferme)
            return self._explain(dispatcher, tracker)
        if operation is Operation.PRENDRE and caf and caf not in desk.content.bureaux:
            dispatcher.utter_message(text=words.other_offices())
            return self._explain(dispatcher, tracker)
        text = await discreet_text(tracker, desk)
        demande = self._taken_up(before, operation, caf)
        if demande is not before and operation is Operation.PRENDRE:
            words.warn(dispatcher)
        if operation is not Operation.PRENDRE and demande.ancien is None:
            demande = await self._opened(tracker, before, demande, text)
        if operation is not Operation.ANNULER and (wish := spot_souhait(text, desk.now().date())):
            demande = demande.precise(wish)
        return [SlotSet(SLOT, demande.slot()), FollowupAction(FORM)]

    def _taken_up(self, before: Demande, operation: Operation, caf: str | None) -> Demande:
        """The request under way when it is the same, else a new one."""
        if before.etape and before.operation is operation and not before.fin:
            return before
        return Demande(operation=operation, bureau=caf)

    async def _opened(
        self, tracker: Tracker, before: Demande, demande: Demande, text: str
    ) -> Demande:
        """The appointment to change: of the code just written, or booked in this conversation."""
        desk = self._resources.desk
        if token := read_tokens(text).rendez_vous:
            ancien = await appointment_of(desk, token, tracker.sender_id)
        else:
            ancien = before.rendez_vous if before.fini else None
        found = await changeable(desk, ancien) if ancien else None
        return demande.sur(found) if found else demande.avec(bureau=None)
