"""A file is spoiled when the bot starts: one sentence names it and what to do, then an error."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from allobot.ports import free_port
from allobot.project import ROOT

SECONDS = 120
CODE = ("actions", "allobot", "bot", "web", "data")
SPOILED = b"\x00\xff spoiled " * 500


def copy_of_the_project(folder: Path) -> Path:
    """Where a file of data/ can be spoiled; the environments are the same."""
    for name in CODE:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in (*ROOT.glob("*.yml"), *ROOT.glob("*.toml")):
        shutil.copy(path, folder)
    for name in (".venv", ".venv-rasa", ".tools", "models"):
        (folder / name).symlink_to(ROOT / name)
    return folder


def words_of(project: Path, var: Path, *command: str) -> str:
    """Run a command of the bot, which must refuse: all that it says."""
    env = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    env |= {f"ALLOBOT_{name}_PORT": str(free_port()) for name in ("WEB", "RASA", "ACTIONS")}
    run = subprocess.run(
        [str(project / ".venv" / "bin" / "python"), "-m", *command],
        cwd=project,
        env={**env, "ALLOBOT_VAR": str(var)},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    said = run.stdout + run.stderr
    assert run.returncode != 0
    assert "Traceback" not in said
    return said


@pytest.mark.parametrize("content", [SPOILED, b"id: asf\nversions: [\n", b""])
def test_a_spoiled_knowledge_file_is_named(tmp_path: Path, content: bytes) -> None:
    project = copy_of_the_project(tmp_path)
    (project / "data" / "procedures" / "asf.yml").write_bytes(content)
    said = words_of(project, tmp_path / "var", "allobot", "run")
    assert "asf.yml" in said
    assert "est à corriger" in said


def test_a_spoiled_file_of_rasa_is_named(tmp_path: Path) -> None:
    (tmp_path / "rasa.sqlite").write_bytes(SPOILED)
    said = words_of(ROOT, tmp_path, "allobot.preparation")  # the beginning of `run`
    assert "rasa.sqlite" in said
    assert "supprimez" in said.lower(), "what to do"
