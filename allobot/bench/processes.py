"""CPU and memory of processes, read in /proc: nothing to install, nothing to slow down."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")  # a second
# Fields of /proc/<pid>/stat after the name in parentheses, the state being the first.
SESSION, UTIME, CHILDREN_STIME = 3, 11, 14
# Of the line `cpu` of /proc/stat: all but idle (3), iowait (4), and the guests, counted already.
BUSY = (0, 1, 2, 5, 6, 7)


@dataclass(frozen=True)
class Usage:
    """Of a process and those it started: CPU seconds since their start, bytes now and at most."""

    cpu: float
    rss: int
    peak: int


@dataclass(frozen=True)
class Reading:
    """An instant (of time.perf_counter): each service, the load itself, the whole machine."""

    when: float
    services: Mapping[str, Usage]
    load: float
    machine: float


@dataclass(frozen=True)
class Spent:
    """Between two readings, in seconds: CPU of each service, of the load, of everything else."""

    seconds: float
    services: Mapping[str, float]
    load: float
    others: float


@dataclass(frozen=True)
class Meter:
    """Reads services, each known by the id of its session (allobot.commands.start_group)."""

    sessions: Mapping[str, int]
    proc: Path = PROC

    def read(self) -> Reading:
        return Reading(
            when=time.perf_counter(),
            services={name: usage(session, self.proc) for name, session in self.sessions.items()},
            load=time.process_time(),
            machine=machine_cpu(self.proc),
        )


def spent(before: Reading, after: Reading) -> Spent:
    """What was spent from one reading to the next."""
    services = {
        name: after.services[name].cpu - before.services[name].cpu for name in after.services
    }
    load = after.load - before.load
    others = after.machine - before.machine - load - sum(services.values())
    return Spent(after.when - before.when, services, load, max(others, 0.0))


def usage(session: int, proc: Path = PROC) -> Usage:
    """What the processes of a session use; nothing when they are gone."""
    cpu, rss, peak = 0.0, 0, 0
    for folder, fields in _stats(proc):
        if int(fields[SESSION]) != session:
            continue
        # Its own time, and that of the children it waited for.
        cpu += sum(map(int, fields[UTIME : CHILDREN_STIME + 1])) / TICKS
        sizes = _sizes(folder)
        rss += sizes.get("VmRSS", 0)
        peak += sizes.get("VmHWM", 0)
    return Usage(cpu, rss, peak)


def machine_cpu(proc: Path = PROC) -> float:
    """CPU seconds that the machine spent since it started, those stolen by its host included."""
    values = (proc / "stat").read_text(encoding="ascii").split("\n", 1)[0].split()[1:]
    return sum(int(values[index]) for index in BUSY) / TICKS


def _stats(proc: Path) -> Iterator[tuple[Path, list[str]]]:
    for folder in proc.iterdir():
        if not folder.name.isdigit():
            continue
        try:
            text = (folder / "stat").read_text(encoding="utf-8", errors="replace")
        except (FileNotFoundError, ProcessLookupError):  # it has just ended
            continue
        # The name of a program may hold blanks and parentheses: what follows starts at the last.
        yield folder, text.rpartition(")")[2].split()


def _sizes(folder: Path) -> dict[str, int]:
    """The sizes of /proc/<pid>/status, in bytes."""
    try:
        lines = (folder / "status").read_text(encoding="utf-8", errors="replace").splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return {}
    pairs = (line.split(":", 1) for line in lines if line.endswith(" kB"))
    return {name: int(value.split()[0]) * 1024 for name, value in pairs}


def open_files(session: int, proc: Path = PROC) -> int:
    """How many files, sockets and pipes the processes of a session hold."""
    count = 0
    for folder, fields in _stats(proc):
        if int(fields[SESSION]) == session:
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                count += sum(1 for _ in (folder / "fd").iterdir())
    return count
