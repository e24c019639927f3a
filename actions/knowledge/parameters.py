"""Amounts and thresholds: data/parameters/<domaine>/<nom>.yml, one figure a file."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

from babel.numbers import format_decimal

from actions.knowledge.errors import UnknownAtDate
from actions.knowledge.schema import PARAMETER, ParameterFile, ParameterReference
from actions.knowledge.yaml_files import read

REVALUED_MONTH = 4  # April: the yearly revaluation of the Caf's scales
EURO = "€"


@dataclass(frozen=True)
class Parameter:
    """A figure at a date. `up_to_date` is False once a yearly revaluation has passed by since."""

    name: str
    value: Decimal
    unit: str
    since: dt.date
    reference: ParameterReference
    up_to_date: bool

    def text(self) -> str:
        """As it is said in French: « 199,18 € », « 10 % », « 3 jours ouvrés »."""
        return euros(self.value) if self.unit.startswith(EURO) else _number(self.value, self.unit)


class Parameters:
    """All figures, by name (`asf/montant`). Pure once read."""

    def __init__(self, files: dict[str, ParameterFile]) -> None:
        self._files = files

    @classmethod
    def read(cls, folder: Path) -> Parameters:
        """Read every file below `folder`.

        Raises:
            InvalidData: a file does not fit.
        """
        paths = sorted(folder.glob("*/*.yml"))
        return cls({f"{p.parent.name}/{p.stem}": read(p, ParameterFile) for p in paths})

    def names(self) -> set[str]:
        return set(self._files)

    def checked(self) -> list[tuple[str, dt.date]]:
        """When each figure was last checked."""
        return [(name, file.verifie_le) for name, file in self._files.items()]

    def documents(self, name: str) -> set[str]:
        """Ids of the documents that the values of `name` cite."""
        references = (value.reference.document for value in self._files[name].valeurs)
        return {document for document in references if document}

    def at(self, name: str, date: dt.date) -> Parameter:
        """The figure in force at `date`.

        Raises:
            UnknownAtDate: no value is known that early.
        """
        file = self._files[name]
        known = [value for value in file.valeurs if value.depuis <= date]
        if not known:
            raise UnknownAtDate(f"{name}: inconnu au {date}")
        last = known[-1]
        up_to_date = file.revalorisation is None or date < _next_revaluation(last.depuis)
        return Parameter(name, last.valeur, file.unite, last.depuis, last.reference, up_to_date)

    def render(self, text: str, date: dt.date) -> str:
        """`text` with each `{domaine/nom}` replaced by the figure in force at `date`.

        Raises:
            UnknownAtDate: as `at`.
        """
        return PARAMETER.sub(lambda match: self.at(match[1], date).text(), text)


@lru_cache(maxsize=4096)  # babel needs 50 µs, and a card says a dozen figures
def euros(amount: Decimal) -> str:
    """« 199,18 € », « 100 € »: cents only when there are some."""
    pattern = "#,##0" if amount == amount.to_integral_value() else "#,##0.00"
    return f"{format_decimal(amount, format=pattern, locale='fr_FR')} €"


@lru_cache(maxsize=4096)
def _number(value: Decimal, unit: str) -> str:
    return f"{format_decimal(value, locale='fr_FR')} {unit}"


def _next_revaluation(since: dt.date) -> dt.date:
    year = since.year if since.month < REVALUED_MONTH else since.year + 1
    return dt.date(year, REVALUED_MONTH, 1)
