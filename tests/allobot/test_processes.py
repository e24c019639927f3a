"""The processes start in order, live together and stop together, with nothing left behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from allobot import processes
from allobot.ports import free_port, is_free
from allobot.project import ROOT, Project

RUN = Path(__file__).with_name("run_services.py")
LIMIT = 20.0  # seconds


@contextmanager
def running(*descriptions: str) -> Iterator[subprocess.Popen[str]]:
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        [sys.executable, str(RUN), *descriptions],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def read_until(process: subprocess.Popen[str], text: str) -> str:
    assert process.stdout is not None
    lines = ""
    for line in process.stdout:
        lines += line
        if text in line:
            return lines
    raise AssertionError(f"never said {text!r}:\n{lines}")


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_each_starts_when_the_one_before_answers() -> None:
    first, second, third = free_port(), free_port(), free_port()
    with running(f"actions:{first}:late=0.6", f"rasa:{second}:", f"web:{third}:") as process:
        shown = read_until(process, "prêt")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=LIMIT)
    listening = re.findall(r"(\w+) +\| écoute ([\d.]+)", shown)
    assert [name for name, _ in listening] == ["actions", "rasa", "web"]
    assert sorted(listening, key=lambda one: float(one[1])) == listening
    assert shown.index("actions | écoute") < shown.index("rasa démarre")
    assert shown.index("rasa    | écoute") < shown.index("web démarre")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_all_with_code_0(number: signal.Signals) -> None:
    first, second = free_port(), free_port()
    with running(f"actions:{first}:", f"web:{second}:") as process:
        read_until(process, "prêt")
        process.send_signal(number)
        out, err = process.communicate(timeout=LIMIT)
    assert (process.returncode, err) == (0, "")
    assert "arrêt demandé" in out
    assert is_free(first)
    assert is_free(second)


def test_a_signal_during_the_start_stops_what_was_started() -> None:
    first, second = free_port(), free_port()
    with running(f"actions:{first}:", f"rasa:{second}:late=60") as process:
        read_until(process, "rasa démarre")
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=LIMIT)
    assert (process.returncode, err) == (0, "")
    assert "prêt" not in out
    assert is_free(first)


def test_when_one_dies_it_is_named_and_all_stop() -> None:
    first, second, third = free_port(), free_port(), free_port()
    with running(f"actions:{first}:", f"rasa:{second}:dies=1.5", f"web:{third}:") as process:
        _, err = process.communicate(timeout=LIMIT)
    assert process.returncode == 1
    assert err.startswith("« rasa » s'est arrêté tout seul (code 3)")
    assert len(err.splitlines()) == 1
    assert all(is_free(port) for port in (first, second, third))


def test_one_killed_by_the_system_is_told_so(tmp_path: Path) -> None:
    note = tmp_path / "id"
    with running(f"actions:{free_port()}:note={note}") as process:
        read_until(process, "prêt")
        os.kill(int(note.read_text()), signal.SIGKILL)
        _, err = process.communicate(timeout=LIMIT)
    assert err.startswith("« actions » s'est arrêté tout seul (signal SIGKILL)")


def test_one_that_never_answers_is_told_after_the_limit() -> None:
    with running(f"actions:{free_port()}:late=60") as process:
        _, err = process.communicate(timeout=LIMIT)
    assert process.returncode == 1
    assert re.match(r"« actions » ne répond pas sur http://127.0.0.1:\d+/ après 5 s", err)


def test_a_program_that_is_not_there_is_one_death_more(tmp_path: Path) -> None:
    service = processes.Service("web", [sys.executable, "-m", "no_such_module"], "http://[", {})
    with pytest.raises(processes.ServiceError, match="« web » s'est arrêté tout seul"):
        processes.Supervisor([service], cwd=tmp_path).run(str)


def test_the_stubborn_and_their_children_are_killed(tmp_path: Path) -> None:
    note = tmp_path / "child"
    with running(f"actions:{free_port()}:stubborn,child={note}") as process:
        read_until(process, "prêt")
        child = int(note.read_text())
        assert alive(child)
        process.send_signal(signal.SIGINT)
        begun = time.monotonic()
        process.communicate(timeout=LIMIT)
    assert process.returncode == 0
    assert time.monotonic() - begun < 5
    assert not alive(child)


def test_a_talk_in_the_shell_is_written_nowhere(project: Project) -> None:
    target = processes.write_endpoints(project, 6001, "endpoints-shell.yml", keep=False)
    assert "tracker_store" not in YAML(typ="safe").load(target)


def test_endpoints_are_ours_with_the_port_and_the_tracker_of_the_settings(
    project: Project,
) -> None:
    target = processes.write_endpoints(project, 6001)
    endpoints = YAML(typ="safe").load(target)
    assert target == project.var / "endpoints.yml"
    assert endpoints == {
        "action_endpoint": {"url": "http://127.0.0.1:6001/webhook"},
        "tracker_store": {
            "type": "SQL",
            "dialect": "sqlite",
            "db": str(project.var / "rasa.sqlite"),
        },
    }


def test_the_three_services_of_the_bot(project: Project) -> None:
    settings = project.settings
    actions, rasa, web = processes.bot_services(project)
    assert [actions.name, rasa.name, web.name] == ["actions", "rasa", "web"]
    assert actions.ready_url == f"http://127.0.0.1:{settings.actions_port}/health"
    assert web.ready_url == f"http://127.0.0.1:{settings.web_port}/health/ready"
    assert web.env["ALLOBOT_WEB_PORT"] == str(settings.web_port)


def test_rasa_listens_on_loopback_only_and_without_its_api(project: Project) -> None:
    command = " ".join(processes.rasa_command(project))
    assert "--interface 127.0.0.1" in command
    assert "--enable-api" not in command


def test_the_children_report_to_nobody(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTRY_DSN", "http://example.invalid")
    monkeypatch.setenv("RASA_TELEMETRY_ENABLED", "true")
    for service in processes.bot_services(project):
        assert service.env["RASA_TELEMETRY_ENABLED"] == "false"
        assert "SENTRY_DSN" not in service.env
