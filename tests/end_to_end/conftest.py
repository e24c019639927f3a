"""The whole bot, started as `make run` does, on free ports and in a folder of its own."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from allobot import local_http
from allobot.ports import free_port
from allobot.project import ROOT

READY = 180  # seconds


@dataclass
class System:
    """A running bot."""

    process: subprocess.Popen[bytes]
    web: str
    rasa_port: int
    actions_port: int
    var: Path
    log: Path

    def output(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")


def start(var: Path) -> System:
    ports = {name: free_port() for name in ("WEB", "RASA", "ACTIONS")}
    env = {
        **os.environ,
        "ALLOBOT_VAR": str(var),
        "ALLOBOT_DATE": "2026-11-21",
        **{f"ALLOBOT_{name}_PORT": str(port) for name, port in ports.items()},
    }
    env.pop("DATABASE_URL", None)
    log = var / "run.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(ROOT / ".venv" / "bin" / "python"), "-m", "allobot", "run"],
            cwd=ROOT,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    web = f"http://127.0.0.1:{ports['WEB']}"
    return System(process, web, ports["RASA"], ports["ACTIONS"], var, log)


def wait_ready(system: System) -> None:
    deadline = time.monotonic() + READY
    while not local_http.answers(f"{system.web}/health/ready"):
        assert system.process.poll() is None, system.output()
        assert time.monotonic() < deadline, system.output()
        time.sleep(0.2)


def stop(system: System) -> None:
    if system.process.poll() is None:
        system.process.send_signal(signal.SIGINT)
        system.process.wait(timeout=20)


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    running = start(tmp_path_factory.mktemp("bot"))
    try:
        wait_ready(running)
        yield running
    finally:
        stop(running)
