"""A log in each kind of database, and a file of events as Rasa makes it."""

from pathlib import Path

import pytest

from tests.web.conversation_log.talks import Tracker


@pytest.fixture
def tracker(tmp_path: Path) -> Tracker:
    return Tracker(tmp_path / "rasa.sqlite")
