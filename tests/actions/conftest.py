import datetime as dt
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from actions.knowledge.loader import Knowledge, check, load
from actions.resources import Resources, make_resources
from allobot.database import upgrade
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
    resources = make_resources(settings, knowledge)
    yield resources
    resources.procedures.close()
