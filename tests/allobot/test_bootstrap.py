"""The bootstrap is instant when nothing changed, and says in one sentence why it cannot work."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from allobot.project import ROOT

COPIED = ("pyproject.toml", "uv.lock", ".python-version")
TOOLS = ("bash", "dirname", "cat", "awk", "sed", "sort", "head", "rm", "mkdir", "mv", "df")
NOBODY = 65534
FAKE_PYTHON = '#!/bin/sh\n[ "$1" = -c ] && echo "$0" && exit 0\nexit 1\n'


@pytest.fixture
def repository() -> Iterator[Path]:
    """A copy without environments, that everybody may enter (unlike pytest's folders)."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        path.chmod(0o755)
        for name in COPIED:
            shutil.copy(ROOT / name, path)
        shutil.copytree(ROOT / "scripts", path / "scripts")
        tools = path / "tools"
        tools.mkdir()
        for tool in (*TOOLS, "sha256sum", "shasum"):
            if found := shutil.which(tool):
                (tools / tool).symlink_to(found)
        yield path
        path.chmod(0o755)


def bootstrap(
    repository: Path, *before: str, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run it where PATH holds the tools of a bare machine and what the test put there."""
    path = {"PATH": str(repository / "tools"), "PYENV_ROOT": "/nowhere", "HOME": "/nowhere"}
    bash = str(repository / "tools" / "bash")
    return subprocess.run(
        [*before, bash, str(repository / "scripts" / "bootstrap")],
        env={**path, **(env or {})},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def give(repository: Path, name: str, script: str) -> None:
    tool = repository / "tools" / name
    tool.unlink(missing_ok=True)
    tool.write_text(script)
    tool.chmod(0o755)


def make_up_to_date(repository: Path) -> None:
    """What a finished bootstrap leaves."""
    digest = hashlib.sha256(b"".join((repository / name).read_bytes() for name in COPIED))
    (repository / ".stamps").mkdir()
    for name, folder in (("services", ".venv"), ("rasa", ".venv-rasa")):
        (repository / folder / "bin").mkdir(parents=True)
        give(repository, f"../{folder}/bin/python", FAKE_PYTHON)
        (repository / ".stamps" / name).write_text(f"{digest.hexdigest()}  -")


def test_nothing_to_do_is_instant(repository: Path) -> None:
    make_up_to_date(repository)
    begun = time.monotonic()
    done = bootstrap(repository)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert time.monotonic() - begun < 2


@pytest.mark.parametrize("changed", COPIED)
def test_a_change_is_seen(repository: Path, changed: str) -> None:
    make_up_to_date(repository)
    with (repository / changed).open("a") as file:
        file.write("\n")
    assert bootstrap(repository).returncode == 1  # it goes on, and finds no Python


def test_without_python_3_11_it_says_what_to_install(repository: Path) -> None:
    give(repository, "python3", "#!/bin/sh\nexit 1\n")  # there, but of another version
    done = bootstrap(repository)
    assert done.returncode == 1
    assert done.stderr.startswith("Python 3.11 est introuvable : installez-le")
    assert len(done.stderr.splitlines()) == 1


def test_in_a_folder_of_another_owner_it_says_how_to_own_it(repository: Path) -> None:
    if os.getuid() == 0 and not shutil.which("setpriv"):
        pytest.skip("root may write everywhere, and setpriv is missing")
    give(repository, "python3.11", FAKE_PYTHON)
    repository.chmod(0o555)
    user = [f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    before = [str(shutil.which("setpriv")), *user] if os.getuid() == 0 else []
    done = bootstrap(repository, *before)
    assert done.returncode == 1
    assert done.stderr.startswith(f"Impossible d'écrire dans « {repository} »")
    assert "sudo chown" in done.stderr


def test_without_room_on_the_disk_it_says_how_much_it_needs(repository: Path) -> None:
    give(repository, "python3.11", FAKE_PYTHON)
    give(repository, "df", "#!/bin/sh\necho head\necho /dev/x 9 9 2097152 9% /\n")
    done = bootstrap(repository)
    assert done.returncode == 1
    assert done.stderr.startswith("Place insuffisante sur le disque : il reste 2048 Mo")
    assert "4096" in done.stderr


def test_without_network_it_says_so_and_leaves_no_stamp(repository: Path) -> None:
    (repository / "tools" / "python3.11").symlink_to(sys._base_executable)
    give(repository, "uv", '#!/bin/sh\n[ "$1" = --version ] && echo uv 9.9 && exit 0\nexit 2\n')
    give(repository, "df", "#!/bin/sh\necho head\necho /dev/x 9 9 99999999 9% /\n")
    done = bootstrap(repository, env={"UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple"})
    assert done.returncode == 1
    assert done.stderr.startswith("Le dépôt de paquets Python ne répond pas")
    assert not list((repository / ".stamps").glob("*"))


def test_uv_of_the_machine_prepares_both_environments(repository: Path) -> None:
    give(repository, "python3.11", FAKE_PYTHON)
    give(repository, "df", "#!/bin/sh\necho head\necho /dev/x 9 9 99999999 9% /\n")
    note = repository / "calls.txt"
    give(
        repository,
        "uv",
        '#!/bin/sh\n[ "$1" = --version ] && echo uv 9.9 && exit 0\n'
        f'echo "$UV_PROJECT_ENVIRONMENT $UV_PYTHON_DOWNLOADS $*" >> {note}\n'
        'mkdir -p "$UV_PROJECT_ENVIRONMENT/bin"\n',
    )
    assert bootstrap(repository).returncode == 0
    services, rasa = note.read_text().splitlines()
    assert services.startswith(".venv never sync --frozen")
    assert services.endswith("--group services --group check")
    assert rasa.startswith(".venv-rasa never sync --frozen")
    assert rasa.endswith("--group rasa --group check")
    assert not (repository / ".tools").exists()
