"""Two Rasas and two action servers behind one gateway, each a process that can be killed alone."""

import contextlib
import json
import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text

from actions.knowledge.loader import load
from allobot import database, local_http
from allobot.ports import free_port
from allobot.processes import Service, bot_services
from allobot.project import Project
from allobot.settings import Settings
from tests.end_to_end.person import Person

START = 180  # seconds


class Fleet:
    """What `make run REPLICAS=2` starts, without what starts it again."""

    def __init__(self, var: Path, env: Mapping[str, str] | None = None, **given: Any) -> None:
        """`given` are settings; `env`, variables that every process gets besides."""
        ports: dict[str, Any] = {f"{name}_port": free_port() for name in ("web", "rasa", "actions")}
        self.settings = Settings(
            var=var, replicas=2, limit_messages="1000/minute", **ports, **given
        )
        database.upgrade(self.settings.database_url)
        load(self.settings)
        self.web = f"http://127.0.0.1:{self.settings.web_port}"
        self._project = Project(self.settings)
        self._services = {one.name: one for one in bot_services(self._project)}
        self._given = {
            "DATABASE_URL": self.settings.database_url,
            "ALLOBOT_TRACKER_URL": self.settings.tracker_url,
            "ALLOBOT_LIMIT_MESSAGES": self.settings.limit_messages,
            "ALLOBOT_REDIS_URL": given.get("redis_url", ""),
            **(env or {}),
        }
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, *names: str) -> None:
        """Start these, or all: those before the gateway together, then the gateway."""
        wanted = [self._services[name] for name in names or self._services]
        for some in ([it for it in wanted if it.name != "web"], [self._services["web"]]):
            for service in some:
                if service in wanted:
                    self._run(service, {})
            for service in some:
                if service in wanted:
                    wait_until(partial(local_http.answers, service.ready_url), START)

    def another_gateway(self) -> str:
        """Start one more gateway; return its address."""
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        web = self._services["web"]
        self._run(Service("web-2", web.command, url, web.env), {"ALLOBOT_WEB_PORT": str(port)})
        wait_until(lambda: local_http.answers(f"{url}/health/ready"), START)
        return url

    def signal(self, number: signal.Signals, *names: str) -> None:
        for name in names:
            os.kill(self._running[name].pid, number)

    def kill(self, name: str) -> None:
        """SIGKILL: nothing is finished."""
        process = self._running.pop(name)
        process.kill()
        process.wait(timeout=10)

    def ended(self, name: str) -> int:
        """Wait for the end of one that was asked to stop; return its code."""
        return self._running.pop(name).wait(timeout=30)

    def stop(self) -> None:
        for name in list(self._running):
            self.signal(signal.SIGCONT, name)
            self.kill(name)

    def said_to(self, name: str) -> int:
        """How many messages a Rasa has answered."""
        with urllib.request.urlopen(f"{self._services[name].ready_url}metrics", timeout=5) as page:
            lines = page.read().decode().splitlines()
        counts = [line for line in lines if line.startswith("allobot_rasa_message_seconds_count")]
        return int(counts[0].split()[1])

    def rasa_of(self, someone: Person) -> tuple[str, str]:
        """The Rasa that answers a person, then the other."""
        before = {name: self.said_to(name) for name in ("rasa-1", "rasa-2")}
        someone.say("merci")
        [used] = [name for name, count in before.items() if self.said_to(name) > count]
        return used, "rasa-1" if used == "rasa-2" else "rasa-2"

    def events(self) -> list[dict[str, Any]]:
        """What Rasa keeps, in order, each with its sender."""
        url, schema = self.settings.tracker, ""
        if url.startswith("postgresql"):
            url, schema = url.replace("postgresql:", "postgresql+psycopg:"), "rasa."
        engine = create_engine(url)
        with engine.connect() as connection:
            rows = connection.execute(
                text(f"SELECT sender_id, data FROM {schema}events ORDER BY id")
            ).all()
        engine.dispose()
        return [{**json.loads(data), "sender": sender} for sender, data in rows]

    def _run(self, service: Service, more: dict[str, str]) -> None:
        with (self.settings.var / f"{service.name}.log").open("ab") as log:
            self._running[service.name] = subprocess.Popen(
                service.command,
                cwd=self._project.root,
                env={**service.env, **self._given, **more},
                stdout=log,
                stderr=subprocess.STDOUT,
            )


def wait_until(check: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)


@contextlib.contextmanager
def running(var: Path, env: Mapping[str, str] | None = None, **given: Any) -> Iterator[Fleet]:
    fleet = Fleet(var, env, **given)
    try:
        fleet.start()
        yield fleet
    finally:
        fleet.stop()
