"""What Rasa counts, for Prometheus: GET /metrics on its own server, which only listens on loopback.

A channel of credentials.yml that carries no message: Rasa gives it a place in its server. The
counts are taken around three methods of Rasa's message processor (decision 0004: the version is
frozen). Written by hand: Rasa's environment has no Prometheus library.
"""

from __future__ import annotations

import functools
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Awaitable, Callable
from itertools import accumulate
from typing import Any

from rasa.core.channels.channel import InputChannel, UserMessage
from rasa.core.processor import MessageProcessor
from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
BANDS = frozenset(("repondre", "proposer", "incompris"))
OTHER = "aucune"  # a button, which needs no understanding

Method = Callable[..., Awaitable[Any]]


class Timed:
    """How often, how long, and how often in vain."""

    def __init__(self, name: str, help_text: str) -> None:
        self._name = name
        self._help = help_text
        self._counts = [0] * (len(SECONDS) + 1)
        self._sum = 0.0
        self._errors = 0

    def note(self, seconds: float, *, failed: bool) -> None:
        """Count one, and its failure."""
        self._counts[bisect_left(SECONDS, seconds)] += 1
        self._sum += seconds
        self._errors += failed

    def lines(self) -> list[str]:
        """The exposition format: a histogram, then a counter of errors."""
        name, total = self._name, sum(self._counts)
        bounds = (*map(str, SECONDS), "+Inf")
        buckets = zip(bounds, accumulate(self._counts), strict=True)
        return [
            f"# HELP {name}_seconds {self._help}",
            f"# TYPE {name}_seconds histogram",
            *(f'{name}_seconds_bucket{{le="{bound}"}} {count}' for bound, count in buckets),
            f"{name}_seconds_sum {self._sum:.6f}",
            f"{name}_seconds_count {total}",
            f"# HELP {name}_errors_total Failures.",
            f"# TYPE {name}_errors_total counter",
            f"{name}_errors_total {self._errors}",
        ]


class Metrics:
    """The counts of this server."""

    def __init__(self) -> None:
        self.messages = Timed("allobot_rasa_message", "Time a message takes, to its last action.")
        self.parses = Timed("allobot_rasa_parse", "Time it takes to understand a message.")
        self.saves = Timed("allobot_rasa_save", "Time it takes to keep the events of a message.")
        self.bands: Counter[str] = Counter()

    def text(self) -> str:
        """The page."""
        bands = [
            "# HELP allobot_rasa_bands_total Messages understood, by band.",
            "# TYPE allobot_rasa_bands_total counter",
            *(
                f'allobot_rasa_bands_total{{band="{band}"}} {self.bands[band]}'
                for band in sorted({*BANDS, OTHER})
            ),
        ]
        timed = (self.messages, self.parses, self.saves)
        return "\n".join([*(line for it in timed for line in it.lines()), *bands, ""])


METRICS = Metrics()


class MetricsChannel(InputChannel):
    """`bot.metrics.MetricsChannel: {}` in credentials.yml."""

    @classmethod
    def name(cls) -> str:
        return "metrics"

    def url_prefix(self) -> str:
        """Absolute: Rasa would put the page under /webhooks/."""
        return "/metrics"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> MetricsChannel:
        measure(METRICS)
        return cls()

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        page = Blueprint("allobot_metrics")

        @page.get("/")
        async def metrics(_request: Request) -> HTTPResponse:
            return response.text(METRICS.text(), content_type=CONTENT_TYPE)

        return page


def measure(metrics: Metrics) -> None:
    """Count in `metrics` what Rasa's processor does from now on; once, however often called."""

    def note_band(parsed: dict[str, Any]) -> None:
        band = parsed.get("bande")
        metrics.bands[band if band in BANDS else OTHER] += 1

    _wrap("handle_message", metrics.messages)
    _wrap("parse_message", metrics.parses, note_band)
    _wrap("save_tracker", metrics.saves)


def _wrap(name: str, timed: Timed, on_result: Callable[[Any], None] = lambda _result: None) -> None:
    method: Method = getattr(MessageProcessor, name)
    if hasattr(method, "__wrapped__"):
        return

    @functools.wraps(method)
    async def counted(*args: Any, **kwargs: Any) -> Any:
        begun, failed = time.perf_counter(), True
        try:
            result = await method(*args, **kwargs)
            failed = False
        finally:
            timed.note(time.perf_counter() - begun, failed=failed)
        on_result(result)
        return result

    setattr(MessageProcessor, name, counted)
