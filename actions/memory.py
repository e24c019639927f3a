"""What the conversation remembers, in Rasa slots: subject, Caf, commune, easy words."""

from __future__ import annotations

from rasa_sdk import Tracker

from actions.knowledge.schema import Commune
from actions.resources import Resources

SUBJECT = "sujet"  # the procedure under discussion
CAF = "caf"  # département number said by the person
COMMUNE = "commune"
EASY = "facile"  # easy words, until asked otherwise
CAF_ASKED = "caf_demandee"


def subject(tracker: Tracker) -> str | None:
    name: str | None = tracker.get_slot(SUBJECT)
    return name


def caf(tracker: Tracker, resources: Resources) -> str | None:
    """The Caf that the person named, else the deployment's."""
    said: str | None = tracker.get_slot(CAF)
    return said or resources.settings.caf


def commune(tracker: Tracker, resources: Resources) -> Commune | None:
    """The commune that the person named."""
    name = tracker.get_slot(COMMUNE)
    spotted = resources.territories.spot(name) if name else None
    return spotted.commune if spotted else None


def easy(tracker: Tracker) -> bool:
    return bool(tracker.get_slot(EASY))
