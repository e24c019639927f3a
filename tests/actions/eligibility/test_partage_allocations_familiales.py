"""The rule of the shared allocations familiales (AF).

Expected answers come from the webinar of the Caf de la Haute-Marne of 6 October 2025, « Partage
des allocations familiales en cas de résidence alternée »: the child lives in turn in each parent's
home, for equal times or not; the parents together ask for the sharing, or name the one who gets
everything; without an agreement each may be paid a part. The document has no figure, says nothing
of a right to visit, nor of other benefits.
"""

import datetime as dt
import itertools
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.eligibility.decision import Decision, Status, Verdict
from actions.eligibility.partage_allocations_familiales import (
    RULE,
    Accord,
    Residence,
    Situation,
    Versement,
    decide,
)
from actions.knowledge.errors import UnknownAtDate
from tests.actions.eligibility.known import PARAMETERS, chosen

ROOT = Path(__file__).parents[3]
WEBINAIRE = dt.date(2025, 10, 6)
AUJOURDHUI = dt.date(2026, 11, 21)

# Parents who agree, children in both homes, all the AF paid to the person; each case says what
# changes.
GARDE_ALTERNEE: dict[str, Any] = {
    "residence_enfants": Residence.ALTERNEE,
    "separe": True,
    "af_recues": Versement.MOI,
    "af_accord": Accord.PARTAGE,
    "allocataire": True,
}
ORDER = ["residence_enfants", "separe", "af_recues", "af_accord", "allocataire"]


@pytest.fixture
def estimate() -> Any:
    def _estimate(date: dt.date = AUJOURDHUI, **changes: Any) -> Decision:
        return decide(Situation(**{**GARDE_ALTERNEE, **changes}), date, PARAMETERS)

    return _estimate


def notes(decision: Decision) -> set[str]:
    return {note.id for note in decision.notes}


@pytest.mark.parametrize(
    ("menage", "changes", "verdict", "dit"),
    [
        (
            "Aïcha reçoit tout, les deux parents veulent partager",
            {},
            "oui",
            ("vous_gardez_une_part", "dire_partage"),
        ),
        (
            "Bruno ne reçoit rien, les deux parents veulent partager",
            {"af_recues": Versement.AUTRE},
            "oui",
            ("une_part_pour_vous", "dire_partage"),
        ),
        (
            "Chloé et son ex ont déjà partagé",
            {"af_recues": Versement.DEUX},
            "oui",
            ("deja_partage", "verifier_paiements"),
        ),
        (
            "Driss laisse tout à l'autre parent, qui reçoit déjà tout",
            {"af_recues": Versement.AUTRE, "af_accord": Accord.TOUT_POUR_AUTRE},
            "oui",
            ("rien_ne_change", "dire_un_parent"),
        ),
        (
            "Élise va tout recevoir, par accord",
            {"af_recues": Versement.AUTRE, "af_accord": Accord.TOUT_POUR_MOI},
            "oui",
            ("tout_pour_moi", "dire_un_parent"),
        ),
        (
            "Farid laisse tout, alors qu'il recevait tout",
            {"af_accord": Accord.TOUT_POUR_AUTRE},
            "oui",
            ("tout_pour_autre", "dire_un_parent"),
        ),
        (
            "Gaëlle : l'autre parent refuse de partager, une part peut aller à chacun",
            {"af_recues": Versement.AUTRE, "af_accord": Accord.DESACCORD},
            "oui",
            ("desaccord", "dire_desaccord"),
        ),
        (
            "Hugo n'en a pas encore parlé",
            {"af_accord": Accord.PAS_DECIDE},
            "oui",
            ("choix_ouvert", "decider"),
        ),
        (
            "Inès n'est pas allocataire",
            {"af_recues": Versement.AUTRE, "allocataire": False},
            "oui",
            ("une_part_pour_vous", "declarer_non_allocataire"),
        ),
        (
            "Jean : seul l'aîné alterne",
            {"residence_enfants": Residence.CERTAINS},
            "oui",
            ("certains", "declarer_allocataire"),
        ),
        (
            "Karima : personne ne reçoit d'AF",
            {"af_recues": Versement.PERSONNE},
            "a_preciser",
            ("personne", "simuler"),
        ),
        (
            "Léo : un week-end sur deux chez lui, le document n'en dit rien",
            {"residence_enfants": Residence.VISITES, "af_recues": None, "af_accord": None},
            "a_preciser",
            ("visites", "demander_visites"),
        ),
        (
            "Maëlle : l'enfant vit seulement chez elle",
            {"residence_enfants": Residence.UN_PARENT},
            "non",
            ("si_alternance", "rendez_vous"),
        ),
        (
            "Nadia : l'alternance commence en septembre",
            {"residence_enfants": Residence.PREVUE},
            "non",
            ("prevue", "declarer_debut"),
        ),
        (
            "Omar et Paula vivent ensemble",
            {"residence_enfants": None, "separe": False},
            "non",
            ("si_alternance", "rendez_vous"),
        ),
    ],
)
def test_menages(
    estimate: Any, menage: str, changes: dict[str, Any], verdict: str, dit: tuple[str, str]
) -> None:
    """`dit`: a note and a step."""
    decision, (note, etape) = estimate(**changes), dit
    assert decision.verdict == verdict, menage
    assert note in notes(decision)
    assert etape in decision.steps
    assert not decision.missing
    assert decision.amount is None


@pytest.mark.parametrize("accord", Accord)
def test_whatever_the_parents_chose_a_choice_is_possible(estimate: Any, accord: Accord) -> None:
    """Sharing, one parent, or a part each without an agreement: three bullets, three ways."""
    assert estimate(af_accord=accord).verdict is Verdict.OUI


def test_without_agreement_family_mediation_comes_before_telling_the_caf(estimate: Any) -> None:
    steps = estimate(af_accord=Accord.DESACCORD).steps
    assert steps.index("mediation") < steps.index("dire_desaccord")


@pytest.mark.parametrize("residence", [Residence.ALTERNEE, Residence.CERTAINS])
def test_two_homes_say_that_the_parents_are_separated(estimate: Any, residence: Any) -> None:
    decision = estimate(residence_enfants=residence, separe=None)
    assert decision.verdict is Verdict.OUI
    assert not decision.missing


def test_other_benefits_are_never_said_to_be_shared(estimate: Any) -> None:
    for residence, accord in itertools.product(
        [Residence.ALTERNEE, Residence.CERTAINS, Residence.VISITES], Accord
    ):
        assert "autres_aides" in notes(estimate(residence_enfants=residence, af_accord=accord))


UNKNOWNS = {
    "residence_enfants": Verdict.A_PRECISER,
    "af_recues": Verdict.A_PRECISER,
    "af_accord": Verdict.OUI,
    "allocataire": Verdict.OUI,
}
REFUSALS: list[dict[str, Any]] = [
    {"residence_enfants": Residence.UN_PARENT},
    {"residence_enfants": Residence.PREVUE},
    {"residence_enfants": None, "separe": False},
]


@pytest.mark.parametrize(("fact", "verdict"), UNKNOWNS.items())
def test_an_unknown_fact_is_asked_for(estimate: Any, fact: str, verdict: Verdict) -> None:
    decision = estimate(**{fact: None})
    assert (decision.verdict, decision.missing) == (verdict, (fact,))


@pytest.mark.parametrize(("first", "second"), list(itertools.combinations(UNKNOWNS, 2)))
def test_two_unknown_facts_are_both_asked_for(estimate: Any, first: str, second: str) -> None:
    decision = estimate(**{first: None, second: None})
    assert set(decision.missing) == {first, second}
    assert (decision.verdict is Verdict.OUI) == ({first, second} == {"af_accord", "allocataire"})


@pytest.mark.parametrize(
    ("refusal", "unknown"),
    [(r, u) for r in REFUSALS for u in [*UNKNOWNS, "separe"] if u not in r],
)
def test_a_refusal_decides_even_when_something_is_unknown(
    estimate: Any, refusal: dict[str, Any], unknown: str
) -> None:
    decision = estimate(**{**refusal, unknown: None})
    assert decision.verdict is Verdict.NON
    assert not decision.missing


@pytest.mark.parametrize("residence", [Residence.UN_PARENT, Residence.PREVUE])
@pytest.mark.parametrize("paid", Versement)
def test_without_two_homes_who_is_paid_changes_nothing(
    estimate: Any, residence: Residence, paid: Versement
) -> None:
    decision = estimate(residence_enfants=residence, af_recues=paid, separe=False)
    refused = [c.id for c in decision.conditions if c.status is Status.NOT_SATISFIED]
    assert refused == ["residence"]


def test_nothing_is_asked_about_the_money_when_only_the_caf_can_judge_the_homes(
    estimate: Any,
) -> None:
    nothing = dict.fromkeys(ORDER)
    assert estimate(**{**nothing, "residence_enfants": Residence.VISITES}).missing == (
        "allocataire",
    )


def test_nothing_known() -> None:
    decision = decide(Situation(), AUJOURDHUI, PARAMETERS)
    assert decision.verdict is Verdict.A_PRECISER
    assert set(decision.missing) == set(ORDER)


def test_known_from_the_day_of_the_document() -> None:
    assert decide(Situation(), WEBINAIRE, PARAMETERS).conditions
    with pytest.raises(UnknownAtDate):
        decide(Situation(), WEBINAIRE - dt.timedelta(days=1), PARAMETERS)


SITUATIONS = st.builds(
    Situation,
    residence_enfants=st.none() | st.sampled_from(Residence),
    separe=st.none() | st.booleans(),
    af_recues=st.none() | st.sampled_from(Versement),
    af_accord=st.none() | st.sampled_from(Accord),
    allocataire=st.none() | st.booleans(),
)


@given(SITUATIONS, st.dates(WEBINAIRE, dt.date(2100, 1, 1)))
def test_any_situation_gets_a_decision_that_explains_itself(
    situation: Situation, date: dt.date
) -> None:
    decision = decide(situation, date, PARAMETERS)
    assert all(getattr(situation, fact) is None for fact in decision.missing)
    assert len(set(decision.steps)) == len(decision.steps) > 0
    assert decision.notes
    assert not (decision.verdict is Verdict.NON and decision.missing)
    unknown = any(c.status is Status.UNKNOWN for c in decision.conditions)
    assert unknown or decision.verdict is not Verdict.A_PRECISER


@given(SITUATIONS)
def test_answering_never_asks_again(situation: Situation) -> None:
    """One answer more never brings back a question already answered."""
    decision = decide(situation, AUJOURDHUI, PARAMETERS)
    for fact in decision.missing:
        answers = {"residence_enfants": Residence.ALTERNEE, "af_recues": Versement.MOI}
        answers["af_accord"] = Accord.PARTAGE
        values = {name: getattr(situation, name) for name in ORDER}
        after = decide(
            Situation(**{**values, fact: answers.get(fact, True)}), AUJOURDHUI, PARAMETERS
        )
        assert set(after.missing) < set(decision.missing)


@pytest.mark.parametrize(
    ("question", "dit", "choix"),
    [
        ("residence_enfants", "une semaine sur deux", "alternee"),
        ("residence_enfants", "garde alterné", "alternee"),
        ("residence_enfants", "1 sem sur 2 et la moitié des vacances", "alternee"),
        ("residence_enfants", "3 jours chez moi et 4 chez lui", "alternee"),
        ("residence_enfants", "un week-end sur deux et la moitié des vacances", "visites"),
        ("residence_enfants", "on va faire une garde alternée en septembre", "prevue"),
        ("residence_enfants", "seulement le grand est en alternance", "certains"),
        ("residence_enfants", "que chez moi", "un_parent"),
        ("residence_enfants", "pas de garde alternée", None),
        ("af_recues", "c'est moi", "moi"),
        ("af_recues", "moi, l'autre ne touche rien", "moi"),
        ("af_recues", "sa mère touche tout", "autre"),
        ("af_recues", "moi et mon ex", "deux"),
        ("af_recues", "ni lui ni moi", "personne"),
        ("af_accord", "moitié chacun", "partage"),
        ("af_accord", "elle refuse de partager", "desaccord"),
        ("af_accord", "on se parle plus", "desaccord"),
        ("af_accord", "c'est elle qui touche", "tout_pour_autre"),
        ("af_accord", "on en a pas encore parlé", "pas_decide"),
        ("af_accord", "oui d'accord", None),
    ],
)
def test_how_people_say_it(question: str, dit: str, choix: str | None) -> None:
    assert chosen(RULE, question, dit) == choix
