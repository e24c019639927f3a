"""What the conversation remembers, in Rasa slots; and what the last message says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet

from actions.knowledge.schema import Commune
from actions.resources import Resources

SUBJECT = "sujet"  # the procedure under discussion
CAF = "caf"  # département number said by the person
COMMUNE = "commune"
EASY = "facile"  # easy words, until asked otherwise
CAF_ASKED = "caf_demandee"
QUESTIONNAIRE = "questionnaire"  # the rule whose questions are asked, or were last
ANSWERS = "reponses"  # by fact name, shared by all rules: nothing is asked twice
ASKED = "fait_demande"  # the fact now asked
REFUSED = "reponses_refusees"


@dataclass(frozen=True)
class Place:
    """Where the person is: département number and commune, each None when unknown."""

    caf: str | None
    commune: Commune | None = None

    def events(self) -> list[EventType]:
        """Keeps the place for the rest of the conversation."""
        return [SlotSet(CAF, self.caf), SlotSet(COMMUNE, self.commune and self.commune.nom)]


def subject(tracker: Tracker) -> str | None:
    name: str | None = tracker.get_slot(SUBJECT)
    return name


def said_place(tracker: Tracker, resources: Resources) -> Place | None:
    """The place named in the message being answered."""
    spotted = resources.territories.spot(text_of(tracker))
    return Place(spotted.departement, spotted.commune) if spotted else None


def place(tracker: Tracker, resources: Resources) -> Place:
    """The place just named, else named before, else the deployment's Caf."""
    if just_said := said_place(tracker, resources):
        return just_said
    commune = resources.territories.commune(tracker.get_slot(COMMUNE))
    return Place(known_caf(tracker, resources), commune)


def known_caf(tracker: Tracker, resources: Resources) -> str | None:
    """The département named before, else the deployment's."""
    return tracker.get_slot(CAF) or resources.settings.caf


def easy(tracker: Tracker) -> bool:
    return bool(tracker.get_slot(EASY))


def questionnaire(tracker: Tracker) -> str | None:
    name: str | None = tracker.get_slot(QUESTIONNAIRE)
    return name


def answers(tracker: Tracker) -> dict[str, str]:
    """What was answered to questions, by fact, in the order of the answers."""
    return dict(tracker.get_slot(ANSWERS) or {})


def asked_fact(tracker: Tracker) -> str | None:
    name: str | None = tracker.get_slot(ASKED)
    return name


def refused(tracker: Tracker) -> int:
    """How many times in a row the question was not answered."""
    return int(tracker.get_slot(REFUSED) or 0)


def keep(given: Mapping[str, str], asked: str | None = None) -> list[EventType]:
    """Keep the answers, and which fact is now asked."""
    return [SlotSet(ANSWERS, dict(given) or None), SlotSet(ASKED, asked)]


def before_latest_message(events: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What happened before the person's last message; nothing without a message."""
    users = [i for i, event in enumerate(events) if event.get("event") == "user"]
    return list(events[: users[-1]]) if users else []


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
