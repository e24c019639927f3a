"""What the conversation remembers, in Rasa slots: subject, place, easy words."""

from __future__ import annotations

from dataclasses import dataclass

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet

from actions.forms import text_of
from actions.knowledge.schema import Commune
from actions.resources import Resources

SUBJECT = "sujet"  # the procedure under discussion
CAF = "caf"  # département number said by the person
COMMUNE = "commune"
EASY = "facile"  # easy words, until asked otherwise
CAF_ASKED = "caf_demandee"


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
    return Place(tracker.get_slot(CAF) or resources.settings.caf, commune)


def easy(tracker: Tracker) -> bool:
    return bool(tracker.get_slot(EASY))
