"""Debian packages are installed only when missing, and only by who may."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from allobot.project import ROOT

TOOLS = ("bash", "dirname", "cat")
APT = '#!/bin/sh\necho "$@" >> "$CALLS"\n'


class Machine:
    """A PATH with almost nothing, and what a test puts in it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.calls = folder, folder / "calls.txt"
        for tool in TOOLS:
            (folder / tool).symlink_to(str(shutil.which(tool)))

    def give(self, name: str, script: str) -> None:
        (self.folder / name).write_text(script)
        (self.folder / name).chmod(0o755)

    def install(self, *names: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.folder / "bash"), str(ROOT / "scripts" / "system-packages"), *names],
            env={"PATH": str(self.folder), "CALLS": str(self.calls), "HOME": "/nowhere"},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    machine = Machine(tmp_path)
    machine.give("apt-get", APT)
    machine.give("id", "#!/bin/sh\necho 0\n")
    return machine


def test_nothing_missing_is_silent(machine: Machine) -> None:
    machine.give("make", "")
    done = machine.install("make")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert not machine.calls.exists()


def test_root_installs_what_is_missing_after_an_update(machine: Machine) -> None:
    done = machine.install("make")
    assert done.returncode == 0
    assert done.stdout == "Installation des paquets Debian : make…\n"
    update, install = machine.calls.read_text().splitlines()
    assert update.startswith("update")
    assert install.startswith("install -y")
    assert install.endswith(" make")


def test_the_browser_is_chromium(machine: Machine) -> None:
    machine.install("browser")
    assert " chromium " in machine.calls.read_text()


def test_who_may_not_install_is_told_the_command_to_type(machine: Machine) -> None:
    machine.give("id", "#!/bin/sh\necho 1000\n")
    machine.give("sudo", "#!/bin/sh\nexit 1\n")  # it would ask for a password
    done = machine.install("make")
    assert done.returncode == 1
    assert "tapez « sudo apt-get install make »" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not machine.calls.exists()


def test_sudo_without_password_installs(machine: Machine) -> None:
    machine.give("id", "#!/bin/sh\necho 1000\n")
    machine.give("sudo", '#!/bin/sh\n[ "$1" = -n ] && shift\nshift\n[ $# = 0 ] || exec "$@"\n')
    assert machine.install("make").returncode == 0
    assert "install -y" in machine.calls.read_text()


def test_without_apt_the_missing_things_are_named(machine: Machine) -> None:
    (machine.folder / "apt-get").unlink()
    done = machine.install("make")
    assert done.returncode == 1
    assert "Il manque sur cette machine : make" in done.stderr


def test_a_failing_apt_is_tried_three_times(machine: Machine) -> None:
    machine.give("apt-get", '#!/bin/sh\necho "$@" >> "$CALLS"\nexit 100\n')
    machine.give("sleep", "#!/bin/sh\n")
    done = machine.install("make")
    assert done.returncode == 1
    assert len(machine.calls.read_text().splitlines()) == 3
    assert "n'ont pas pu être installés" in done.stderr
