"""The complément inclusif rule. What is expected is read in the Caf de la Haute-Marne's webinar of
7 March 2024, « La mise en place du « complément inclusif ALSH » » : since 1 January 2024, children
« de 3 à 17 ans » with the AEEH, « Alsh périscolaires et extrascolaires », teenagers' centres
« financés par la Pso Alsh », « 4,50€/heure » more, « à l'heure réalisée »."""

import dataclasses
import datetime as dt
import itertools
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.eligibility.complement_inclusif_alsh import RULE, Accueil, Role, Situation, decide
from actions.eligibility.decision import Decision, Status, Verdict
from actions.knowledge.errors import UnknownAtDate
from tests.actions.eligibility.known import PARAMETERS, chosen

ROOT = Path(__file__).parents[3]
MARS_2024, PREMIER_JOUR = dt.date(2024, 3, 7), dt.date(2024, 1, 1)
PAR_HEURE = Decimal("4.50")

# The parent of a child of 8 with the AEEH, at the holiday centre; each case says what changes.
ENFANT: dict[str, Any] = {
    "aeeh": True,
    "age_enfant_handicap": 8,
    "accueil_enfant_handicap": Accueil.EXTRASCOLAIRE,
    "role_accueil_loisirs": Role.PARENT,
}


def estimate(date: dt.date = MARS_2024, **changes: Any) -> Decision:
    return decide(Situation(**{**ENFANT, **changes}), date, PARAMETERS)


def note_ids(decision: Decision) -> list[str]:
    return [note.id for note in decision.notes]


ADOS = Accueil.ADOLESCENTS


@pytest.mark.parametrize(
    ("menage", "changes", "verdict"),
    [
        ("Aïcha, enfant de 8 ans au centre de loisirs", {}, "oui"),
        ("Bruno, enfant de 3 ans", {"age_enfant_handicap": 3}, "oui"),
        ("Chloé, enfant de 2 ans", {"age_enfant_handicap": 2}, "non"),
        ("Driss, adolescent de 17 ans", {"age_enfant_handicap": 17}, "oui"),
        ("Élise, jeune de 18 ans", {"age_enfant_handicap": 18}, "non"),
        ("Farid, périscolaire", {"accueil_enfant_handicap": Accueil.PERISCOLAIRE}, "oui"),
        (
            "Gaëlle, accueil d'adolescents financé",
            {"accueil_enfant_handicap": ADOS, "accueil_ados_finance_caf": True},
            "oui",
        ),
        (
            "Hugo, accueil d'adolescents non financé",
            {"accueil_enfant_handicap": ADOS, "accueil_ados_finance_caf": False},
            "non",
        ),
        ("Inès, à la crèche", {"accueil_enfant_handicap": Accueil.CRECHE}, "non"),
        ("Jean, au club de foot", {"accueil_enfant_handicap": Accueil.AUTRE}, "non"),
        (
            "Karima, sans AEEH ni dossier en cours",
            {"aeeh": False, "reconnaissance_handicap_en_cours": False},
            "non",
        ),
        (
            "Léo, handicap en cours de reconnaissance : suite de l'étude inconnue",
            {"aeeh": False, "reconnaissance_handicap_en_cours": True},
            "a_preciser",
        ),
    ],
)
def test_menages(menage: str, changes: dict[str, Any], verdict: str) -> None:
    decision = estimate(**changes)
    assert decision.verdict == verdict, menage
    assert decision.missing == ()
    if verdict == "non":
        assert decision.amount is None
    else:
        assert decision.amount is not None
        assert (decision.amount.min, decision.amount.max) == (PAR_HEURE, PAR_HEURE)


def test_the_money_is_for_the_centre_and_parents_are_told_so() -> None:
    parent = estimate()
    assert "pas_aux_parents" in note_ids(parent)
    assert parent.steps == ("donner_notification", "parler_accueil")


def test_the_manager_keeps_the_notification_and_counts_the_hours() -> None:
    """« Il est nécessaire pour le gestionnaire de demander aux parents et de conserver la
    notification de l'Aeeh »."""
    manager = estimate(role_accueil_loisirs=Role.GESTIONNAIRE, heures_accueil_loisirs=100)
    assert manager.steps[:2] == ("garder_notification", "compter_heures")
    total = next(note for note in manager.notes if note.id == "total")
    assert total.values == {"heures": 100, "total": Decimal(450)}


def test_hours_are_asked_to_the_manager_only() -> None:
    assert estimate(role_accueil_loisirs=None).missing == ("role_accueil_loisirs",)
    manager = estimate(role_accueil_loisirs=Role.GESTIONNAIRE)
    assert manager.missing == ("heures_accueil_loisirs",)
    assert estimate().missing == ()
    assert "total" not in note_ids(estimate(heures_accueil_loisirs=100))


def test_who_is_asking_never_changes_the_verdict() -> None:
    unknown = estimate(role_accueil_loisirs=None)
    assert unknown.verdict is Verdict.OUI
    assert {"donner_notification", "garder_notification"} <= set(unknown.steps)


def test_a_disability_being_recognised_is_asked_about_only_without_aeeh() -> None:
    assert estimate(aeeh=False).missing == ("reconnaissance_handicap_en_cours",)
    assert "reconnaissance_handicap_en_cours" not in estimate(aeeh=None).missing


def test_the_study_of_2024_is_told_when_it_matters() -> None:
    being = estimate(aeeh=False, reconnaissance_handicap_en_cours=True)
    study = next(note for note in being.notes if note.id == "etude")
    assert study.values == {"annonce": MARS_2024}
    assert being.steps == ("demander_a_la_caf", "handicap")


def test_a_creche_has_another_aid() -> None:
    assert "aide_creche" in note_ids(estimate(accueil_enfant_handicap=Accueil.CRECHE))


UNKNOWNS = ["aeeh", "age_enfant_handicap", "accueil_enfant_handicap"]
REFUSALS: dict[str, dict[str, Any]] = {
    "aeeh": {"aeeh": False, "reconnaissance_handicap_en_cours": False},
    "age_enfant_handicap": {"age_enfant_handicap": 20},
    "accueil_enfant_handicap": {"accueil_enfant_handicap": Accueil.CRECHE},
}


@pytest.mark.parametrize("fact", UNKNOWNS)
def test_an_unknown_fact_is_asked_for_and_never_guessed(fact: str) -> None:
    decision = estimate(**{fact: None})
    assert decision.verdict is Verdict.A_PRECISER
    assert decision.missing == (fact,)


@pytest.mark.parametrize(("first", "second"), list(itertools.combinations(UNKNOWNS, 2)))
def test_two_unknown_facts_are_both_missing(first: str, second: str) -> None:
    assert set(estimate(**{first: None, second: None}).missing) == {first, second}


@pytest.mark.parametrize(("first", "second"), list(itertools.combinations(REFUSALS, 2)))
def test_two_refusals_are_both_told(first: str, second: str) -> None:
    decision = estimate(**REFUSALS[first], **REFUSALS[second])
    refused = [c for c in decision.conditions if c.status is Status.NOT_SATISFIED]
    assert decision.verdict is Verdict.NON
    assert len(refused) == 2


@pytest.mark.parametrize(("refused", "unknown"), list(itertools.permutations(REFUSALS, 2)))
def test_a_refusal_decides_even_when_something_is_unknown(refused: str, unknown: str) -> None:
    decision = estimate(**REFUSALS[refused], **{unknown: None})
    assert decision.verdict is Verdict.NON
    assert decision.missing == ()


def test_it_exists_since_the_first_of_january_2024() -> None:
    assert estimate(PREMIER_JOUR).verdict is Verdict.OUI
    with pytest.raises(UnknownAtDate):
        estimate(PREMIER_JOUR - dt.timedelta(days=1))


situations = st.builds(
    Situation,
    aeeh=st.none() | st.booleans(),
    reconnaissance_handicap_en_cours=st.none() | st.booleans(),
    age_enfant_handicap=st.none() | st.integers(0, 120),
    accueil_enfant_handicap=st.none() | st.sampled_from(Accueil),
    accueil_ados_finance_caf=st.none() | st.booleans(),
    role_accueil_loisirs=st.none() | st.sampled_from(Role),
    heures_accueil_loisirs=st.none() | st.integers(0, 10_000),
)


@given(st.integers(0, 120))
def test_the_ages_are_from_3_to_17(age: int) -> None:
    assert (estimate(age_enfant_handicap=age).verdict is Verdict.OUI) == (3 <= age <= 17)


@given(st.integers(1, 5000), st.integers(1, 5000))
def test_more_hours_never_lower_the_total(one: int, other: int) -> None:
    def total(hours: int) -> Any:
        decision = estimate(role_accueil_loisirs=Role.GESTIONNAIRE, heures_accueil_loisirs=hours)
        return next(note for note in decision.notes if note.id == "total").values["total"]

    low, high = sorted([one, other])
    assert 0 < total(low) <= total(high)


@given(situations)
def test_any_situation_gets_a_decision(situation: Situation) -> None:
    decision = decide(situation, MARS_2024, PARAMETERS)
    assert set(decision.missing) <= {field.name for field in dataclasses.fields(Situation)}
    assert all(getattr(situation, fact) is None for fact in decision.missing)
    assert not (decision.verdict is Verdict.NON and (decision.missing or decision.amount))
    assert decision.steps
    if decision.amount:
        assert 0 <= decision.amount.min <= decision.amount.max


@given(situations)
def test_answering_what_is_missing_ends(situation: Situation) -> None:
    answers = {
        **ENFANT,
        "reconnaissance_handicap_en_cours": True,
        "accueil_ados_finance_caf": True,
        "heures_accueil_loisirs": 10,
    }
    for _ in dataclasses.fields(Situation):
        missing = decide(situation, MARS_2024, PARAMETERS).missing
        if not missing:
            break
        situation = dataclasses.replace(situation, **{missing[0]: answers[missing[0]]})
    assert decide(situation, MARS_2024, PARAMETERS).missing == ()


@pytest.mark.parametrize(
    ("fact", "dit", "lu"),
    [
        ("accueil_enfant_handicap", "au périscolaire", "periscolaire"),
        ("accueil_enfant_handicap", "le mercredi au centre de loisirs", "periscolaire"),
        ("accueil_enfant_handicap", "centre aéré", "extrascolaire"),
        ("accueil_enfant_handicap", "pendant les vacances", "extrascolaire"),
        ("accueil_enfant_handicap", "l'espace jeunes", "adolescents"),
        ("accueil_enfant_handicap", "chez une assmat", "creche"),
        ("accueil_enfant_handicap", "halte-garderie", "creche"),
        ("accueil_enfant_handicap", "une colo", "autre"),
        ("accueil_enfant_handicap", "club de foot", "autre"),
        ("role_accueil_loisirs", "je suis sa maman", "parent"),
        ("role_accueil_loisirs", "la directrice du centre", "gestionnaire"),
        ("role_accueil_loisirs", "je travaille à la mairie", "gestionnaire"),
    ],
)
def test_how_people_answer(fact: str, dit: str, lu: str) -> None:
    assert chosen(RULE, fact, dit) == lu
