"""Results of a run that never took place, in round figures."""

from __future__ import annotations

from typing import Any

from allobot.bench.results import (
    Latency,
    Machine,
    Results,
    SideResults,
    Stage,
    Start,
    Understanding,
)

QUIET = Machine(
    cores=2, cpu="A <CPU>", memory_gb=8, system="Linux", python="3.11.7", load_before=0.1
)


def a_stage(**given: Any) -> Stage:
    """One person, ten messages a second, 20 ms of CPU each; `given` fields win."""
    usual: dict[str, Any] = {
        "people": 1,
        "seconds": 10.0,
        "messages": 100,
        "per_second": 10.0,
        "kinds": {"opening": 10, "question": 54, "form": 22, "small talk": 9, "out of scope": 5},
        "errors": {},
        "latency": Latency(p50=10, p95=20, p99=30, worst=40),
        "cpu_ms": {"actions": 5.0, "rasa": 15.0},
        "load_cpu_ms": 1.0,
        "others": 0.01,
        "late_ms": 0.0,
        "rss_mb": {"actions": 100.0, "rasa": 900.0},
        "forms": 3,
        "forms_ended": 3,
        "broken": False,
    }
    return Stage(**{**usual, **given})


def a_side(name: str, **given: Any) -> SideResults:
    usual: dict[str, Any] = {
        "name": name,
        "date": "2026-11-21T20:00:00+00:00",
        "commit": "abc1234",
        "messages_heard": "x",
        "starts": [Start(ready={"actions": 1.0, "rasa": 9.0}, first_answer=11.0)],
        "stages": [a_stage(people=1), a_stage(people=8), a_stage(people=None, rate=20.0)],
        "short": a_stage(messages=220),
        "long": a_stage(messages=201, cpu_ms={"actions": 10.0, "rasa": 40.0}),
        "rss_ready_mb": {"actions": 90.0, "rasa": 800.0},
        "rss_peak_mb": {"actions": 110.0, "rasa": 950.0},
        "understanding": Understanding(
            inside=200,
            first=0.8,
            top3=0.9,
            outside=20,
            kept_out=0.7,
            wrong_unasked=0.05,
            cpu_ms=5.0,
            p50_ms=5.0,
        ),
    }
    return SideResults(**{**usual, **given})


def results(stock: SideResults | None, *, quick: bool = False, **ours: Any) -> Results:
    return Results(
        date="2026-11-21T20:00:00+00:00",
        commit="abc1234",
        quick=quick,
        machine=QUIET,
        allobot=a_side("allobot", **ours),
        stock=stock,
    )
