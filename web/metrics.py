"""What the gateway counts, for Prometheus: GET /metrics.

No label names a person, a conversation or words: routes, statuses and kinds of answers only. The
figures are for whoever runs the site: they are given to this very machine when nobody forwards for
another, or to who bears the token, when there is one; to others the page does not exist.
"""

import asyncio
import hmac
import time
from collections.abc import Sequence
from ipaddress import ip_address

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from web.conversations.service import Bot
from web.errors import NotFound, RasaUnavailable, StoreUnavailable
from web.keys import STORE
from web.rasa_client import Metadata, RasaItem

PATH = "/metrics"
PING_SECONDS = 2.0
SECONDS = (0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0, 10.0)
# Written by proxies: whoever asks through one is not on this machine.
FORWARDED = ("X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Forwarded")
OURSELVES = frozenset(("localhost", "127.0.0.1", "[::1]"))
GREETING = "/salutation"
KINDS = frozenset(("danger", "procedure", "decision"))
PERSON = "personne"  # the answer says how to reach somebody
HAND_OVER = "parler_humain"  # … which is this procedure
OTHER = "autre"
UNKNOWN = "inconnue"  # an address that is none of ours


class Metrics:
    """The counts of one gateway."""

    def __init__(self, token: str | None = None) -> None:
        """Begin at zero; `token` opens the page from another machine."""
        self.token = token
        self.registry = CollectorRegistry()
        self.messages = Counter(
            "allobot_messages", "Messages said to the bot.", registry=self.registry
        )
        self.answers = Counter(
            "allobot_answers", "Answers of the bot, by kind.", ["kind"], registry=self.registry
        )
        self.bot_errors = Counter(
            "allobot_bot_errors", "Messages that Rasa did not answer.", registry=self.registry
        )
        self.bot_seconds = Histogram(
            "allobot_bot_seconds", "Time Rasa takes.", buckets=SECONDS, registry=self.registry
        )
        self.requests = Counter(
            "allobot_requests", "Requests.", ["method", "route", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "allobot_request_seconds",
            "Time a request takes.",
            ["route"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self.in_flight = Gauge(
            "allobot_requests_in_flight", "Requests under way.", registry=self.registry
        )
        self.limited = Counter(
            "allobot_limited", "Requests refused: one too many.", ["route"], registry=self.registry
        )
        self.database_up = Gauge(
            "allobot_database_up", "Whether the database answers.", registry=self.registry
        )
        self.database_seconds = Gauge(
            "allobot_database_ping_seconds", "Time it takes to.", registry=self.registry
        )
        for kind in (*sorted(KINDS), PERSON, OTHER):
            self.answers.labels(kind)


METRICS = web.AppKey("metrics", Metrics)

routes = web.RouteTableDef()


def setup(app: web.Application, token: str | None = None) -> None:
    """Count what the application answers, and serve the counts.

    To be called last: `measure` goes around every middleware there is.
    """
    app[METRICS] = Metrics(token)
    app.middlewares.insert(0, measure)
    app.add_routes(routes)


class MeasuredBot:
    """A bot whose messages, answers and failures are counted."""

    def __init__(self, bot: Bot, metrics: Metrics) -> None:
        """Ask `bot`."""
        self._bot = bot
        self._metrics = metrics

    async def say(self, sender: str, message: str, metadata: Metadata) -> list[RasaItem]:
        """Return the answer to a message; raises RasaUnavailable."""
        begun = time.perf_counter()
        try:
            answer = await self._bot.say(sender, message, metadata)
        except RasaUnavailable:
            self._metrics.bot_errors.inc()
            raise
        finally:
            self._metrics.bot_seconds.observe(time.perf_counter() - begun)
            if message != GREETING:
                self._metrics.messages.inc()
        if message != GREETING:
            self._metrics.answers.labels(kind_of(answer)).inc()
        return answer


def kind_of(answer: Sequence[RasaItem]) -> str:
    """Return the kind of an answer's first card; danger wins wherever it is, then a person."""
    cards = [item.custom for item in answer if isinstance(item.custom, dict)]
    kinds = [str(card.get("kind")) for card in cards]
    if "danger" in kinds:
        return "danger"
    if any(card.get("id") == HAND_OVER for card in cards):
        return PERSON
    return next((kind for kind in kinds if kind in KINDS), OTHER)


@web.middleware
async def measure(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Count a request; stands around every other middleware, whose statuses are final."""
    metrics, route = request.app[METRICS], _route(request)
    begun = time.perf_counter()
    status = 500
    metrics.in_flight.inc()
    try:
        response = await handler(request)
        status = response.status
        return response
    except web.HTTPException as error:
        status = error.status
        raise
    finally:
        metrics.in_flight.dec()
        metrics.seconds.labels(route).observe(time.perf_counter() - begun)
        metrics.requests.labels(_method(request), route, str(status)).inc()
        if status == 429:
            metrics.limited.labels(route).inc()


@routes.get(PATH)
async def show(request: web.Request) -> web.Response:
    """Give the counts to who may read them. Raises NotFound for others."""
    metrics = request.app[METRICS]
    if not (_is_here(request) or _bears(request, metrics.token)):
        raise NotFound
    await _ping(request, metrics)
    return web.Response(
        body=generate_latest(metrics.registry), headers={hdrs.CONTENT_TYPE: CONTENT_TYPE_LATEST}
    )


async def _ping(request: web.Request, metrics: Metrics) -> None:
    begun = time.perf_counter()
    try:
        await asyncio.wait_for(request.app[STORE].ping(), PING_SECONDS)
        metrics.database_up.set(1)
    except (StoreUnavailable, TimeoutError):
        metrics.database_up.set(0)
    metrics.database_seconds.set(time.perf_counter() - begun)


def _is_here(request: web.Request) -> bool:
    """Tell whether this machine asks for itself: no proxy between, and by its own name."""
    try:
        near = ip_address(request.remote or "").is_loopback
    except ValueError:
        return False
    forwarded = any(name in request.headers for name in (*FORWARDED, hdrs.VIA))
    host = request.host.rpartition(":")[0] if request.host.count(":") == 1 else request.host
    host = request.host[: request.host.find("]") + 1] if request.host.startswith("[") else host
    return near and not forwarded and host in OURSELVES


def _bears(request: web.Request, token: str | None) -> bool:
    given = request.headers.get(hdrs.AUTHORIZATION, "")
    return bool(token) and hmac.compare_digest(given.encode(), f"Bearer {token}".encode())


def _route(request: web.Request) -> str:
    """Return the pattern of an address, never the address itself: it may name a conversation."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else UNKNOWN


def _method(request: web.Request) -> str:
    return request.method if request.method in hdrs.METH_ALL else "AUTRE"
