"""data/rendez_vous.yml: what it promises, and the errors that name what is wrong in it."""

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from actions.appointments.content import RENDEZ_VOUS, RendezVousContent, read_rendez_vous
from actions.appointments.creneaux import creneaux
from actions.knowledge.errors import InvalidData
from actions.knowledge.schema import FALC_WORDS
from actions.reading import simplify
from allobot.masking import mask

DATA = RENDEZ_VOUS.parent
# The numbered list of the March 2024 document, in its order.
MOTIFS = [
    "situation",
    "nouvel_allocataire",
    "dossier",
    "difficultes",
    "document",
    "handicap",
    "logement",
    "dette",
    "aide_individuelle",
]
ASKED = re.compile(r"\b(?:donnez|écrivez|envoyez|dites)\b", re.IGNORECASE)


@pytest.fixture(scope="module")
def content() -> RendezVousContent:
    return read_rendez_vous()


def test_the_nine_reasons_of_the_document_are_there_each_with_its_button(
    content: RendezVousContent,
) -> None:
    assert sorted(content.motifs) == sorted(MOTIFS)
    labels = [motif.libelle for motif in content.motifs.values()]
    assert len(set(labels)) == 9 and all(len(label) <= 40 for label in labels)


def test_what_to_prepare_is_short_and_asks_nothing_of_the_person(
    content: RendezVousContent,
) -> None:
    for motif in content.motifs.values():
        for sentence in motif.preparer:
            assert len(sentence.split()) < FALC_WORDS, sentence
            assert sentence.endswith((".", "…"))
            assert not ASKED.search(sentence), sentence
            assert mask(sentence).kinds == ()


def test_a_reason_is_understood_from_its_own_label(content: RendezVousContent) -> None:
    for name, motif in content.motifs.items():
        assert re.search(motif.mots, simplify(motif.libelle)), name


def test_haute_marne_calls_back_from_monday_to_friday_from_9_to_4(
    content: RendezVousContent,
) -> None:
    """As the documents of March 2024 and October 2025 say; ten minutes, as its screens show."""
    ouvertures = content.bureaux["52"].ouvertures
    monday = dt.date(2026, 11, 23)
    found = list(creneaux(ouvertures, (), monday, monday + dt.timedelta(days=6), "52"))
    assert {creneau.debut.weekday() for creneau in found} == {0, 1, 2, 3, 4}
    assert min(creneau.debut.time() for creneau in found) == dt.time(9)
    assert max(creneau.fin.time() for creneau in found) == dt.time(16)
    assert len(found) == 5 * 7 * 6
    assert content.numero_affiche == "+33 32 30"


def test_only_the_telephone_is_booked_here(content: RendezVousContent) -> None:
    assert [mode for mode in content.modes if content.opens("52", mode)] == ["telephone"]
    for mode in content.modes.values():
        if mode.procedure is not None:
            assert (DATA / "procedures" / f"{mode.procedure}.yml").is_file()


def test_sources_are_known_and_offices_are_departements(content: RendezVousContent) -> None:
    yaml = YAML(typ="safe")
    known = set(yaml.load(DATA / "sources.yml"))
    numbers = set(yaml.load(DATA / "directory" / "departements.yml")["noms"])
    cited = [*content.sources, *(motif.source for motif in content.motifs.values())]
    cited += [bureau.source for bureau in content.bureaux.values()]
    assert {source.document for source in cited} <= known
    assert set(content.bureaux) <= numbers


# ---- errors


def broken(tmp_path: Path, change: Callable[[Any], None]) -> Path:
    """The file with a change."""
    yaml = YAML()
    data = yaml.load(RENDEZ_VOUS)
    change(data)
    path = tmp_path / "rendez_vous.yml"
    yaml.dump(data, path)
    return path


def _label(data: Any) -> None:
    data["motifs"]["dette"]["libelle"] = "x" * 41


def _order(data: Any) -> None:
    data["bureaux"]["52"]["ouvertures"][0]["a"] = "08:00"


def _overlap(data: Any) -> None:
    data["bureaux"]["52"]["ouvertures"].append(
        {"jours": [4], "de": "15:00", "a": "17:00", "minutes": 10, "capacite": 1}
    )


def _clock(data: Any) -> None:
    data["bureaux"]["52"]["ouvertures"][0]["de"] = "9h"


def _day(data: Any) -> None:
    data["bureaux"]["52"]["ouvertures"][0]["jours"] = [7]


def _office(data: Any) -> None:
    data["bureaux"]["Haute-Marne"] = data["bureaux"]["52"]


def _mode(data: Any) -> None:
    data["bureaux"]["52"]["modes"] = ["pigeon"]


def _two_ways(data: Any) -> None:
    data["modes"]["telephone"]["procedure"] = "rdv_accueil"


def _no_way(data: Any) -> None:
    del data["modes"]["visio"]["procedure"]


def _typing_mistake(data: Any) -> None:
    data["motifs"]["dette"]["preparé"] = []


def _hold(data: Any) -> None:
    data["tenue_minutes"] = 0


def _pattern(data: Any) -> None:
    data["motifs"]["dette"]["mots"] = "("


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (_label, "motifs.dette.libelle"),
        (_order, "bureaux.52.ouvertures.0: Value error, a (08:00) doit venir après de (09:00)"),
        (_overlap, "09:00-16:00 et 15:00-17:00 se recouvrent"),
        (_clock, "bureaux.52.ouvertures.0.de"),
        (_day, "bureaux.52.ouvertures.0.jours.0"),
        (_office, "bureaux.Haute-Marne"),
        (_mode, "bureaux.52.modes: inconnu: pigeon"),
        (_two_ways, "modes.telephone"),
        (_no_way, "modes.visio"),
        (_typing_mistake, "motifs.dette.preparé"),
        (_hold, "tenue_minutes"),
        (_pattern, "motifs.dette.mots"),
    ],
)
def test_an_error_names_the_file_and_the_field(
    tmp_path: Path, change: Callable[[Any], None], named: str
) -> None:
    path = broken(tmp_path, change)
    with pytest.raises(InvalidData) as caught:
        read_rendez_vous(path)
    assert str(path) in str(caught.value)
    assert named in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidData, match="absent"):
        read_rendez_vous(tmp_path / "absent.yml")
