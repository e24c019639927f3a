"""A talk with the bot in the terminal, through Rasa's own shell."""

from __future__ import annotations

import contextlib
import datetime as dt
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from allobot import local_http
from allobot.commands import run, start_group, stop_group, tail
from allobot.errors import ServiceError
from allobot.explain import explain_turns
from allobot.messages import say
from allobot.ports import LOOPBACK, free_port, is_free
from allobot.preparation import prepare
from allobot.processes import READY_AFTER, Service, action_server, write_endpoints
from allobot.project import Project


def talk(
    project: Project,
    *,
    date: dt.date | None = None,
    caf: str | None = None,
    explain: bool = False,
) -> int:
    """Prepare, start what is missing, talk until the operator stops. Return Rasa's exit code.

    With `explain`, each turn says what was understood and why that was answered.
    """
    prepare(project)
    given = {"ALLOBOT_DATE": date, "ALLOBOT_CAF": caf}
    settings = {name: str(value) for name, value in given.items() if value is not None}
    with _actions(project, settings) as actions_port:
        # The gateway's masking does not stand between the agent and Rasa: nothing is written.
        endpoints = write_endpoints(project, actions_port, "endpoints-shell.yml", keep=False)
        if explain:
            explain_turns(endpoints)
            print(say("explication"), flush=True)
        print(say("shell_pret"), flush=True)
        command = _command(project, endpoints)
        return run(command, cwd=project.root, env=project.environment(**settings))


def _command(project: Project, endpoints: Path) -> list[str]:
    # Rasa's shell is a server too: beside a running bot, it takes another port.
    port = _usual_or_free(project.settings.rasa_port)
    return [
        *(project.rasa_python, "-m", "bot", "shell"),
        *("--model", str(project.model)),
        *("--endpoints", str(endpoints), "--credentials", "credentials.yml"),
        *("--interface", LOOPBACK, "--port", str(port)),
    ]


@contextlib.contextmanager
def _actions(project: Project, settings: dict[str, str]) -> Iterator[int]:
    """The port of an action server with these settings: the one that runs, if it may be used."""
    usual = project.settings.actions_port
    if not settings and local_http.answers(action_server(project).ready_url):
        print(say("shell_actions_trouve", port=usual), flush=True)
        yield usual
        return
    port = _usual_or_free(usual)
    service = action_server(project, **settings, ALLOBOT_ACTIONS_PORT=str(port))
    log = project.var / "actions.log"
    with _started(service, project.root, log):
        print(say("shell_actions", port=port, journal=log), flush=True)
        yield port


@contextlib.contextmanager
def _started(service: Service, cwd: Path, log: Path) -> Iterator[None]:
    with log.open("wb") as file:
        process = start_group(service.command, cwd=cwd, env=service.env, output=file)
    try:
        _wait_until_ready(service, process, log)
        yield
    finally:
        stop_group(process)


def _wait_until_ready(service: Service, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + READY_AFTER
    while not local_http.answers(service.ready_url):
        if process.poll() is not None or time.monotonic() > deadline:
            print(tail(log), file=sys.stderr)
            raise ServiceError(say("shell_actions_mort", journal=log))
        time.sleep(0.1)


def _usual_or_free(port: int) -> int:
    return port if is_free(port) else free_port()
