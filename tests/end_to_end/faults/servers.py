"""A PostgreSQL and a Redis of our own, on free ports, to be killed and started again."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg
import pytest
import redis

from allobot.ports import free_port

ACCOUNT = "postgres"  # PostgreSQL refuses to run as root
SECONDS = 30


def _programs() -> Path:
    """The newest programs of PostgreSQL of this machine, or a skip."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda it: float(it.parent.name))
    if not found:
        pytest.skip("no PostgreSQL in /usr/lib/postgresql")
    return found[-1]


class Postgres:
    """One cluster, in a folder that is removed at the end."""

    def __init__(self) -> None:
        self._programs = _programs()
        self._folder = Path(tempfile.mkdtemp(prefix="allobot-faults-"))
        self._as = ["runuser", "-u", ACCOUNT, "--"] if os.getuid() == 0 else []
        if self._as:
            shutil.chown(self._folder, ACCOUNT, ACCOUNT)
        self._data = self._folder / "data"
        self._port = free_port()
        self.url = f"postgresql://root@127.0.0.1:{self._port}/postgres"
        self._run("initdb", "--username=root", "--auth=trust", "--no-sync", "--encoding=UTF8")

    def start(self) -> None:
        """Start, as a supervisor does: again while the dead one still holds its memory."""
        options = f"-p {self._port} -k {self._folder} -c listen_addresses=127.0.0.1"
        deadline = time.monotonic() + SECONDS
        while True:
            try:
                self._run("pg_ctl", "-w", "-l", str(self._folder / "log"), "-o", options, "start")
                break
            except subprocess.CalledProcessError:
                assert time.monotonic() < deadline, (self._folder / "log").read_text()
                time.sleep(0.3)
        with psycopg.connect(self.url, connect_timeout=5):
            pass

    def kill(self) -> None:
        """SIGKILL to the postmaster; its children leave when they notice."""
        pid = int((self._data / "postmaster.pid").read_text().splitlines()[0])
        os.kill(pid, signal.SIGKILL)

    def remove(self) -> None:
        self._run("pg_ctl", "-m", "immediate", "stop")
        shutil.rmtree(self._folder)

    def _run(self, program: str, *arguments: str) -> None:
        command = [*self._as, str(self._programs / program), "-D", str(self._data), *arguments]
        subprocess.run(
            command,
            check=True,
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=SECONDS,
        )


class Redis:
    """One server that keeps nothing."""

    def __init__(self) -> None:
        if not shutil.which("redis-server"):
            pytest.skip("no redis-server")
        self._port = free_port()
        self.url = f"redis://127.0.0.1:{self._port}/0"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            ["redis-server", "--port", str(self._port), "--bind", "127.0.0.1", "--save", ""],
            stdout=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + SECONDS
        with redis.Redis.from_url(self.url, socket_connect_timeout=1) as client:
            while True:
                try:
                    client.ping()
                    return
                except redis.ConnectionError:
                    assert time.monotonic() < deadline
                    time.sleep(0.05)

    def kill(self) -> None:
        assert self._process
        self._process.kill()
        self._process.wait(SECONDS)
        self._process = None

    def remove(self) -> None:
        if self._process:
            self.kill()
