"""Gives back the moment held for someone who stops."""

from __future__ import annotations

import asyncio

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.appointments.demande import Demande
from actions.booking_form import SLOT
from actions.resources import Resources
from actions.safe_action import SafeAction


class ActionLibererRendezVous(SafeAction):
    """An appointment that is booked stays: only what is held is given back."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def name(self) -> str:
        return "action_liberer_rendez_vous"

    async def answer(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        demande = Demande.read(tracker.get_slot(SLOT))
        if demande.rendez_vous and not demande.fini:
            booking = self._resources.desk.booking
            await asyncio.to_thread(booking.release, demande.rendez_vous)
        dispatcher.utter_message(response="utter_rdv_abandonne")
        return [SlotSet(SLOT, None)]
