"""Ends a booking: really books, moves or cancels, and says it; the same again when asked again."""

from __future__ import annotations

import asyncio

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.answering import say_procedure
from actions.appointments.booking import MODE, CoordonneesAbsentes, RendezVous, TenueExpiree
from actions.appointments.content import SUBJECT
from actions.appointments.demande import Demande, Operation
from actions.booking_form import FORM, SLOT
from actions.booking_words import BookingWords, request_button
from actions.buttons import Button, intent_button
from actions.resources import Resources
from actions.safe_action import SafeAction
from allobot.settings import PARIS

CALENDAR = "/rendez-vous/{start}.ics?m={minutes}"  # a path of the gateway


class Conclusion:
    """What the end of a request does, and what is said of it."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._words = BookingWords(resources)

    async def reach(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, demande: Demande
    ) -> list[EventType]:
        """Do what was agreed to."""
        if demande.fin:
            return self._end(dispatcher, tracker, demande)
        if not demande.accepte:
            return []
        if demande.operation is Operation.ANNULER:
            return await self._cancel(dispatcher, tracker, demande)
        return await self._book(dispatcher, tracker, demande)

    async def again(
        self,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        before: Demande,
        *,
        new_code: bool,
    ) -> list[EventType]:
        """Say again what was booked in this conversation, with a new code when asked for."""
        desk, words = self._resources.desk, self._words.sentences
        found = None
        if before.fini and before.rendez_vous:
            found = await asyncio.to_thread(desk.booking.find, before.rendez_vous)
        if found is None or found.etat != "confirme":
            dispatcher.utter_message(text=words.rien_a_changer)
            return []
        notice = words.meme_code
        if new_code:
            code = await asyncio.to_thread(desk.codes.issue, found.id, desk.now())
            notice = words.nouveau_code.format(code=code)
        self._say_booked(dispatcher, tracker, found, words.pris_titre, notice)
        return []

    async def _book(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, demande: Demande
    ) -> list[EventType]:
        desk, words = self._resources.desk, self._words.sentences
        assert demande.rendez_vous
        try:
            booked = await asyncio.to_thread(
                desk.booking.confirm,
                demande.rendez_vous,
                demande.jeton,
                conversation=tracker.sender_id,
                now=desk.now(),
            )
        except TenueExpiree:
            dispatcher.utter_message(text=words.expire)
            return _back(demande.avec(creneau=None, rendez_vous=None, proposes=()))
        except CoordonneesAbsentes:
            dispatcher.utter_message(text=words.explications["coordonnees"])
            return _back(demande.avec(jeton=None))
        if demande.operation is Operation.DEPLACER:
            title, notice = words.deplace_titre, words.meme_code
        else:
            code = await asyncio.to_thread(desk.codes.issue, booked.id, desk.now())
            title, notice = words.pris_titre, words.code.format(code=code)
        self._say_booked(dispatcher, tracker, booked, title, notice)
        return [_done(booked)]

    async def _cancel(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, demande: Demande
    ) -> list[EventType]:
        desk, words = self._resources.desk, self._words.sentences
        assert demande.ancien
        cancelled = await asyncio.to_thread(desk.booking.cancel, demande.ancien, desk.now())
        moment = self._words.moment(cancelled.debut)
        summary = words.annule.format(moment=moment)
        card = self._words.card(words.annule_titre, summary, bureau=cancelled.bureau, sourced=True)
        buttons = [request_button(words.boutons.prendre, "prendre")]
        self._words.say(dispatcher, tracker, card, [*buttons, self._person()])
        return [SlotSet(SLOT, None)]

    def _end(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, demande: Demande
    ) -> list[EventType]:
        words = self._words.sentences
        said = {
            "garde": words.garde,
            "autre_caf": self._words.other_offices(),
            "sans_code": words.sans_code,
            "code_trop": words.code_trop,
            "code_bloque": words.code_bloque,
            "rien_a_changer": words.rien_a_changer,
        }
        assert demande.fin
        dispatcher.utter_message(text=said[demande.fin], buttons=[self._person()])
        forget: list[EventType] = [SlotSet(SLOT, None)]
        if demande.fin != "autre_caf":
            return forget
        return [*forget, *say_procedure(SUBJECT, dispatcher, tracker, self._resources)]

    def _say_booked(
        self,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        booked: RendezVous,
        title: str,
        notice: str,
    ) -> None:
        words, content = self._words.sentences, self._resources.desk.content
        moment = self._words.moment(booked.debut)
        local = booked.debut.astimezone(PARIS)
        card = self._words.card(
            title,
            self._words.fill(
                words.appel if booked.mode == MODE else words.ailleurs,
                booked.bureau,
                moment=moment,
                mode=self._words.mode(booked.mode),
            ),
            bureau=booked.bureau,
            steps=content.motifs[booked.motif].preparer,
            notices=[notice],
            sourced=True,
            binding=True,
            file=CALENDAR.format(start=f"{local:%Y%m%dT%H%M}", minutes=booked.minutes),
        )
        said = words.boutons
        buttons = [
            request_button(said.deplacer, "deplacer"),
            request_button(said.annuler, "annuler"),
            request_button(said.nouveau_code, "nouveau_code"),
            self._person(),
        ]
        self._words.say(dispatcher, tracker, card, buttons)

    def _person(self) -> Button:
        return intent_button(self._words.sentences.boutons.personne, "parler_humain")


class ActionConclureRendezVous(SafeAction):
    """Run once the form has nothing left to ask."""

    def __init__(self, resources: Resources) -> None:
        self._conclusion = Conclusion(resources)

    def name(self) -> str:
        return "action_conclure_rendez_vous"

    async def answer(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        demande = Demande.read(tracker.get_slot(SLOT))
        return await self._conclusion.reach(dispatcher, tracker, demande)


def _done(booked: RendezVous) -> EventType:
    """What stays known after a booking: it can be moved or cancelled from here."""
    kept = Demande(bureau=booked.bureau, mode=booked.mode, rendez_vous=booked.id, fini=True)
    return SlotSet(SLOT, kept.slot())


def _back(demande: Demande) -> list[EventType]:
    """Back to the questions."""
    return [SlotSet(SLOT, demande.avec(accepte=False).slot()), FollowupAction(FORM)]
