"""How much may be asked, by whom, and what is said to who asks too much."""

import asyncio
import hmac
import ipaddress
import logging
import re
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import redis
import redis.asyncio
from limits.aio.storage.redis.bridge import RedisBridge
from playwright.async_api import async_playwright, expect
from pydantic import ValidationError

from allobot.settings import Settings
from tests.web.api_client import Answer, Api
from tests.web.fake_rasa import FakeRasa
from web import counts, limits
from web.limits import LIMITS, Limits
from web.sentences import sentences

OpenGateway = Callable[..., Awaitable[Api]]

LOOPBACK = ipaddress.ip_network("127.0.0.0/8")
ONE, TWO = "203.0.113.7", "198.51.100.9"  # clients, behind the proxy that the tests are


@pytest.fixture
def behind_proxy(settings: Settings) -> Settings:
    """The tests are the proxy: the clients are whom they say."""
    return settings.model_copy(update={"trusted_proxies": (LOOPBACK,)})


def limited(settings: Settings, **values: str) -> Settings:
    return settings.model_copy(update={f"limit_{name}": value for name, value in values.items()})


def client(address: str) -> dict[str, dict[str, str]]:
    return {"headers": {"X-Forwarded-For": address}}


async def open_anew(api: Api, address: str) -> Answer:
    api.client.session.cookie_jar.clear()
    return await api.open(**client(address))


# ---- the answer


async def test_one_message_too_many_is_refused_kindly_and_says_when_to_come_back(
    settings: Settings, open_gateway: OpenGateway, rasa: FakeRasa
) -> None:
    api = await open_gateway(limited(settings, messages="2/minute"))
    await api.open()
    answers = [await api.say("bonjour") for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 429]
    assert answers[-1].code == "too_many_requests"
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
    assert len(rasa.messages()) == 2
    assert answers[-1].headers["Content-Security-Policy"]


def test_the_sentence_gives_a_way_out_and_blames_nobody() -> None:
    sentence = sentences().errors["too_many_requests"]
    assert {"3230", "17"} <= set(re.findall(r"\d+", sentence))
    assert "vous avez" not in sentence.lower()


async def test_after_the_time_it_said_the_same_message_is_answered(
    settings: Settings, open_gateway: OpenGateway
) -> None:
    api = await open_gateway(limited(settings, messages="1/2 seconds"))
    await api.open()
    message = {"id": str(uuid.uuid4()), "text": "bonjour"}
    await api.say("avant")
    refused = await api.send(message)
    assert refused.status == 429
    await asyncio.sleep(int(refused.headers["Retry-After"]))
    assert (await api.send(message)).status == 200


# ---- each limit


async def test_a_conversation_does_not_use_up_the_messages_of_another(
    settings: Settings, open_gateway: OpenGateway
) -> None:
    api = await open_gateway(limited(settings, messages="1/minute"))
    for _ in range(3):
        api.client.session.cookie_jar.clear()
        await api.open()
        assert (await api.say("bonjour")).status == 200
        assert (await api.say("encore")).status == 429


async def test_opening_is_limited_for_a_client_not_for_the_others(
    behind_proxy: Settings, open_gateway: OpenGateway
) -> None:
    api = await open_gateway(limited(behind_proxy, openings="2/hour"))
    statuses = [(await open_anew(api, ONE)).status for _ in range(3)]
    assert statuses == [201, 201, 429]
    assert (await open_anew(api, TWO)).status == 201


async def test_coming_back_to_a_conversation_is_not_opening_one(
    behind_proxy: Settings, open_gateway: OpenGateway
) -> None:
    api = await open_gateway(limited(behind_proxy, openings="1/hour"))
    assert [(await api.open(**client(ONE))).status for _ in range(3)] == [201, 200, 200]


async def test_an_erased_conversation_is_no_way_to_open_more(
    behind_proxy: Settings, open_gateway: OpenGateway
) -> None:
    api = await open_gateway(limited(behind_proxy, openings="1/hour"))
    await api.open(**client(ONE))
    cookie = f"allobot={api.cookie()}"
    await api.erase()
    headers = {"X-Forwarded-For": ONE, "Cookie": cookie}
    assert (await api.open(headers=headers)).status == 429


async def test_every_limit_of_a_list_holds(
    behind_proxy: Settings, open_gateway: OpenGateway
) -> None:
    api = await open_gateway(limited(behind_proxy, openings="9/second;2/hour"))
    statuses = [(await open_anew(api, ONE)).status for _ in range(3)]
    assert statuses == [201, 201, 429]


async def test_all_calls_of_a_client_count_together(
    behind_proxy: Settings, open_gateway: OpenGateway
) -> None:
    api = await open_gateway(limited(behind_proxy, requests="3/minute"))
    for method, path in [
        ("GET", "/api/conversation"),
        ("GET", "/api/openapi.json"),
        ("POST", "/api/conversation/messages"),
    ]:
        assert (await api.request(method, path, **client(ONE))).status != 429
    assert (await api.request("GET", "/api/conversation", **client(ONE))).status == 429
    assert (await api.request("GET", "/api/conversation", **client(TWO))).status == 404


@pytest.mark.parametrize("path", ["/", "/widget/allobot.js", "/health/live"])
async def test_files_and_health_are_not_limited(
    behind_proxy: Settings, open_gateway: OpenGateway, path: str
) -> None:
    api = await open_gateway(limited(behind_proxy, requests="1/minute"))
    assert {(await api.request("GET", path, **client(ONE))).status for _ in range(5)} == {200}


async def test_erasing_is_never_refused_as_it_is_the_quick_exit(
    behind_proxy: Settings, open_gateway: OpenGateway
) -> None:
    api = await open_gateway(limited(behind_proxy, requests="1/minute", openings="1/hour"))
    await api.open(**client(ONE))
    cookie = f"allobot={api.cookie()}"
    assert (await api.request("GET", "/api/conversation", **client(ONE))).status == 429
    assert (await api.erase(**client(ONE))).status == 204
    api.client.session.cookie_jar.clear()
    after = await api.request(
        "GET", "/api/conversation", headers={"X-Forwarded-For": TWO, "Cookie": cookie}
    )
    assert after.code == "no_conversation"


async def test_estimates_are_limited(behind_proxy: Settings, open_gateway: OpenGateway) -> None:
    api = await open_gateway(limited(behind_proxy, estimates="1/minute"))
    body = {"json": {"situation": {}}, **client(ONE)}
    statuses = [
        (await api.request("POST", "/api/eligibility/asf", **body)).status for _ in range(2)
    ]
    assert statuses == [200, 429]


async def test_a_plan_too_many_is_a_kind_page(
    behind_proxy: Settings, open_gateway: OpenGateway
) -> None:
    api = await open_gateway(limited(behind_proxy, pages="1/minute"))
    await api.request("GET", "/recapitulatif?r=x&e=1", **client(ONE))
    page = await api.request("GET", "/recapitulatif?r=x&e=1", **client(ONE))
    assert page.status == 429
    assert int(page.headers["Retry-After"]) >= 1
    assert "tel:3230" in page.body.decode()


async def test_feedback_is_limited_for_a_conversation(
    settings: Settings, open_gateway: OpenGateway
) -> None:
    api = await open_gateway(limited(settings, feedback="1/minute"))
    await api.open()
    await api.request("POST", "/api/conversation/feedback", json={})
    again = await api.request("POST", "/api/conversation/feedback", json={})
    assert again.status == 429


async def test_in_development_this_very_machine_is_no_crowd_but_a_conversation_is_limited(
    settings: Settings, open_gateway: OpenGateway
) -> None:
    api = await open_gateway(
        limited(settings, requests="1/minute", openings="1/hour", messages="1/minute")
    )
    for _ in range(3):
        api.client.session.cookie_jar.clear()
        assert (await api.open()).status == 201
    assert [(await api.say("bonjour")).status for _ in range(2)] == [200, 429]


async def test_in_production_this_very_machine_counts_too(
    settings: Settings, open_gateway: OpenGateway
) -> None:
    production = settings.model_copy(update={"production": True})
    api = await open_gateway(limited(production, requests="1/minute"))
    statuses = [(await api.request("GET", "/api/openapi.json")).status for _ in range(2)]
    assert statuses == [200, 429]


# ---- who asks


async def test_ipv6_is_counted_by_subscriber(
    behind_proxy: Settings, open_gateway: OpenGateway
) -> None:
    api = await open_gateway(limited(behind_proxy, openings="2/hour"))
    same = ["2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "2001:db8:1:2:abcd:1:2:3"]
    assert [(await open_anew(api, address)).status for address in same] == [201, 201, 429]
    assert (await open_anew(api, "2001:db8:1:3::1")).status == 201


async def test_ipv4_written_as_ipv6_is_the_same_client(
    behind_proxy: Settings, open_gateway: OpenGateway
) -> None:
    api = await open_gateway(limited(behind_proxy, openings="1/hour"))
    assert (await open_anew(api, ONE)).status == 201
    assert (await open_anew(api, f"::ffff:{ONE}")).status == 429
    assert (await open_anew(api, f"::ffff:{TWO}")).status == 201


async def test_a_client_cannot_hide_behind_a_forged_header(
    behind_proxy: Settings, open_gateway: OpenGateway
) -> None:
    api = await open_gateway(limited(behind_proxy, openings="1/hour"))
    assert (await open_anew(api, f"1.1.1.1, {ONE}")).status == 201
    assert (await open_anew(api, f"2.2.2.2, {ONE}")).status == 429
    assert (await open_anew(api, f"garbage, {ONE}")).status == 429


# ---- nothing is written


async def test_no_address_and_no_conversation_is_written_anywhere(
    behind_proxy: Settings,
    open_gateway: OpenGateway,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    caplog.set_level(logging.DEBUG, logger="allobot.web")
    caplog.set_level(logging.DEBUG, logger="aiohttp")
    api = await open_gateway(limited(behind_proxy, openings="1/hour", messages="1/minute"))
    for _ in range(2):
        await api.open(**client(ONE))
        await api.say("bonjour")
        await open_anew(api, ONE)
    app = api.client.app
    assert app is not None
    kept = list(app[LIMITS]._local.storage._counts)  # type: ignore[attr-defined]
    assert len(kept) >= 3
    assert ONE not in " ".join(kept)
    assert all(re.fullmatch(r"LIMITER/[a-z]+/[0-9a-f]{32}/\d+/1/[a-z]+", key) for key in kept)
    assert ONE not in caplog.text
    for path in tmp_path.rglob("*"):
        assert path.is_dir() or ONE.encode() not in path.read_bytes(), path.name


async def test_without_the_key_nobody_can_find_an_address_again(settings: Settings) -> None:
    ours, theirs = Limits(settings, "a" * 32), Limits(settings, "b" * 32)
    assert ours._pseudonym(ONE) == Limits(settings, "a" * 32)._pseudonym(ONE)
    assert ours._pseudonym(ONE) != theirs._pseudonym(ONE)
    assert ours._pseudonym(ONE) != hmac.new(b"a" * 32, ONE.encode(), "sha256").hexdigest()[:32]


async def test_counts_are_forgotten_after_their_time(settings: Settings) -> None:
    limits_ = Limits(limited(settings, openings="5/second"), "a" * 32)
    storage: Any = limits_._local.storage
    for number in range(50):
        await limits_.hit("openings", f"client {number}")
    assert len(storage._counts) == 50
    await asyncio.sleep(1.1)
    await limits_.hit("openings", "one more")
    assert len(storage._counts) == 1


async def test_a_hit_costs_the_same_whatever_the_number_of_clients(settings: Settings) -> None:
    async def seconds(clients: int) -> float:
        limits_ = Limits(limited(settings, openings="100000/hour"), "a" * 32)
        for number in range(clients):
            await limits_.hit("openings", f"client {number}")
        begun = time.process_time()
        for _ in range(1000):
            await limits_.hit("openings", "one more")
        return time.process_time() - begun

    assert await seconds(30_000) < 5 * await seconds(10) + 0.1


async def test_the_memory_of_counts_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counts, "MAX_COUNTS", 10)
    storage = counts.Counts()
    for number in range(50):
        await storage.incr(f"client {number}", 60)
    assert await storage.get("client 0") == 0
    assert await storage.get("client 49") == 1
    assert await storage.reset() == 10
    assert await storage.get("client 49") == 0


# ---- Redis


REDIS = """
from fakeredis import TcpFakeServer
server = TcpFakeServer(("127.0.0.1", 0), server_type="redis")
print(server.server_address[1], flush=True)
server.serve_forever()
"""


@dataclass
class Redis:
    """A stand-in for Redis, in a process of its own so that it can die."""

    process: "subprocess.Popen[str]"
    url: str

    def die(self) -> None:
        self.process.kill()
        self.process.wait(timeout=10)


@pytest.fixture
def redis_server() -> Iterator[Redis]:
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", REDIS], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        url = f"redis://127.0.0.1:{int(process.stdout.readline())}/0"
        with redis.Redis.from_url(url) as store:  # it hangs up at its first unknown script
            store.script_load(RedisBridge.SCRIPT_INCR_EXPIRE)
        yield Redis(process, url)
        process.kill()


@pytest.fixture
def shared(behind_proxy: Settings, redis_server: Redis) -> Settings:
    """Settings of gateways that share limits in Redis."""
    values = behind_proxy.model_dump(exclude={"database_url"})
    return Settings(**values | {"limits_url": redis_server.url, "limit_openings": "2/hour"})


async def test_gateways_share_their_limits_in_redis_under_hashes_that_expire(
    shared: Settings, open_gateway: OpenGateway, redis_server: Redis
) -> None:
    one, two = await open_gateway(shared), await open_gateway(shared)
    statuses = [(await open_anew(api, ONE)).status for api in (one, two, one, two)]
    assert statuses == [201, 201, 429, 429]
    async with redis.asyncio.Redis.from_url(redis_server.url) as store:
        keys = [key.decode() async for key in store.scan_iter()]
        lives = [await store.ttl(key) for key in keys]
    assert keys
    assert ONE not in " ".join(keys)
    assert all(0 < life <= 3600 for life in lives)


async def test_when_redis_dies_limits_go_on_in_memory_and_a_warning_says_so(
    shared: Settings,
    open_gateway: OpenGateway,
    redis_server: Redis,
    caplog: pytest.LogCaptureFixture,
) -> None:
    api = await open_gateway(shared)
    assert (await open_anew(api, ONE)).status == 201
    redis_server.die()
    begun = time.monotonic()
    statuses = [(await open_anew(api, ONE)).status for _ in range(3)]
    assert statuses == [201, 201, 429]
    assert (await open_anew(api, TWO)).status == 201
    assert time.monotonic() - begun < 5
    warnings = [line for line in caplog.messages if line.startswith("Redis is down")]
    assert len(warnings) == 1  # then it is left alone for a while
    assert "127.0.0.1" not in warnings[0]


async def test_a_redis_that_never_answers_delays_one_request_only(
    behind_proxy: Settings, open_gateway: OpenGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        values = behind_proxy.model_dump(exclude={"database_url"}) | {"limits_url": url}
        api = await open_gateway(Settings(**values))
        begun = time.monotonic()
        statuses = [(await open_anew(api, ONE)).status for _ in range(3)]
        assert statuses == [201, 201, 201]
        assert time.monotonic() - begun < limits.SHARED_SECONDS + 2


async def test_redis_is_used_again_when_it_is_back(
    shared: Settings, open_gateway: OpenGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = await open_gateway(shared)
    app = api.client.app
    assert app is not None
    app[LIMITS]._shared_again = time.monotonic() + limits.PAUSE_SECONDS
    assert (await open_anew(api, ONE)).status == 201  # counted in memory
    app[LIMITS]._shared_again = 0.0
    statuses = [(await open_anew(api, ONE)).status for _ in range(3)]
    assert statuses == [201, 201, 429]


# ---- settings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ALLOBOT_LIMIT_MESSAGES", "beaucoup"),
        ("ALLOBOT_LIMIT_OPENINGS", "75"),
        ("ALLOBOT_LIMITS_URL", "mysql://motdepasse@x"),
        ("ALLOBOT_TRUSTED_PROXIES", "10.0.0.0/8 partout"),
        ("ALLOBOT_TRUSTED_PROXIES", "10.0.0.1/8"),
    ],
)
def test_a_setting_that_does_not_fit_is_refused_without_being_repeated(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError) as caught:
        Settings()
    assert name.removeprefix("ALLOBOT_").lower() in str(caught.value)
    assert value not in str(caught.value)


def test_the_password_of_redis_is_hidden() -> None:
    settings = Settings(limits_url="redis://:motdepasse@redis/0")
    assert "motdepasse" not in repr(settings)


def test_the_defaults_leave_room_for_a_person_and_for_an_office() -> None:
    settings = Settings()
    assert settings.limit_messages == "30/minute"
    assert settings.limit_openings == "60/minute;600/hour"
    assert settings.limit_requests == "240/minute"


# ---- in the browser


async def test_the_widget_says_it_kindly_and_keeps_the_question(
    settings: Settings, open_gateway: OpenGateway
) -> None:
    api = await open_gateway(limited(settings, messages="1/3 seconds"))
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        page = await chromium.new_page()
        await page.goto(str(api.client.make_url("/")))
        await page.get_by_role("button", name="Poser une question", exact=True).first.click()
        await expect(page.locator(".message.bot").first).to_be_visible(timeout=15_000)
        for question in ("ma première question", "ma deuxième question"):
            await page.locator("#field").fill(question)
            await page.keyboard.press("Enter")
            await expect(page.locator(".typing")).to_be_hidden(timeout=15_000)
        failure = page.locator(".failure")
        await expect(failure).to_contain_text("Beaucoup de demandes", timeout=15_000)
        await expect(failure.get_by_role("link")).to_have_attribute("href", "tel:3230")
        await expect(page.locator(".message.person").last).to_contain_text("ma deuxième question")
        await page.wait_for_timeout(3_100)
        await failure.get_by_role("button", name="Réessayer").click()
        await expect(failure).to_have_count(0)
        await expect(page.locator(".message.bot .bubble").last).to_be_visible()
        await expect(page.locator(".message.person")).to_have_count(2)
        await chromium.close()
