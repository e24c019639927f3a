"""Separation path: not a right but a plan, what to do and where, in order.

Source: webinar of the Caf de la Haute-Marne, 6 October 2025, « Parcours séparation » (the five
questions of caf.fr and the services offered), « Je me sépare : les principales démarches » and
« L'offre de service ».
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from actions.eligibility.asf import AutreParent
from actions.eligibility.decision import Decision, Note, decided, require_known
from actions.knowledge.parameters import Parameters

RULE = "separation"
CONNUE_DEPUIS = dt.date(2025, 10, 6)  # date of the document


class Declaration(StrEnum):
    """Whether the Caf knows of the separation."""

    FAITE = "faite"
    PAS_FAITE = "pas_faite"
    PAS_ALLOCATAIRE = "pas_allocataire"


UNPAID = {AutreParent.NE_PAIE_PAS, AutreParent.PAIE_EN_PARTIE}
PENSION_STEPS = {
    AutreParent.PENSION_NON_FIXEE: "fixer_pension",
    AutreParent.PAIE_TOUT: "intermediation",
    AutreParent.VIOLENCES: "intermediation",
}


@dataclass(frozen=True)
class Situation:
    """What is known; None is "not known". Ages in completed years, of the dependent children."""

    violences: bool | None = None
    separation_declaree: Declaration | None = None
    ages_enfants: tuple[int, ...] | None = None
    autre_parent: AutreParent | None = None
    difficulte_logement: bool | None = None


def decide(situation: Situation, date: dt.date, parameters: Parameters) -> Decision:
    """The plan of this situation: always a yes, whose steps say what to do."""
    require_known(RULE, date, CONNUE_DEPUIS)
    return decided(
        RULE,
        date,
        conditions=(),
        wanted=_wanted(situation),
        notes=_notes(situation),
        steps=_steps(situation),
    )


def _wanted(situation: Situation) -> Iterator[str]:
    for fact in ("violences", "separation_declaree", "ages_enfants", "difficulte_logement"):
        if getattr(situation, fact) is None:
            yield fact
    if situation.ages_enfants and situation.autre_parent is None:
        yield "autre_parent"


def _endangered(situation: Situation) -> bool:
    return bool(situation.violences) or situation.autre_parent is AutreParent.VIOLENCES


def _notes(situation: Situation) -> Iterator[Note]:
    if _endangered(situation):
        yield Note("danger")


def _steps(situation: Situation) -> Iterator[str]:
    """Safety, what to declare, money, housing, then the people who help."""
    if _endangered(situation):
        yield from ("securite", "aide_urgence")
    yield from _to_declare(situation.separation_declaree)
    yield "droits"
    if situation.ages_enfants:
        yield from _for_children(situation)
    if situation.difficulte_logement:
        yield "logement"
    yield "rendez_vous"
    if situation.ages_enfants:
        yield from _services(situation)


def _to_declare(declaration: Declaration | None) -> Iterator[str]:
    if declaration is Declaration.PAS_ALLOCATAIRE:
        yield "sans_dossier"
    elif declaration is not Declaration.FAITE:
        yield "declarer"


def _for_children(situation: Situation) -> Iterator[str]:
    other = situation.autre_parent
    yield "asf"
    if other in UNPAID:
        yield "recouvrer_pension"
    elif other in PENSION_STEPS:
        yield PENSION_STEPS[other]
    elif other is None:
        yield "pension"
    if other not in (AutreParent.DECEDE, AutreParent.NON_RECONNU):
        yield "allocations_familiales"


def _services(situation: Situation) -> Iterator[str]:
    if situation.autre_parent is not AutreParent.DECEDE:
        if not _endangered(situation):
            yield "mediation_familiale"
        yield "seances"
        yield "espaces_rencontre"
    yield "aide_domicile"
