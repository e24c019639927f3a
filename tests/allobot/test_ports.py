"""A port that we cannot have is told before anything starts."""

from __future__ import annotations

import socket

import pytest

from allobot import ports
from allobot.errors import PortError
from allobot.local_http import address
from allobot.project import Project


def test_free_ports_are_fine(project: Project) -> None:
    ports.check_free(ports.wanted(project.settings))


@pytest.mark.parametrize("service", ["actions", "rasa", "web"])
def test_a_taken_port_names_itself_its_user_and_the_setting(project: Project, service: str) -> None:
    port = next(port for port in ports.wanted(project.settings) if port.service == service)
    with socket.create_server(("127.0.0.1", port.number)), pytest.raises(PortError) as error:
        ports.check_free(ports.wanted(project.settings))
    for word in (str(port.number), f"« {service} »", f"ALLOBOT_{service.upper()}_PORT="):
        assert word in str(error.value)


def test_two_of_ours_cannot_share_a_port(project: Project) -> None:
    settings = project.settings.model_copy(update={"web_port": project.settings.rasa_port})
    with pytest.raises(PortError, match="« web » et « rasa » veulent tous deux le port"):
        ports.check_free(ports.wanted(settings))


def test_an_address_that_is_not_ours_is_told(project: Project) -> None:
    settings = project.settings.model_copy(update={"web_host": "192.0.2.1"})
    with pytest.raises(PortError, match=r"Impossible d'écouter sur 192\.0\.2\.1"):
        ports.check_free(ports.wanted(settings))


def test_a_free_port_is_free() -> None:
    number = ports.free_port()
    assert ports.is_free(number)
    with socket.create_server(("127.0.0.1", number)):
        assert not ports.is_free(number)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", "http://127.0.0.1:80"),
        ("0.0.0.0", "http://127.0.0.1:80"),
        ("::1", "http://[::1]:80"),
        ("intranet", "http://intranet:80"),
    ],
)
def test_the_address_to_visit(host: str, expected: str) -> None:
    assert address(host, 80) == expected
