"""The rule of the national aid for the Bafa.

Expected values come from « La Caf aux côtés des élus », vade-mecum of 2022, section « Le Bafa »:
a national aid of 91,47 € paid directly to the candidates, local aids of each Caf, and aids to local
authorities through the Ctg. It gives no age, no income, no deadline.
"""

import datetime as dt
import itertools
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.eligibility.bafa import RULE, Candidat, Formation, Situation, decide
from actions.eligibility.decision import Decision, Status, Verdict
from actions.knowledge.errors import UnknownAtDate
from tests.actions.eligibility.known import PARAMETERS, chosen

ROOT = Path(__file__).parents[3]
DEPUIS = dt.date(2022, 1, 1)
AUJOURDHUI = dt.date(2026, 11, 21)
AIDE_NATIONALE = Decimal("91.47")

# A person in training, already helped by the Caf; each case says what changes.
EN_FORMATION: dict[str, Any] = {
    "bafa_candidat": Candidat.MOI,
    "bafa_formation": Formation.EN_COURS,
    "allocataire": True,
}


@pytest.fixture
def estimate() -> Any:
    def _estimate(date: dt.date = AUJOURDHUI, **changes: Any) -> Decision:
        return decide(Situation(**{**EN_FORMATION, **changes}), date, PARAMETERS)

    return _estimate


def notes(decision: Decision) -> set[str]:
    return {note.id for note in decision.notes}


@pytest.mark.parametrize(
    ("personne", "changes", "verdict", "etape"),
    [
        ("Aïcha, en stage, allocataire", {}, "oui", "ecrire_mon_compte"),
        (
            "Bruno, en stage, pas allocataire",
            {"allocataire": False},
            "oui",
            "prendre_rendez_vous",
        ),
        (
            "Le fils de Chloé, inscrit",
            {"bafa_candidat": Candidat.PROCHE},
            "oui",
            "verifier",
        ),
        (
            "Driss, pas encore inscrit",
            {"bafa_formation": Formation.PAS_INSCRIT},
            "oui",
            "trouver_formation",
        ),
        (
            "Élise a fini : le document ne donne pas de délai",
            {"bafa_formation": Formation.TERMINEE},
            "a_preciser",
            "demander_vite",
        ),
        (
            "Farid prépare le Bafd",
            {"bafa_formation": Formation.AUTRE_DIPLOME},
            "non",
            "demander_a_la_caf",
        ),
        (
            "Gaëlle, élue, veut former les jeunes de sa commune",
            {"bafa_candidat": Candidat.COLLECTIVITE},
            "non",
            "conseiller",
        ),
    ],
)
def test_personnes(
    estimate: Any,
    personne: str,
    changes: dict[str, Any],
    verdict: str,
    etape: str,
) -> None:
    decision = estimate(**changes)
    assert decision.verdict == verdict, personne
    if decision.verdict is not Verdict.NON:
        assert decision.amount.min == decision.amount.max == AIDE_NATIONALE
    assert etape in decision.steps
    assert not decision.missing


def test_the_aid_is_paid_to_the_one_who_prepares_the_bafa(estimate: Any) -> None:
    assert "versee" in notes(estimate())
    assert "versee_au_proche" in notes(estimate(bafa_candidat=Candidat.PROCHE))


def test_what_the_document_does_not_say_is_told(estimate: Any) -> None:
    for who, training in itertools.product(
        [Candidat.MOI, Candidat.PROCHE], set(Formation) - {Formation.AUTRE_DIPLOME}
    ):
        decision = estimate(bafa_candidat=who, bafa_formation=training)
        assert {"autres_conditions", "aide_locale"} <= notes(decision)
        assert {"aide_locale", "commune"} <= set(decision.steps)


def test_the_amount_is_told_as_that_of_its_year(estimate: Any) -> None:
    [year] = [note.values for note in estimate().notes if note.id == "annee_du_montant"]
    assert year == {"annee": "2022"}
    assert estimate(date=dt.date(2022, 12, 31)).amount.up_to_date
    assert not estimate(date=dt.date(2023, 1, 1)).amount.up_to_date


UNKNOWNS = {
    "bafa_candidat": Verdict.A_PRECISER,
    "bafa_formation": Verdict.A_PRECISER,
    "allocataire": Verdict.OUI,
}
REFUSALS: dict[str, Any] = {
    "bafa_candidat": Candidat.COLLECTIVITE,
    "bafa_formation": Formation.AUTRE_DIPLOME,
}


@pytest.mark.parametrize(("fact", "verdict"), UNKNOWNS.items())
def test_an_unknown_fact_is_asked_for(estimate: Any, fact: str, verdict: Verdict) -> None:
    decision = estimate(**{fact: None})
    assert (decision.verdict, decision.missing) == (verdict, (fact,))
    assert decision.amount.min == decision.amount.max == AIDE_NATIONALE


@pytest.mark.parametrize(("first", "second"), list(itertools.combinations(UNKNOWNS, 2)))
def test_two_unknown_facts_are_both_asked_for(estimate: Any, first: str, second: str) -> None:
    decision = estimate(**{first: None, second: None})
    assert decision.verdict is Verdict.A_PRECISER
    assert set(decision.missing) == {first, second}


@pytest.mark.parametrize(
    ("refused", "unknown"), [(r, u) for r in REFUSALS for u in UNKNOWNS if u != r]
)
def test_a_refusal_decides_even_when_something_is_unknown(
    estimate: Any, refused: str, unknown: str
) -> None:
    decision = estimate(**{refused: REFUSALS[refused], unknown: None})
    assert decision.verdict is Verdict.NON
    assert not decision.missing
    assert decision.amount is None


def test_two_refusals_are_both_told(estimate: Any) -> None:
    decision = estimate(**REFUSALS)
    refused = {c.id for c in decision.conditions if c.status is Status.NOT_SATISFIED}
    assert refused == {"candidat", "diplome"}


def test_nothing_known() -> None:
    decision = decide(Situation(), AUJOURDHUI, PARAMETERS)
    assert decision.verdict is Verdict.A_PRECISER
    assert decision.missing == tuple(UNKNOWNS)


def test_known_from_the_year_of_the_document() -> None:
    assert decide(Situation(), DEPUIS, PARAMETERS).conditions
    with pytest.raises(UnknownAtDate):
        decide(Situation(), DEPUIS - dt.timedelta(days=1), PARAMETERS)


@given(
    st.builds(
        Situation,
        bafa_candidat=st.none() | st.sampled_from(Candidat),
        bafa_formation=st.none() | st.sampled_from(Formation),
        allocataire=st.none() | st.booleans(),
    ),
    st.dates(DEPUIS, dt.date(2100, 1, 1)),
)
def test_any_situation_gets_a_decision_that_explains_itself(
    situation: Situation, date: dt.date
) -> None:
    decision = decide(situation, date, PARAMETERS)
    assert all(getattr(situation, fact) is None for fact in decision.missing)
    assert len(set(decision.steps)) == len(decision.steps) > 0
    assert decision.notes
    assert (decision.amount is None) == (decision.verdict is Verdict.NON)
    assert decision.amount is None or 0 <= decision.amount.min <= decision.amount.max
    assert not (decision.verdict is Verdict.NON and decision.missing)
    unknown = any(c.status is Status.UNKNOWN for c in decision.conditions)
    assert unknown or decision.verdict is not Verdict.A_PRECISER


@pytest.mark.parametrize(
    ("question", "dit", "choix"),
    [
        ("bafa_candidat", "c'est pour moi", "moi"),
        ("bafa_candidat", "je passe le bafa", "moi"),
        ("bafa_candidat", "mon fils de 17 ans", "proche"),
        ("bafa_candidat", "ma filles", "proche"),
        ("bafa_candidat", "je suis élue d'une commune", "collectivite"),
        ("bafa_candidat", "pour nos animateurs", "collectivite"),
        ("bafa_formation", "elle n'est pas inscrite", "pas_inscrit"),
        ("bafa_formation", "il doit s'inscrire", "pas_inscrit"),
        ("bafa_formation", "j'ai fait le stage de base", "en_cours"),
        ("bafa_formation", "j'ai fini la session générale", "en_cours"),
        ("bafa_formation", "il me reste l'appro", "en_cours"),
        ("bafa_formation", "pas encore fini", "en_cours"),
        ("bafa_formation", "terminé", "terminee"),
        ("bafa_formation", "j'ai déjà eu mon bafa", "terminee"),
        ("bafa_formation", "c'est le bafd", "autre_diplome"),
    ],
)
def test_how_people_say_it(question: str, dit: str, choix: str) -> None:
    assert chosen(RULE, question, dit) == choix
