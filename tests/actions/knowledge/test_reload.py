"""What a running action server knows is what the tables hold, and it is read once."""

import datetime as dt
import shutil
from pathlib import Path

import pytest
from sqlalchemy import event

from actions.knowledge.loader import DATA, load
from actions.knowledge.repository import ProcedureRepository
from actions.resources import Resources
from allobot.database import make_engine, upgrade
from allobot.settings import Settings
from tests import databases

sqlite_url, postgres_url = databases.sqlite_url, databases.postgres_url
database_url = databases.database_url

TODAY = dt.date(2026, 11, 21)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A copy of data/, to change."""
    return Path(shutil.copytree(DATA, tmp_path / "data"))


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_reload_is_seen_at_once(database_url: str, tmp_path: Path, data: Path) -> None:
    upgrade(database_url)
    settings, engine = Settings(var=tmp_path, database_url=database_url), make_engine(database_url)
    procedures = ProcedureRepository(engine)
    assert procedures.find("asf", None, TODAY) is None
    assert procedures.precisions("asf", None, TODAY) == []

    load(settings)
    before = procedures.find("asf", None, TODAY)
    assert before is not None and "aide le parent" in before.version.resume
    [known, *_] = procedures.precisions("asf", None, TODAY)

    replace(data / "procedures" / "asf.yml", "aide le parent", "soutient le parent")
    replace(data / "procedures" / "asf.yml", known.question, "Une autre question ?")
    load(settings, data)
    after = procedures.find("asf", None, TODAY)
    assert after is not None and "soutient le parent" in after.version.resume
    assert procedures.precisions("asf", None, TODAY)[0].question == "Une autre question ?"
    procedures.close()


def test_the_answers_are_read_once(resources: Resources) -> None:
    engine = make_engine(resources.settings.database_url)
    read: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *given: read.append(given[2]))
    procedures = ProcedureRepository(engine)
    for subject in ("asf", "rsa", "asf", "inconnu"):
        procedures.find(subject, "52", TODAY)
        procedures.precisions(subject, None, TODAY)
    assert len([query for query in read if "contenu" in query]) == 2
    procedures.close()


def test_answers_given_may_be_changed(resources: Resources) -> None:
    given = resources.procedures.precisions("asf", None, TODAY)
    number = len(given)
    given.clear()
    assert len(resources.procedures.precisions("asf", None, TODAY)) == number > 0
