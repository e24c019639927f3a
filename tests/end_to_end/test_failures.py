"""What a person sees when a part of the bot dies, and how the whole stops."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from allobot import database, local_http
from allobot.ports import free_port
from allobot.processes import bot_services
from allobot.project import Project
from allobot.settings import Settings
from tests.end_to_end.conftest import System, start, wait_ready
from tests.end_to_end.person import Person, text


class Parts:
    """The three processes, started one by one so that one can be killed alone."""

    def __init__(self, var: Path) -> None:
        settings = Settings(
            var=var,
            web_port=free_port(),
            rasa_port=free_port(),
            actions_port=free_port(),
            rasa_timeout=4,
        )
        from actions.knowledge.loader import load

        database.upgrade(settings.database_url)
        load(settings)
        self.web = f"http://127.0.0.1:{settings.web_port}"
        self._project = Project(settings)
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        for service in bot_services(self._project):
            env = {**service.env, "ALLOBOT_RASA_TIMEOUT": "4"}
            self._running[service.name] = subprocess.Popen(
                service.command,
                cwd=self._project.root,
                env=env,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            deadline = time.monotonic() + 120
            while not local_http.answers(service.ready_url):
                assert time.monotonic() < deadline, service.name
                time.sleep(0.2)

    def kill(self, name: str) -> None:
        process = self._running.pop(name)
        process.kill()
        process.wait(timeout=10)

    def stop(self) -> None:
        for name in list(self._running):
            self.kill(name)


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    three = Parts(tmp_path)
    try:
        three.start()
        yield three
    finally:
        three.stop()


def test_a_person_is_told_kindly_when_a_part_dies_and_loses_nothing(parts: Parts) -> None:
    someone = Person(parts.web)
    someone.open()
    assert "caf.fr" in text(someone.say("jai perdu mon mot de passe caf"))

    parts.kill("actions")
    begun = time.monotonic()
    assert "3230" in text(someone.say("comment rembourser une dette"))
    assert time.monotonic() - begun < 5

    parts.kill("rasa")
    begun = time.monotonic()
    assert "3230" in text(someone.say("et par chèque ?"))
    assert time.monotonic() - begun < 5

    _, answer = someone.request("GET", "/api/conversation")
    said = [m["text"] for m in answer["messages"] if m["author"] == "person"]
    assert said == [
        "jai perdu mon mot de passe caf",
        "comment rembourser une dette",
        "et par chèque ?",
    ]
    status, health = someone.request("GET", "/health/ready")
    assert (status, health["rasa"], health["actions"]) == (503, False, False)


@pytest.fixture
def another_bot(tmp_path: Path) -> Iterator[System]:
    running = start(tmp_path)
    try:
        wait_ready(running)
        yield running
    finally:
        if running.process.poll() is None:
            running.process.kill()


def test_when_one_process_dies_all_stop_and_it_is_named(another_bot: System) -> None:
    os.kill(_listener(another_bot.rasa_port), signal.SIGKILL)
    assert another_bot.process.wait(timeout=30) != 0
    assert "rasa" in another_bot.output().splitlines()[-1]
    for url in (
        f"{another_bot.web}/health/live",
        f"http://127.0.0.1:{another_bot.actions_port}/health",
    ):
        assert not local_http.answers(url)


def _listener(port: int) -> int:
    """The process that listens on `port`."""
    inodes = {
        line.split()[9]
        for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]
        if line.split()[1].endswith(f":{port:04X}") and line.split()[3] == "0A"
    }
    for fd in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if str(fd.readlink()) in {f"socket:[{inode}]" for inode in inodes}:
                return int(fd.parts[2])
        except OSError:  # a process that just ended, or not ours
            continue
    raise AssertionError(f"nobody listens on {port}")
