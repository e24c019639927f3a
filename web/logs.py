"""Logging that keeps nothing personal: no cookie, no body, no address, no text of an exception.

Every line is masked besides (allobot/masking/logs.py), for what slips through.
"""

import logging

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger

from allobot.masking.logs import describe, mask_logs

__all__ = ["LOGGER", "AccessLog", "describe", "log_to_stderr"]

LOGGER = logging.getLogger("allobot.web")
FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class AccessLog(AbstractAccessLogger):
    """One line for each request: method, route (not what was typed in its place), status, time."""

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        """Log a request answered in `time` seconds."""
        match = getattr(request, "match_info", None)
        resource = match.route.resource if match is not None else None
        route = resource.canonical if resource is not None else "-"
        self.logger.info("%s %s %d %.3fs", request.method, route, response.status, time)


def log_to_stderr() -> None:
    """Send every record of level INFO and above to stderr, masked whatever its logger."""
    mask_logs()
    logging.basicConfig(level=logging.INFO, format=FORMAT)
    logging.getLogger("alembic").setLevel(logging.WARNING)
