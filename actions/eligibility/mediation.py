"""Whether the administrative mediator of the Caf can take up a request.

Sources: webinar of the Caf de la Haute-Marne, 4 May 2026, « Zoom sur la médiation
administrative » (a first step with the service, then the end of every direct solution; a court
case ends it; delays); webinar of the Caf de Loire-Atlantique, 28 March 2024, « La médiation
administrative » (who may ask, and what the mediator does not handle), which the former extends:
« tout mécontentement » on the service is received, not understanding a decision included.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from actions.eligibility.decision import (
    Condition,
    Decision,
    Note,
    Status,
    Verdict,
    decided,
    verdict_of,
)
from actions.knowledge.parameters import Parameters

RULE = "mediation"
# Figures of the notes; the rule is known from the document that gives them.
DELAI_OBJECTIF, PART_OBJECTIF = "mediation/delai_objectif", "mediation/part_objectif"
DELAI_REPONSE = "mediation/delai_reponse"
HAUTE_MARNE, LOIRE_ATLANTIQUE = "52", "44"


class Motif(StrEnum):
    """What the request is about."""

    DECISION = "decision"
    BLOCAGE = "blocage"
    SERVICE = "service"
    DELAI = "delai"
    INFORMATION = "information"
    PARTICULIERS = "particuliers"
    POLITIQUE = "politique"


class Demarche(StrEnum):
    """What was already done with the service of the Caf."""

    AUCUNE = "aucune"
    EN_ATTENTE = "en_attente"
    SANS_RESULTAT = "sans_resultat"


class Demandeur(StrEnum):
    """Who would ask the mediator."""

    SOI_MEME = "soi_meme"
    REPRESENTANT = "representant"
    INSTITUTION = "institution"
    TRAVAILLEUR_SOCIAL = "travailleur_social"
    AUTRE = "autre"


RECEIVED = {Motif.DECISION, Motif.BLOCAGE, Motif.SERVICE}
ELSEWHERE: dict[Motif | None, tuple[str, ...]] = {
    Motif.DELAI: ("suivre_dossier", "parler_caf"),
    Motif.INFORMATION: ("contacter_service",),
    Motif.PARTICULIERS: ("mediation_familiale", "parler_caf"),
    Motif.POLITIQUE: ("parler_caf",),
}


@dataclass(frozen=True)
class Situation:
    """What is known; None is "not known".

    mediation_delai_depasse: the case has waited longer than the Caf announces.
    mediation_tribunal: a court has been asked to judge the same disagreement.
    """

    mediation_motif: Motif | None = None
    mediation_delai_depasse: bool | None = None
    mediation_demarche: Demarche | None = None
    mediation_tribunal: bool | None = None
    mediation_demandeur: Demandeur | None = None
    departement: str | None = None


def decide(situation: Situation, date: dt.date, parameters: Parameters) -> Decision:
    """Whether the mediator can be asked at `date`, and what to do first otherwise."""
    for name in (DELAI_OBJECTIF, PART_OBJECTIF, DELAI_REPONSE):
        parameters.at(name, date)  # raises before the first known version
    conditions = (
        _subject(situation),
        *_first_steps(situation),
        Condition.of("sans_tribunal", _negated(situation.mediation_tribunal), "mediation_tribunal"),
        _applicant(situation),
    )
    refused = verdict_of(conditions) is Verdict.NON
    return decided(
        RULE,
        date,
        conditions,
        wanted=() if situation.departement else ("departement",),
        notes=_refusal_notes(situation) if refused else _notes(situation),
        steps=_refusal_steps(situation) if refused else _steps(situation),
    )


def _negated(fact: bool | None) -> bool | None:
    return None if fact is None else not fact


def _subject(situation: Situation) -> Condition:
    """Making a case go faster is received only once the usual delay has passed."""
    motif = situation.mediation_motif
    if motif is Motif.DELAI:
        return Condition.of("objet", situation.mediation_delai_depasse, "mediation_delai_depasse")
    return Condition.of("objet", None if motif is None else motif in RECEIVED, "mediation_motif")


def _first_steps(situation: Situation) -> tuple[Condition, ...]:
    """A first step with the service, which has not settled the matter."""
    demarche = situation.mediation_demarche
    if demarche is None:
        return (Condition.of("demarche", None, "mediation_demarche"),)
    if demarche is Demarche.AUCUNE:
        return (Condition.of("demarche", False),)
    failed = demarche is Demarche.SANS_RESULTAT
    return (Condition.of("demarche", True), Condition.of("sans_solution", failed))


def _applicant(situation: Situation) -> Condition:
    """Someone who is not in the list may be heard: only the mediator can say."""
    who = situation.mediation_demandeur
    if who is Demandeur.AUTRE:
        return Condition("demandeur", Status.UNKNOWN)
    return Condition.of("demandeur", None if who is None else True, "mediation_demandeur")


def _notes(situation: Situation) -> tuple[Note, ...]:
    names = ["neutralite", "tribunal_fin", "effets_inconnus", "delai_national"]
    if situation.departement == HAUTE_MARNE:
        names.append("delai_haute_marne")
    if situation.mediation_demandeur is Demandeur.AUTRE:
        names.insert(0, "autre_demandeur")
    return tuple(Note(name) for name in names)


def _refusal_notes(situation: Situation) -> tuple[Note, ...]:
    notes = []
    if situation.mediation_tribunal:
        notes.append(Note("tribunal"))
    if situation.mediation_motif and _subject(situation).status is Status.NOT_SATISFIED:
        notes.append(Note(situation.mediation_motif.value))
        notes.append(Note("transmise"))
    return tuple(notes)


def _refusal_steps(situation: Situation) -> tuple[str, ...]:
    """Where the request belongs, or what comes before the mediator."""
    if _subject(situation).status is Status.NOT_SATISFIED:
        return ELSEWHERE[situation.mediation_motif]
    if situation.mediation_tribunal:
        return ("parler_caf",)
    if situation.mediation_demarche is Demarche.EN_ATTENTE:
        return ("attendre_reponse", "revenir")
    return ("contacter_service", "revenir")


def _steps(situation: Situation) -> tuple[str, ...]:
    ways = {HAUTE_MARNE: "ecrire_haute_marne", LOIRE_ATLANTIQUE: "ecrire_loire_atlantique"}
    first = () if situation.mediation_demarche else ("contacter_service",)
    relay = ("faire_relayer",) if situation.mediation_demandeur is Demandeur.AUTRE else ()
    write = ways.get(situation.departement or "", "ecrire")
    return (*first, *relay, "saisir_en_ligne", write, "expliquer", "suivre")
