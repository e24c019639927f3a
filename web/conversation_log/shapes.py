"""What analysts ask of the log, and what it answers."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

Row = TypeVar("Row")


class BadCursor(ValueError):
    """The cursor is not one of ours."""


@dataclass(frozen=True)
class Filters:
    """What a list keeps; None keeps all. Dates are days in Paris, both included.

    `sujet`: an intent. `confiance_max`: from 0 to 1. `vus`: "non", or the state of the review
    ("vu", "plus_tard", "signale"). `pouce`: what the person thought. For conversations, `outcome`
    is that of the whole and the others those of one of its turns.
    """

    depuis: dt.date | None = None
    jusque: dt.date | None = None
    outcome: str | None = None
    sujet: str | None = None
    confiance_max: float | None = None
    caf: str | None = None
    tag: str | None = None
    texte: str | None = None
    vus: str | None = None
    pouce: bool | None = None


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Some rows, and the cursor of those that follow (None: no more)."""

    rows: list[Row]
    next: str | None


@dataclass(frozen=True)
class TurnRow:
    """A turn in a list. `at` is in UTC; `confidence` and `margin` from 0 to 1."""

    id: int
    conversation_id: str
    at: dt.datetime
    text: str
    intent: str | None
    confidence: float | None
    margin: float | None
    band: str | None
    outcome: str
    procedure: str | None
    caf: str | None
    feedback: bool | None
    reasons: list[str]
    reformulation: bool
    priority: float
    priority_reasons: list[str]
    etat: str | None
    tags: list[str]


@dataclass(frozen=True)
class Note:
    author: str
    at: dt.datetime
    text: str


@dataclass(frozen=True)
class Turn(TurnRow):
    """A turn with all that is known of it. `ranking`: [{"name", "confidence"}], best first.

    Durations in milliseconds: of Rasa after understanding, of the action, of the whole answer.
    """

    ranking: list[dict[str, Any]]
    entities: list[dict[str, Any]]
    policy: str | None
    action: str | None
    version: str | None
    answer: str
    reply_ms: int | None
    action_ms: int | None
    gateway_ms: int | None
    reviewer: str | None
    notes: list[Note]


@dataclass(frozen=True)
class QueueRow(Turn):
    """A turn to read; `mine`: the analyst who asks has claimed it."""

    mine: bool


@dataclass(frozen=True)
class ConversationRow:
    """A conversation in a list; `text`: what the person said first."""

    conversation_id: str
    started_at: dt.datetime
    last_at: dt.datetime
    turns: int
    channel: str
    caf: str | None
    falc: bool
    device: str | None
    outcome: str
    text: str


@dataclass(frozen=True)
class Conversation:
    """A conversation and its turns, in order."""

    conversation_id: str
    started_at: dt.datetime
    last_at: dt.datetime
    channel: str
    caf: str | None
    falc: bool
    device: str | None
    outcome: str
    turns: list[Turn]


@dataclass(frozen=True)
class Share:
    """How many of a kind, and their share from 0 to 1."""

    key: str
    n: int
    share: float


@dataclass(frozen=True)
class Subject:
    """A subject asked `n` times, `before` times in the period before; `rise`: n - before."""

    key: str
    n: int
    share: float
    before: int
    rise: int


@dataclass(frozen=True)
class DayPoint:
    day: dt.date
    turns: int
    conversations: int
    not_understood: int


@dataclass(frozen=True)
class HourPoint:
    """`hour`: its beginning, in Paris."""

    hour: dt.datetime
    turns: int


@dataclass(frozen=True)
class Latency:
    """Milliseconds within which 50, 95 and 99 % of the `n` answers came; None without any."""

    n: int
    p50: int | None
    p95: int | None
    p99: int | None


@dataclass(frozen=True)
class Dashboard:
    """The period from `depuis` to `jusque`, days in Paris, both included.

    `by_hour` is empty when it is longer than 7 days; `hours_of_day` has 24 numbers of turns.
    `not_understood` and `handed_over` (to a person or an appointment) are shares of the turns.
    """

    depuis: dt.date
    jusque: dt.date
    turns: int
    conversations: int
    not_understood: float
    handed_over: float
    by_day: list[DayPoint]
    by_hour: list[HourPoint]
    hours_of_day: list[int]
    outcomes: list[Share]
    subjects: list[Subject]
    rising: list[Subject]
    useful: int
    not_useful: int
    reasons: list[Share]
    latency: Latency
    waiting: int  # turns worth reading that nobody read
