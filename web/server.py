"""The HTTP server under the application: how long a connection may wait, and what is unreadable.

aiohttp answers by itself what is not HTTP, before the application: in its own words, without our
headers, and with the address of the client in its log. Here it is answered as the rest is.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from allobot.settings import Settings
from web.app import make_app
from web.errors import GatewayError, InvalidRequest, error_response
from web.logs import LOGGER, AccessLog, describe
from web.security import HEADERS

# Seconds a connection has to deliver the headers of its next request. A proxy keeps its
# connections for reuse, 60 s as a rule: it must be the first to close, or a message is lost.
IDLE_SECONDS = 15.0
IDLE_BEHIND_PROXY = 75.0
SHUTDOWN_SECONDS = 15.0  # more than Rasa takes to answer the messages under way
UNREAD_SECONDS = 2.0  # to drain a body that was refused, so that the answer is read


class Connection(RequestHandler):
    """One connection."""

    __slots__ = ("_headers",)

    def __init__(self, *given: Any, headers: Mapping[str, str], **options: Any) -> None:
        """`headers` go with every answer made here."""
        super().__init__(*given, **options)
        self._headers = headers

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what never reached the application; `message` would repeat what was sent."""
        kind = InvalidRequest if 400 <= status < 500 else GatewayError
        reason = describe(exc) if exc else str(status)
        LOGGER.info("%s: %s", kind.code, reason)
        if request.writer.output_size > 0:
            raise ConnectionError
        response = error_response(kind)
        response.headers.update(self._headers)
        response.force_close()
        return response


class Server(web.Server):
    """Makes a Connection for each connection; the rest is aiohttp's."""

    def __init__(self, made: web.Server, options: Mapping[str, Any]) -> None:
        """Serve what `made` would have, with `options` for each connection."""
        super().__init__(made.request_handler, request_factory=made.request_factory)
        self._options = options

    def __call__(self) -> Connection:
        """Return the protocol of a new connection."""
        return Connection(self, loop=asyncio.get_running_loop(), **self._options)


class Runner(web.AppRunner):
    """Runs the gateway of these settings."""

    __slots__ = ("_options",)

    def __init__(self, settings: Settings) -> None:
        """Open nothing yet."""
        super().__init__(make_app(settings), shutdown_timeout=SHUTDOWN_SECONDS)
        self._options = {
            "access_log_class": AccessLog,
            "keepalive_timeout": IDLE_BEHIND_PROXY if settings.trusted_proxies else IDLE_SECONDS,
            "lingering_time": UNREAD_SECONDS,
            "headers": HEADERS,
        }

    async def _make_server(self) -> web.Server:
        return Server(await super()._make_server(), self._options)
