"""Database and knowledge are ready before the bot starts, or one sentence says why not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect

from actions.knowledge import loader
from actions.knowledge.errors import InvalidData
from allobot import preparation
from allobot.errors import DatabaseError, DataError
from allobot.ports import free_port
from allobot.project import ROOT, Project


def with_database(project: Project, url: str) -> Project:
    settings = project.settings.model_copy(update={"database_url": url})
    return Project(settings, project.root)


def test_the_tables_are_made_then_the_knowledge_is_loaded_once(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        preparation.prepare_database(project)
        preparation.load_knowledge(project)
    engine = create_engine(project.settings.database_url)
    assert inspect(engine).get_table_names()
    engine.dispose()
    lines = capsys.readouterr().out.splitlines()
    assert [line.rpartition(" ")[2] for line in lines] == [
        "jour.",
        "chargées.",
        "jour.",
        "inchangées.",
    ]


def test_a_database_that_does_not_answer_is_told_without_its_password(project: Project) -> None:
    url = f"postgresql://allobot:secret@127.0.0.1:{free_port()}/allobot"
    with pytest.raises(DatabaseError, match="La base de données ne répond pas") as error:
        preparation.prepare_database(with_database(project, url))
    assert "DATABASE_URL" in str(error.value)
    assert "secret" not in str(error.value)
    assert len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize("url", ["mysql://localhost/x", "n'importe quoi"])
def test_a_database_that_we_do_not_know_is_refused(project: Project, url: str) -> None:
    with pytest.raises(DatabaseError, match="DATABASE_URL"):
        preparation.prepare_database(with_database(project, url))


def test_a_data_file_that_does_not_fit_is_told(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise InvalidData("data/contacts.yml: href: manquant")

    monkeypatch.setattr(loader, "check", broken)
    preparation.prepare_database(project)
    for prepare in (preparation.check_knowledge, lambda: preparation.load_knowledge(project)):
        with pytest.raises(DataError, match=r"est à corriger : data/contacts\.yml: href"):
            prepare()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"id: asf\ntitre: \"L'allocation", "line 2"),
        (b"\xff\xfe\x00", "utf-8"),
        (b"", "fichier"),
        (b"id: asf\n", "titre: Field required"),
    ],
)
def test_a_damaged_data_file_is_told_with_its_place(
    tmp_path: Path, content: bytes, why: str
) -> None:
    data = shutil.copytree(ROOT / "data", tmp_path / "data")
    (data / "procedures" / "asf.yml").write_bytes(content)
    with (
        pytest.raises(DataError, match=r"procedures/asf\.yml: ") as error,
        preparation.data_errors(),
    ):
        loader.check(data)
    assert why in str(error.value)


def test_the_data_of_the_repository_fits() -> None:
    preparation.check_knowledge()
