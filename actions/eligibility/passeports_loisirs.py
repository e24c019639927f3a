"""Passeports Loisirs 2025, the Caf de la Haute-Marne's aid for a child's sport or culture.

Source: webinar of the Caf de la Haute-Marne, 6 October 2025, « Passeports Loisirs ». Its slide
says « inférieur ou égal à 900 € », its text « inférieur à 900€ »; the table of amounts goes up to
900 €, so 900 € is within. It knows no campaign but that of 2025.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from actions.eligibility.decision import Amount, Condition, Decision, Note, Status, decided
from actions.knowledge.parameters import Parameter, Parameters

RULE = "passeports_loisirs"

HAUTE_MARNE = "52"
# The campaign of 2025: who counts, and until when the proof of payment is taken (that day too:
# nothing is paid « au-delà du 31/10/2025 »).
NE_DEPUIS, NE_JUSQU_AU = dt.date(2008, 1, 1), dt.date(2021, 12, 31)
QUOTIENT_AU = dt.date(2025, 6, 30)
LIMITE = dt.date(2025, 10, 31)

QUOTIENT_SEUIL = "passeports_loisirs/quotient_seuil"
QUOTIENT_MAXIMUM = "passeports_loisirs/quotient_maximum"
MONTANT_MAXIMUM = "passeports_loisirs/montant_maximum"
MONTANT_REDUIT = "passeports_loisirs/montant_reduit"
MONTANT_MAXIMUM_HANDICAP = "passeports_loisirs/montant_maximum_handicap"
MONTANT_REDUIT_HANDICAP = "passeports_loisirs/montant_reduit_handicap"


class Activite(StrEnum):
    """What the child does; only regular activities in a group are paid for."""

    REGULIERE = "reguliere"
    ACCUEIL_LOISIRS = "accueil_loisirs"
    PONCTUELLE = "ponctuelle"
    TEMPS_SCOLAIRE = "temps_scolaire"
    COURS_PARTICULIERS = "cours_particuliers"
    CENTRE_VACANCES = "centre_vacances"
    CENTRE_SOCIAL = "centre_social"
    AUTRE = "autre"


@dataclass(frozen=True)
class Situation:
    """What is known; None is "not known".

    `departement`: number of the one lived in. `justificatif_loisirs_envoye`: the proof of payment
    reached the Caf by the deadline. `naissances_enfants`: every dependent child.
    `quotient_familial_juin_2025`: € per month, that of 30 June, which may not be today's.
    `aeeh`: at least one child receives the AEEH; `enfants_aeeh`: how many do. `club_*`: about the
    organiser of the activity.
    """

    departement: str | None = None
    justificatif_loisirs_envoye: bool | None = None
    allocataire_52_juin_2025: bool | None = None
    naissances_enfants: tuple[dt.date, ...] | None = None
    quotient_familial_juin_2025: Decimal | None = None
    activite_loisirs: Activite | None = None
    club_en_haute_marne: bool | None = None
    club_conventionne_caf: bool | None = None
    aeeh: bool | None = None
    enfants_aeeh: int | None = None


@dataclass(frozen=True)
class Scale:
    """The aid for one child, from `low` to `high`: they differ while the quotient is unknown."""

    low: Parameter
    high: Parameter
    low_aeeh: Parameter
    high_aeeh: Parameter


def decide(situation: Situation, date: dt.date, parameters: Parameters) -> Decision:
    """Whether, and how much, the family gets from the campaign of 2025. An estimation.

    Raises:
        UnknownAtDate: the campaign is not known that early.
    """
    scale = _scale(situation.quotient_familial_juin_2025, parameters, date)
    conditions = _conditions(situation, date, parameters.at(QUOTIENT_MAXIMUM, date).value)
    failed = {c.id for c in conditions if c.status is Status.NOT_SATISFIED}
    return decided(
        RULE,
        date,
        conditions,
        amount=_amount(situation, scale),
        wanted=_wanted(situation),
        notes=_refusal_notes(failed, date) if failed else _notes(situation, scale, date),
        steps=_refusal_steps(failed, date) if failed else _steps(situation, date),
    )


def _scale(quotient: Decimal | None, parameters: Parameters, date: dt.date) -> Scale:
    full = parameters.at(MONTANT_MAXIMUM, date), parameters.at(MONTANT_MAXIMUM_HANDICAP, date)
    less = parameters.at(MONTANT_REDUIT, date), parameters.at(MONTANT_REDUIT_HANDICAP, date)
    if quotient is None:
        low, high = less, full
    else:
        low = high = full if quotient <= parameters.at(QUOTIENT_SEUIL, date).value else less
    return Scale(low[0], high[0], low[1], high[1])


def _conditions(
    situation: Situation, date: dt.date, quotient_maximum: Decimal
) -> tuple[Condition, ...]:
    quotient = situation.quotient_familial_juin_2025
    births = situation.naissances_enfants
    return (
        Condition.of("haute_marne", _in_haute_marne(situation), "departement"),
        Condition.of(
            "date_limite",
            date <= LIMITE or situation.justificatif_loisirs_envoye,
            "justificatif_loisirs_envoye",
        ),
        Condition.of("allocataire", situation.allocataire_52_juin_2025, "allocataire_52_juin_2025"),
        Condition.of(
            "naissance", None if births is None else _eligible(births) > 0, "naissances_enfants"
        ),
        Condition.of(
            "quotient",
            None if quotient is None else quotient <= quotient_maximum,
            "quotient_familial_juin_2025",
        ),
        _activity(situation.activite_loisirs),
        Condition.of("club_haute_marne", situation.club_en_haute_marne, "club_en_haute_marne"),
        Condition.of("club_convention", situation.club_conventionne_caf, "club_conventionne_caf"),
    )


def _in_haute_marne(situation: Situation) -> bool | None:
    """What counts is June 2025: having moved away since then changes nothing."""
    if situation.allocataire_52_juin_2025:
        return True
    return None if situation.departement is None else situation.departement == HAUTE_MARNE


def _activity(activite: Activite | None) -> Condition:
    if activite is Activite.AUTRE:
        return Condition("activite", Status.UNKNOWN)  # not in the document: the Caf will tell
    regular = None if activite is None else activite is Activite.REGULIERE
    return Condition.of("activite", regular, "activite_loisirs")


def _eligible(births: Iterable[dt.date]) -> int:
    return sum(NE_DEPUIS <= birth <= NE_JUSQU_AU for birth in births)


def _with_aeeh(situation: Situation) -> tuple[int, int]:
    """At least and at most how many of the children who count receive the AEEH."""
    births = situation.naissances_enfants or ()
    eligible = _eligible(births)
    others = len(births) - eligible
    if situation.aeeh is False:
        return 0, 0
    known = situation.enfants_aeeh
    if known is not None:
        known = max(0, min(known, len(births)))
        return max(0, known - others), min(known, eligible)
    at_least = 1 if situation.aeeh else 0
    return max(0, at_least - others), eligible


def _amount(situation: Situation, scale: Scale) -> Amount | None:
    """From one aid to one for each child: the document does not say if each gets their own."""
    children = _eligible(situation.naissances_enfants or ())
    if not children:
        return None
    least, most = _with_aeeh(situation)
    one = scale.low_aeeh if least == children else scale.low
    each = scale.high.value * (children - most) + scale.high_aeeh.value * most
    return Amount(one.value, each, one.unit, one.since, one.up_to_date)


def _wanted(situation: Situation) -> list[str]:
    """Facts about the AEEH, while they would narrow the amount."""
    if situation.naissances_enfants is None or situation.enfants_aeeh is not None:
        return []
    if situation.aeeh is None:
        return ["aeeh"]
    least, most = _with_aeeh(situation)
    return ["enfants_aeeh"] if least != most else []


def _notes(situation: Situation, scale: Scale, date: dt.date) -> list[Note]:
    notes = [Note("campagne_terminee" if date > LIMITE else "date_limite", {"limite": LIMITE})]
    if situation.quotient_familial_juin_2025 is None:
        notes.append(Note("selon_quotient"))
    else:
        notes.append(Note("par_enfant", {"montant": scale.high.value}))
        if situation.aeeh and _with_aeeh(situation)[1]:
            notes.append(Note("par_enfant_aeeh", {"montant": scale.high_aeeh.value}))
    children = _eligible(situation.naissances_enfants or ())
    if children > 1:
        notes.append(Note("plusieurs_enfants", {"enfants": children}))
    elif children and len(situation.naissances_enfants or ()) > 1:
        notes.append(Note("un_seul_enfant"))
    notes.append(Note("quotient_retenu", {"jour": QUOTIENT_AU}))
    return notes


def _refusal_notes(failed: set[str], date: dt.date) -> list[Note]:
    if "haute_marne" in failed:
        return [Note("autre_caf")]
    notes = [Note("campagne_terminee", {"limite": LIMITE})] if date > LIMITE else []
    if "naissance" in failed:
        notes.append(Note("naissances", {"debut": NE_DEPUIS, "fin": NE_JUSQU_AU}))
    if "quotient" in failed:
        notes.append(Note("quotient_retenu", {"jour": QUOTIENT_AU}))
    if "activite" in failed:
        notes.append(Note("activite_exclue"))
    return notes


def _steps(situation: Situation, date: dt.date) -> list[str]:
    if date > LIMITE or situation.justificatif_loisirs_envoye:
        return ["suivre_remboursement", *_next_campaign(date)]
    ask = [] if situation.club_conventionne_caf else ["demander_convention"]
    return [
        "chercher_mail",
        *ask,
        "inscrire_et_payer",
        "envoyer_justificatif",
        "attendre_remboursement",
    ]


def _refusal_steps(failed: set[str], date: dt.date) -> list[str]:
    if "haute_marne" in failed:
        return ["chercher_ma_caf"]
    if date > LIMITE:
        return [*_next_campaign(date), "demander_a_la_caf"]
    choice = {"activite", "club_haute_marne", "club_convention"}
    return [*(["choisir_activite"] if failed <= choice else []), "demander_a_la_caf"]


def _next_campaign(date: dt.date) -> list[str]:
    return ["nouvelle_campagne"] if date > LIMITE else []
