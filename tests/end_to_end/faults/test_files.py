"""The files of a small Caf: a disk that is full, a file that somebody else holds, a clock set anew.

Two Rasas and two action servers that share SQLite files, on a small disk of their own when this
machine lets a test mount one. Each test adds its row to var/faults.md.
"""

import asyncio
import errno
import os
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.end_to_end.faults.people import Rehearsal, rehearse
from tests.end_to_end.faults.tally import under
from tests.end_to_end.fleet import Fleet, running

DISK = "48m"  # the two files take a fourth of it
FULL = 6.0  # seconds without room
HELD = 8.0  # seconds somebody else holds a file: more than the 5 s we wait for it
CLOCK = Path(__file__).with_name("clock.c")  # libfaketime breaks time.sleep of Python 3.11
JUMPS = {"forward": 600, "back": -3600}  # seconds


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder; a disk of its own when it can be mounted."""
    folder = tmp_path_factory.mktemp("disk")
    mount = shutil.which("mount")
    mounted = (
        bool(mount)
        and not subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(folder)],
            capture_output=True,
            timeout=10,
            check=False,
        ).returncode
    )
    try:
        yield folder
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=True, timeout=10)


@dataclass(frozen=True)
class Clock:
    """The wall clock of all the processes; without a compiler nobody can set it."""

    offset: Path
    library: Path

    def set(self, seconds: int) -> None:
        """Add so many seconds to the true time; whole at any instant, as others are reading."""
        draft = self.offset.with_suffix(".new")
        draft.write_text(str(seconds), encoding="ascii")
        draft.replace(self.offset)

    def environment(self) -> dict[str, str]:
        if not self.library.exists():
            return {}
        return {"LD_PRELOAD": str(self.library), "CLOCK_OFFSET": str(self.offset)}


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory) -> Clock:
    folder = tmp_path_factory.mktemp("clock")
    clock = Clock(folder / "offset", folder / "clock.so")
    clock.set(0)
    if compiler := shutil.which("cc"):
        command = [compiler, "-shared", "-fPIC", "-o", str(clock.library), str(CLOCK)]
        subprocess.run(command, check=True, timeout=60)
    return clock


@pytest.fixture(scope="module")
def fleet(disk: Path, clock: Clock, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """Two Rasas and two action servers, on files."""
    with running(
        tmp_path_factory.mktemp("files"),
        clock.environment(),
        database_url=f"sqlite:///{disk / 'allobot.sqlite'}",
        tracker_url=f"sqlite:///{disk / 'rasa.sqlite'}",
    ) as both:
        yield both


@pytest.fixture(scope="module")
def expected(fleet: Fleet) -> Rehearsal:
    """What each message is answered when all goes well."""
    return asyncio.run(rehearse(fleet.web))


def fill(folder: Path) -> Path:
    """Leave no byte; return the file to delete."""
    stuffing = folder / "stuffing"
    with stuffing.open("wb", buffering=0) as file:
        for size in (2**20, 2**12, 1):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
    return stuffing


async def test_the_disk_is_full(fleet: Fleet, expected: Rehearsal, disk: Path) -> None:
    if not os.path.ismount(disk):
        pytest.skip("this account may not mount a small disk")

    def happen() -> None:
        stuffing = fill(disk)
        time.sleep(FULL)
        stuffing.unlink()

    fault = f"disk full for {FULL:.0f} s (SQLite)"
    (await under(fleet, expected, fault, happen)).check()


@pytest.mark.parametrize(
    ("name", "whose"), [("rasa.sqlite", "Rasa's"), ("allobot.sqlite", "Allobot's")]
)
async def test_a_file_is_held_by_somebody_else(
    fleet: Fleet, expected: Rehearsal, disk: Path, name: str, whose: str
) -> None:
    def happen() -> None:
        other = sqlite3.connect(disk / name, isolation_level=None, timeout=20)
        other.execute("BEGIN IMMEDIATE")
        time.sleep(HELD)
        other.execute("ROLLBACK")
        other.close()

    fault = f"{whose} SQLite file held for {HELD:.0f} s"
    (await under(fleet, expected, fault, happen)).check()


@pytest.mark.parametrize("way", ["forward", "back"])
async def test_the_clock_is_set(fleet: Fleet, expected: Rehearsal, clock: Clock, way: str) -> None:
    """A jump shorter than a conversation may last without a word: it must not end it."""
    if not clock.environment():
        pytest.skip("no C compiler to make a clock that can be set")

    def happen() -> None:
        clock.set(JUMPS[way])
        time.sleep(3)

    try:
        fault = f"clock set {way} by {abs(JUMPS[way]) // 60} min"
        (await under(fleet, expected, fault, happen)).check()
    finally:
        clock.set(0)
