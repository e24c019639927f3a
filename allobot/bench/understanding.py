"""`python -m allobot.bench.understanding`, in Rasa's environment: what a model understands.

The same count for any model: the first subject of its ranking, and whether it would answer at
once. Ours says so in `bande`; a stock model by not falling back. Prints one line of JSON last.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import sys
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Any

ELSEWHERE, FALLBACK = "hors_sujet", "nlu_fallback"
BAND, ANSWER = "bande", "repondre"  # as bot.classifier writes them
TOP = 3


@dataclass(frozen=True)
class Heard:
    """A question, its subject, and what a model made of it; times in milliseconds."""

    label: str
    ranking: Sequence[str]
    answered: bool
    cpu_ms: float = 0.0
    wall_ms: float = 0.0

    @property
    def right(self) -> bool:
        return bool(self.ranking) and self.ranking[0] == self.label


def heard(label: str, parsed: dict[str, Any], cpu_ms: float = 0.0, wall_ms: float = 0.0) -> Heard:
    """Read what a model made of a question."""
    ranking = [i["name"] for i in parsed.get("intent_ranking") or [] if i["name"] != FALLBACK]
    falls_back = parsed["intent"]["name"] in (None, FALLBACK)
    answered = parsed[BAND] == ANSWER if parsed.get(BAND) else not falls_back
    return Heard(label, ranking[:TOP], answered, cpu_ms, wall_ms)


def summary(questions: Sequence[Heard]) -> dict[str, float]:
    """The fields of allobot.bench.results.Understanding."""
    inside = [one for one in questions if one.label != ELSEWHERE]
    outside = [one for one in questions if one.label == ELSEWHERE]
    return {
        "inside": len(inside),
        "first": _share([one.right for one in inside]),
        "top3": _share([one.label in one.ranking for one in inside]),
        "outside": len(outside),
        "kept_out": _share([one.right or not one.answered for one in outside]),
        "wrong_unasked": _share([one.answered and not one.right for one in questions]),
        "cpu_ms": sum(one.cpu_ms for one in questions) / max(len(questions), 1),
        "p50_ms": median(one.wall_ms for one in questions) if questions else 0.0,
    }


def _share(outcomes: Sequence[bool]) -> float:
    return sum(outcomes) / len(outcomes) if outcomes else 0.0


async def _hear(model: Path, questions: Sequence[tuple[str, str]]) -> list[Heard]:
    from rasa.core.agent import Agent

    agent = Agent.load(str(model))
    await agent.parse_message(questions[0][1])  # the first is always slow
    return [await _hear_one(agent, label, text) for label, text in questions]


async def _hear_one(agent: Any, label: str, text: str) -> Heard:
    cpu, wall = time.process_time(), time.perf_counter()
    parsed = await agent.parse_message(text)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return heard(label, parsed, 1000 * cpu, 1000 * wall)


def main(arguments: Sequence[str] | None = None) -> None:
    # Only Rasa's environment has these.
    structlog, yaml = import_module("structlog"), import_module("yaml")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--held-out", type=Path, required=True)
    options = parser.parse_args(arguments)
    logging.disable(logging.WARNING)  # Rasa's log would quote the questions
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    by_subject = yaml.safe_load(options.held_out.read_text(encoding="utf-8"))
    questions = [(label, text) for label, texts in by_subject.items() for text in texts]
    found = summary(asyncio.run(_hear(options.model, questions)))
    print(json.dumps(found), file=sys.stdout, flush=True)


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    warnings.simplefilter("ignore")
    main()
