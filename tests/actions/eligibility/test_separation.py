"""The separation path. Expected steps come from the webinar of the Caf de la Haute-Marne,
6 October 2025: « Parcours séparation » (the questions of caf.fr: change declared? children?
housing?), « Je me sépare : les principales démarches », « L'offre de service » (each service and
where it is found) and « Le service public des pensions alimentaires »."""

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.eligibility.asf import AutreParent
from actions.eligibility.separation import Declaration, Situation, decide
from actions.knowledge.errors import UnknownAtDate
from tests.actions.eligibility.known import PARAMETERS

OCTOBRE_2025 = dt.date(2025, 10, 6)
KNOWN: dict[str, Any] = {
    "violences": False,
    "separation_declaree": Declaration.PAS_FAITE,
    "ages_enfants": (4, 9),
    "autre_parent": AutreParent.NE_PAIE_PAS,
    "difficulte_logement": True,
}


def plan(**changes: Any) -> tuple[str, ...]:
    return decide(Situation(**{**KNOWN, **changes}), OCTOBRE_2025, PARAMETERS).steps


@pytest.mark.parametrize(
    ("menage", "changes", "steps"),
    [
        (
            "Aïcha, deux enfants, rien déclaré, pension impayée, logement à trouver",
            {},
            "declarer droits asf recouvrer_pension allocations_familiales logement rendez_vous "
            "mediation_familiale seances espaces_rencontre aide_domicile",
        ),
        (
            "Bruno, sans enfant, tout est déclaré",
            {
                "separation_declaree": Declaration.FAITE,
                "ages_enfants": (),
                "autre_parent": None,
                "difficulte_logement": False,
            },
            "droits rendez_vous",
        ),
        (
            "Chloé, jamais allocataire, un enfant, pension pas fixée",
            {
                "separation_declaree": Declaration.PAS_ALLOCATAIRE,
                "ages_enfants": (2,),
                "autre_parent": AutreParent.PENSION_NON_FIXEE,
                "difficulte_logement": False,
            },
            "sans_dossier droits asf fixer_pension allocations_familiales rendez_vous "
            "mediation_familiale seances espaces_rencontre aide_domicile",
        ),
        (
            "Driss, l'autre parent est décédé",
            {"autre_parent": AutreParent.DECEDE, "difficulte_logement": False},
            "declarer droits asf rendez_vous aide_domicile",
        ),
        (
            "Emma, violences : la sécurité d'abord, jamais de médiation avec l'auteur",
            {"violences": True, "difficulte_logement": False},
            "securite aide_urgence declarer droits asf recouvrer_pension allocations_familiales "
            "rendez_vous seances espaces_rencontre aide_domicile",
        ),
    ],
)
def test_plans(menage: str, changes: dict[str, Any], steps: str) -> None:
    assert plan(**changes) == tuple(steps.split()), menage


def test_violence_told_about_the_other_parent_counts_as_violence() -> None:
    """Asked about the pension, a person may answer that there is violence."""
    decision = decide(
        Situation(**{**KNOWN, "autre_parent": AutreParent.VIOLENCES}), OCTOBRE_2025, PARAMETERS
    )
    assert decision.steps[0] == "securite"
    assert decision.notes[0].id == "danger"


def test_the_other_parent_is_asked_about_only_with_children() -> None:
    none = decide(Situation(ages_enfants=()), OCTOBRE_2025, PARAMETERS).missing
    some = decide(Situation(ages_enfants=(3,)), OCTOBRE_2025, PARAMETERS).missing
    assert "autre_parent" not in none
    assert "autre_parent" in some


def test_before_the_document_nothing_is_known() -> None:
    with pytest.raises(UnknownAtDate):
        decide(Situation(), dt.date(2025, 10, 5), PARAMETERS)


SITUATIONS = st.builds(
    Situation,
    violences=st.none() | st.booleans(),
    separation_declaree=st.none() | st.sampled_from(Declaration),
    ages_enfants=st.none() | st.lists(st.integers(0, 25), max_size=6).map(tuple),
    autre_parent=st.none() | st.sampled_from(AutreParent),
    difficulte_logement=st.none() | st.booleans(),
)


@given(SITUATIONS)
def test_any_situation_gets_a_plan_with_a_person_and_no_step_twice(situation: Situation) -> None:
    decision = decide(situation, OCTOBRE_2025, PARAMETERS)
    assert "rendez_vous" in decision.steps
    assert len(set(decision.steps)) == len(decision.steps)
    assert all(getattr(situation, fact) is None for fact in decision.missing)


@given(SITUATIONS)
def test_danger_is_always_first(situation: Situation) -> None:
    decision = decide(situation, OCTOBRE_2025, PARAMETERS)
    endangered = situation.violences or situation.autre_parent is AutreParent.VIOLENCES
    assert (decision.steps[0] == "securite") == bool(endangered)
    assert not endangered or "mediation_familiale" not in decision.steps
