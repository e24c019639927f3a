"""Every rule by its name, and the one way to apply it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from functools import cached_property
from typing import Any

from pydantic import TypeAdapter, ValidationError

from actions.eligibility import (
    aide_violences_conjugales,
    aides_vacances,
    asf,
    bafa,
    campagne_ressources,
    complement_inclusif_alsh,
    creche_avip,
    mediation,
    moyens_remboursement,
    partage_allocations_familiales,
    passeports_loisirs,
    prime_activite_bonification,
    separation,
)
from actions.eligibility.decision import Decision, unknown_at
from actions.knowledge.errors import UnknownAtDate
from actions.knowledge.parameters import Parameters

HIGHEST = 1_000_000  # of any number in a situation: years, children, € per month


class InvalidSituation(ValueError):
    """Facts that do not fit a rule's situation; `fields` says which and why."""

    def __init__(self, fields: dict[str, str]) -> None:
        super().__init__(" ; ".join(f"{name} : {reason}" for name, reason in fields.items()))
        self.fields = fields


@dataclass(frozen=True)
class Rule:
    """A pure function from a typed situation and a date to a decision."""

    name: str
    situation: type[Any]
    function: Callable[[Any, dt.date, Parameters], Decision]

    @cached_property
    def adapter(self) -> TypeAdapter[Any]:
        """Reads a situation from JSON-like values, and describes it."""
        return TypeAdapter(self.situation)

    def read(self, facts: Mapping[str, object]) -> Any:
        """The situation that `facts` make; facts not given are not known.

        Raises:
            InvalidSituation: a fact is not one of the rule's, or its value does not fit.
        """
        unknown = sorted(set(facts) - {field.name for field in fields(self.situation)})
        if unknown:
            raise InvalidSituation(dict.fromkeys(unknown, f"not a fact of {self.name}"))
        try:
            situation = self.adapter.validate_python(dict(facts))
        except ValidationError as error:
            raise InvalidSituation(
                {".".join(map(str, item["loc"])): item["msg"] for item in error.errors()}
            ) from error
        if absurd := [name for name, value in vars(situation).items() if not _plausible(value)]:
            raise InvalidSituation(dict.fromkeys(absurd, f"not between 0 and {HIGHEST}"))
        return situation

    def schema(self, refs: str = "#/$defs/{model}") -> dict[str, Any]:
        """JSON Schema of a situation, its definitions at `refs`; every fact may be left out."""
        return {**self.adapter.json_schema(ref_template=refs), "additionalProperties": False}

    def decide(self, situation: Any, date: dt.date, parameters: Parameters) -> Decision:
        """The decision at `date`; « inconnu à cette date » outside every known version."""
        try:
            return self.function(situation, date, parameters)
        except UnknownAtDate:
            return unknown_at(self.name, date)


def _plausible(value: object) -> bool:
    """Ages, counts and amounts are never negative, nor astronomical."""
    if isinstance(value, tuple):
        return all(map(_plausible, value))
    return not isinstance(value, int | Decimal) or 0 <= value <= HIGHEST


_MODULES = (
    asf,
    aide_violences_conjugales,
    passeports_loisirs,
    creche_avip,
    complement_inclusif_alsh,
    mediation,
    prime_activite_bonification,
    campagne_ressources,
    partage_allocations_familiales,
    moyens_remboursement,
    aides_vacances,
    bafa,
    separation,
)
RULES = {module.RULE: Rule(module.RULE, module.Situation, module.decide) for module in _MODULES}
