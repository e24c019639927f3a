"""Aide universelle d'urgence pour les victimes de violences conjugales.

Source: webinar of the Caf de la Haute-Marne, 6 October 2025, « Aide aux victimes de violences
conjugales », « Le fonctionnement général de l'aide d'urgence », « Tout comprendre sur l'aide
pour les victimes de violences conjugales » and « Vous êtes prêt à effectuer vos démarches ? »
(loi n° 2023-140 du 28 février 2023). The document gives neither the amounts nor the Smic net, so
no amount is computed and the person says on which side of the threshold the income is.
"""

from __future__ import annotations

import calendar
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
from actions.eligibility.working_days import add_working_days
from actions.knowledge.parameters import Parameters

RULE = "aide_violences_conjugales"
ANCIENNETE = "violences_conjugales/anciennete_document"
DELAI_ALLOCATAIRE = "violences_conjugales/delai_allocataire"
DELAI_NON_ALLOCATAIRE = "violences_conjugales/delai_non_allocataire"
DANGER = Note("danger")  # first of the notes, whatever the verdict


class Document(StrEnum):
    """What attests the violence of the partner or ex-partner."""

    PLAINTE = "plainte"
    SIGNALEMENT = "signalement"
    ORDONNANCE = "ordonnance"
    AUTRE = "autre"
    AUCUN = "aucun"


class Revenus(StrEnum):
    """Earnings of the month before, against 150 % of the Smic net of a person alone."""

    AUCUN = "aucun"
    SOUS_PLAFOND = "sous_plafond"
    AU_DESSUS = "au_dessus"


ACCEPTED = {Document.PLAINTE, Document.SIGNALEMENT, Document.ORDONNANCE}
FORMS = {
    Revenus.AUCUN: "subvention",
    Revenus.SOUS_PLAFOND: "subvention",
    Revenus.AU_DESSUS: "pret",
    None: "forme_inconnue",
}


@dataclass(frozen=True)
class Situation:
    """What is known; None is "not known".

    violences: violence from the partner or ex-partner. regime_agricole: depends on the MSA.
    """

    violences_document_nature: Document | None = None
    violences_document_date: dt.date | None = None
    violences: bool | None = None
    residence_stable: bool | None = None
    violences_revenus: Revenus | None = None
    allocataire: bool | None = None
    regime_agricole: bool | None = None


def decide(situation: Situation, date: dt.date, parameters: Parameters) -> Decision:
    """Whether the aid is due, in which form, and by when it is paid if asked for on `date`."""
    months = int(parameters.at(ANCIENNETE, date).value)
    conditions = (
        Condition.of("violences", _is_victim(situation), "violences"),
        *_document_conditions(situation, date, months),
        Condition.of("residence", situation.residence_stable, "residence_stable"),
    )
    refused = verdict_of(conditions) is Verdict.NON
    notes = (
        _refusal_notes(situation, conditions)
        if refused
        else _notes(situation, date, months, parameters)
    )
    return decided(
        RULE,
        date,
        conditions,
        wanted=_wanted(situation),
        notes=(DANGER, *notes),
        steps=_refusal_steps(conditions) if refused else _steps(situation),
    )


def _is_victim(situation: Situation) -> bool | None:
    """An accepted document attests it: nobody who has one is asked to say it."""
    return True if situation.violences_document_nature in ACCEPTED else situation.violences


def _document_conditions(situation: Situation, date: dt.date, months: int) -> tuple[Condition, ...]:
    kind = situation.violences_document_nature
    accepted = None if kind is None else kind in ACCEPTED
    document = Condition.of("document", accepted, "violences_document_nature")
    return (document, _recent(situation, date, months)) if accepted else (document,)


def _recent(situation: Situation, date: dt.date, months: int) -> Condition:
    """A date to come is a mistake: it refuses nothing."""
    day = situation.violences_document_date
    if day is not None and day > date:
        return Condition("document_recent", Status.UNKNOWN)
    recent = None if day is None else date < _months_after(day, months)
    return Condition.of("document_recent", recent, "violences_document_date")


def _months_after(day: dt.date, months: int) -> dt.date:
    """Same day of the month, or its last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return dt.date(year, month + 1, min(day.day, last))


def _wanted(situation: Situation) -> list[str]:
    wanted = []
    if situation.violences_revenus is None:
        wanted.append("violences_revenus")
    if situation.allocataire is None:
        wanted.append("allocataire")
    if situation.allocataire is False and situation.regime_agricole is None:
        wanted.append("regime_agricole")
    return wanted


def _notes(
    situation: Situation, date: dt.date, months: int, parameters: Parameters
) -> tuple[Note, ...]:
    return (
        Note(FORMS[situation.violences_revenus]),
        _payment_note(situation, date, parameters),
        *_document_notes(situation, date, months),
        Note("compte_tiers"),
        Note("sans_autre_condition"),
        Note("montant_inconnu"),
        Note("deja_recue"),
    )


def _payment_note(situation: Situation, date: dt.date, parameters: Parameters) -> Note:
    """By when the Caf pays, for a request complete on `date`."""
    if _asks_msa(situation):
        return Note("delai_msa")
    known, new = (
        add_working_days(date, int(parameters.at(name, date).value))
        for name in (DELAI_ALLOCATAIRE, DELAI_NON_ALLOCATAIRE)
    )
    if situation.allocataire is None:
        return Note(
            "delai_selon_cas", {"jour": date, "limite": known, "limite_non_allocataire": new}
        )
    if situation.allocataire:
        return Note("delai_allocataire", {"jour": date, "limite": known})
    return Note("delai_non_allocataire", {"jour": date, "limite": new})


def _asks_msa(situation: Situation) -> bool:
    return situation.allocataire is False and bool(situation.regime_agricole)


def _document_notes(situation: Situation, date: dt.date, months: int) -> tuple[Note, ...]:
    day = situation.violences_document_date
    if day is None or situation.violences_document_nature not in ACCEPTED:
        return ()
    if day > date:
        return (Note("document_date_future", {"jour": day}),)
    return (Note("document_valable", {"limite": _months_after(day, months)}),)


def _refusal_notes(situation: Situation, conditions: tuple[Condition, ...]) -> tuple[Note, ...]:
    day = situation.violences_document_date
    notes = {
        "violences": Note("hors_couple"),
        "document": Note(
            "autre_document"
            if situation.violences_document_nature is Document.AUTRE
            else "sans_document"
        ),
        "document_recent": Note("document_ancien", {} if day is None else {"jour": day}),
        "residence": Note("hors_france"),
    }
    return tuple(notes[name] for name in _failed(conditions))


def _failed(conditions: tuple[Condition, ...]) -> list[str]:
    return [c.id for c in conditions if c.status is Status.NOT_SATISFIED]


def _refusal_steps(conditions: tuple[Condition, ...]) -> tuple[str, ...]:
    """A document can still be obtained when nothing else refuses."""
    if set(_failed(conditions)) <= {"document", "document_recent"}:
        return ("obtenir_document", "se_proteger", "parler_caf")
    return ("parler_caf",)


def _steps(situation: Situation) -> tuple[str, ...]:
    document = () if situation.violences_document_nature else ("obtenir_document",)
    return (
        "se_proteger",
        "coordonnees_sures",
        *document,
        *_request_steps(situation),
        "envoyer_document",
        "parler_caf",
    )


def _request_steps(situation: Situation) -> tuple[str, ...]:
    """Where to ask; every way that may be the person's when it is not known."""
    if situation.allocataire:
        return ("demande_allocataire",)
    if _asks_msa(situation):
        return ("demande_msa",)
    known = () if situation.allocataire is False else ("demande_allocataire",)
    msa = () if situation.regime_agricole is False else ("demande_msa",)
    return (*known, "demande_non_allocataire", *msa)
