"""The ASF rule. Expected amounts are computed here from the law, not read from data/:
the base mensuelle des allocations familiales of April 2025 (474,37 €) × 42,2 % for one parent,
56,25 % for two (code de la sécurité sociale, art. D. 523-1), less 0,5 % of CRDS, which gives the
199,18 € and 265,50 € of the Caf's document of October 2025."""

import datetime as dt
import itertools
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.eligibility.asf import AutreParent, Lien, Situation, decide
from actions.eligibility.decision import Decision, Status, Verdict
from actions.knowledge.loader import Knowledge

OCTOBRE_2025 = dt.date(2025, 10, 6)
BMAF, CRDS = Decimal("474.37"), Decimal("0.005")


def net(rate: str) -> Decimal:
    amount = BMAF * Decimal(rate) * (1 - CRDS)
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


PLEIN, RECUEILLI = net("0.422"), net("0.5625")

# A parent alone with a child of 8, living in France; each case says what changes.
PARENT_SEUL: dict[str, Any] = {
    "lien": Lien.PARENT,
    "vit_seul": True,
    "age_enfant": 8,
    "residence_stable": True,
    "autre_parent": AutreParent.NE_PAIE_PAS,
}


@pytest.fixture
def estimate(knowledge: Knowledge) -> Any:
    def _estimate(date: dt.date = OCTOBRE_2025, **changes: Any) -> Decision:
        return decide(Situation(**{**PARENT_SEUL, **changes}), date, knowledge.parameters)

    return _estimate


def test_the_independent_amounts_are_those_of_the_document() -> None:
    assert (Decimal("199.18"), Decimal("265.50")) == (PLEIN, RECUEILLI)


@pytest.mark.parametrize(
    ("menage", "changes", "verdict", "montant"),
    [
        ("Aïcha, pension de 100 € jamais payée : avance entière", {}, "oui", PLEIN),
        (
            "Bruno, pension de 100 € payée : complément",
            {"autre_parent": AutreParent.PAIE_TOUT, "pension_recue": Decimal(100)},
            "oui",
            Decimal("99.18"),
        ),
        (
            "Chloé, 60 € reçus sur sa pension : différence",
            {"autre_parent": AutreParent.PAIE_EN_PARTIE, "pension_recue": Decimal(60)},
            "oui",
            Decimal("139.18"),
        ),
        (
            "Driss, pension de 250 € payée : rien à compléter",
            {"autre_parent": AutreParent.PAIE_TOUT, "pension_recue": Decimal(250)},
            "non",
            None,
        ),
        (
            "Élise, pension égale au montant de l'ASF",
            {"autre_parent": AutreParent.PAIE_TOUT, "pension_recue": PLEIN},
            "non",
            None,
        ),
        ("Farid, veuf", {"autre_parent": AutreParent.DECEDE}, "oui", PLEIN),
        ("Gaëlle, enfant non reconnu", {"autre_parent": AutreParent.NON_RECONNU}, "oui", PLEIN),
        ("Hugo, autre parent au RSA", {"autre_parent": AutreParent.NE_PEUT_PAS}, "oui", PLEIN),
        ("Inès, enfant de 20 ans", {"age_enfant": 20}, "non", None),
        ("Jean, enfant de 19 ans", {"age_enfant": 19}, "oui", PLEIN),
        ("Karima, remise en couple", {"vit_seul": False}, "non", None),
        ("Léo, qui ne vit pas en France", {"residence_stable": False}, "non", None),
        (
            "Les grands-parents Martin, en couple, enfant recueilli",
            {"lien": Lien.RECUEILLANT, "vit_seul": None, "autre_parent": None},
            "oui",
            RECUEILLI,
        ),
        (
            "Nadia, pension pas fixée, démarche engagée",
            {"autre_parent": AutreParent.PENSION_NON_FIXEE, "demarche_engagee": True},
            "oui",
            PLEIN,
        ),
        (
            "Omar, pension pas fixée, aucune démarche",
            {"autre_parent": AutreParent.PENSION_NON_FIXEE, "demarche_engagee": False},
            "a_preciser",
            PLEIN,
        ),
        (
            "Paula, violences, plainte déposée",
            {"autre_parent": AutreParent.VIOLENCES, "document_violences": True},
            "oui",
            PLEIN,
        ),
        (
            "Rose, violences, sans document",
            {"autre_parent": AutreParent.VIOLENCES, "document_violences": False},
            "a_preciser",
            PLEIN,
        ),
    ],
)
def test_menages(
    estimate: Any, menage: str, changes: dict[str, Any], verdict: str, montant: Decimal | None
) -> None:
    decision = estimate(**changes)
    assert decision.verdict == verdict, menage
    amount = decision.amount and (decision.amount.min, decision.amount.max)
    assert amount == (montant and (montant, montant))


UNKNOWNS = ["lien", "vit_seul", "age_enfant", "residence_stable", "autre_parent"]
REFUSALS: dict[str, Any] = {"vit_seul": False, "age_enfant": 25, "residence_stable": False}


@pytest.mark.parametrize("fact", UNKNOWNS)
def test_an_unknown_fact_is_asked_for_and_never_guessed(estimate: Any, fact: str) -> None:
    decision = estimate(**{fact: None})
    assert decision.verdict is Verdict.A_PRECISER
    assert len(decision.missing) == 1


@pytest.mark.parametrize(("first", "second"), list(itertools.combinations(REFUSALS, 2)))
def test_two_refusals_are_both_told(estimate: Any, first: str, second: str) -> None:
    decision = estimate(**{first: REFUSALS[first], second: REFUSALS[second]})
    refused = [c for c in decision.conditions if c.status is Status.NOT_SATISFIED]
    assert decision.verdict is Verdict.NON
    assert len(refused) == 2


@pytest.mark.parametrize(
    ("refused", "unknown"), [(r, u) for r in REFUSALS for u in UNKNOWNS if u not in (r, "lien")]
)
def test_a_refusal_decides_even_when_something_is_unknown(
    estimate: Any, refused: str, unknown: str
) -> None:
    assert estimate(**{refused: REFUSALS[refused], unknown: None}).verdict is Verdict.NON


@pytest.mark.parametrize(("first", "second"), list(itertools.combinations(UNKNOWNS[1:], 2)))
def test_two_unknown_facts_are_both_missing(estimate: Any, first: str, second: str) -> None:
    decision = estimate(**{first: None, second: None})
    assert decision.verdict is Verdict.A_PRECISER
    assert len(decision.missing) == 2


def test_an_unknown_pension_gives_a_range(estimate: Any) -> None:
    decision = estimate(autre_parent=AutreParent.PAIE_EN_PARTIE)
    assert decision.verdict is Verdict.A_PRECISER
    assert (decision.amount.min, decision.amount.max) == (Decimal(0), PLEIN)
    assert decision.missing == ("pension_recue",)


def test_before_every_version_it_says_that_it_does_not_know(estimate: Any) -> None:
    decision = estimate(date=dt.date(2019, 1, 1))
    assert decision.verdict is Verdict.A_PRECISER
    assert decision.missing == ("date",)
    assert decision.amount is None


def test_after_the_next_revaluation_the_amount_is_said_to_be_old(estimate: Any) -> None:
    assert "montant_ancien" not in estimate(date=dt.date(2026, 3, 31)).notes
    assert "montant_ancien" in estimate(date=dt.date(2026, 4, 1)).notes


@given(st.decimals(min_value=0, max_value=500, places=2), st.decimals(0, 500, places=2))
def test_a_higher_pension_never_raises_the_asf(
    knowledge: Knowledge, one: Decimal, other: Decimal
) -> None:
    def amount(pension: Decimal) -> Decimal:
        facts = {**PARENT_SEUL, "autre_parent": AutreParent.PAIE_TOUT, "pension_recue": pension}
        decision = decide(Situation(**facts), OCTOBRE_2025, knowledge.parameters)
        return decision.amount.max if decision.amount else Decimal(0)

    low, high = sorted([one, other])
    assert amount(high) <= amount(low) <= PLEIN


@given(
    st.builds(
        Situation,
        lien=st.none() | st.sampled_from(Lien),
        vit_seul=st.none() | st.booleans(),
        age_enfant=st.none() | st.integers(0, 120),
        residence_stable=st.none() | st.booleans(),
        autre_parent=st.none() | st.sampled_from(AutreParent),
        pension_recue=st.none() | st.decimals(0, 20000, places=2),
        demarche_engagee=st.none() | st.booleans(),
        document_violences=st.none() | st.booleans(),
    )
)
def test_any_situation_gets_a_decision_that_explains_itself(
    knowledge: Knowledge, situation: Situation
) -> None:
    decision = decide(situation, OCTOBRE_2025, knowledge.parameters)
    content = knowledge.rules["asf"]
    assert {c.id for c in decision.conditions} <= set(content.conditions)
    assert set(decision.missing) <= set(content.manques)
    assert set(decision.notes) <= set(content.notes)
    assert bool(decision.missing) == any(c.status is Status.UNKNOWN for c in decision.conditions)
    assert decision.amount is None or 0 <= decision.amount.min <= decision.amount.max
