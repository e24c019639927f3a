"""The yearly resources. Expected answers: webinars of the Caf de la Haute-Marne, 6 October 2025,
« Actualisation des ressources des usagers : lancement de la campagne en octobre » (nothing to do
when the tax office gives the resources; otherwise the Caf asks from the end of October, to be done
« avant la fin du mois de novembre ») and 4 May 2026, « Impôts et Caf » (no declaration to the tax
office: « il devra le faire sur caf.fr en fin d'année »)."""

import dataclasses
import datetime as dt
import itertools
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.eligibility.campagne_ressources import RULE, Situation, decide
from actions.eligibility.decision import Decision, Status, Verdict
from actions.knowledge.errors import UnknownAtDate
from actions.reading import simplify
from tests.actions.eligibility.known import CONTENTS, PARAMETERS, notes, said

ROOT = Path(__file__).parents[3]
NOVEMBRE_2025, NOVEMBRE_2026 = dt.date(2025, 11, 10), dt.date(2026, 11, 21)
FIN_NOVEMBRE_2025 = dt.date(2025, 11, 30)

# Whom the Caf asks, in Haute-Marne; each case says what changes.
RELANCE: dict[str, Any] = {
    "message_caf_ressources": True,
    "declaration_impots_faite": True,
    "ressources_annuelles_envoyees": False,
    "allocataire": True,
    "recoit_rsa_prime_ou_aah": False,
    "departement": "52",
}


def estimate(date: dt.date = NOVEMBRE_2025, **changes: Any) -> Decision:
    return decide(Situation(**{**RELANCE, **changes}), date, PARAMETERS)


@pytest.mark.parametrize(
    ("menage", "changes", "verdict", "steps"),
    [
        ("Aïcha, relancée par la Caf", {}, "oui", ["repondre_caf"]),
        (
            "Bruno, impôts déclarés, aucun message : c'est automatique",
            {"message_caf_ressources": False},
            "non",
            ["surveiller_messages"],
        ),
        (
            "Chloé, sans revenu, rien déclaré aux impôts",
            {"message_caf_ressources": False, "declaration_impots_faite": False},
            "oui",
            ["declarer_impots", "declarer_fin_annee", "surveiller_messages"],
        ),
        (
            "Driss, relancé, a déjà répondu sur caf.fr",
            {"ressources_annuelles_envoyees": True},
            "non",
            ["surveiller_messages"],
        ),
        (
            "Élise, au RSA, impôts déclarés : seulement le trimestre",
            {"message_caf_ressources": False, "recoit_rsa_prime_ou_aah": True},
            "non",
            ["surveiller_messages", "declaration_trimestrielle"],
        ),
        (
            "Farid, à l'AAH, relancé",
            {"recoit_rsa_prime_ou_aah": True},
            "oui",
            ["repondre_caf", "declaration_trimestrielle"],
        ),
        (
            "Gaëlle, ne reçoit rien de la Caf",
            {"message_caf_ressources": False, "allocataire": False},
            "non",
            [],
        ),
        (
            "Hugo, relancé, pas d'impôts déclarés",
            {"declaration_impots_faite": False},
            "oui",
            ["repondre_caf", "declarer_impots"],
        ),
        (
            "Inès, ne sait pas si la Caf a écrit",
            {"message_caf_ressources": None},
            "a_preciser",
            ["surveiller_messages"],
        ),
        (
            "Jean, relancé, ne sait plus s'il est encore allocataire",
            {"allocataire": None},
            "oui",
            ["repondre_caf"],
        ),
    ],
)
def test_menages(menage: str, changes: dict[str, Any], verdict: str, steps: list[str]) -> None:
    decision = estimate(**changes)
    assert decision.verdict == verdict, menage
    assert list(decision.steps) == steps
    assert decision.amount is None


def test_the_known_campaign_ends_with_november_2025_in_haute_marne() -> None:
    for date in (dt.date(2025, 10, 6), NOVEMBRE_2025, FIN_NOVEMBRE_2025):
        assert notes(estimate(date))["limite_2025"] == {"limite": FIN_NOVEMBRE_2025}
        assert "campagne_inconnue" not in notes(estimate(date))


@pytest.mark.parametrize("date", [dt.date(2025, 12, 1), dt.date(2026, 5, 4), NOVEMBRE_2026])
@pytest.mark.parametrize("departement", ["52", "44", None])
def test_after_it_no_deadline_is_invented(date: dt.date, departement: str | None) -> None:
    said = notes(estimate(date, departement=departement))
    assert said["campagne_inconnue"] == {"derniere": FIN_NOVEMBRE_2025}
    assert not {"limite_2025", "limite_ailleurs"} & set(said)


@pytest.mark.parametrize("departement", ["44", "75", None])
def test_the_deadline_of_haute_marne_is_not_said_elsewhere(departement: str | None) -> None:
    said = notes(estimate(departement=departement))
    assert "limite_ailleurs" in said
    assert "limite_2025" not in said


def test_where_one_lives_is_asked_only_during_the_known_campaign() -> None:
    assert estimate(departement=None).missing == ("departement",)
    assert estimate(NOVEMBRE_2026, departement=None).missing == ()


def test_the_quarterly_declaration_is_told_when_it_is_not_known_whether_it_is_due() -> None:
    decision = estimate(message_caf_ressources=False, recoit_rsa_prime_ou_aah=None)
    assert decision.verdict is Verdict.NON
    assert "trimestrielle_aussi" in notes(decision)
    assert "trimestrielle_aussi" not in notes(estimate(recoit_rsa_prime_ou_aah=True))


@pytest.mark.parametrize("date", [dt.date(2019, 1, 1), dt.date(2025, 10, 5)])
def test_before_the_first_known_campaign_nothing_is_known(date: dt.date) -> None:
    with pytest.raises(UnknownAtDate):
        estimate(date)


# Nobody has asked anything, nothing is declared: each fact can still change the verdict.
A_DECLARER: dict[str, Any] = {
    **RELANCE,
    "message_caf_ressources": False,
    "declaration_impots_faite": False,
}
REFUSALS: dict[str, Any] = {
    "declaration_impots_faite": True,
    "ressources_annuelles_envoyees": True,
    "allocataire": False,
}
CONDITIONS = {
    "declaration_impots_faite": "ressources_manquantes",
    "ressources_annuelles_envoyees": "pas_encore_envoyees",
    "allocataire": "allocataire",
}


@pytest.mark.parametrize("fact", REFUSALS)
def test_an_unknown_fact_is_asked_for_and_never_guessed(fact: str) -> None:
    decision = estimate(**{**A_DECLARER, fact: None})
    assert decision.verdict is Verdict.A_PRECISER
    assert decision.missing == (fact,)


@pytest.mark.parametrize(("first", "second"), list(itertools.combinations(REFUSALS, 2)))
def test_two_refusals_are_both_told(first: str, second: str) -> None:
    changes = {**A_DECLARER, first: REFUSALS[first], second: REFUSALS[second]}
    decision = estimate(**changes)
    refused = {c.id for c in decision.conditions if c.status is Status.NOT_SATISFIED}
    assert decision.verdict is Verdict.NON
    assert refused == {CONDITIONS[first], CONDITIONS[second]}


@pytest.mark.parametrize(("refused", "unknown"), list(itertools.permutations(REFUSALS, 2)))
def test_a_refusal_decides_even_when_something_is_unknown(refused: str, unknown: str) -> None:
    decision = estimate(**{**A_DECLARER, refused: REFUSALS[refused], unknown: None})
    assert (decision.verdict, decision.missing) == (Verdict.NON, ())


@pytest.mark.parametrize(("first", "second"), list(itertools.combinations(REFUSALS, 2)))
def test_two_unknown_facts_are_both_missing(first: str, second: str) -> None:
    decision = estimate(**{**A_DECLARER, first: None, second: None})
    assert decision.verdict is Verdict.A_PRECISER
    assert set(decision.missing) == {first, second}


def test_one_answer_is_enough_to_know_that_the_caf_lacks_the_resources() -> None:
    assert estimate(declaration_impots_faite=None).missing == ()
    told = estimate(message_caf_ressources=None, declaration_impots_faite=False)
    assert (told.verdict, told.missing) == (Verdict.OUI, ())


BOOL = st.none() | st.booleans()
SITUATIONS = st.builds(
    Situation,
    message_caf_ressources=BOOL,
    declaration_impots_faite=BOOL,
    ressources_annuelles_envoyees=BOOL,
    allocataire=BOOL,
    recoit_rsa_prime_ou_aah=BOOL,
    departement=st.none() | st.sampled_from(["52", "44", "2A"]),
)
DATES = st.dates(dt.date(2015, 1, 1), dt.date(2035, 1, 1))


@given(SITUATIONS, DATES)
def test_any_situation_gets_a_decision(situation: Situation, date: dt.date) -> None:
    if date < dt.date(2025, 10, 6):
        with pytest.raises(UnknownAtDate):
            decide(situation, date, PARAMETERS)
        return
    decision = decide(situation, date, PARAMETERS)
    unknown = {f.name for f in dataclasses.fields(Situation) if getattr(situation, f.name) is None}
    assert set(decision.missing) <= unknown
    assert decision.verdict is not Verdict.NON or decision.missing == ()
    assert decision.verdict is Verdict.NON or decision.steps
    assert decision.amount is None


@given(SITUATIONS)
def test_declaring_to_the_tax_office_never_adds_a_duty(situation: Situation) -> None:
    def due(declared: bool) -> bool:
        changed = dataclasses.replace(situation, declaration_impots_faite=declared)
        return decide(changed, NOVEMBRE_2026, PARAMETERS).verdict is Verdict.OUI

    assert due(declared=True) <= due(declared=False)


@given(SITUATIONS)
def test_once_sent_there_is_nothing_more_to_send(situation: Situation) -> None:
    sent = dataclasses.replace(situation, ressources_annuelles_envoyees=True)
    decision = decide(sent, NOVEMBRE_2026, PARAMETERS)
    assert decision.verdict is Verdict.NON
    assert not {"repondre_caf", "declarer_fin_annee"} & set(decision.steps)


@given(SITUATIONS)
def test_the_quarterly_declaration_never_changes_the_verdict(situation: Situation) -> None:
    verdicts = {
        decide(
            dataclasses.replace(situation, recoit_rsa_prime_ou_aah=known), NOVEMBRE_2026, PARAMETERS
        ).verdict
        for known in (True, False, None)
    }
    assert len(verdicts) == 1


@pytest.mark.parametrize(
    ("fact", "text", "expected"),
    [
        ("message_caf_ressources", "j'ai reçu un mail", "oui"),
        ("message_caf_ressources", "la caf m'a écrit", "oui"),
        ("message_caf_ressources", "j'ai rien reçu", "non"),
        ("message_caf_ressources", "ils m'ont rien demandé", "non"),
        ("message_caf_ressources", "aucun message", "non"),
        ("declaration_impots_faite", "c'est fait", "oui"),
        ("declaration_impots_faite", "j'ai déjà déclaré", "oui"),
        ("declaration_impots_faite", "j'ai oublié", "non"),
        ("declaration_impots_faite", "je l'ai pas encore faite", "non"),
        ("ressources_annuelles_envoyees", "j'ai répondu", "oui"),
        ("ressources_annuelles_envoyees", "pas encore", "non"),
        ("allocataire", "je touche l'apl", "oui"),
        ("allocataire", "je touche rien", "non"),
        ("allocataire", "je suis plus allocataire", "non"),
        ("allocataire", "j'ai pas compris", None),
        ("recoit_rsa_prime_ou_aah", "j'ai le rsa", "oui"),
        ("recoit_rsa_prime_ou_aah", "la prime d'activité", "oui"),
        ("recoit_rsa_prime_ou_aah", "rien de tout ça", "non"),
        ("recoit_rsa_prime_ou_aah", "ni l'un ni l'autre", "non"),
    ],
)
def test_how_people_say_yes_and_no(fact: str, text: str, expected: str | None) -> None:
    assert said(RULE, fact, text) == ([expected] if expected else [])


@pytest.mark.parametrize(
    "text",
    [
        "déclarer mes ressources annuelles",
        "la déclaration annuelle de ressources",
        "mes revenus de l'année",
    ],
)
def test_how_people_name_it(text: str) -> None:
    assert re.search(CONTENTS[RULE].noms, simplify(text))
