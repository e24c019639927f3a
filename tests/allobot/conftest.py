"""A small copy of the repository whose two interpreters are scripts that play their parts."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from allobot.ports import free_port
from allobot.project import Project
from allobot.settings import Settings

FAKE_SERVICE = Path(__file__).with_name("fake_service.py")

# Plays `python -m actions`.
PYTHON = f"""#!/bin/sh
[ "$2" = actions ] && exec {sys.executable} {FAKE_SERVICE} "$ALLOBOT_ACTIONS_PORT"
exec {sys.executable} "$@"
"""

# Plays `python -m bot train|shell|test`: notes its arguments in calls.txt, then does as told
# by the file named after the verb.
RASA_PYTHON = """#!/bin/sh
echo "$@" >> calls.txt
verb="$3"
while [ $# -gt 0 ]; do
  [ "$1" = --out ] && out="$2"
  [ "$1" = --endpoints ] && endpoints="$2"
  shift
done
. "./fake-$verb.sh"
"""

TRAIN = """
echo "2026-11-21 INFO rasa.engine.training.hooks - Starting to train component 'Classifieur'."
echo "2026-11-21 INFO rasa.engine.training.hooks - Finished training component 'Classifieur'."
cp config.yml "$out/metadata.json"
tar -czf "$out/allobot.tar.gz" -C "$out" metadata.json
"""

FILES = {
    "config.yml": "pipeline: []\n",
    "domain.yml": "intents: []\n",
    "data/nlu/rsa.yml": "nlu: []\n",
    "data/rules/rsa.yml": "rules: []\n",
    "data/stories/rsa.yml": "stories: []\n",
    "bot/classifier.py": "C = 1\n",
    "bot/deep/helper.py": "X = 1\n",
    "uv.lock": "version = 1\n",
    "endpoints.yml": (
        "# a comment\n"
        "action_endpoint:\n  url: http://127.0.0.1:5055/webhook\n"
        "tracker_store:\n  type: SQL\n  dialect: sqlite\n  db: var/rasa.sqlite\n"
    ),
    "pytest.ini": "[pytest]\nasyncio_default_fixture_loop_scope = function\n",
    "fake-train.sh": TRAIN,
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    for name in [name for name in os.environ if name.startswith(("ALLOBOT_", "DATABASE_URL"))]:
        monkeypatch.delenv(name)
    for name, content in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    _script(tmp_path / ".venv" / "bin" / "python", PYTHON)
    _script(tmp_path / ".venv-rasa" / "bin" / "python", RASA_PYTHON)
    settings = Settings(
        var=tmp_path / "var",
        web_port=free_port(),
        rasa_port=free_port(),
        actions_port=free_port(),
    )
    return Project(settings, tmp_path)


def _script(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True)
    path.write_text(content, encoding="utf-8")
    path.chmod(0o755)
