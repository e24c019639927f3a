"""The verbs: the same in make and in the command line, and errors in one sentence."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys

import pytest

from allobot.ports import free_port
from allobot.project import ROOT

VERBS = {
    "run",
    "train",
    "renew",
    "shell",
    "test",
    "check",
    "ask",
    "eligibility",
    "eval",
    "kb",
    "audit",
    "purge",
    "rdv",
    "users",
    "logs",
    "corrections",
    "bench",
}


def allobot(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("ALLOBOT_", "DATABASE_URL"))}
    return subprocess.run(
        [sys.executable, "-m", "allobot", *arguments],
        cwd=ROOT,
        env={**kept, "COLUMNS": "100", "NO_COLOR": "1", **settings},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_make_help_lists_the_verbs_of_the_command_line() -> None:
    shown = subprocess.run(
        ["make", "help"], cwd=ROOT, capture_output=True, text=True, timeout=10, check=True
    ).stdout
    lines = dict(re.findall(r"^make (\w+) +(\S.*)$", shown, re.MULTILINE))
    commands = set(re.findall(r"^[ │]+(\w+) {2,}[A-Z]", allobot("--help").stdout, re.MULTILINE))
    assert commands == VERBS
    assert set(lines) == VERBS | {"help"}
    assert len(shown.splitlines()) == len(lines)


def test_make_alone_is_make_help() -> None:
    helps = [
        subprocess.run(["make", *verb], cwd=ROOT, capture_output=True, timeout=10, check=True)
        for verb in ([], ["help"])
    ]
    assert helps[0].stdout == helps[1].stdout


def test_a_taken_port_is_one_sentence_and_code_1() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        done = allobot("run", ALLOBOT_ACTIONS_PORT=port, ALLOBOT_RASA_PORT=str(free_port()))
    assert done.returncode == 1
    assert done.stdout == ""
    assert re.fullmatch(
        rf"Le port {port} est déjà pris, et « actions » en a besoin.*ALLOBOT_ACTIONS_PORT=.*\n",
        done.stderr,
    )


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"ALLOBOT_WEB_PORT": "99999"}, "ALLOBOT_WEB_PORT"),
        ({"ALLOBOT_CAF": "Haute-Marne"}, "ALLOBOT_CAF"),
    ],
)
def test_a_wrong_setting_is_named(settings: dict[str, str], name: str) -> None:
    done = allobot("ask", "Bonjour", **settings)
    assert done.returncode == 1
    assert done.stderr.startswith(f"Réglage à corriger : {name} (")
    assert len(done.stderr.splitlines()) == 1


def test_a_wrong_caf_on_the_command_line_is_named() -> None:
    done = allobot("shell", "--caf", "Haute-Marne")
    assert done.returncode == 1
    assert "ALLOBOT_CAF" in done.stderr


def test_ask_says_that_the_bot_does_not_run() -> None:
    done = allobot("ask", "Bonjour", ALLOBOT_WEB_PORT=str(free_port()))
    assert done.returncode == 1
    assert done.stderr.startswith("Allobot ne répond pas sur http://127.0.0.1:")


def test_an_unknown_group_of_tests_is_told_with_the_known_ones() -> None:
    done = allobot("test", "no_such_group")
    assert done.returncode == 1
    assert "« no_such_group » n'est pas un groupe de tests" in done.stderr
    assert "allobot" in done.stderr


def test_a_wrong_date_is_refused() -> None:
    done = allobot("shell", "--date", "demain")
    assert done.returncode == 2
    assert "demain" in done.stderr
