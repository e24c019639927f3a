"""Where and on what code a run is made: cores, CPU, memory, commit."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from pathlib import Path

from allobot.bench.processes import PROC
from allobot.bench.results import Machine

UNKNOWN = "unknown"


def describe(proc: Path = PROC) -> Machine:
    """This machine, as it is now."""
    return Machine(
        cores=len(os.sched_getaffinity(0)),
        cpu=_field(proc / "cpuinfo", r"model name\s*:\s*(.+)") or platform.machine(),
        memory_gb=int(_field(proc / "meminfo", r"MemTotal:\s*(\d+)") or 0) * 1024 / 1e9,
        system=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        load_before=os.getloadavg()[0],
    )


def commit(root: Path) -> str:
    """The short commit of a copy, with -modified when its files differ; `unknown` without git."""
    try:
        done = subprocess.run(
            ["git", "describe", "--always", "--abbrev=7", "--exclude=*", "--dirty=-modified"],
            cwd=root,
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return UNKNOWN
    return done.stdout.strip() or UNKNOWN


def _field(path: Path, pattern: str) -> str | None:
    match = re.search(pattern, path.read_text(encoding="utf-8", errors="replace"))
    return match[1].strip() if match else None
