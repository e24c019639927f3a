"""GET /metrics: figures only, for this machine only."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client.parser import text_string_to_metric_families

from allobot.settings import Settings
from tests.web.api_client import Api
from tests.web.fake_rasa import CARD, DANGER, FakeRasa
from web import metrics
from web.app import make_app
from web.errors import RasaUnavailable, TooManyRequests
from web.metrics import MeasuredBot, Metrics, kind_of
from web.rasa_client import Metadata, RasaItem

ROOT = Path(__file__).parents[2]
HERE = {"Host": "127.0.0.1:8080"}
CONVERSATION = "jeton-de-conversation-42"


def values(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """The samples of a page, by name and labels."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(text: str, name: str, **labels: str) -> float:
    return values(text)[name, frozenset(labels.items())]


@pytest.fixture
async def client(settings: Settings) -> AsyncIterator[TestClient[Any, Any]]:
    """A gateway that counts."""
    app = make_app(settings)
    if metrics.METRICS not in app:
        metrics.setup(app, token="j" * 40)
    else:
        app[metrics.METRICS].token = "j" * 40
    async with TestClient(TestServer(app)) as started:
        yield started


async def test_the_page_is_prometheus_text(client: TestClient[Any, Any]) -> None:
    answer = await client.get("/metrics", headers=HERE)
    text = await answer.text()
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    assert value(text, "allobot_messages_total") == 0
    assert value(text, "allobot_database_up") == 1
    assert value(text, "allobot_answers_total", kind="danger") == 0


async def test_a_talk_is_counted_without_naming_it(
    client: TestClient[Any, Any], rasa: FakeRasa
) -> None:
    api = Api(client)
    assert (await api.open()).status == 201
    assert (await client.get("/recap/" + CONVERSATION)).status == 404
    assert (await client.get("/" + CONVERSATION)).status == 404
    text = await (await client.get("/metrics", headers=HERE)).text()
    assert CONVERSATION not in text
    assert (
        value(
            text, "allobot_requests_total", method="POST", route="/api/conversation", status="201"
        )
        == 1
    )
    assert value(text, "allobot_requests_total", method="GET", route="inconnue", status="404") >= 1
    assert value(text, "allobot_request_seconds_count", route="/api/conversation") == 1
    assert value(text, "allobot_requests_in_flight") == 1  # the one that reads


@pytest.mark.parametrize(
    "headers",
    [
        {**HERE, "X-Forwarded-For": "203.0.113.7"},
        {**HERE, "X-Real-IP": "203.0.113.7"},
        {**HERE, "Forwarded": "for=203.0.113.7"},
        {**HERE, "Via": "1.1 proxy"},
        {"Host": "allobot.example"},
        {"Host": "localhost.evil.example:8080"},
        {**HERE, "Host": "[2001:db8::1]:8080"},
    ],
)
async def test_a_proxy_gets_nothing(client: TestClient[Any, Any], headers: dict[str, str]) -> None:
    answer = await client.get("/metrics", headers=headers)
    assert answer.status == 404
    assert "allobot_" not in await answer.text()


@pytest.mark.parametrize("host", ["localhost:9", "localhost", "127.0.0.1", "[::1]:8080", "[::1]"])
async def test_this_machine_by_any_of_its_names(client: TestClient[Any, Any], host: str) -> None:
    assert (await client.get("/metrics", headers={"Host": host})).status == 200


@pytest.mark.parametrize(("given", "status"), [("j" * 40, 200), ("j" * 39, 404), ("é", 404)])
async def test_a_token_opens_it_from_afar(
    client: TestClient[Any, Any], given: str, status: int
) -> None:
    headers = {"X-Forwarded-For": "203.0.113.7", "Authorization": f"Bearer {given}"}
    assert (await client.get("/metrics", headers=headers)).status == status


async def test_without_a_token_none_is_right(client: TestClient[Any, Any]) -> None:
    client.app[metrics.METRICS].token = None
    headers = {"X-Forwarded-For": "203.0.113.7", "Authorization": "Bearer "}
    assert (await client.get("/metrics", headers=headers)).status == 404


async def test_limits_and_errors_are_counted() -> None:
    async def too_many(_request: web.Request) -> web.Response:
        return web.Response(status=TooManyRequests.status)

    async def broken(_request: web.Request) -> web.Response:
        raise RuntimeError

    app = web.Application()
    counts = app[metrics.METRICS] = Metrics()
    app.middlewares.insert(0, metrics.measure)
    app.router.add_get("/trop/{qui}", too_many)
    app.router.add_get("/casse", broken)
    async with TestClient(TestServer(app)) as client:
        assert (await client.get("/trop/quelqu-un")).status == 429
        assert (await client.get("/casse")).status == 500
    kept = counts.registry.get_sample_value
    assert kept("allobot_limited_total", {"route": "/trop/{qui}"}) == 1
    failed = {"method": "GET", "route": "/casse", "status": "500"}
    assert kept("allobot_requests_total", failed) == 1
    assert kept("allobot_requests_in_flight") == 0


class Bot:
    """Answers what it is told to, or is down."""

    def __init__(self, *answers: list[RasaItem] | None) -> None:
        self.answers = list(answers)

    async def say(self, sender: str, message: str, metadata: Metadata) -> list[RasaItem]:
        answer = self.answers.pop(0)
        if answer is None:
            raise RasaUnavailable("time-out")
        return answer


async def test_messages_answers_and_failures_of_the_bot() -> None:
    counts = Metrics()
    card = [RasaItem(text="oui"), RasaItem(custom=CARD)]
    bot = MeasuredBot(
        Bot([RasaItem(text="bonjour")], card, [RasaItem(custom=DANGER)], None), counts
    )
    await bot.say("p", "/salutation", {})
    assert await bot.say("p", "mot de passe", {}) == card
    await bot.say("p", "il me frappe", {})
    with pytest.raises(RasaUnavailable):
        await bot.say("p", "allo", {})
    kept = counts.registry.get_sample_value
    assert kept("allobot_messages_total") == 3
    assert kept("allobot_answers_total", {"kind": "procedure"}) == 1
    assert kept("allobot_answers_total", {"kind": "danger"}) == 1
    assert kept("allobot_answers_total", {"kind": "autre"}) == 0
    assert kept("allobot_bot_errors_total") == 1
    assert kept("allobot_bot_seconds_count") == 4


def test_danger_is_the_kind_wherever_its_card_is() -> None:
    assert kind_of([RasaItem(custom=CARD), RasaItem(custom=DANGER)]) == "danger"
    person = {**CARD, "id": "parler_humain"}
    assert kind_of([RasaItem(custom=CARD), RasaItem(custom=person)]) == "personne"
    assert kind_of([RasaItem(custom=person), RasaItem(custom=DANGER)]) == "danger"
    assert kind_of([RasaItem(text="à bientôt")]) == "autre"
    assert kind_of([RasaItem(custom={"kind": "nom de quelqu'un"})]) == "autre"


def test_the_dashboard_asks_for_what_is_counted() -> None:
    """Every name in deploy/grafana/allobot.json is one that a process serves."""
    dashboard = json.loads((ROOT / "deploy/grafana/allobot.json").read_text())
    asked = {
        name
        for panel in dashboard["panels"]
        for target in panel.get("targets", ())
        for name in re.findall(r"allobot_[a-z_]+", target["expr"])
    }
    served = {
        name
        for family in Metrics().registry.collect()
        for name in (family.name, f"{family.name}_total", f"{family.name}_bucket")
    }
    for source in ("actions/metrics.py", "bot/metrics.py"):
        found = re.findall(r"allobot_[a-z_]+", (ROOT / source).read_text())
        served |= {
            name + end
            for name in found
            for end in ("", "_total", "_bucket", "_seconds_bucket", "_errors_total")
        }
    assert len(asked) >= 12
    assert asked <= served
    titles = [panel["title"] for panel in dashboard["panels"]]
    assert len(titles) == len(set(titles))
