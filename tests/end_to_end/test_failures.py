"""What a person sees when a part of the bot dies, and how the whole stops."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from allobot import local_http
from tests.end_to_end.conftest import System, start, stop, wait_ready
from tests.end_to_end.parts import Parts, running
from tests.end_to_end.person import Person, text


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    with running(tmp_path, rasa_timeout=4) as three:
        yield three


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
        stop(running)


@pytest.mark.parametrize(("part", "seconds"), [("rasa", 60), ("actions", 30), ("web", 30)])
def test_a_process_that_dies_is_named_and_started_again(
    another_bot: System, part: str, seconds: float
) -> None:
    someone = Person(another_bot.web)
    someone.open()
    port = {"rasa": another_bot.rasa_port, "actions": another_bot.actions_port}.get(part)
    os.kill(_listener(port or int(another_bot.web.rpartition(":")[2])), signal.SIGKILL)
    deadline = time.monotonic() + seconds
    while f"{part} s'est arrêté tout seul" not in another_bot.output():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    while not local_http.answers(f"{another_bot.web}/health/ready"):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert "caf.fr" in text(someone.say("jai perdu mon mot de passe caf"))
    assert another_bot.process.poll() is None


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
