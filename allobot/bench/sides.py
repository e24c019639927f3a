"""The two sides that are measured: what each starts, and the door people talk through.

Allobot: its three processes, through the gateway. Stock: Rasa's own command under Rasa's own
pipeline, our action server, through the REST channel. Each has a folder of its own under
var/bench, with new databases, and free ports: an Allobot that runs here is never touched.
"""

from __future__ import annotations

import contextlib
import dataclasses
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from allobot import local_http
from allobot.bench import stock
from allobot.bench.doors import Doors, Gateway, Rest
from allobot.bench.processes import Meter
from allobot.commands import start_group, stop_group, tail
from allobot.errors import ServiceError
from allobot.messages import say
from allobot.ports import LOOPBACK, free_port
from allobot.preparation import load_knowledge, prepare_database
from allobot.processes import READY_AFTER, Service, action_server, bot_services
from allobot.project import Project
from allobot.settings import Settings

ALLOBOT, STOCK = "allobot", "stock"
RUNS = "run"  # under var/bench: what each side writes while it is measured
POLL = 0.02  # seconds, between two looks at a process that starts
# One person of the bench says more than anyone in a minute; nothing else differs from a start
# without any setting.
LIMITS = {"ALLOBOT_LIMIT_MESSAGES": "1000000/minute"}


@dataclass(frozen=True)
class Side:
    """What is started, in order, and how people reach it."""

    name: str
    project: Project
    services: Sequence[Service]
    doors: Doors


@dataclass(frozen=True)
class Running:
    """A side that answers. `ready`: when each process was seen ready, in seconds from the start."""

    side: Side
    meter: Meter
    ready: Mapping[str, float]
    begun: float  # time.perf_counter, before the first process


def allobot_side(project: Project) -> Side:
    """Allobot as `make run` starts it, its limits raised."""
    own = _own_project(project, ALLOBOT)
    services = [
        dataclasses.replace(service, env={**service.env, **LIMITS}) for service in bot_services(own)
    ]
    address = local_http.address(own.settings.web_host, own.settings.web_port)
    return Side(ALLOBOT, own, services, lambda client: Gateway(client, address))


def stock_side(project: Project) -> Side:
    """Rasa as it ships, with our action server."""
    own = _own_project(project, STOCK)
    endpoints = stock.write_endpoints(
        own.var / "endpoints.yml",
        actions_port=own.settings.actions_port,
        tracker=own.var / "rasa.sqlite",
    )
    rasa = stock.rasa_service(project, endpoints, own.settings.rasa_port)
    address = local_http.address(LOOPBACK, own.settings.rasa_port)
    return Side(STOCK, own, [action_server(own), rasa], lambda client: Rest(client, address))


@contextlib.contextmanager
def running(side: Side) -> Iterator[Running]:
    """Start the processes together, as `make run` does, and stop them at the end.

    Raises:
        ServiceError: one died, or was not ready in time; its last lines are shown.
    """
    processes: dict[str, subprocess.Popen[bytes]] = {}
    ready: dict[str, float] = {}
    logs = {service.name: side.project.var / f"{service.name}.log" for service in side.services}
    begun = time.perf_counter()
    try:
        for service in side.services:
            with logs[service.name].open("ab") as output:
                processes[service.name] = start_group(
                    service.command, cwd=side.project.root, env=service.env, output=output
                )
        for service in side.services:
            _wait(service, processes[service.name], logs[service.name])
            ready[service.name] = time.perf_counter() - begun
        meter = Meter({name: process.pid for name, process in processes.items()})
        yield Running(side, meter, ready, begun)
    finally:
        for process in reversed(processes.values()):
            stop_group(process)


def _wait(service: Service, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + READY_AFTER
    while not local_http.answers(service.ready_url):
        if process.poll() is not None or time.monotonic() > deadline:
            print(tail(log), flush=True)
            raise ServiceError(say("bench_service", service=service.name, journal=log))
        time.sleep(POLL)


def _own_project(project: Project, name: str) -> Project:
    """The same code and model in an empty folder, on free ports, its knowledge loaded."""
    var = (project.var / "bench" / RUNS / name).resolve()
    shutil.rmtree(var, ignore_errors=True)
    var.mkdir(parents=True)
    settings = Settings(
        var=var, web_port=free_port(), rasa_port=free_port(), actions_port=free_port()
    )
    own = Project(settings, project.root)
    prepare_database(own)
    load_knowledge(own)
    return own
