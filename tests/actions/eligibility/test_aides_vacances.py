"""The aides aux vacances. Expected answers: webinar of the Caf de la Haute-Marne, 7 March 2024,
« Aides aux vacances »: for allocataires who leave with their children (AVF) or whose children leave
in a group (AVE); those who fulfil the conditions were told in February 2024, and read the amount in
Mon Compte; neither the conditions of income nor any amount are in the document."""

import dataclasses
import datetime as dt
import itertools
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.eligibility.aides_vacances import RULE, Depart, Situation, decide
from actions.eligibility.decision import Decision, Status, Verdict
from actions.knowledge.errors import UnknownAtDate
from actions.reading import simplify
from tests.actions.eligibility.known import CONTENTS, PARAMETERS, chosen, said

ROOT = Path(__file__).parents[3]
MAI_2024, NOVEMBRE_2026 = dt.date(2024, 5, 1), dt.date(2026, 11, 21)

# A family told by the Caf de la Haute-Marne; each case says what changes.
PREVENUE: dict[str, Any] = {
    "departement": "52",
    "notification_vacances": True,
    "allocataire": True,
    "aide_vacances_mon_compte": True,
    "depart_vacances": Depart.FAMILLE,
    "ages_enfants": (4, 9),
}
RIEN: dict[str, Any] = {"notification_vacances": False, "aide_vacances_mon_compte": False}


def estimate(date: dt.date = MAI_2024, **changes: Any) -> Decision:
    return decide(Situation(**{**PREVENUE, **changes}), date, PARAMETERS)


def notes(decision: Decision) -> set[str]:
    return {note.id for note in decision.notes}


@pytest.mark.parametrize(
    ("menage", "date", "changes", "verdict"),
    [
        ("Aïcha, deux enfants, courrier reçu", MAI_2024, {}, "oui"),
        (
            "Bruno, rien dans sa boîte, mais un montant dans Mon Compte",
            MAI_2024,
            {"notification_vacances": False},
            "oui",
        ),
        (
            "Chloé, mail reçu, n'arrive pas à ouvrir Mon Compte",
            MAI_2024,
            {"aide_vacances_mon_compte": None},
            "oui",
        ),
        ("Driss, rien reçu, rien dans Mon Compte, en 2024", MAI_2024, RIEN, "non"),
        (
            "Élise, de même en 2026 : l'envoi n'est pas connu, on ne conclut pas",
            NOVEMBRE_2026,
            RIEN,
            "a_preciser",
        ),
        ("Farid, prévenu en 2026", NOVEMBRE_2026, {}, "oui"),
        ("Gaëlle, pas allocataire", NOVEMBRE_2026, {**RIEN, "allocataire": False}, "non"),
        ("Hugo, sans enfant, en famille", NOVEMBRE_2026, {**RIEN, "ages_enfants": ()}, "non"),
        (
            "Inès, sans enfant, séjour social : rien n'en est dit",
            NOVEMBRE_2026,
            {**RIEN, "ages_enfants": (), "depart_vacances": Depart.SEJOUR_SOCIAL},
            "a_preciser",
        ),
        (
            "Jean, une fille en colonie",
            MAI_2024,
            {"depart_vacances": Depart.ENFANT, "ages_enfants": (11,)},
            "oui",
        ),
        (
            "Karima, à Nantes : autre Caf, autres règles",
            MAI_2024,
            {"departement": "44"},
            "a_preciser",
        ),
    ],
)
def test_menages(menage: str, date: dt.date, changes: dict[str, Any], verdict: str) -> None:
    decision = estimate(date, **changes)
    assert decision.verdict == verdict, menage
    assert decision.missing == ()
    assert decision.amount is None  # the document gives none


@pytest.mark.parametrize(
    ("depart", "note"),
    [
        (Depart.FAMILLE, "aide_famille"),
        (Depart.ENFANT, "aide_enfant"),
        (Depart.SEJOUR_SOCIAL, "aide_sejour_social"),
    ],
)
def test_each_departure_has_its_aid(depart: Depart, note: str) -> None:
    assert note in notes(estimate(depart_vacances=depart))


def test_who_has_an_aid_is_led_to_the_amount_then_to_a_stay() -> None:
    """« connaître le montant de leur aide … dans leur espace mon Compte »; then vacaf.org."""
    assert estimate().steps == ("voir_montant", "chercher_sejour", "avant_de_reserver")


def test_elsewhere_only_the_way_to_ones_own_caf_is_said() -> None:
    decision = estimate(departement="75", **RIEN, allocataire=None, ages_enfants=None)
    assert (decision.verdict, decision.missing) == (Verdict.A_PRECISER, ())
    assert decision.steps == ("regarder_mon_compte", "trouver_sa_caf", "appeler_caf")
    assert notes(decision) == {"autre_caf"}


def test_after_2024_it_is_said_that_the_year_is_not_known() -> None:
    assert "annee_inconnue" not in notes(estimate(dt.date(2024, 12, 31)))
    assert "annee_inconnue" in notes(estimate(dt.date(2025, 1, 1)))


@pytest.mark.parametrize("date", [dt.date(2019, 1, 1), dt.date(2024, 3, 6)])
def test_before_the_document_nothing_is_known(date: dt.date) -> None:
    with pytest.raises(UnknownAtDate):
        estimate(date)


# Not told in 2026: each of these facts can still refuse.
PAS_PREVENUE: dict[str, Any] = {**PREVENUE, **RIEN}
REFUSALS: dict[str, Any] = {"allocataire": False, "ages_enfants": ()}
UNKNOWNS = ["departement", "allocataire", "ages_enfants"]


@pytest.mark.parametrize("fact", UNKNOWNS)
def test_an_unknown_fact_is_asked_for_and_never_guessed(fact: str) -> None:
    decision = estimate(NOVEMBRE_2026, **{**PAS_PREVENUE, fact: None})
    assert decision.verdict is Verdict.A_PRECISER
    assert decision.missing == (fact,)


@pytest.mark.parametrize(("first", "second"), list(itertools.combinations(REFUSALS, 2)))
def test_two_refusals_are_both_told(first: str, second: str) -> None:
    changes = {**PAS_PREVENUE, first: REFUSALS[first], second: REFUSALS[second]}
    decision = estimate(NOVEMBRE_2026, **changes)
    refused = {c.id for c in decision.conditions if c.status is Status.NOT_SATISFIED}
    assert decision.verdict is Verdict.NON
    assert refused == {"allocataire", "enfant"}


@pytest.mark.parametrize(
    ("refused", "unknown"), [(r, u) for r in REFUSALS for u in UNKNOWNS if u != r]
)
def test_a_refusal_decides_even_when_something_is_unknown(refused: str, unknown: str) -> None:
    changes = {**PAS_PREVENUE, refused: REFUSALS[refused], unknown: None}
    decision = estimate(NOVEMBRE_2026, **changes)
    assert (decision.verdict, decision.missing) == (Verdict.NON, ())


@pytest.mark.parametrize(("first", "second"), list(itertools.combinations(UNKNOWNS, 2)))
def test_two_unknown_facts_are_both_missing(first: str, second: str) -> None:
    decision = estimate(NOVEMBRE_2026, **{**PAS_PREVENUE, first: None, second: None})
    assert decision.verdict is Verdict.A_PRECISER
    assert set(decision.missing) == {first, second}


def test_once_told_only_the_departure_is_still_of_use() -> None:
    decision = decide(
        Situation(departement="52", notification_vacances=True), NOVEMBRE_2026, PARAMETERS
    )
    assert (decision.verdict, decision.missing) == (Verdict.OUI, ("depart_vacances",))


def test_without_child_the_departure_decides() -> None:
    decision = estimate(
        NOVEMBRE_2026, **{**PAS_PREVENUE, "ages_enfants": (), "depart_vacances": None}
    )
    assert decision.missing == ("depart_vacances",)


BOOL = st.none() | st.booleans()
SITUATIONS = st.builds(
    Situation,
    departement=st.none() | st.sampled_from(["52", "44", "2A"]),
    notification_vacances=BOOL,
    allocataire=BOOL,
    aide_vacances_mon_compte=BOOL,
    depart_vacances=st.none() | st.sampled_from(Depart),
    ages_enfants=st.none() | st.lists(st.integers(0, 25), max_size=5).map(tuple),
)
DATES = st.dates(dt.date(2015, 1, 1), dt.date(2035, 1, 1))


@given(SITUATIONS, DATES)
def test_any_situation_gets_a_decision(situation: Situation, date: dt.date) -> None:
    if date < dt.date(2024, 3, 7):
        with pytest.raises(UnknownAtDate):
            decide(situation, date, PARAMETERS)
        return
    decision = decide(situation, date, PARAMETERS)
    unknown = {f.name for f in dataclasses.fields(Situation) if getattr(situation, f.name) is None}
    assert set(decision.missing) <= unknown
    assert decision.verdict is not Verdict.NON or decision.missing == ()
    assert decision.steps
    assert decision.amount is None


@given(SITUATIONS)
def test_outside_haute_marne_nothing_is_concluded(situation: Situation) -> None:
    elsewhere = dataclasses.replace(situation, departement="44")
    assert decide(elsewhere, MAI_2024, PARAMETERS).verdict is Verdict.A_PRECISER


ORDER = [Verdict.NON, Verdict.A_PRECISER, Verdict.OUI]


@given(SITUATIONS, st.sampled_from([MAI_2024, NOVEMBRE_2026]))
def test_being_told_by_the_caf_never_makes_it_worse(situation: Situation, date: dt.date) -> None:
    def rank(told: bool) -> int:
        changed = dataclasses.replace(situation, notification_vacances=told)
        return ORDER.index(decide(changed, date, PARAMETERS).verdict)

    assert rank(told=False) <= rank(told=True)


@given(SITUATIONS, st.lists(st.integers(0, 25), min_size=1, max_size=5).map(tuple))
def test_the_ages_of_the_children_change_nothing(
    situation: Situation, ages: tuple[int, ...]
) -> None:
    """No age is in the document: having a child is all that counts."""
    one = dataclasses.replace(situation, ages_enfants=(8,))
    other = dataclasses.replace(situation, ages_enfants=ages)
    assert decide(one, MAI_2024, PARAMETERS) == decide(other, MAI_2024, PARAMETERS)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("toute la famille", "famille"),
        ("en famille", "famille"),
        ("je pars seule avec mes 2 enfants", "famille"),
        ("moi et ma fille", "famille"),
        ("on part tous au camping", "famille"),
        ("ma fille part avec nous", "famille"),
        ("mon fils en colo", "enfant"),
        ("ma fille part toute seule", "enfant"),
        ("une colonie de vacances", "enfant"),
        ("les enfants sans nous", "enfant"),
        ("séjour social", "sejour_social"),
        ("avs", "sejour_social"),
        ("bonjour", None),
    ],
)
def test_how_people_say_who_leaves(text: str, said: str | None) -> None:
    assert chosen(RULE, "depart_vacances", text) == said


@pytest.mark.parametrize(
    ("fact", "text", "expected"),
    [
        ("notification_vacances", "j'ai reçu un courrier en février", "oui"),
        ("notification_vacances", "rien reçu", "non"),
        ("notification_vacances", "j'ai pas eu de lettre", "non"),
        ("allocataire", "je touche les allocations", "oui"),
        ("allocataire", "je touche plus rien", "non"),
        ("aide_vacances_mon_compte", "il y a 250 euros", "oui"),
        ("aide_vacances_mon_compte", "je vois rien", "non"),
        ("aide_vacances_mon_compte", "j'ai une question", None),
    ],
)
def test_how_people_say_yes_and_no(fact: str, text: str, expected: str | None) -> None:
    assert said(RULE, fact, text) == ([expected] if expected else [])


@pytest.mark.parametrize("text", ["vacaf", "les aides aux vacances", "une colo", "aide AVF"])
def test_how_people_name_it(text: str) -> None:
    assert re.search(CONTENTS[RULE].noms, simplify(text))
