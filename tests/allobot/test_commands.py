"""What we run never outlives us, and its log keeps what matters."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from allobot import commands
from allobot.errors import Interrupted

ENV = dict(os.environ)
# Writes its id, then one of its own children's, then sleeps.
FAMILY = """
import os, pathlib, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
pathlib.Path("ids").write_text(f"{os.getpid()} {child.pid}")
time.sleep(60)
"""


@contextmanager
def interrupted_when(ready: Path) -> Iterator[None]:
    """Raise Interrupted, as Ctrl-C does, once that file is there."""

    def ring(*_: object) -> None:
        if not ready.exists() or not ready.read_text():
            return
        signal.setitimer(signal.ITIMER_REAL, 0)
        raise Interrupted("Interrompu.")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, 0.1, 0.1)
    try:
        with pytest.raises(Interrupted):
            yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def gone(pid: int) -> bool:
    for _ in range(50):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


def test_an_interrupted_stream_stops_the_program_and_its_children(tmp_path: Path) -> None:
    ids = tmp_path / "ids"
    with interrupted_when(ids):
        commands.stream(
            [sys.executable, "-c", FAMILY],
            cwd=tmp_path,
            env=ENV,
            log=tmp_path / "log",
            on_line=print,
        )
    assert all(gone(int(pid)) for pid in ids.read_text().split())


def test_an_interrupted_run_stops_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "STOP_AFTER", 0.2)
    ids = tmp_path / "ids"
    with interrupted_when(ids):
        commands.run([sys.executable, "-c", FAMILY], cwd=tmp_path, env=ENV)
    pid, child = map(int, ids.read_text().split())
    os.kill(child, signal.SIGKILL)
    assert gone(pid)


def test_stream_gives_each_line_and_keeps_all_in_the_log(tmp_path: Path) -> None:
    lines: list[str] = []
    code = commands.stream(
        ["sh", "-c", "printf 'un\\ndeux 10%%\\rdeux 20%%\\r\\nété' ; exit 3"],
        cwd=tmp_path,
        env=ENV,
        log=tmp_path / "var" / "log",
        on_line=lines.append,
    )
    assert code == 3
    assert lines == ["un", "deux 10%", "deux 20%", "été"]
    assert (tmp_path / "var" / "log").read_bytes().startswith(b"un\ndeux 10%\r")


def test_the_tail_of_a_log_skips_progress_bars(tmp_path: Path) -> None:
    log = tmp_path / "log"
    bars = "Processed: 0it [00:00, ?it/s]\rEpochs:  42%|██  | 42/100 [00:01<00:02, 40.1it/s]\r"
    log.write_text("first\nsecond\nthird\n" + bars * 30 + "\nlast\n")
    assert commands.tail(log, lines=3) == "second\nthird\nlast"
