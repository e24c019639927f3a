"""Yearly resources: must this person declare them to the Caf?

Sources: webinars of the Caf de la Haute-Marne, 6 October 2025, « Actualisation des ressources des
usagers : lancement de la campagne en octobre » (taken from the tax office, else asked for), and
4 May 2026, « Impôts et Caf » (not declared to the tax office: to declare on caf.fr). The verdict
is oui when there is something to declare to the Caf for the year. The quarterly declarations
(RSA, prime d'activité, AAH) are another duty: told besides, they do not change the verdict.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from actions.eligibility.decision import Condition, Decision, Note, decided, require_known
from actions.knowledge.parameters import Parameters

RULE = "campagne_ressources"

CONNUE_DEPUIS = dt.date(2025, 10, 6)
# The only campaign whose dates are known, in Haute-Marne: « avant la fin du mois de novembre ».
CAF_CONNUE = "52"
LIMITE_2025 = dt.date(2025, 11, 30)


@dataclass(frozen=True)
class Situation:
    """What is known; None is "not known". Resources and messages are those of this year."""

    message_caf_ressources: bool | None = None
    declaration_impots_faite: bool | None = None
    ressources_annuelles_envoyees: bool | None = None
    allocataire: bool | None = None
    recoit_rsa_prime_ou_aah: bool | None = None
    departement: str | None = None


def decide(situation: Situation, date: dt.date, parameters: Parameters) -> Decision:
    """Whether the yearly resources are still to be declared on caf.fr. No figure is used.

    Raises:
        UnknownAtDate: before the first campaign that is known.
    """
    require_known(RULE, date, CONNUE_DEPUIS)
    lacking, allocataire = _caf_lacks(situation), _allocataire(situation)
    sent = situation.ressources_annuelles_envoyees
    to_send = None if sent is None else not sent
    conditions = (
        Condition.of("ressources_manquantes", lacking, *_missing_sources(situation)),
        Condition.of("pas_encore_envoyees", to_send, "ressources_annuelles_envoyees"),
        Condition.of("allocataire", allocataire, "allocataire"),
    )
    to_declare = False if sent else lacking
    outside = allocataire is False
    return decided(
        RULE,
        date,
        conditions,
        wanted=_wanted(situation, date),
        notes=() if outside else _notes(situation, date, to_declare),
        steps=() if outside else _steps(situation, to_declare),
    )


def _caf_lacks(situation: Situation) -> bool | None:
    """Whether the Caf has to be told: it asks, or the tax office has nothing to give it."""
    asked, declared = situation.message_caf_ressources, situation.declaration_impots_faite
    if asked or declared is False:
        return True
    return None if asked is None or declared is None else False


def _missing_sources(situation: Situation) -> Iterator[str]:
    if situation.message_caf_ressources is None:
        yield "message_caf_ressources"
    if situation.declaration_impots_faite is None:
        yield "declaration_impots_faite"


def _allocataire(situation: Situation) -> bool | None:
    """The Caf asks its allocataires only: a message is enough to know."""
    return True if situation.message_caf_ressources else situation.allocataire


def _wanted(situation: Situation, date: dt.date) -> Iterator[str]:
    if situation.recoit_rsa_prime_ou_aah is None:
        yield "recoit_rsa_prime_ou_aah"
    if situation.departement is None and date <= LIMITE_2025:
        yield "departement"


def _notes(situation: Situation, date: dt.date, to_declare: bool | None) -> Iterator[Note]:
    if situation.ressources_annuelles_envoyees:
        yield Note("deja_envoyees")
    elif to_declare is False:
        yield Note("automatique")
    else:
        yield Note("risque")
    yield _deadline(situation, date)
    if situation.recoit_rsa_prime_ou_aah is None:
        yield Note("trimestrielle_aussi")


def _deadline(situation: Situation, date: dt.date) -> Note:
    if date > LIMITE_2025:
        return Note("campagne_inconnue", {"derniere": LIMITE_2025})
    if situation.departement == CAF_CONNUE:
        return Note("limite_2025", {"limite": LIMITE_2025})
    return Note("limite_ailleurs")


def _steps(situation: Situation, to_declare: bool | None) -> Iterator[str]:
    asked = situation.message_caf_ressources
    if asked and to_declare:
        yield "repondre_caf"
    if situation.declaration_impots_faite is False:
        yield "declarer_impots"
    if not asked and to_declare:
        yield "declarer_fin_annee"
    if not (asked and to_declare):
        yield "surveiller_messages"
    if situation.recoit_rsa_prime_ou_aah:
        yield "declaration_trimestrielle"
