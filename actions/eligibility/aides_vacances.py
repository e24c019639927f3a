"""Aides aux vacances of the Caf de la Haute-Marne: AVF (families), AVE (children), AVS.

Source: webinar of the Caf de la Haute-Marne, 7 March 2024, « Aides aux vacances ». It says that
the aids are for allocataires, to leave with their children or for children to leave in a group,
and that the Caf told the families who fulfil the conditions in February 2024. It gives neither
those conditions (quotient familial, ages) nor amounts nor dates of stay: what the Caf has told
the person therefore decides.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from actions.eligibility.decision import Condition, Decision, Note, decided, require_known
from actions.knowledge.parameters import Parameters

RULE = "aides_vacances"

CONNUE_DEPUIS = dt.date(2024, 3, 7)
CAF_CONNUE = "52"
# The only year whose notifications are known to have been sent.
ANNEE_CONNUE = 2024


class Depart(StrEnum):
    """Who leaves, and so which aid it would be."""

    FAMILLE = "famille"
    ENFANT = "enfant"
    SEJOUR_SOCIAL = "sejour_social"


@dataclass(frozen=True)
class Situation:
    """What is known; None is "not known". Ages in completed years; notices are this year's."""

    departement: str | None = None
    notification_vacances: bool | None = None
    allocataire: bool | None = None
    aide_vacances_mon_compte: bool | None = None
    depart_vacances: Depart | None = None
    ages_enfants: tuple[int, ...] | None = None


def decide(situation: Situation, date: dt.date, parameters: Parameters) -> Decision:
    """Whether an aid seems open this year. No figure is known.

    Raises:
        UnknownAtDate: before the document.
    """
    require_known(RULE, date, CONNUE_DEPUIS)
    conditions = tuple(_conditions(situation, date))
    return decided(
        RULE,
        date,
        conditions,
        wanted=_wanted(situation),
        notes=_notes(situation, date),
        steps=_steps(situation),
    )


def _elsewhere(situation: Situation) -> bool:
    """Each Caf has its own rules, and only one Caf's are known."""
    return situation.departement not in (None, CAF_CONNUE)


def _told(situation: Situation) -> bool | None:
    """Whether the Caf has told the person, one way or the other, that they have an aid."""
    notices = (situation.notification_vacances, situation.aide_vacances_mon_compte)
    if True in notices:
        return True
    return None if None in notices else False


def _conditions(situation: Situation, date: dt.date) -> Iterator[Condition]:
    if _elsewhere(situation):
        yield Condition.of("departement", None)
        return
    yield Condition.of("departement", True if situation.departement else None, "departement")
    told = _told(situation)
    if told is False and date.year != ANNEE_CONNUE:
        # When the Caf writes is not known for this year: silence proves nothing.
        yield Condition.of("droit_ouvert", None)
    else:
        yield Condition.of("droit_ouvert", told, *_missing_notices(situation))
    if not told:  # otherwise the Caf has already looked at the rest
        yield Condition.of("allocataire", situation.allocataire, "allocataire")
        yield _child(situation)


def _missing_notices(situation: Situation) -> Iterator[str]:
    if situation.notification_vacances is None:
        yield "notification_vacances"
    if situation.aide_vacances_mon_compte is None:
        yield "aide_vacances_mon_compte"


def _child(situation: Situation) -> Condition:
    """Families and children leave with AVF and AVE; nothing is said of who leaves with AVS."""
    if situation.depart_vacances is Depart.SEJOUR_SOCIAL or situation.ages_enfants:
        return Condition.of("enfant", True)
    if situation.ages_enfants is None:
        asked = ("depart_vacances",) if situation.depart_vacances is None else ()
        return Condition.of("enfant", None, *asked, "ages_enfants")
    holds = None if situation.depart_vacances is None else False
    return Condition.of("enfant", holds, "depart_vacances")


def _wanted(situation: Situation) -> Iterator[str]:
    if situation.depart_vacances is None and not _elsewhere(situation):
        yield "depart_vacances"


def _notes(situation: Situation, date: dt.date) -> Iterator[Note]:
    if _elsewhere(situation):
        yield Note("autre_caf")
        return
    if situation.depart_vacances:
        yield Note(f"aide_{situation.depart_vacances}")
    if not _told(situation):
        yield Note("conditions_inconnues")
    yield Note("sans_montant")
    if date.year != ANNEE_CONNUE:
        yield Note("annee_inconnue")


def _steps(situation: Situation) -> Iterator[str]:
    if _elsewhere(situation):
        yield from ("regarder_mon_compte", "trouver_sa_caf", "appeler_caf")
    elif _told(situation):
        yield from ("voir_montant", "chercher_sejour", "avant_de_reserver")
    elif situation.allocataire is False:
        yield "appeler_caf"
    else:
        yield from ("regarder_mon_compte", "appeler_caf")
