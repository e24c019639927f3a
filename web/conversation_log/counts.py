"""What is counted, by hour and by day. Pure.

Kinds and keys: `turn` and `conversation` (no key), `outcome` (its name), `subject` (an intent),
`thumb` ("1" useful, "0" not), `reason` (of a thumb down), `latency` (number of the class).
"""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from collections.abc import Mapping
from typing import Any

from allobot.settings import PARIS

Counts = Counter[tuple[str, str]]

TURN, CONVERSATION, OUTCOME, SUBJECT = "turn", "conversation", "outcome", "subject"
THUMB, REASON, LATENCY = "thumb", "reason", "latency"

# Intents of the dialogue itself: nobody asks about them.
DIALOGUE = frozenset(
    {
        *(
            "salutation",
            "remerciement",
            "au_revoir",
            "affirmer",
            "refuser",
            "arreter",
            "recommencer",
        ),
        *("corriger", "repondre", "robot", "capacites", "insulte", "effacer_conversation"),
        *("question_suivante", "plus_simple", "mon_territoire", "hors_sujet", "nlu_fallback"),
    }
)
STEP = math.log(1.1)  # each class of durations is 10 % wider than the one before
HOUR = 3600


def counts_of(turn: Mapping[str, Any]) -> Counts:
    """What a row of `log_turn` adds to the counts of its hour and of its day."""
    counts: Counts = Counter({(TURN, ""): 1, (OUTCOME, turn["outcome"]): 1})
    if turn["intent"] and turn["intent"] not in DIALOGUE:
        counts[SUBJECT, turn["intent"]] = 1
    if turn["feedback"] is not None:
        counts[THUMB, str(int(turn["feedback"]))] = 1
    if turn["feedback"] is False:
        counts.update((REASON, reason) for reason in turn["reasons"])
    duration = turn["gateway_ms"] if turn["gateway_ms"] is not None else turn["reply_ms"]
    if duration is not None:
        counts[LATENCY, str(latency_class(duration))] = 1
    return counts


def hour_of(at: dt.datetime) -> int:
    """Hours since 1970, in UTC."""
    return int(at.timestamp()) // HOUR


def day_of(at: dt.datetime) -> int:
    """Ordinal of the date in Paris."""
    return at.astimezone(PARIS).toordinal()


def latency_class(milliseconds: int) -> int:
    """The class of a duration: 0 below 1 ms."""
    return 0 if milliseconds < 1 else 1 + int(math.log(milliseconds) / STEP)


def latency_of(name: int) -> int:
    """The middle of a class, in milliseconds: at most 5 % away from any of its durations."""
    return 0 if name == 0 else round(math.exp((name - 0.5) * STEP))


def percentile(classes: Mapping[int, int], share: float) -> int | None:
    """Milliseconds within which that share of the durations is; None without any."""
    wanted = share * sum(classes.values())
    seen = 0
    for name in sorted(classes):
        seen += classes[name]
        if classes[name] > 0 and seen >= wanted:
            return latency_of(name)
    return None
