"""Asks what a booking still misses: office, reason, moment, contact details, agreement."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Literal

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.appointments.booking import MODE
from actions.appointments.creneaux import Creneau
from actions.appointments.demande import Demande, Etape, Operation
from actions.appointments.souhaits import Souhait
from actions.booking_form import AWAITED, SLOT
from actions.booking_words import BookingWords, request_button
from actions.buttons import Button, answer_button, intent_button
from actions.resources import Resources
from actions.safe_action import SafeAction
from actions.saying import SHELL
from allobot.settings import PARIS

PROPOSED = 3  # slots at a time
ABOUT = 30  # minutes
FORM_OF_DETAILS: Literal["coordonnees"] = "coordonnees"  # what the widget shows under the question


class ActionDemanderRendezVous(SafeAction):
    """Named as Rasa's forms want it: `action_ask_` and the slot."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._words = BookingWords(resources)

    def name(self) -> str:
        return f"action_ask_{AWAITED}"

    async def answer(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        demande = Demande.read(tracker.get_slot(SLOT))
        if demande.etape is None:
            return []
        if demande.etape is Etape.CRENEAU and demande.souhait is not None:
            return await self._propose(dispatcher, tracker, demande)
        title, summary, buttons = await self._question(tracker, demande)
        asks_details = demande.etape is Etape.COORDONNEES
        card = self._words.card(
            title,
            summary,
            bureau=demande.bureau,
            sourced=demande.etape is Etape.CRENEAU,
            binding=(demande.operation, demande.etape) == (Operation.PRENDRE, Etape.CONFIRMATION),
            form=FORM_OF_DETAILS if asks_details else None,
        )
        self._words.say(dispatcher, tracker, card, buttons)
        return []

    async def _question(self, tracker: Tracker, demande: Demande) -> tuple[str, str, list[Button]]:
        """The title, the question and its buttons."""
        words, content = self._words.sentences, self._resources.desk.content
        asked, said = words.questions, words.boutons
        match demande.etape:
            case Etape.BUREAU:
                offices = [answer_button(b.nom, name) for name, b in content.bureaux.items()]
                return words.titre, asked.bureau, [*offices, answer_button(said.autre_caf, "autre")]
            case Etape.MODE:
                assert demande.bureau
                modes = content.open_modes(demande.bureau).items()
                return words.titre, asked.mode, [answer_button(m.libelle, n) for n, m in modes]
            case Etape.MOTIF:
                motifs = content.motifs.items()
                return words.titre, asked.motif, [answer_button(m.libelle, n) for n, m in motifs]
            case Etape.CODE:
                return words.titre, asked.code, [answer_button(said.sans_code, "sans_code")]
            case Etape.CRENEAU:
                question = self._words.fill(asked.creneau, demande.bureau)
                return words.titre, question, [answer_button(said.plus_tot, "plus_tot")]
            case Etape.COORDONNEES:
                assert demande.creneau
                moment = self._words.moment(demande.creneau)
                by_phone = demande.mode == MODE
                sentence = asked.coordonnees if by_phone else asked.coordonnees_ailleurs
                question = self._words.fill(sentence, demande.bureau, moment=moment)
                if tracker.get_latest_input_channel() == SHELL:
                    question = f"{question} {self._words.sentences.coffre}"
                return (
                    words.titre,
                    question,
                    self._ways_out(answer_button(said.changer_heure, "heure")),
                )
            case _:
                return words.verifier_titre, *await self._confirmation(tracker, demande)

    async def _confirmation(self, tracker: Tracker, demande: Demande) -> tuple[str, list[Button]]:
        words, desk = self._words.sentences, self._resources.desk
        asked, said = words.questions, words.boutons
        if demande.operation is Operation.ANNULER:
            assert demande.ancien_debut
            moment = self._words.moment(demande.ancien_debut)
            buttons = [
                request_button(said.oui_annuler, "confirmer"),
                answer_button(said.non_garder, "garder"),
            ]
            return asked.annuler.format(moment=moment), buttons
        assert demande.creneau and demande.motif
        moment = self._words.moment(demande.creneau)
        buttons = [
            request_button(said.confirmer, "confirmer"),
            answer_button(said.changer_heure, "heure"),
        ]
        if demande.operation is Operation.DEPLACER:
            return asked.deplacer.format(moment=moment), self._ways_out(*buttons)
        details = await asyncio.to_thread(
            desk.vault.read, demande.jeton or "", conversation=tracker.sender_id, now=desk.now()
        )
        by_phone = demande.mode == MODE
        question = (asked.prendre if by_phone else asked.prendre_ailleurs).format(
            moment=moment,
            mode=self._words.mode(demande.mode),
            motif=desk.content.motifs[demande.motif].libelle,
            fin=details.last_digits if details else "",
        )
        buttons.append(answer_button(said.changer_numero, "numero"))
        return question, self._ways_out(*buttons)

    def _ways_out(self, *buttons: Button) -> list[Button]:
        return [*buttons, intent_button(self._words.sentences.boutons.abandonner, "arreter")]

    async def _propose(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, demande: Demande
    ) -> list[EventType]:
        """At most three free moments; the same ones when another subject came in between."""
        words = self._words.sentences
        again = demande.proposes
        intro, offered = (words.proposition, again) if again else await self._offer(demande)
        buttons = [
            answer_button(_capital(self._words.moment(debut)), debut.isoformat())
            for debut in offered
        ]
        if len(offered) == PROPOSED:
            buttons.append(answer_button(words.boutons.autres, "autres"))
        buttons.append(answer_button(words.boutons.autre_jour, "autre_jour"))
        summary = self._words.fill(intro, demande.bureau)
        card = self._words.card(words.titre, summary, bureau=demande.bureau)
        self._words.say(dispatcher, tracker, card, self._ways_out(*buttons))
        if again:
            return []
        known = demande.avec(proposes=offered, vus=(*demande.vus, *offered))
        return [SlotSet(SLOT, known.slot())]

    async def _offer(self, demande: Demande) -> tuple[str, tuple[dt.datetime, ...]]:
        """What fits the wish; else what is the nearest, and why."""
        words, wished = self._words.sentences, demande.souhaite()
        found = await self._free(demande, wished)
        intro = words.proposition
        if not found and demande.vus:
            intro = words.epuise
        elif not found:
            intro, found = await self._nearest(demande, wished)
        elif wished.a and not any(_is_about(creneau.debut, wished.a) for creneau in found):
            assert demande.bureau
            is_open = self._words.is_open(demande.bureau, wished.a)
            why = words.pourquoi["complet" if is_open else "hors_horaires"]
            intro = f"{why} {words.proches}"
        return intro, tuple(creneau.debut.astimezone(PARIS) for creneau in found)

    async def _nearest(self, demande: Demande, wished: Souhait) -> tuple[str, list[Creneau]]:
        """Why nothing fits, and what is free the soonest after the wished day."""
        words, desk = self._words.sentences, self._resources.desk
        assert demande.bureau
        why = await asyncio.to_thread(desk.booking.why_none, demande.bureau, wished, desk.now())
        days = sorted(filter(None, [*wished.jours, wished.premier]))
        after = Souhait(premier=days[0], sauf=wished.sauf) if days else Souhait(sauf=wished.sauf)
        found = await self._free(demande, after) or await self._free(demande, Souhait())
        if not found:
            return words.complet, []
        return f"{words.pourquoi[why]} {words.proches}", found

    async def _free(self, demande: Demande, wished: Souhait) -> list[Creneau]:
        desk = self._resources.desk
        assert demande.bureau
        return await asyncio.to_thread(
            desk.booking.free,
            demande.bureau,
            wished,
            desk.now(),
            limit=PROPOSED,
            sauf=[*demande.vus, *filter(None, [demande.ancien_debut])],
        )


def _is_about(debut: dt.datetime, wished: dt.time) -> bool:
    """Whether a moment is within half an hour of a time of the day."""
    local = debut.astimezone(PARIS)
    minutes = (local.hour - wished.hour) * 60 + local.minute - wished.minute
    return abs(minutes) <= ABOUT


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
