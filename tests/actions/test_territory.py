"""Where the person lives, found in words; amounts, dates and hours are not places."""

import pytest

from actions.knowledge.loader import Knowledge
from actions.territory import Territories, kilometres


@pytest.fixture
def territories(knowledge: Knowledge) -> Territories:
    return Territories(knowledge.departements, knowledge.communes)


@pytest.mark.parametrize(
    ("text", "departement", "commune"),
    [
        ("52000", "52", None),
        ("je suis en Haute-Marne", "52", None),
        ("j'habite st dizier", "52", "Saint-Dizier"),
        ("aide aux devoirs à Langres", "52", "Langres"),
        ("Loire Atlantique", "44", None),
        ("dans le 44", "44", None),
        ("caf du 35", "35", None),
        ("j'habite la Somme", "80", None),
        ("97400 Saint-Denis", "974", None),
        ("20090", "2A", None),
        ("je vis dans le Nord", "59", None),
    ],
)
def test_finds_the_place(
    territories: Territories, text: str, departement: str, commune: str | None
) -> None:
    found = territories.spot(text)
    assert found is not None
    assert found.departement == departement
    assert (found.commune.nom if found.commune else None) == commune


@pytest.mark.parametrize(
    "text",
    [
        "je dois 12000 euros",
        "12500 €",
        "la somme de 150 €",
        "c'est trop cher",
        "le 12 mars à 14h",
        "mon fils a 17 ans",
        "mes revenus 2023 2024",
        "bonjour",
    ],
)
def test_what_is_not_a_place_is_left_alone(territories: Territories, text: str) -> None:
    assert territories.spot(text) is None


def test_distances_are_those_of_the_map(knowledge: Knowledge) -> None:
    communes = {commune.nom: commune for commune in knowledge.communes}
    far = kilometres(communes["Chaumont"], communes["Saint-Dizier"])
    assert 55 < far < 75  # about 65 km as the crow flies
