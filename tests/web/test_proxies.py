"""Who asks: a proxy that is ours is believed, and nobody else."""

import ipaddress
import logging
from collections.abc import Awaitable, Callable
from unittest import mock

import pytest
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from allobot.settings import Settings
from tests.web.api_client import Api
from web.proxies import client_address, forwarded_scheme

OpenGateway = Callable[..., Awaitable[Api]]

PROXIES = tuple(map(ipaddress.ip_network, ("10.0.0.0/8", "fd00::/8")))
OURS, CLIENT, LIAR = "10.0.0.1", "203.0.113.7", "198.51.100.9"


def request_from(peer: str, *headers: tuple[str, str]) -> mock.Mock:
    transport = mock.Mock()
    transport.get_extra_info = lambda name, default=None: (
        (peer, 5000) if name == "peername" else default
    )
    return make_mocked_request("GET", "/", headers=CIMultiDict(headers), transport=transport)


@pytest.mark.parametrize(
    ("peer", "forwarded", "found"),
    [
        (CLIENT, [], CLIENT),
        (CLIENT, ["1.1.1.1"], CLIENT),  # not ours: its word is worth nothing
        (LIAR, [f"{OURS}, {OURS}"], LIAR),
        (OURS, [], OURS),
        (OURS, [CLIENT], CLIENT),
        (OURS, [f"{LIAR}, {CLIENT}"], CLIENT),  # the rightmost one that is not ours
        (OURS, [f"1.1.1.1, {CLIENT}, 10.2.3.4"], CLIENT),
        (OURS, ["1.1.1.1", f"{CLIENT}", "10.2.3.4"], CLIENT),  # several lines are one list
        (OURS, [f"{CLIENT},10.2.3.4 "], CLIENT),
        (OURS, ["10.2.3.4"], "10.2.3.4"),
        (OURS, ["unknown"], OURS),
        (OURS, [f"{CLIENT}, _hidden"], OURS),
        (OURS, [""], OURS),
        ("fd00::1", ["2001:db8::1"], "2001:db8::1"),
        ("::ffff:10.0.0.1", [CLIENT], CLIENT),
        (OURS, [f"::ffff:{CLIENT}"], CLIENT),
    ],
)
def test_the_client_is_the_rightmost_address_that_is_not_ours(
    peer: str, forwarded: list[str], found: str
) -> None:
    request = request_from(peer, *(("X-Forwarded-For", line) for line in forwarded))
    assert str(client_address(request, PROXIES)) == found


def test_without_a_declared_proxy_nobody_is_believed() -> None:
    headers = (("X-Forwarded-For", CLIENT), ("X-Forwarded-Proto", "https"))
    request = request_from("127.0.0.1", *headers)
    assert str(client_address(request, ())) == "127.0.0.1"
    assert forwarded_scheme(request, ()) is None


@pytest.mark.parametrize(
    ("peer", "told", "scheme"),
    [
        (OURS, ["https"], "https"),
        (OURS, ["HTTPS"], "https"),
        (OURS, ["http"], "http"),
        (OURS, ["https, http"], "http"),
        (OURS, ["https", "http"], "http"),
        (OURS, ["javascript"], None),
        (OURS, [], None),
        (LIAR, ["https"], None),
    ],
)
def test_the_scheme_is_what_the_nearest_proxy_of_ours_says(
    peer: str, told: list[str], scheme: str | None
) -> None:
    request = request_from(peer, *(("X-Forwarded-Proto", word) for word in told))
    assert forwarded_scheme(request, PROXIES) == scheme


def test_the_setting_takes_networks_and_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOBOT_TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.1 fd00::/8")
    networks = Settings().trusted_proxies
    assert list(map(str, networks)) == ["10.0.0.0/8", "192.0.2.1/32", "fd00::/8"]


def test_no_proxy_is_trusted_by_default() -> None:
    assert Settings().trusted_proxies == ()


async def test_a_forgotten_proxy_is_told_once_without_an_address(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    for _ in range(3):
        await api.request("GET", "/api/openapi.json", headers={"X-Forwarded-For": CLIENT})
    said = [line for line in caplog.messages if "ALLOBOT_TRUSTED_PROXIES" in line]
    assert len(said) == 1
    assert CLIENT not in caplog.text


@pytest.mark.parametrize(("told", "status"), [("https", 403), ("http", 201), ("", 201)])
async def test_the_origin_has_the_scheme_that_the_proxy_says(
    settings: Settings, open_gateway: OpenGateway, told: str, status: int
) -> None:
    trusted = (ipaddress.ip_network("127.0.0.0/8"),)
    api = await open_gateway(settings.model_copy(update={"trusted_proxies": trusted}))
    headers = {"Host": "allobot.example", "Origin": "http://allobot.example"}
    answer = await api.open(headers=headers | {"X-Forwarded-Proto": told})
    assert answer.status == status


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("allobot.example", "https://allobot.example", 201),
        ("evil.example", "https://evil.example", 403),
        ("evil.example", "https://allobot.example", 201),
    ],
)
async def test_with_a_public_address_the_host_header_decides_nothing(
    settings: Settings, open_gateway: OpenGateway, host: str, origin: str, status: int
) -> None:
    public = {"public_url": "https://allobot.example", "cookie_secure": True}
    api = await open_gateway(settings.model_copy(update=public))
    assert (await api.open(headers={"Host": host, "Origin": origin})).status == status
