"""Runs fake services under the supervisor: `run_services.py NAME:PORT:OPTION,OPTION …`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from allobot.errors import AllobotError
from allobot.processes import Service, Supervisor

FAKE_SERVICE = str(Path(__file__).with_name("fake_service.py"))


def service(description: str) -> Service:
    name, port, options = description.split(":")
    command = [sys.executable, FAKE_SERVICE, port, *filter(None, options.split(","))]
    return Service(name, command, f"http://127.0.0.1:{port}/", dict(os.environ))


def main() -> None:
    services = [service(description) for description in sys.argv[1:]]
    supervisor = Supervisor(services, cwd=Path.cwd(), ready_after=5.0, stop_after=1.0)
    try:
        supervisor.run(lambda seconds: f"prêt en {seconds:.0f} s")
    except AllobotError as error:
        print(error, file=sys.stderr, flush=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
