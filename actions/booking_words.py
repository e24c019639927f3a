"""How appointments are said: moments in words, cards and buttons."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Literal

from babel.dates import format_date, format_time
from babel.lists import format_list
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.appointments.booking import MODE
from actions.appointments.content import SUBJECT
from actions.appointments.desk import Desk
from actions.buttons import Button, button
from actions.cards import Card
from actions.knowledge.schema import NATIONAL, Bouton
from actions.resources import Resources
from actions.saying import say_card
from allobot.settings import PARIS


def request_button(label: str, wanted: str) -> Button:
    """A button that asks something of appointments, whatever the dialogue was doing."""
    return button(Bouton(libelle=label, intention=SUBJECT, rdv=wanted))


class BookingWords:
    """Says the steps of a booking, with the deployment's own hours."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self.sentences = resources.sentences.rendez_vous

    @property
    def desk(self) -> Desk:
        return self._resources.desk

    def hour(self, time: dt.time) -> str:
        """« 9 h », « 14 h 20 », with no-break spaces."""
        pattern = self.sentences.heure if time.minute else self.sentences.heure_pile
        return format_time(time, pattern, locale="fr_FR")

    def moment(self, debut: dt.datetime) -> str:
        """« jeudi 26 novembre à 9 h 10 », « mardi 1er décembre à 14 h »."""
        local = debut.astimezone(PARIS)
        day = format_date(local, "EEEE d MMMM", locale="fr_FR").replace(" 1 ", " 1er ")
        return self.sentences.moment.format(jour=day, heure=self.hour(local.time()))

    def mode(self, mode: str | None) -> str:
        """« par téléphone », « sur place »."""
        label = self.desk.content.modes[mode or MODE].libelle
        return label[:1].lower() + label[1:]

    def fill(self, sentence: str, bureau: str | None, **values: object) -> str:
        """The sentence with the hours and limits of an office, and these values."""
        content = self.desk.content
        hours = self._hours(bureau)
        known = {"de": self.hour(hours[0]), "a": self.hour(hours[1])} if hours else {}
        return sentence.format(
            jours=content.horizon_jours,
            preavis=content.preavis_minutes,
            minutes=content.tenue_minutes,
            numero=content.numero_affiche,
            **known,
            **values,
        )

    def warn(self, dispatcher: CollectingDispatcher) -> None:
        """Say, before a trial, that it is one."""
        if self.desk.is_trial:
            dispatcher.utter_message(text=self.sentences.essai)

    def is_open(self, bureau: str, time: dt.time) -> bool:
        """Whether calls are made at that time of the day, on some day."""
        hours = self._hours(bureau)
        return hours is not None and hours[0] <= time < hours[1]

    def _hours(self, bureau: str | None) -> tuple[dt.time, dt.time] | None:
        """The first and last hours of the calls of an office."""
        offices = self.desk.content.bureaux
        if bureau not in offices:
            return None
        ouvertures = offices[bureau].ouvertures
        return min(o.debut for o in ouvertures), max(o.fin for o in ouvertures)

    def other_offices(self) -> str:
        """Where one may book, for those of another Caf."""
        names = [bureau.nom for bureau in self.desk.content.bureaux.values()]
        return self.sentences.autre_caf.format(bureaux=format_list(names, locale="fr_FR"))

    def card(
        self,
        title: str,
        summary: str,
        *,
        bureau: str | None = None,
        steps: Iterable[str] = (),
        notices: Iterable[str] = (),
        sourced: bool = False,
        binding: bool = False,
        form: Literal["coordonnees"] | None = None,
        file: str | None = None,
    ) -> Card:
        """A card of a booking.

        `sourced`: it states facts, and is no mere question. `binding`: it books, moves or cancels,
        or is about to; a trial says again that it is one.
        """
        content = self.desk.content
        trial = [self.sentences.essai] if binding and self.desk.is_trial else []
        return Card(
            kind="rendez_vous",
            id=SUBJECT,
            version=content.verifie_le.isoformat(),
            territoire=bureau if bureau and sourced else NATIONAL,
            title=title,
            summary=summary,
            steps=list(steps),
            contacts=[],
            links=[],
            sources=self._resources.cards.sources(content.sources) if sourced else [],
            verifie_le=content.verifie_le if sourced else None,
            falc=[],
            notices=[*notices, *trial],
            form=form,
            file=file,
        )

    def say(
        self,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        card: Card,
        buttons: list[Button],
    ) -> None:
        """Utter a card, in the words of the person's channel."""
        say_card(dispatcher, tracker, card, buttons, self._resources.sentences)
