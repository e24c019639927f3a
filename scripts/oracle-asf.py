#!/usr/bin/env -S uv run --script
# /// script
# requires-python = "==3.11.*"
# dependencies = ["openfisca-france==176.1.8", "openfisca-core==44.7.1", "numpy==2.3.5"]
# ///
"""Prints, as JSON, what OpenFisca-France computes of the ASF for a grid of situations.

    uv run --script scripts/oracle-asf.py > tests/actions/eligibility/oracle_asf.json

An independent oracle for tests/actions/eligibility/test_asf_openfisca.py. OpenFisca-France
(AGPL-3.0) runs in an environment of its own; nothing of it is copied here but its results.

The grid keeps to what OpenFisca's model of the ASF holds: a parent, alone or not, whose children
lack the help of the other. It knows no child taken in, no violence, no step to have a pension
fixed, no reason why the other parent does not pay, and no residence. Pensions are given only for
children who all count, because it deducts the whole family's pensions; none lies between 170 €
and 250 €, where it applies a least amount that Allobot's sources do not tell.
"""

from __future__ import annotations

import datetime as dt
import itertools
import json
import sys
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

from openfisca_core.simulation_builder import SimulationBuilder
from openfisca_france import CountryTaxBenefitSystem

PACKAGES = ("openfisca-france", "openfisca-core")
COMMAND = "uv run --script scripts/oracle-asf.py"
# The first and the last months of the scale that Allobot knows, and the one of its source.
MONTHS = ("2025-04", "2025-10", "2026-03")
LATER = ("2026-04", "2026-11")  # revalued since: to see that the known scale is then old
FAMILIES = ((), (0,), (8,), (19,), (20,), (4, 8), (8, 19), (8, 20), (2, 5, 9), (1, 12, 21))
PAID_FOR = ((8,), (4, 8), (2, 5, 9))
PENSIONS = (20, 50, 60, 100, 150, 170, 250)  # € per month and per child
PARENT_AGE = 40


def birth(age: int, month: str) -> str:
    """Mid-year, so that the age in years is the same whatever the day of the month."""
    first = dt.date.fromisoformat(f"{month}-01")
    year, shifted = divmod(first.year * 12 + first.month - 1 - 12 * age - 6, 12)
    return f"{year}-{shifted + 1:02}-15"


def situation(month: str, ages: tuple[int, ...], pension: int, *, alone: bool) -> dict[str, Any]:
    adults = ["parent"] if alone else ["parent", "conjoint"]
    children = [f"enfant{rank}" for rank in range(len(ages))]
    births = {name: birth(PARENT_AGE, month) for name in adults}
    births |= {name: birth(age, month) for name, age in zip(children, ages, strict=True)}
    people: dict[str, Any] = {
        name: {"date_naissance": {"ETERNITY": born}} for name, born in births.items()
    }
    people["parent"]["pensions_alimentaires_percues"] = {month: pension * len(ages)}
    household = {"personne_de_reference": adults[:1], "conjoint": adults[1:]}
    return {
        "individus": people,
        "familles": {"famille": {"parents": adults, "enfants": children}},
        "foyers_fiscaux": {"foyer": {"declarants": adults, "personnes_a_charge": children}},
        "menages": {"menage": {**household, "enfants": children}},
    }


def net_asf(system: Any, month: str, ages: tuple[int, ...], pension: int, *, alone: bool) -> float:
    entities = situation(month, ages, pension, alone=alone)
    simulation = SimulationBuilder().build_from_entities(system, entities)
    return float(simulation.calculate("asf_nette_crds", month)[0])


def grid() -> Iterator[dict[str, Any]]:
    for month, ages, alone in itertools.product(MONTHS + LATER, FAMILIES, (True, False)):
        yield {"month": month, "ages": ages, "pension": 0, "alone": alone}
    for month, ages, pension in itertools.product(MONTHS, PAID_FOR, PENSIONS):
        yield {"month": month, "ages": ages, "pension": pension, "alone": True}


def main() -> None:
    system = CountryTaxBenefitSystem()
    cases = [
        {
            "mois": case["month"],
            "ages_enfants": case["ages"],
            "pension_par_enfant": case["pension"],
            "vit_seul": case["alone"],
            "asf_nette": round(net_asf(system, **case), 4),
        }
        for case in grid()
    ]
    header = {
        "oracle": {name: version(name) for name in PACKAGES},
        "commande": COMMAND,
        "variable": "asf_nette_crds",
        "unite": "€ par mois, pour tous les enfants",
    }
    lines = ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases)
    head = json.dumps(header, ensure_ascii=False, indent=2)
    sys.stdout.write(f'{{\n"entete": {head},\n"cas": [\n{lines}\n]\n}}\n')


if __name__ == "__main__":
    main()
