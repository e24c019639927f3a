"""Logging that keeps nothing personal: no cookie, no body, no address, no text of an exception."""

import logging
import traceback
from pathlib import Path

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger

from web.masking import mask

LOGGER = logging.getLogger("allobot.web")
OWN_LOGGERS = ("allobot.web", "aiohttp.access", "aiohttp.server", "aiohttp.web", "asyncio")
FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class MaskingFilter(logging.Filter):
    """Masks personal data in a record and drops the text of its exception."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record in place; always let it through."""
        line = record.getMessage()
        error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
        if error is not None:
            line = f"{line} [{describe(error)}]"
        record.msg, record.args = mask(line).text, ()
        record.exc_info = record.exc_text = record.stack_info = None
        return True


class AccessLog(AbstractAccessLogger):
    """One line for each request: method, route (not what was typed in its place), status, time."""

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        """Log a request answered in `time` seconds."""
        match = getattr(request, "match_info", None)
        resource = match.route.resource if match is not None else None
        route = resource.canonical if resource is not None else "-"
        self.logger.info("%s %s %d %.3fs", request.method, route, response.status, time)


def describe(error: BaseException) -> str:
    """Return the types and places of an error and its causes, without their messages."""
    parts: list[str] = []
    current: BaseException | None = error
    while current is not None and len(parts) < 5:
        frames = traceback.extract_tb(current.__traceback__)[-3:]
        places = ", ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames)
        parts.append(f"{type(current).__name__} at {places or '?'}")
        current = current.__cause__ or current.__context__
    return " from ".join(parts)


def protect_loggers() -> None:
    """Put the masking filter on the gateway's loggers; harmless when called again."""
    for name in OWN_LOGGERS:
        logger = logging.getLogger(name)
        if not any(isinstance(known, MaskingFilter) for known in logger.filters):
            logger.addFilter(MaskingFilter())


def log_to_stderr() -> None:
    """Send every record of level INFO and above to stderr, masked whatever its logger."""
    handler = logging.StreamHandler()
    handler.addFilter(MaskingFilter())
    logging.basicConfig(level=logging.INFO, format=FORMAT, handlers=[handler])
    logging.getLogger("alembic").setLevel(logging.WARNING)
