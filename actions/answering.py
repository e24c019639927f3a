"""Answers a subject: what fits the person's words first, then the whole of it.

Shared by the actions that end in a procedure's answer. Decides nothing about dialogue.
"""

from __future__ import annotations

import datetime as dt

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import memory
from actions.appointments.content import SUBJECT as APPOINTMENTS
from actions.buttons import button
from actions.cards import Card, CardContact, french_date
from actions.knowledge.directory import Places
from actions.knowledge.schema import NATIONAL, Bouton, Evenement, Lieu, Precision
from actions.knowledge.search import choose
from actions.memory import entity, text_of
from actions.own_file import asks_own_file
from actions.resources import Resources
from actions.saying import say_card

PRECISION_ENTITY = "precision"
NEXT_QUESTIONS = 3  # offered under an answer
PAST_EVENTS = 4
AGENDA = "agenda_evenements"  # lists every event
TO_A_CALL = {
    APPOINTMENTS,
    "parler_humain",
    "contacter_caf",
}  # subjects under which a call can be booked
SECOND_SUBJECT = "autre_sujet"  # set by the classifier: the subject of another question


def say_procedure(
    procedure_id: str,
    dispatcher: CollectingDispatcher,
    tracker: Tracker,
    resources: Resources,
    *,
    chosen: list[Precision] | None = None,
) -> list[EventType]:
    """Say the version in force for the person's Caf; or that nothing is known for that date.

    Args:
        chosen: the answers to put first; by default those that fit the person's words.
    """
    date, place = resources.today(), memory.place(tracker, resources)
    found = resources.procedures.find(procedure_id, place.caf, date)
    if found is None:
        dispatcher.utter_message(response="utter_inconnu_a_cette_date")
        return []
    known = resources.procedures.precisions(procedure_id, place.caf, date)
    chosen = _chosen(tracker, known) if chosen is None else chosen
    card = resources.cards.answered(resources.cards.procedure(found, date), chosen, date)
    card = card.model_copy(
        update={
            "notices": _notices(tracker, resources),
            "events": _events(procedure_id, place.caf, date, resources),
            "easy": memory.easy(tracker),
            **_places(procedure_id, place, resources, date),
        }
    )
    buttons = [
        *_second_subject(tracker, procedure_id, resources),
        *_rules(procedure_id, resources),
        *_appointments(procedure_id, resources),
        *found.version.boutons,
    ]
    questions = _next_questions(known, card)
    say_card(dispatcher, tracker, card, map(button, [*questions, *buttons]), resources.sentences)
    local = any(p.territoire != NATIONAL for p in known)
    return [
        SlotSet(memory.SUBJECT, procedure_id),
        *place.events(),
        *_ask_caf(dispatcher, tracker, needed=local and place.caf is None and not found.urgence),
    ]


def fitting(
    procedure_id: str, tracker: Tracker, resources: Resources, *, enough: float
) -> list[Precision]:
    """The answers about a subject that account for at least `enough` of the person's words."""
    caf = memory.place(tracker, resources).caf
    known = resources.procedures.precisions(procedure_id, caf, resources.today())
    return choose(text_of(tracker), known, enough=enough)


def _chosen(tracker: Tracker, known: list[Precision]) -> list[Precision]:
    if pressed := entity(tracker, PRECISION_ENTITY):
        return [precision for precision in known if precision.id == pressed]
    return choose(text_of(tracker), known)


def _ask_caf(
    dispatcher: CollectingDispatcher, tracker: Tracker, *, needed: bool
) -> list[EventType]:
    """Ask once where the person lives, when the answer depends on it."""
    if not needed or tracker.get_slot(memory.CAF_ASKED):
        return []
    dispatcher.utter_message(response="utter_quelle_caf")
    return [SlotSet(memory.CAF_ASKED, True)]


def _notices(tracker: Tracker, resources: Resources) -> list[str]:
    own = asks_own_file(text_of(tracker))
    return [resources.sentences.reponses.dossier] if own else []


def _next_questions(known: list[Precision], card: Card) -> list[Bouton]:
    """The questions that naturally follow: those after the one just answered, then the others."""
    said = {answer.id for answer in card.answers}
    ids = list(dict.fromkeys(precision.id for precision in known))
    start = max((ids.index(name) + 1 for name in said if name in ids), default=0)
    labels = {precision.id: precision.question for precision in known}
    ahead = [name for name in [*ids[start:], *ids[:start]] if name not in said]
    return [
        Bouton(libelle=labels[name], intention=card.id, precision=name)
        for name in ahead[:NEXT_QUESTIONS]
    ]


def _second_subject(tracker: Tracker, procedure_id: str, resources: Resources) -> list[Bouton]:
    """Two questions in one message: the second is one click away."""
    second = tracker.latest_message.get(SECOND_SUBJECT)
    label = resources.sentences.sujets.get(second or "")
    if not label or second == procedure_id:
        return []
    text = resources.sentences.reponses.autre_sujet.format(sujet=label)
    return [Bouton(libelle=text, intention=str(second))]


def _rules(procedure_id: str, resources: Resources) -> list[Bouton]:
    """What can be checked, question by question, about this subject."""
    return [resources.rule_button(name) for name in resources.rules_of(procedure_id)]


def _appointments(procedure_id: str, resources: Resources) -> list[Bouton]:
    """Booking a call, under what leads to a person; moving and cancelling, under appointments."""
    if procedure_id not in TO_A_CALL or not resources.desk.is_open:
        return []
    words = resources.sentences.rendez_vous.boutons
    offered = {"prendre": words.prendre}
    if procedure_id == APPOINTMENTS:
        offered |= {"deplacer": words.deplacer, "annuler": words.annuler}
    return [
        Bouton(libelle=label, intention=APPOINTMENTS, rdv=wanted)
        for wanted, label in offered.items()
    ]


def _events(procedure_id: str, caf: str | None, date: dt.date, resources: Resources) -> list[str]:
    """What is coming first, then the last events of the past, said as past."""
    events = [
        event
        for event in resources.agenda.values()
        if (procedure_id in event.sujets or procedure_id == AGENDA)
        and (caf is None or event.territoire in {caf, NATIONAL})
    ]
    coming = sorted((e for e in events if _end(e) >= date), key=lambda e: e.debut)
    past = sorted((e for e in events if _end(e) < date), key=lambda e: e.debut, reverse=True)
    words = resources.sentences.reponses
    return [
        *(_event_line(event, words.evenement_a_venir) for event in coming),
        *(_event_line(event, words.evenement_passe) for event in past[:PAST_EVENTS]),
    ]


def _end(event: Evenement) -> dt.date:
    return (event.fin or event.debut).date()


def _event_line(event: Evenement, template: str) -> str:
    place = f", {event.lieu}" if event.lieu else ""
    hour = (
        f" à {event.debut:%-H} h {event.debut:%M}".removesuffix(" 00") if event.debut.hour else ""
    )
    return template.format(
        titre=event.titre, date=french_date(event.debut.date()) + hour, lieu=place
    )


def _places(
    procedure_id: str, place: memory.Place, resources: Resources, date: dt.date
) -> dict[str, object]:
    places = resources.directory.find(procedure_id, place.caf, place.commune, date)
    if places is None:
        return {}
    title = _places_title(places, resources)
    if places.past(date):
        title = f"{title} {resources.sentences.reponses.lieux_periode_finie}"
    return {"places_title": title, "places": [_place_contact(lieu) for lieu in places.lieux]}


def _places_title(places: Places, resources: Resources) -> str:
    words, titre = resources.sentences.reponses, places.annuaire.titre
    if places.commune is None:
        return words.lieux_tous.format(titre=titre)
    if places.near is None:
        return words.lieux_ici.format(titre=titre, commune=places.commune.nom)
    return words.lieux_proches.format(
        titre=titre,
        commune=places.commune.nom,
        proche=places.lieux[0].commune,
        km=round(places.near),
    )


def _place_contact(lieu: Lieu) -> CardContact:
    phone = lieu.telephone
    ways = [part for part in (lieu.adresse, phone, lieu.courriel) if part]
    return CardContact(
        id="lieu",
        label=f"{lieu.commune} : {lieu.nom}",
        value=", ".join(ways),
        details=lieu.details,
        href=f"tel:{phone.replace(' ', '')}" if phone else None,
    )
