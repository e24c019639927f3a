"""The ASF rule against an independent oracle: what OpenFisca-France computes.

oracle_asf.json is printed by scripts/oracle-asf.py, which says how the grid is bounded; its
header gives the versions. OpenFisca takes the pension off before the CRDS (0,5 %) and not after:
its amounts are then higher by 0,5 % of the pension. The Caf's document of October 2025 compares
the pension with the amount paid (« inférieure à 199,18 € »), and so does the rule.
"""

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from actions.eligibility.asf import AutreParent, Lien, Situation, decide
from actions.eligibility.decision import Decision, Verdict
from tests.actions.eligibility.known import PARAMETERS

ROOT = Path(__file__).parents[3]
ORACLE = json.loads((Path(__file__).parent / "oracle_asf.json").read_text("utf-8"))
LAST_MONTH = "2026-03"  # of the scale of April 2025
CRDS, CENT = Decimal("0.005"), Decimal("0.01")


def estimate(case: dict[str, Any]) -> Decision:
    pension = Decimal(case["pension_par_enfant"])
    situation = Situation(
        lien_enfant=Lien.PARENT,
        vit_seul=case["vit_seul"],
        ages_enfants=tuple(case["ages_enfants"]),
        residence_stable=True,
        autre_parent=AutreParent.PAIE_TOUT if pension else AutreParent.NE_PAIE_PAS,
        pension_recue=pension,
    )
    return decide(situation, dt.date.fromisoformat(f"{case['mois']}-01"), PARAMETERS)


def name(case: dict[str, Any]) -> str:
    ages = "+".join(map(str, case["ages_enfants"])) or "aucun"
    alone = "seul" if case["vit_seul"] else "couple"
    return f"{case['mois']}-{ages}-{case['pension_par_enfant']}-{alone}"


CASES = ORACLE["cas"]
KNOWN = [case for case in CASES if case["mois"] <= LAST_MONTH]
LATER = [case for case in CASES if case["mois"] > LAST_MONTH]


def test_the_oracle_gives_the_amount_of_the_document() -> None:
    """199,18 € in October 2025: webinaire-52-2025-10, synthèse."""
    found = {
        round(case["asf_nette"], 2)
        for case in CASES
        if (case["mois"], case["ages_enfants"]) == ("2025-10", [8])
        and case["vit_seul"]
        and not case["pension_par_enfant"]
    }
    assert found == {199.18}


@pytest.mark.parametrize("case", KNOWN, ids=name)
def test_the_rule_agrees_with_openfisca(case: dict[str, Any]) -> None:
    decision, oracle = estimate(case), Decimal(str(case["asf_nette"]))
    children = len(case["ages_enfants"])
    assert (decision.verdict is Verdict.OUI) == (oracle > 0)
    if decision.amount:
        before_crds = CRDS * case["pension_par_enfant"] * children
        assert decision.amount.min == decision.amount.max
        assert abs(decision.amount.max - (oracle - before_crds)) <= CENT * children


@pytest.mark.parametrize("case", LATER, ids=name)
def test_once_openfisca_has_a_higher_amount_the_rule_says_that_its_own_is_old(
    case: dict[str, Any],
) -> None:
    decision, oracle = estimate(case), Decimal(str(case["asf_nette"]))
    assert (decision.verdict is Verdict.OUI) == (oracle > 0)
    if decision.amount:
        assert not decision.amount.up_to_date
        assert decision.amount.max < oracle
