"""`python -m web`, as the operator sees it."""

import os
import signal
import socket
import stat
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

Run = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """Starts `python -m web` with settings; ends what is left running."""
    started: list[subprocess.Popen[str]] = []

    def start(**settings: str) -> "subprocess.Popen[str]":
        env = {"PATH": os.environ["PATH"], "ALLOBOT_VAR": str(tmp_path), "ALLOBOT_WEB_PORT": "0"}
        process = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "web"],
            cwd=ROOT,
            env=env | settings,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_line_when_ready_and_a_quiet_end(run: Run, number: signal.Signals) -> None:
    process = run()
    assert process.stdout
    line = process.stdout.readline().rstrip("\n")
    assert line.startswith("Allobot répond à l'adresse http://127.0.0.1:")
    address = line.rpartition(" ")[2]
    with urllib.request.urlopen(f"{address}/health/live", timeout=5) as response:
        assert response.status == 200
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 0
    assert out == ""
    assert "GET /health/live 200" in err
    assert "Traceback" not in err


def test_what_it_writes_is_private(run: Run, tmp_path: Path) -> None:
    process = run()
    assert process.stdout
    process.stdout.readline()
    names = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert {"secret.key", "allobot.sqlite"} <= set(names)
    assert set(names.values()) == {0o600}


def fails(process: "subprocess.Popen[str]") -> str:
    """Wait for a failure told in one sentence; return it."""
    out, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert out == ""
    assert "Traceback" not in err
    (sentence,) = err.splitlines()
    return sentence


def test_a_taken_port_is_one_sentence(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        sentence = fails(run(ALLOBOT_WEB_PORT=str(port)))
    assert sentence.startswith(f"Le port {port} est déjà pris")


def test_an_address_that_is_not_ours_is_one_sentence(run: Run) -> None:
    assert "ALLOBOT_WEB_HOST" in fails(run(ALLOBOT_WEB_HOST="203.0.113.1"))


def test_a_bad_setting_is_one_sentence(run: Run) -> None:
    sentence = fails(run(ALLOBOT_WEB_PORT="abc", ALLOBOT_SECRET="tropcourt"))
    assert "web_port" in sentence
    assert "secret" in sentence
    assert "tropcourt" not in sentence


@pytest.mark.parametrize(
    "url",
    ["mysql://x:motdepasse@y/z", "nonsense motdepasse", "postgresql://x:motdepasse@127.0.0.1:1/z"],
)
def test_a_bad_database_is_one_sentence(run: Run, url: str) -> None:
    sentence = fails(run(DATABASE_URL=url))
    assert "DATABASE_URL" in sentence
    assert "motdepasse" not in sentence


def test_a_key_that_is_none_is_one_sentence(run: Run, tmp_path: Path) -> None:
    (tmp_path / "secret.key").write_text("")
    assert "secret.key" in fails(run())


def test_a_folder_that_cannot_be_made_is_one_sentence(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "ALLOBOT_VAR" in fails(run(ALLOBOT_VAR=str(tmp_path / "file" / "var")))
