"""The three processes, started one by one so that one can be killed alone."""

import contextlib
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from actions.knowledge.loader import load
from allobot import database, local_http
from allobot.ports import free_port
from allobot.processes import bot_services
from allobot.project import Project
from allobot.settings import Settings

START = 120  # seconds


class Parts:
    """A bot in a folder of its own; `given` are settings, such as `rasa_timeout=4`."""

    def __init__(self, var: Path, **given: object) -> None:
        self.settings = Settings(
            var=var,
            web_port=free_port(),
            rasa_port=free_port(),
            actions_port=free_port(),
            **given,  # type: ignore[arg-type]
        )
        database.upgrade(self.settings.database_url)
        load(self.settings)
        self.web = f"http://127.0.0.1:{self.settings.web_port}"
        self._project = Project(self.settings)
        self._env = {f"ALLOBOT_{name.upper()}": str(value) for name, value in given.items()}
        if url := self._env.pop("ALLOBOT_DATABASE_URL", None):
            self._env["DATABASE_URL"] = url
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, *names: str) -> None:
        """Start these parts, or all, and wait until they answer."""
        for service in bot_services(self._project):
            if names and service.name not in names:
                continue
            with (self.settings.var / f"{service.name}.log").open("ab") as log:
                self._running[service.name] = subprocess.Popen(
                    service.command,
                    cwd=self._project.root,
                    env={**service.env, **self._env},
                    stdout=log,
                    stderr=subprocess.STDOUT,
                )
            deadline = time.monotonic() + START
            while not local_http.answers(service.ready_url):
                assert time.monotonic() < deadline, service.name
                time.sleep(0.2)

    def kill(self, name: str) -> None:
        """SIGKILL: nothing is finished."""
        process = self._running.pop(name)
        process.kill()
        process.wait(timeout=10)

    def stop(self) -> None:
        for name in list(self._running):
            self.kill(name)


@contextlib.contextmanager
def running(var: Path, **given: object) -> Iterator[Parts]:
    """A bot that answers, until the end of the block."""
    parts = Parts(var, **given)
    try:
        parts.start()
        yield parts
    finally:
        parts.stop()
