"""The three ports we listen on: whether they are free, before anything starts."""

from __future__ import annotations

import errno
import random
import socket
from dataclasses import dataclass

from allobot.errors import PortError
from allobot.messages import say
from allobot.settings import Settings

LOOPBACK = "127.0.0.1"
APART = range(20_000, 32_000)  # below those that Linux gives to outgoing connections


@dataclass(frozen=True)
class Port:
    """A port wanted by one of our processes, and the setting that changes it."""

    service: str
    setting: str
    host: str
    number: int


def wanted(settings: Settings) -> list[Port]:
    return [
        Port("actions", "ALLOBOT_ACTIONS_PORT", LOOPBACK, settings.actions_port),
        Port("rasa", "ALLOBOT_RASA_PORT", LOOPBACK, settings.rasa_port),
        Port("web", "ALLOBOT_WEB_PORT", settings.web_host, settings.web_port),
    ]


def check_free(ports: list[Port]) -> None:
    """Raise PortError for the first port that we cannot have."""
    seen: dict[int, Port] = {}
    for port in ports:
        other = seen.setdefault(port.number, port)
        if other is not port:
            raise PortError(_sentence("port_double", port, autre=other.service))
        _check(port)


def is_free(number: int, host: str = LOOPBACK) -> bool:
    try:
        _bind(host, number)
    except OSError:
        return False
    return True


def free_port() -> int:
    """A port that nobody listens on, now, and that no outgoing connection takes meanwhile.

    Raises OSError when there is none.
    """
    for number in random.SystemRandom().sample(APART, len(APART)):
        if is_free(number):
            return number
    raise OSError(errno.EADDRNOTAVAIL, f"no free port on {LOOPBACK}")


def _check(port: Port) -> None:
    try:
        _bind(port.host, port.number)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            example = port.number + 1 if port.number < 65535 else port.number - 1
            raise PortError(_sentence("port_pris", port, exemple=example)) from error
        raise PortError(_sentence("port_refuse", port, raison=error.strerror)) from error


def _bind(host: str, number: int) -> None:
    family, kind, protocol, _, where = socket.getaddrinfo(host, number, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as probe:
        # As our servers do: a connection that is just closing does not hold the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(where)


def _sentence(key: str, port: Port, **values: object) -> str:
    return say(
        key,
        port=port.number,
        service=port.service,
        reglage=port.setting,
        hote=port.host,
        **values,
    )
