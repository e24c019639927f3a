"""Runs other programs: in the foreground, or line by line; never leaves one behind."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

STOP_AFTER = 5.0  # seconds between the polite signal and the other
LINE_END = re.compile(rb"[\r\n]+")  # progress bars end their lines with a carriage return
PROGRESS_BAR = re.compile(r"\d(it/s|s/it)|\?it/s")


def run(command: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> int:
    """Run in the terminal's foreground, Ctrl-C included. Return the exit code."""
    process = subprocess.Popen(command, cwd=cwd, env=env)
    try:
        return process.wait()
    finally:
        _stop_process(process)


def stream(
    command: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    log: Path,
    on_line: Callable[[str], None],
) -> int:
    """Run with its whole output in `log`, and each line given to `on_line`. Return the code."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as file, _group(command, cwd=cwd, env=env) as process:
        assert process.stdout is not None
        for line in _lines(process.stdout, file):
            on_line(line)
        return process.wait()


def start_group(
    command: Sequence[str], *, cwd: Path, env: Mapping[str, str], output: int | IO[bytes]
) -> subprocess.Popen[bytes]:
    """Start in a session of its own: Ctrl-C reaches only us, and we stop it with its children."""
    return subprocess.Popen(
        command,
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def stop_group(process: subprocess.Popen[bytes], after: float = STOP_AFTER) -> None:
    """Stop a process of `start_group`, and all it started: asked to first, then killed."""
    _signal_group(process, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(after)
    _signal_group(process, signal.SIGKILL)
    process.wait()


def tail(log: Path, lines: int = 20) -> str:
    """The last lines of a log, without its progress bars."""
    text = log.read_text(encoding="utf-8", errors="replace")
    kept = [line for line in text.splitlines() if not PROGRESS_BAR.search(line)]
    return "\n".join(kept[-lines:])


@contextlib.contextmanager
def _group(
    command: Sequence[str], *, cwd: Path, env: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    process = start_group(command, cwd=cwd, env=env, output=subprocess.PIPE)
    assert process.stdout is not None
    with process.stdout:
        try:
            yield process
        finally:
            stop_group(process)


def _lines(output: IO[bytes], log: IO[bytes]) -> Iterator[str]:
    rest = b""
    while chunk := os.read(output.fileno(), 65536):
        log.write(chunk)
        log.flush()
        *lines, rest = LINE_END.split(rest + chunk)
        yield from (line.decode("utf-8", "replace") for line in lines if line)
    if rest:
        yield rest.decode("utf-8", "replace")


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def _stop_process(process: subprocess.Popen[bytes]) -> None:
    """After Ctrl-C the child had the signal too: leave it a moment before insisting."""
    for insist in (None, signal.SIGTERM, signal.SIGKILL):
        if process.poll() is None:
            if insist:
                process.send_signal(insist)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STOP_AFTER)
