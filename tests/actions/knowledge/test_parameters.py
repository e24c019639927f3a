import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest

from actions.knowledge.errors import UnknownAtDate
from actions.knowledge.parameters import Parameters, euros

FILE = """
description: "Un montant d'essai"
unite: "€"
valeurs:
  - {depuis: 2024-04-01, valeur: 100, reference: {texte: "essai"}}
  - {depuis: 2025-04-01, valeur: 1234.5, reference: {texte: "essai"}}
revalorisation: "avril"
verifie_le: 2026-01-01
"""


@pytest.fixture
def parameters(tmp_path: Path) -> Parameters:
    (tmp_path / "essai").mkdir()
    (tmp_path / "essai" / "montant.yml").write_text(FILE, encoding="utf-8")
    return Parameters.read(tmp_path)


@pytest.mark.parametrize(
    ("date", "value", "up_to_date"),
    [
        ("2024-04-01", "100", True),
        ("2025-03-31", "100", True),
        ("2025-04-01", "1234.5", True),
        ("2026-03-31", "1234.5", True),
        ("2026-04-01", "1234.5", False),
        ("2030-01-01", "1234.5", False),
    ],
)
def test_the_value_of_the_day(
    parameters: Parameters, date: str, value: str, up_to_date: bool
) -> None:
    found = parameters.at("essai/montant", dt.date.fromisoformat(date))
    assert found.value == Decimal(value)
    assert found.up_to_date is up_to_date


def test_before_the_first_value_it_is_unknown(parameters: Parameters) -> None:
    with pytest.raises(UnknownAtDate, match="essai/montant"):
        parameters.at("essai/montant", dt.date(2024, 3, 31))


def test_texts_are_rendered_in_french(parameters: Parameters) -> None:
    text = parameters.render("Comptez {essai/montant} en tout", dt.date(2025, 5, 1))
    assert text.replace("\u202f", " ").replace("\xa0", " ") == "Comptez 1 234,50 € en tout"


@pytest.mark.parametrize(
    ("amount", "text"), [("199.18", "199,18 €"), ("100", "100 €"), ("0.5", "0,50 €")]
)
def test_euros(amount: str, text: str) -> None:
    assert euros(Decimal(amount)) == text
