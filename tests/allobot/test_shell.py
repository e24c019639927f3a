"""The shell finds or starts its action server, and stops only what it started."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from allobot import shell
from allobot.errors import ServiceError
from allobot.local_http import answers
from allobot.ports import is_free
from allobot.project import Project

FAKE_SERVICE = Path(__file__).with_name("fake_service.py")

# Plays `rasa shell`: writes what the action server of its endpoints says its date is.
SHELL = f"""
url=$(sed -n 's/.*url: \\(.*\\)webhook/\\1/p' "$endpoints")
{sys.executable} -c "
import sys, urllib.request
with urllib.request.urlopen(sys.argv[1]) as answer:
    print(sys.argv[1], answer.read().decode())
" "$url" > heard.txt
"""


@pytest.fixture
def talkative(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    (project.root / "fake-shell.sh").write_text(SHELL)
    project.var.mkdir()
    monkeypatch.setattr(shell, "prepare", lambda project: None)
    return project


@pytest.fixture
def running_actions(project: Project) -> Iterator[int]:
    port = project.settings.actions_port
    with subprocess.Popen([sys.executable, str(FAKE_SERVICE), str(port)]) as process:
        while not answers(f"http://127.0.0.1:{port}/health"):
            time.sleep(0.05)
        yield port
        process.terminate()


def heard(project: Project) -> list[str]:
    return (project.root / "heard.txt").read_text().split()


def test_it_starts_an_action_server_and_stops_it(talkative: Project) -> None:
    port = talkative.settings.actions_port
    assert shell.talk(talkative) == 0
    assert heard(talkative) == [f"http://127.0.0.1:{port}/"]
    assert is_free(port)
    assert "écoute" in (talkative.var / "actions.log").read_text()


def test_it_uses_the_one_that_runs_and_leaves_it(
    talkative: Project, running_actions: int, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.talk(talkative)
    assert heard(talkative) == [f"http://127.0.0.1:{running_actions}/"]
    assert "déjà là" in capsys.readouterr().out
    assert answers(f"http://127.0.0.1:{running_actions}/health")


def test_a_date_needs_an_action_server_of_its_own(talkative: Project, running_actions: int) -> None:
    shell.talk(talkative, date=date(2027, 4, 1), caf="52")
    url, day = heard(talkative)
    assert url != f"http://127.0.0.1:{running_actions}/"
    assert day == "2027-04-01"
    assert answers(f"http://127.0.0.1:{running_actions}/health")


def test_an_action_server_that_dies_is_told(
    talkative: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    (talkative.root / ".venv/bin/python").write_text("#!/bin/sh\necho boum; exit 1\n")
    with pytest.raises(ServiceError, match="Le serveur d'actions n'a pas démarré"):
        shell.talk(talkative)
    assert "boum" in capsys.readouterr().err


def test_the_shell_takes_another_port_beside_a_running_rasa(
    talkative: Project,
) -> None:
    usual = talkative.settings.rasa_port
    command = [sys.executable, str(FAKE_SERVICE), str(usual)]
    with subprocess.Popen(command) as process:
        while not answers(f"http://127.0.0.1:{usual}/"):
            time.sleep(0.05)
        shell.talk(talkative)
        process.terminate()
    call = (talkative.root / "calls.txt").read_text()
    assert "--interface 127.0.0.1" in call
    assert f"--port {usual}" not in call
