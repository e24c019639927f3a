"""A log in each kind of database, and a file of events as Rasa makes it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from allobot.database import make_engine, upgrade
from tests.web.conversation_log.talks import Tracker


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    upgrade(database_url)
    engine = make_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def tracker(tmp_path: Path) -> Tracker:
    return Tracker(tmp_path / "rasa.sqlite")
