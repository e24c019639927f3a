"""What the action server counts, for Prometheus: GET /metrics, on loopback like the rest of it."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from rasa_sdk.executor import ActionExecutor, ActionExecutorRunResult, CollectingDispatcher
from sanic import Request, Sanic
from sanic.response import HTTPResponse, raw

PATH = "/metrics"
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0)
FAILURE = "utter_erreur_technique"  # what an action says in the place of an error
UNKNOWN = "inconnue"


class MeasuredExecutor(ActionExecutor):
    """Runs the actions and counts them, by name."""

    def __init__(self) -> None:
        super().__init__()
        self.metrics = CollectorRegistry()
        self._runs = Counter(
            "allobot_action_runs", "Actions run.", ["action"], registry=self.metrics
        )
        self._errors = Counter(
            "allobot_action_errors", "Actions that failed.", ["action"], registry=self.metrics
        )
        self._seconds = Histogram(
            "allobot_action_seconds",
            "Time an action takes.",
            ["action"],
            buckets=SECONDS,
            registry=self.metrics,
        )
        self._in_flight = Gauge(
            "allobot_actions_in_flight", "Actions under way.", registry=self.metrics
        )

    async def run(
        self,
        action_call: dict[str, Any],
        sink: asyncio.Queue[Any] | None = None,
        dispatcher: CollectingDispatcher | None = None,
    ) -> ActionExecutorRunResult | None:
        asked = action_call.get("next_action")
        name = asked if asked in self.actions else UNKNOWN
        begun = time.perf_counter()
        failed = True
        self._in_flight.inc()
        try:
            result = await super().run(action_call, sink, dispatcher)
            failed = result is not None and _says_failure(result)
            return result
        finally:
            self._in_flight.dec()
            self._seconds.labels(name).observe(time.perf_counter() - begun)
            self._runs.labels(name).inc()
            if failed:
                self._errors.labels(name).inc()

    def update_and_return_domain(
        self, payload: dict[str, Any], action_name: str
    ) -> dict[str, Any] | None:
        """Nothing when Rasa did not send it (`enable_selective_domain`): no action reads it."""
        return payload.get("domain")


def add_metrics(app: Sanic[Any, Any], executor: MeasuredExecutor) -> None:
    """Serve the counts of `executor`."""

    @app.get(PATH)
    async def metrics(_request: Request) -> HTTPResponse:
        return raw(generate_latest(executor.metrics), content_type=CONTENT_TYPE_LATEST)


def _says_failure(result: ActionExecutorRunResult) -> bool:
    return any(response.get("response") == FAILURE for response in result.responses)
