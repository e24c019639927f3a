"""How much may be asked, per conversation and per client address (docs/decisions/0012-limits.md).

Counts live in this process, or in Redis when several gateways share them. Neither an address nor
the id of a conversation is kept: only a keyed hash of it, for an hour at most.
"""

import asyncio
import hashlib
import hmac
import math
import time
from collections.abc import Iterator
from ipaddress import IPv6Address, ip_network

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler
from limits import RateLimitItem, parse_many
from limits.aio.storage import RedisStorage
from limits.aio.strategies import FixedWindowRateLimiter
from limits.errors import StorageError

from allobot.settings import Settings
from web.counts import Counts
from web.errors import TooManyRequests
from web.keys import SESSIONS, SETTINGS
from web.logs import LOGGER, describe
from web.proxies import Address, client_address, is_undeclared_proxy

PURPOSE = b"allobot.web.limits"  # a key of our own, made from the one that signs cookies
SHARED_SECONDS = 0.5  # Redis has this long to answer
PAUSE_SECONDS = 30.0  # after a failure, Redis is left alone this long
IPV6_SITE = 64  # bits: one subscriber, who can use any address under them

API = "/api/"
PER_CONVERSATION = {
    "/api/conversation/messages": "messages",
    "/api/conversation/coordonnees": "messages",
    "/api/conversation/feedback": "feedback",
}


class Limits:
    """Counts hits under names; each name has its limits, such as "30/minute;300/hour"."""

    def __init__(self, settings: Settings, key: str) -> None:
        """Connect to nothing yet; `key` is the signing key."""
        self._key = hmac.digest(key.encode(), PURPOSE, "sha256")
        self._items = {
            "requests": parse_many(settings.limit_requests),
            "openings": parse_many(settings.limit_openings),
            "messages": parse_many(settings.limit_messages),
            "feedback": parse_many(settings.limit_feedback),
            "estimates": parse_many(settings.limit_estimates),
            "pages": parse_many(settings.limit_pages),
            "codes": parse_many(settings.limit_codes),
            "signins": parse_many(settings.limit_signins),
        }
        self._local = FixedWindowRateLimiter(Counts())
        self._redis = _redis(settings)
        self._shared = FixedWindowRateLimiter(self._redis) if self._redis else None
        self._shared_again = 0.0  # on the monotonic clock
        self._trusted = settings.trusted_proxies
        self._warned = False

    async def hit(self, name: str, who: str) -> None:
        """Count one; raise TooManyRequests when it is one too many."""
        pseudonym = self._pseudonym(f"{name} {who}")
        for item in self._items[name]:
            seconds = await self._count(item, name, pseudonym)
            if seconds:
                raise TooManyRequests(seconds)

    def warn_of_proxy(self, request: web.Request) -> None:
        """Warn, once, when a proxy seems not to be declared: all its clients count as one."""
        if not self._warned and is_undeclared_proxy(request, self._trusted):
            self._warned = True
            LOGGER.warning("X-Forwarded-For ignored: set ALLOBOT_TRUSTED_PROXIES if it is a proxy")

    async def close(self, _app: web.Application) -> None:
        """Signal `on_cleanup`: leave Redis."""
        if self._redis is not None:
            client = self._redis.bridge.get_connection()  # type: ignore[attr-defined]
            await client.aclose()

    async def _count(self, item: RateLimitItem, *key: str) -> int:
        """Count one hit; return the seconds to wait, 0 when it is within the limit.

        Without Redis the count goes on here: too generous when several gateways run, but nobody
        is refused because a service of ours is down.
        """
        if self._shared is not None and time.monotonic() >= self._shared_again:
            try:
                async with asyncio.timeout(SHARED_SECONDS):
                    return await _hit(self._shared, item, *key)
            except (StorageError, TimeoutError, OSError) as error:
                self._shared_again = time.monotonic() + PAUSE_SECONDS
                LOGGER.warning("Redis is down, limits are counted here: %s", describe(error))
        return await _hit(self._local, item, *key)

    def _pseudonym(self, who: str) -> str:
        return hmac.new(self._key, who.encode(), hashlib.sha256).hexdigest()[:32]


LIMITS = web.AppKey("limits", Limits)


@web.middleware
async def limit(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Count the requests of the API, before anything of them is read.

    Erasing is never refused: it is also the quick exit of a person in danger.
    """
    resource = request.match_info.route.resource
    path = resource.canonical if resource is not None else ""
    if path.startswith(API) and request.method != hdrs.METH_DELETE:
        request.app[LIMITS].warn_of_proxy(request)
        for name, who in _counted(request, path):
            await request.app[LIMITS].hit(name, who)
    return await handler(request)


async def limit_client(request: web.Request, name: str) -> None:
    """Count one more of `name` for who asks. Raises TooManyRequests."""
    client = client_of(request)
    if client is not None:
        await request.app[LIMITS].hit(name, client)


def _counted(request: web.Request, path: str) -> Iterator[tuple[str, str]]:
    """Yield what a request of the API counts as, and for whom."""
    client = client_of(request)
    if client is not None:
        yield "requests", client
        if path.startswith("/api/eligibility/"):
            yield "estimates", client
    name = PER_CONVERSATION.get(path)
    conversation_id = request.app[SESSIONS].read(request) if name else None
    if name and conversation_id:
        yield name, conversation_id


def client_of(request: web.Request) -> str | None:
    """Return what is counted as one client; None for this very machine, in development."""
    settings = request.app[SETTINGS]
    address = client_address(request, settings.trusted_proxies)
    if address is not None and address.is_loopback and not settings.production:
        return None
    return _site(address)


def _site(address: Address | None) -> str:
    """Return an IPv4 address, or the /64 of an IPv6 one."""
    if isinstance(address, IPv6Address):
        return str(ip_network((int(address), IPV6_SITE), strict=False))
    return str(address)


def _redis(settings: Settings) -> RedisStorage | None:
    if settings.limits_url is None:
        return None
    return RedisStorage(
        f"async+{settings.limits_url.get_secret_value()}",
        wrap_exceptions=True,
        implementation="redispy",
        key_prefix="allobot",
        socket_connect_timeout=SHARED_SECONDS,
        socket_timeout=SHARED_SECONDS,
    )


async def _hit(limiter: FixedWindowRateLimiter, item: RateLimitItem, *key: str) -> int:
    if await limiter.hit(item, *key):
        return 0
    window = await limiter.get_window_stats(item, *key)
    return max(1, math.ceil(window.reset_time - time.time()))
