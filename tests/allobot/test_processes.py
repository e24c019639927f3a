"""The processes start, live and stop together, with nothing left behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr
from ruamel.yaml import YAML

from allobot import processes
from allobot.local_http import answers
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


def test_they_start_together_and_all_are_waited_for() -> None:
    first, second, third = free_port(), free_port(), free_port()
    with running(f"actions:{first}:late=2", f"rasa:{second}:", f"web:{third}:") as process:
        shown = read_until(process, "prêt")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=LIMIT)
    starting = re.findall(r"(\w+) démarre", shown)
    assert starting == ["actions", "rasa", "web"]
    listening = re.findall(r"(\w+) +\| écoute", shown)
    assert set(listening) == {"actions", "rasa", "web"}
    assert listening[-1] == "actions", "the others did not wait for it"


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


def test_when_one_dies_during_the_start_it_is_named_and_all_stop() -> None:
    first, second, third = free_port(), free_port(), free_port()
    with running(f"actions:{first}:", f"rasa:{second}:dies=1.5", f"web:{third}:late=4") as process:
        _, err = process.communicate(timeout=LIMIT)
    assert process.returncode == 1
    assert err.startswith("« rasa » s'est arrêté tout seul (code 3)")
    assert len(err.splitlines()) == 1
    assert all(is_free(port) for port in (first, second, third))


def test_one_killed_by_the_system_is_told_so_and_started_again(tmp_path: Path) -> None:
    note = tmp_path / "id"
    with running(f"actions:{free_port()}:note={note}") as process:
        read_until(process, "prêt")
        os.kill(int(note.read_text()), signal.SIGKILL)
        shown = read_until(process, "écoute")
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=LIMIT)
    assert "actions s'est arrêté tout seul (signal SIGKILL) : il est relancé dans 0.5 s" in shown
    assert (process.returncode, err) == (0, "")


def test_a_signal_while_one_is_dead_stops_the_others(tmp_path: Path) -> None:
    note, port = tmp_path / "id", free_port()
    with running(f"actions:{free_port()}:note={note}", f"web:{port}:") as process:
        read_until(process, "prêt")
        os.kill(int(note.read_text()), signal.SIGKILL)
        read_until(process, "relancé")
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=LIMIT)
    assert (process.returncode, err) == (0, "")
    assert is_free(port)


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


class Memory:
    """What a supervisor writes."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> None:
        self.text += text

    def flush(self) -> None:
        pass

    def isatty(self) -> bool:
        return False


def supervised(*options: str) -> tuple[processes.Service, Memory]:
    port = str(free_port())
    command = [sys.executable, str(RUN.with_name("fake_service.py")), port, *options]
    url = f"http://127.0.0.1:{port}/"
    return processes.Service("rasa", command, url, dict(os.environ)), Memory()


def test_one_that_dies_is_started_again_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "FIRST_PAUSE", 0.1)
    note = tmp_path / "id"
    service, shown = supervised(f"note={note}")
    other, _ = supervised()
    supervisor = processes.Supervisor(
        [service, replace(other, name="web")], cwd=tmp_path, stop_after=1.0, output=shown
    )
    first: list[int] = []

    def kill(_seconds: float) -> str:
        first.append(int(note.read_text()))
        os.kill(first[0], signal.SIGKILL)
        threading.Thread(target=stop_when_back).start()
        return "prêt"

    def stop_when_back() -> None:
        deadline = time.monotonic() + LIMIT
        while time.monotonic() < deadline:
            if int(note.read_text() or 0) != first[0] and answers(service.ready_url):
                break
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    supervisor.run(kill)
    assert int(note.read_text()) != first[0]
    assert shown.text.count("rasa démarre") == 2
    assert shown.text.count("web démarre") == 1


def test_one_that_dies_again_and_again_stops_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(processes, "RESTARTS", 2)
    service, shown = supervised("dies=0.7")
    with pytest.raises(processes.ServiceError, match=r"« rasa » s'est encore.* relancé 2 f"):
        processes.Supervisor([service], cwd=tmp_path, stop_after=1.0, output=shown).run(
            lambda _seconds: "prêt"
        )
    assert shown.text.count("rasa démarre") == 3
    pauses = re.findall(r"relancé dans ([\d.]+) s", shown.text)
    assert pauses == ["0.01", "0.02"]


def test_deaths_are_forgotten_after_a_time_of_good_health(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(processes, "RESTARTS", 1)
    monkeypatch.setattr(processes, "HEALTHY_AFTER", 0.3)
    service, shown = supervised("dies=0.7")

    def stop_later(_seconds: float) -> str:
        threading.Timer(4.0, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
        return "prêt"

    supervisor = processes.Supervisor([service], cwd=tmp_path, stop_after=1.0, output=shown)
    supervisor.run(stop_later)
    assert shown.text.count("rasa démarre") > 2
    assert set(re.findall(r"relancé dans ([\d.]+) s", shown.text)) == {"0.01"}


def with_settings(project: Project, **given: object) -> Project:
    return replace(project, settings=project.settings.model_copy(update=given))


def test_two_pairs_on_ports_of_their_own(project: Project) -> None:
    services = processes.bot_services(with_settings(project, replicas=2))
    assert [one.name for one in services] == ["actions-1", "actions-2", "rasa-1", "rasa-2", "web"]
    assert len({one.ready_url for one in services}) == 5
    web = services[-1]
    rasas = [one.ready_url.rstrip("/") for one in services[2:4]]
    assert web.env["ALLOBOT_RASA_URLS"].split() == rasas
    assert list(processes.rasa_addresses(project)) == rasas, "another command finds them"
    actions = [one.ready_url.removesuffix("/health") for one in services[:2]]
    assert web.env["ALLOBOT_ACTIONS_URLS"].split() == actions
    asked = []
    for rasa in services[2:4]:
        path = Path(rasa.command[list(rasa.command).index("--endpoints") + 1])
        asked.append(YAML(typ="safe").load(path)["action_endpoint"]["url"])
    assert asked == [f"{url}/webhook" for url in actions]


def test_the_second_pair_listens_just_after_the_first(project: Project) -> None:
    """Where nobody else is given a port while ours is started again."""
    first = next(
        port for port in range(20000, 21000, 7) if all(map(is_free, range(port, port + 4)))
    )
    near = with_settings(project, replicas=2, actions_port=first, rasa_port=first + 2)
    urls = [one.ready_url for one in processes.bot_services(near)][:4]
    ports = [int(url.split(":")[2].split("/")[0]) for url in urls]
    assert ports == [first, first + 1, first + 2, first + 3]
    crowded = with_settings(near, rasa_port=first + 1)
    urls = [one.ready_url for one in processes.bot_services(crowded)][:4]
    assert len({url.split(":")[2].split("/")[0] for url in urls}) == 4


def test_what_is_elsewhere_is_not_started_here(project: Project) -> None:
    elsewhere = with_settings(project, rasa_urls=("http://10.0.0.2:5005",))
    assert [one.name for one in processes.bot_services(elsewhere)] == ["actions", "web"]
    assert processes.rasa_addresses(elsewhere) == ("http://10.0.0.2:5005",)
    nothing = with_settings(
        project,
        rasa_urls=("http://10.0.0.2:5005",),
        actions_urls=("http://10.0.0.2:5055",),
    )
    assert [one.name for one in processes.bot_services(nothing)] == ["web"]


def test_without_a_bot_that_was_started_rasa_is_on_its_port(project: Project) -> None:
    port = project.settings.rasa_port
    assert processes.rasa_addresses(project) == (f"http://127.0.0.1:{port}",)


def test_a_password_is_in_no_file(project: Project) -> None:
    url, redis = "postgresql://allobot:motdepasse@db/allobot", "redis://:autremot@redis/0"
    served = with_settings(project, database_url=url, redis_url=SecretStr(redis))
    rasa = next(one for one in processes.bot_services(served) if one.name == "rasa")
    written = (project.var / "endpoints.yml").read_text()
    assert "mot" not in written
    endpoints = YAML(typ="safe").load(written)
    assert endpoints["tracker_store"] == {"type": "SQL", "url": "${DATABASE_URL}"}
    assert endpoints["lock_store"] == {"type": processes.LOCKS, "url": "${ALLOBOT_REDIS_URL}"}
    assert (rasa.env["DATABASE_URL"], rasa.env["ALLOBOT_REDIS_URL"]) == (url, redis)
    assert "motdepasse" not in repr(rasa)


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
