"""Which version is said: by date, by Caf."""

import datetime as dt
import shutil
from pathlib import Path

import pytest

from actions.knowledge.loader import DATA, load
from actions.knowledge.repository import ProcedureRepository
from actions.resources import Resources
from allobot.settings import Settings


@pytest.fixture
def procedures(resources: Resources) -> ProcedureRepository:
    return resources.procedures


@pytest.mark.parametrize(
    ("date", "rule"),
    [
        ("2023-06-01", "8 à 24 caractères"),
        ("2024-02-21", "8 à 24 caractères"),
        ("2024-02-22", "au moins 10 caractères, au lieu de 8"),
        ("2024-03-07", "pas encore une obligation"),
        ("2024-03-08", "sans caractère spécial"),
        ("2026-05-03", "sans caractère spécial"),
        ("2026-05-04", "dont un caractère spécial"),
        ("2026-11-21", "dont un caractère spécial"),
    ],
)
def test_the_password_rule_is_the_one_of_the_day(
    procedures: ProcedureRepository, date: str, rule: str
) -> None:
    found = procedures.find("mot_de_passe", None, dt.date.fromisoformat(date))
    assert found is not None
    assert rule in found.version.resume


def test_before_every_version_nothing_is_found(procedures: ProcedureRepository) -> None:
    assert procedures.find("mot_de_passe", None, dt.date(2019, 1, 1)) is None


@pytest.mark.parametrize(
    ("caf", "territoire"), [("52", "52"), ("44", "national"), (None, "national")]
)
def test_the_persons_caf_comes_first_then_the_nation(
    procedures: ProcedureRepository, caf: str | None, territoire: str
) -> None:
    found = procedures.find("rdv_telephonique", caf, dt.date(2026, 11, 21))
    assert found is not None
    assert found.version.territoire == territoire
    assert ("9 h à 16 h" in found.version.resume) == (territoire == "52")


def test_loading_twice_changes_nothing(resources: Resources) -> None:
    again = load(resources.settings)
    assert again.procedures > 0
    assert not again.changed


def test_a_changed_file_is_loaded_again(resources: Resources, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(DATA, data)
    path = data / "procedures" / "asf.yml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("aide le parent", "soutient le parent"), encoding="utf-8")
    assert load(resources.settings, data).changed
    found = resources.procedures.find("asf", None, dt.date(2026, 11, 21))
    assert found is not None
    assert "soutient le parent" in found.version.resume


def test_a_wrong_file_leaves_the_tables_as_they_were(
    resources: Resources, settings: Settings, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    shutil.copytree(DATA, data)
    (data / "procedures" / "asf.yml").write_text("id: asf\n", encoding="utf-8")
    with pytest.raises(Exception, match=r"asf\.yml"):
        load(settings, data)
    assert resources.procedures.find("asf", None, dt.date(2026, 11, 21)) is not None
