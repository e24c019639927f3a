import datetime as dt
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from actions.cards import Cards
from actions.knowledge.directory import Directory
from actions.knowledge.loader import Knowledge, check, load
from actions.knowledge.repository import ProcedureRepository
from actions.resources import Resources
from actions.sentences import read_sentences
from actions.territory import Territories
from allobot.database import make_engine, upgrade
from allobot.settings import Settings

REFERENCE_DATE = dt.date(2026, 11, 21)


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    return check()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(var=tmp_path, date=REFERENCE_DATE)


@pytest.fixture(scope="session")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the real knowledge, to copy."""
    settings = Settings(var=tmp_path_factory.mktemp("loaded"), date=REFERENCE_DATE)
    upgrade(settings.database_url)
    load(settings)
    return settings.var / "allobot.sqlite"


@pytest.fixture
def resources(settings: Settings, knowledge: Knowledge, loaded: Path) -> Iterator[Resources]:
    """The real knowledge in a fresh database, on the reference date."""
    shutil.copy(loaded, settings.var)
    engine = make_engine(settings.database_url)
    yield Resources(
        settings=settings,
        procedures=ProcedureRepository(engine),
        cards=Cards(knowledge.contacts, knowledge.sources, knowledge.parameters),
        parameters=knowledge.parameters,
        rules=knowledge.rules,
        sentences=read_sentences(),
        territories=Territories(knowledge.departements, knowledge.communes),
        directory=Directory(knowledge.annuaires, knowledge.communes),
        agenda=knowledge.agenda,
        portes=knowledge.portes,
    )
    engine.dispose()
