"""The three processes of a running bot: started, watched and stopped together.

None needs another to start; the bot is ready when all answer. Their lines are shown as they come,
behind their name. One that dies is started again, some times (decision 0019); when it dies too
often, or before all were ready, or on Ctrl-C, all stop: first asked to, then killed.
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
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TextIO

from honcho.colour import get_colours  # type: ignore[import-untyped]
from honcho.printer import Message, Printer  # type: ignore[import-untyped]
from pydantic import SecretStr
from ruamel.yaml import YAML

from allobot import local_http
from allobot.commands import STOP_AFTER, start_group, stop_group
from allobot.errors import ServiceError
from allobot.messages import say
from allobot.ports import LOOPBACK, free_port, is_free
from allobot.project import Project

OURS = "allobot"
LOCKS = "bot.lock_store.SharedLocks"
READY_AFTER = 120.0  # seconds a service has to answer
POLL = 0.1  # seconds
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
RESTARTS = 5  # of one service, before all stop
FIRST_PAUSE = 0.5  # seconds before it is started again, twice as long each time
HEALTHY_AFTER = 600.0  # seconds of life after which its deaths are forgotten
RASAS = "rasa.adresses"  # file of var/: the Rasas of the bot that runs here


@dataclass(frozen=True)
class Service:
    """A program that is ready when `ready_url` answers 200."""

    name: str
    command: Sequence[str]
    ready_url: str
    env: Mapping[str, str] = field(repr=False)


@dataclass
class _Running:
    """A service and its process: since when, `restarts` so far, and when the next is due."""

    service: Service
    process: subprocess.Popen[bytes]
    since: float
    restarts: int = 0
    due: float | None = None


def action_server(project: Project, **settings: str) -> Service:
    """The action server; `settings` are environment variables that win over the project's."""
    env = project.environment(**settings)
    url = local_http.address(LOOPBACK, int(env["ALLOBOT_ACTIONS_PORT"]))
    return Service("actions", [project.python, "-m", "actions"], f"{url}/health", env)


def bot_services(project: Project) -> list[Service]:
    """Actions, Rasa and web, in the order they start; each pair is Rasa and its action server.

    What the settings place elsewhere (`rasa_urls`, `actions_urls`) is not started here.
    """
    settings = project.settings
    count = settings.replicas
    taken = {settings.web_port, settings.rasa_port, settings.actions_port}
    actions_ports = _ports(settings.actions_port, count, taken)
    rasa_ports = _ports(settings.rasa_port, count, taken)
    actions = settings.actions_urls or _loopback(actions_ports)
    rasa = settings.rasa_urls or _loopback(rasa_ports)
    services: list[Service] = []
    if not settings.actions_urls:
        services += [
            _replica(action_server(project, ALLOBOT_ACTIONS_PORT=str(port)), number, count)
            for number, port in enumerate(actions_ports, start=1)
        ]
    if not settings.rasa_urls:
        _note_rasas(project, rasa)
        services += [
            _replica(_rasa(project, port, actions[index % len(actions)]), index + 1, count)
            for index, port in enumerate(rasa_ports)
        ]
    where = {"ALLOBOT_RASA_URLS": " ".join(rasa), "ALLOBOT_ACTIONS_URLS": " ".join(actions)}
    env = project.environment(**(where if count > 1 else {}))
    web = local_http.address(settings.web_host, settings.web_port)
    return [*services, Service("web", [project.python, "-m", "web"], f"{web}/health/ready", env)]


def rasa_addresses(project: Project) -> tuple[str, ...]:
    """Every Rasa: where the settings say, else where the last `allobot run` started them."""
    noted = project.var / RASAS
    if project.settings.rasa_urls or not noted.is_file():
        return project.settings.rasa_addresses
    return tuple(noted.read_text(encoding="ascii").split())


def rasa_command(
    project: Project, port: int | None = None, endpoints: Path | None = None
) -> list[str]:
    """Rasa's server, on loopback only and without its API."""
    endpoints = endpoints or write_endpoints(project, project.settings.actions_port)
    return [
        *(project.rasa_python, "-m", "bot", "run"),
        *("--model", str(project.model)),
        *("--endpoints", str(endpoints), "--credentials", "credentials.yml"),
        *("--interface", LOOPBACK, "--port", str(port or project.settings.rasa_port)),
        *("--response-timeout", "10"),
    ]


def write_endpoints(
    project: Project, actions_port: int, name: str = "endpoints.yml", *, keep: bool = True
) -> Path:
    """Write var/<name>: the repository's endpoints.yml with our port and our tracker store.

    Without `keep` there is no tracker store: what is said stays in memory.
    """
    return _write_endpoints(project, local_http.address(LOOPBACK, actions_port), name, keep=keep)


def _write_endpoints(project: Project, actions: str, name: str, *, keep: bool = True) -> Path:
    """Addresses with a password are written as the variable that holds them, which Rasa reads."""
    settings = project.settings
    yaml = YAML()
    endpoints = yaml.load(project.root / "endpoints.yml")
    endpoints["action_endpoint"]["url"] = f"{actions}/webhook"
    if not keep:
        del endpoints["tracker_store"]
    elif settings.tracker_url or not settings.tracker.startswith("sqlite"):
        variable = "ALLOBOT_TRACKER_URL" if settings.tracker_url else "DATABASE_URL"
        kind = endpoints["tracker_store"]["type"]
        endpoints["tracker_store"] = {"type": kind, "url": f"${{{variable}}}"}
    else:
        endpoints["tracker_store"]["db"] = str(project.root / settings.tracker_path)
    if keep and settings.lock_url:
        variable = "ALLOBOT_REDIS_URL" if settings.redis_url else "ALLOBOT_LIMITS_URL"
        endpoints["lock_store"] = {"type": LOCKS, "url": f"${{{variable}}}"}
    target = project.var / name
    target.parent.mkdir(parents=True, exist_ok=True)
    yaml.dump(endpoints, target)
    return target


def _rasa(project: Project, port: int, actions: str) -> Service:
    """One Rasa, which asks one action server."""
    settings = project.settings
    name = "endpoints.yml" if port == settings.rasa_port else f"endpoints-{port}.yml"
    command = rasa_command(project, port, _write_endpoints(project, actions, name))
    given = {
        "ALLOBOT_TRACKER_URL": settings.tracker_url,
        "DATABASE_URL": settings.database_url,
        "ALLOBOT_REDIS_URL": _secret(settings.redis_url),
        "ALLOBOT_LIMITS_URL": _secret(settings.limits_url),
    }
    env = project.environment(**{key: value for key, value in given.items() if value})
    return Service("rasa", command, f"{local_http.address(LOOPBACK, port)}/", env)


def _replica(service: Service, number: int, count: int) -> Service:
    """One of several of its kind, with a number."""
    if count == 1:
        return service
    return replace(service, name=f"{service.name}-{number}")


def _note_rasas(project: Project, addresses: Sequence[str]) -> None:
    """The second Rasa is on any free port: `make renew` must find it."""
    project.var.mkdir(parents=True, exist_ok=True)
    (project.var / RASAS).write_text("\n".join(addresses) + "\n", encoding="ascii")


def _ports(first: int, count: int, taken: set[int]) -> list[int]:
    """The first and those that follow it: any other may be lent to someone while ours restarts."""
    ports = [first]
    for port in range(first + 1, first + count):
        ports.append(port if port not in taken and is_free(port) else free_port())
    taken.update(ports)
    return ports


def _loopback(ports: Sequence[int]) -> tuple[str, ...]:
    return tuple(local_http.address(LOOPBACK, port) for port in ports)


def _secret(value: SecretStr | None) -> str:
    return value.get_secret_value() if value else ""


class Supervisor:
    """Runs services until the operator asks to stop (returns) or one dies for good (raises)."""

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
        self._running: list[_Running] = []
        self._ready = False
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
                self._ready = True
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
            self._running.append(_Running(service, self._start(service), time.monotonic()))
        for service in self._services:
            self._wait_until_ready(service)

    def _start(self, service: Service) -> subprocess.Popen[bytes]:
        self._output.write(OURS, say("demarrage", service=service.name))
        process = start_group(
            service.command, cwd=self._cwd, env=service.env, output=subprocess.PIPE
        )
        reader = threading.Thread(target=self._relay, args=(service.name, process), daemon=True)
        reader.start()
        self._readers.append(reader)
        return process

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
        """Start again what died; raise ServiceError when it died too soon, or too often."""
        for running in self._running:
            code = running.process.poll()
            if code is None:
                continue
            if running.due is None:
                self._mourn(running, code)
            elif time.monotonic() >= running.due:
                self._start_again(running)

    def _mourn(self, running: _Running, code: int) -> None:
        name, now = running.service.name, time.monotonic()
        if not self._ready:
            raise ServiceError(say("mort", service=name, fin=_ending(code)))
        if now - running.since >= HEALTHY_AFTER:
            running.restarts = 0
        if running.restarts >= RESTARTS:
            times = running.restarts
            raise ServiceError(say("mort_encore", service=name, fin=_ending(code), fois=times))
        pause = FIRST_PAUSE * 2**running.restarts
        self._output.write(
            OURS, say("relance", service=name, fin=_ending(code), secondes=f"{pause:g}")
        )
        stop_group(running.process)  # what it started, if anything
        running.due = now + pause

    def _start_again(self, running: _Running) -> None:
        running.process = self._start(running.service)
        running.restarts, running.since, running.due = running.restarts + 1, time.monotonic(), None

    def _stop_all(self) -> None:
        if self._asked.is_set():
            self._output.write(OURS, say("arret"))
        stoppers = [
            threading.Thread(target=stop_group, args=(process, self._stop_after))
            for process in (running.process for running in self._running)
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
