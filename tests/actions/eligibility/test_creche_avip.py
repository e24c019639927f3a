"""The AVIP crèche rule. What is expected is read in the Caf de la Haute-Marne's webinar of
4 May 2026: « Quel public ? » (a parent of a child under 3, registered with France Travail, in a
parcours among four; single parents first), « Quelles nouveautés en 2026 ? » (wider public), « Qui
pour orienter les familles ? », « Comment orienter les familles ? » and the national charter."""

import dataclasses
import datetime as dt
import itertools
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.eligibility.creche_avip import RULE, Parcours, Situation, decide
from actions.eligibility.decision import Decision, Status, Verdict
from actions.knowledge.errors import UnknownAtDate
from tests.actions.eligibility.known import PARAMETERS, chosen

ROOT = Path(__file__).parents[3]
MAI_2026 = dt.date(2026, 5, 4)

# A single parent of a one-year-old, in training, in Haute-Marne; each case says what changes.
PARENT: dict[str, Any] = {
    "ages_enfants": (1,),
    "avip_parcours": Parcours.FORMATION,
    "inscrit_france_travail": True,
    "vit_seul": True,
    "departement": "52",
}


def estimate(date: dt.date = MAI_2026, **changes: Any) -> Decision:
    return decide(Situation(**{**PARENT, **changes}), date, PARAMETERS)


def note_ids(decision: Decision) -> list[str]:
    return [note.id for note in decision.notes]


SEARCH = Parcours.RECHERCHE_EMPLOI


@pytest.mark.parametrize(
    ("menage", "changes", "verdict"),
    [
        ("Aïcha, en formation, un enfant d'un an", {}, "oui"),
        ("Bruno, un bébé de quelques mois", {"ages_enfants": (0,)}, "oui"),
        ("Chloé, un enfant de 2 ans et un de 7 ans", {"ages_enfants": (7, 2)}, "oui"),
        ("Driss, un enfant de 3 ans tout juste", {"ages_enfants": (3,)}, "non"),
        ("Élise, pas d'enfant", {"ages_enfants": ()}, "non"),
        (
            "Farid, cherche un emploi avec un conseiller",
            {"avip_parcours": SEARCH, "recherche_emploi_accompagnee": True},
            "oui",
        ),
        (
            "Gaëlle, cherche un emploi sans aide",
            {"avip_parcours": SEARCH, "recherche_emploi_accompagnee": False},
            "non",
        ),
        ("Hugo, au RSA, accompagné", {"avip_parcours": Parcours.RSA}, "oui"),
        ("Inès, réfugiée, en intégration", {"avip_parcours": Parcours.REFUGIE}, "oui"),
        ("Jean, suivi par un travailleur social", {"avip_parcours": Parcours.SOCIAL}, "oui"),
        ("Karima, aucun parcours", {"avip_parcours": Parcours.AUCUN}, "non"),
        (
            "Léo, au RSA, pas inscrit à France Travail : le document dit les deux",
            {"avip_parcours": Parcours.RSA, "inscrit_france_travail": False},
            "a_preciser",
        ),
        ("Les Martin, en couple", {"vit_seul": False}, "oui"),
        ("Nadia, en Loire-Atlantique", {"departement": "44"}, "oui"),
    ],
)
def test_menages(menage: str, changes: dict[str, Any], verdict: str) -> None:
    decision = estimate(**changes)
    assert decision.verdict == verdict, menage
    assert decision.missing == ()
    assert decision.amount is None


def test_single_parents_are_told_that_they_come_first() -> None:
    """« Les familles monoparentales sont prioritaires »."""
    assert "monoparental" in note_ids(estimate())
    assert "monoparental" not in note_ids(estimate(vit_seul=False))
    assert "monoparental" not in note_ids(estimate(vit_seul=None))


def test_a_parent_not_registered_is_told_of_the_wider_public() -> None:
    decision = estimate(inscrit_france_travail=False)
    assert "public_elargi" in note_ids(decision)
    assert decision.missing == ()


@pytest.mark.parametrize(
    ("parcours", "step"),
    [
        (SEARCH, "conseiller_emploi"),
        (Parcours.FORMATION, "conseiller_emploi"),
        (Parcours.RSA, "conseiller_rsa"),
        (Parcours.REFUGIE, "conseiller_refugie"),
        (Parcours.SOCIAL, "conseiller_social"),
        (None, "conseiller"),
    ],
)
def test_the_first_step_is_the_professional_of_the_parcours(
    parcours: Parcours | None, step: str
) -> None:
    """« Un accueil sur orientation des acteurs de l'insertion »."""
    steps = estimate(avip_parcours=parcours).steps
    assert steps[0] == step
    assert "orientation" in steps


def test_the_list_of_creches_is_that_of_haute_marne_only() -> None:
    assert "trouver_creche_52" in estimate().steps
    for elsewhere in ("44", None):
        steps = estimate(departement=elsewhere).steps
        assert "trouver_creche" in steps
        assert "trouver_creche_52" not in steps


def test_the_help_in_looking_for_a_job_is_asked_only_to_who_looks_for_one() -> None:
    assert estimate(avip_parcours=SEARCH).missing == ("recherche_emploi_accompagnee",)
    for parcours in set(Parcours) - {SEARCH}:
        assert "recherche_emploi_accompagnee" not in estimate(avip_parcours=parcours).missing


def test_what_only_makes_the_steps_precise_is_asked_last_and_never_refuses() -> None:
    decision = estimate(vit_seul=None, departement=None)
    assert decision.verdict is Verdict.OUI
    assert decision.missing == ("vit_seul", "departement")


UNKNOWNS = ["ages_enfants", "avip_parcours", "inscrit_france_travail"]
REFUSALS: dict[str, Any] = {"ages_enfants": (4, 9), "avip_parcours": Parcours.AUCUN}


@pytest.mark.parametrize("fact", UNKNOWNS)
def test_an_unknown_fact_is_asked_for_and_never_guessed(fact: str) -> None:
    decision = estimate(**{fact: None})
    assert decision.verdict is Verdict.A_PRECISER
    assert decision.missing == (fact,)


@pytest.mark.parametrize(("first", "second"), list(itertools.combinations(UNKNOWNS, 2)))
def test_two_unknown_facts_are_both_missing(first: str, second: str) -> None:
    assert set(estimate(**{first: None, second: None}).missing) == {first, second}


def test_two_refusals_are_both_told() -> None:
    decision = estimate(**REFUSALS)
    refused = [c.id for c in decision.conditions if c.status is Status.NOT_SATISFIED]
    assert decision.verdict is Verdict.NON
    assert refused == ["age", "parcours"]


@pytest.mark.parametrize(
    ("refused", "unknown"), [(r, u) for r in REFUSALS for u in UNKNOWNS if u != r]
)
def test_a_refusal_decides_even_when_something_is_unknown(refused: str, unknown: str) -> None:
    decision = estimate(**{refused: REFUSALS[refused], unknown: None})
    assert decision.verdict is Verdict.NON
    assert decision.missing == ()


@pytest.mark.parametrize("date", [dt.date(2019, 1, 1), dt.date(2025, 12, 31)])
def test_before_the_label_of_2026_it_does_not_know(date: dt.date) -> None:
    with pytest.raises(UnknownAtDate):
        estimate(date)


ages = st.lists(st.integers(0, 120), max_size=8).map(tuple)
situations = st.builds(
    Situation,
    ages_enfants=st.none() | ages,
    avip_parcours=st.none() | st.sampled_from(Parcours),
    recherche_emploi_accompagnee=st.none() | st.booleans(),
    inscrit_france_travail=st.none() | st.booleans(),
    vit_seul=st.none() | st.booleans(),
    departement=st.none() | st.sampled_from(["52", "44", "2B", "974"]),
)


@given(ages, st.integers(0, 2))
def test_a_child_under_three_among_others_is_enough(others: tuple[int, ...], age: int) -> None:
    assert estimate(ages_enfants=(*others, age)).verdict is Verdict.OUI


@given(situations)
def test_any_situation_gets_a_decision(situation: Situation) -> None:
    decision = decide(situation, MAI_2026, PARAMETERS)
    assert set(decision.missing) <= {field.name for field in dataclasses.fields(Situation)}
    assert all(getattr(situation, fact) is None for fact in decision.missing)
    assert not (decision.verdict is Verdict.NON and decision.missing)
    assert decision.amount is None
    assert decision.steps


@given(situations)
def test_answering_what_is_missing_ends(situation: Situation) -> None:
    answers = {**PARENT, "recherche_emploi_accompagnee": True}
    for _ in dataclasses.fields(Situation):
        missing = decide(situation, MAI_2026, PARAMETERS).missing
        if not missing:
            break
        situation = dataclasses.replace(situation, **{missing[0]: answers[missing[0]]})
    assert decide(situation, MAI_2026, PARAMETERS).missing == ()


@pytest.mark.parametrize(
    ("dit", "lu"),
    [
        ("je cherche du taf", "recherche_emploi"),
        ("je cherche un nouveau travail", "recherche_emploi"),
        ("au chômage", "recherche_emploi"),
        ("demandeuse d'emploi", "recherche_emploi"),
        ("je cherche une formation", "formation"),
        ("un stage à l'hôpital", "formation"),
        ("jsuis au RSA", "rsa"),
        ("je touche pas le RSA", None),
        ("j'ai le statut de réfugiée", "refugie"),
        ("mon assistante sociale me suit", "social"),
        ("je ne travaille pas, je cherche du boulot", "recherche_emploi"),
        ("j'ai un CDI", "aucun"),
        ("je fais rien", "aucun"),
    ],
)
def test_how_people_say_what_they_do(dit: str, lu: str | None) -> None:
    assert chosen(RULE, "avip_parcours", dit) == lu
