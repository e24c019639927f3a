"""The three processes of a running bot: started in order, watched, stopped together.

Each service starts when the one before it answers. Their lines are shown as they come, behind
their name. When one dies, or on Ctrl-C, all stop: first asked to, then killed.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from honcho.colour import get_colours  # type: ignore[import-untyped]
from honcho.printer import Message, Printer  # type: ignore[import-untyped]
from ruamel.yaml import YAML

from allobot import local_http
from allobot.commands import STOP_AFTER, start_group, stop_group
from allobot.errors import ServiceError
from allobot.messages import say
from allobot.ports import LOOPBACK
from allobot.project import Project

OURS = "allobot"
READY_AFTER = 120.0  # seconds a service has to answer
POLL = 0.1  # seconds
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True)
class Service:
    """A program that is ready when `ready_url` answers 200."""

    name: str
    command: Sequence[str]
    ready_url: str
    env: Mapping[str, str] = field(repr=False)


def action_server(project: Project, **settings: str) -> Service:
    """The action server; `settings` are environment variables that win over the project's."""
    env = project.environment(**settings)
    url = local_http.address(LOOPBACK, int(env["ALLOBOT_ACTIONS_PORT"]))
    return Service("actions", [project.python, "-m", "actions"], f"{url}/health", env)


def bot_services(project: Project) -> list[Service]:
    """Actions, Rasa and web, in the order they start."""
    settings, env = project.settings, project.environment()
    rasa = local_http.address(LOOPBACK, settings.rasa_port)
    web = local_http.address(settings.web_host, settings.web_port)
    return [
        action_server(project),
        Service("rasa", rasa_command(project), f"{rasa}/", env),
        Service("web", [project.python, "-m", "web"], f"{web}/health/ready", env),
    ]


def rasa_command(project: Project) -> list[str]:
    """Rasa's server, on loopback only and without its API."""
    endpoints = write_endpoints(project, project.settings.actions_port)
    return [
        *(project.rasa_python, "-m", "bot", "run"),
        *("--model", str(project.model)),
        *("--endpoints", str(endpoints), "--credentials", "credentials.yml"),
        *("--interface", LOOPBACK, "--port", str(project.settings.rasa_port)),
        *("--response-timeout", "10"),
    ]


def write_endpoints(
    project: Project, actions_port: int, name: str = "endpoints.yml", *, keep: bool = True
) -> Path:
    """Write var/<name>: the repository's endpoints.yml with our port and our tracker file.

    Without `keep` there is no tracker file: what is said stays in memory.
    """
    yaml = YAML()
    endpoints = yaml.load(project.root / "endpoints.yml")
    url = local_http.address(LOOPBACK, actions_port)
    endpoints["action_endpoint"]["url"] = f"{url}/webhook"
    if keep:
        tracker = project.root / project.settings.tracker_path
        endpoints["tracker_store"]["db"] = str(tracker)
    else:
        del endpoints["tracker_store"]
    target = project.var / name
    target.parent.mkdir(parents=True, exist_ok=True)
    yaml.dump(endpoints, target)
    return target


class Supervisor:
    """Runs services until the operator asks to stop (returns) or one dies (raises)."""

    def __init__(
        self,
        services: Sequence[Service],
        *,
        cwd: Path,
        ready_after: float = READY_AFTER,
        stop_after: float = STOP_AFTER,
        output: TextIO | None = None,
    ) -> None:
        self._services = services
        self._cwd = cwd
        self._ready_after = ready_after
        self._stop_after = stop_after
        self._output = _Output(output or sys.stdout, [s.name for s in services])
        self._running: list[tuple[Service, subprocess.Popen[bytes]]] = []
        self._readers: list[threading.Thread] = []
        self._asked = threading.Event()

    def run(self, on_ready: Callable[[float], str]) -> None:
        """Block. `on_ready` gets the seconds it took and returns the line to show.

        Raises:
            ServiceError: a service died or was not ready in time; all the others are stopped.
        """
        begun = time.monotonic()
        with _stop_signals(self._asked):
            try:
                self._start_all()
                if not self._asked.is_set():
                    self._output.write(OURS, on_ready(time.monotonic() - begun))
                while not self._asked.wait(POLL):
                    self._check_alive()
            finally:
                self._stop_all()

    def _start_all(self) -> None:
        for service in self._services:
            if self._asked.is_set():
                return
            self._start(service)
            self._wait_until_ready(service)

    def _start(self, service: Service) -> None:
        self._output.write(OURS, say("demarrage", service=service.name))
        process = start_group(
            service.command, cwd=self._cwd, env=service.env, output=subprocess.PIPE
        )
        self._running.append((service, process))
        reader = threading.Thread(target=self._relay, args=(service.name, process), daemon=True)
        reader.start()
        self._readers.append(reader)

    def _relay(self, name: str, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        try:
            with process.stdout:
                for line in process.stdout:
                    self._output.write(name, line)
        except OSError:  # nobody reads us any more
            self._asked.set()

    def _wait_until_ready(self, service: Service) -> None:
        deadline = time.monotonic() + self._ready_after
        while not self._asked.is_set() and not local_http.answers(service.ready_url):
            self._check_alive()
            if time.monotonic() > deadline:
                raise ServiceError(_never_ready(service, self._ready_after))
            self._asked.wait(POLL)
        self._check_alive()

    def _check_alive(self) -> None:
        for service, process in self._running:
            code = process.poll()
            if code is not None:
                raise ServiceError(say("mort", service=service.name, fin=_ending(code)))

    def _stop_all(self) -> None:
        if self._asked.is_set():
            self._output.write(OURS, say("arret"))
        stoppers = [
            threading.Thread(target=stop_group, args=(process, self._stop_after))
            for _, process in self._running
        ]
        for thread in stoppers:
            thread.start()
        for thread in stoppers:
            thread.join()
        for reader in self._readers:
            reader.join(1.0)
        self._output.write(OURS, say("arrete"))


class _Output:
    """Lines of all the services on one stream, each behind the coloured name of its service."""

    def __init__(self, stream: TextIO, names: Sequence[str]) -> None:
        self._printer = Printer(stream, width=max(map(len, [OURS, *names])))
        self._colours = dict(zip([OURS, *names], get_colours(), strict=False))
        self._lock = threading.Lock()

    def write(self, name: str, line: str | bytes) -> None:
        now = dt.datetime.now()
        with self._lock:
            self._printer.write(Message("line", line, now, name, self._colours[name]))


@contextlib.contextmanager
def _stop_signals(asked: threading.Event) -> Iterator[None]:
    """Within, Ctrl-C and its like only set `asked`: nothing is cut in the middle."""
    before = {number: signal.signal(number, lambda *_: asked.set()) for number in STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _never_ready(service: Service, seconds: float) -> str:
    return say("jamais_pret", service=service.name, url=service.ready_url, secondes=round(seconds))


def _ending(code: int) -> str:
    """How a process ended, from its return code (negative: killed by that signal)."""
    if code < 0:
        return say("fin_signal", signal=signal.Signals(-code).name)
    return say("fin_code", code=code)
