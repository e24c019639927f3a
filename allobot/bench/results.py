"""What a run found, as it is kept in JSON. Times in seconds or milliseconds, as the names say."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ConfigDict

from allobot.bench.mix import Kind
from allobot.bench.people import Sample, Window
from allobot.bench.processes import spent

QUIET = 0.10  # cores that others may use before a measure is called disturbed
MB = 1e6


class Kept(BaseModel):
    """What is read back from a file of another run must fit too."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Latency(Kept):
    """Of answered messages, in milliseconds."""

    p50: float
    p95: float
    p99: float
    worst: float


class Stage(Kept):
    """One measure under load.

    `people` is the closed model, `rate` (messages a second) the open one. `cpu_ms` is what each
    process spent for one message, `load_cpu_ms` what the load itself did; `others` is in cores.
    `late_ms` is the p99 of how late the load sent its messages.
    """

    people: int | None = None
    rate: float | None = None
    seconds: float
    messages: int
    per_second: float
    kinds: dict[str, int]
    errors: dict[str, int]
    latency: Latency | None
    cpu_ms: dict[str, float]
    load_cpu_ms: float
    others: float
    late_ms: float
    rss_mb: dict[str, float]
    forms: int
    forms_ended: int
    broken: bool

    @property
    def total_cpu_ms(self) -> float:
        return sum(self.cpu_ms.values())

    @property
    def failed(self) -> int:
        return sum(self.errors.values())

    @property
    def disturbed(self) -> bool:
        """Something else took part of the machine."""
        return self.others > QUIET


class Start(Kept):
    """One start: seconds from no process at all until each was ready, looked at in order.

    `first_answer` is from no process at all to the first answer to a question.
    """

    ready: dict[str, float]
    first_answer: float

    @property
    def total(self) -> float:
        return max(self.ready.values())


class Understanding(Kept):
    """On held_out.yml; shares are from 0 to 1, `cpu_ms` and `p50_ms` are of one parse."""

    inside: int
    first: float
    top3: float
    outside: int
    kept_out: float
    wrong_unasked: float
    cpu_ms: float
    p50_ms: float


class SideResults(Kept):
    """All that was found of one side; `date` (ISO) and `commit` are those of its measure."""

    name: str
    date: str
    commit: str
    messages_heard: str
    starts: list[Start]
    stages: list[Stage]
    short: Stage
    long: Stage
    rss_ready_mb: dict[str, float]
    rss_peak_mb: dict[str, float]
    understanding: Understanding
    epochs: int | None = None  # that stock Rasa learnt in, when not those it ships with

    def stage(self, people: int | None = None, rate: float | None = None) -> Stage | None:
        found = (s for s in self.stages if (s.people, s.rate) == (people, rate))
        return next(found, None)

    @property
    def start(self) -> Start:
        """The median start, by its first answer."""
        return sorted(self.starts, key=lambda one: one.first_answer)[(len(self.starts) - 1) // 2]


class Machine(Kept):
    """Where it was measured."""

    cores: int
    cpu: str
    memory_gb: float
    system: str
    python: str
    load_before: float


class Results(Kept):
    """A run; `stock` is None when it was never measured on this machine with these messages."""

    date: str
    commit: str
    quick: bool
    machine: Machine
    allobot: SideResults
    stock: SideResults | None


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of them do not exceed (nearest rank).

    Raises ValueError on no value, or on a share outside ]0, 1].
    """
    if not values or not 0 < share <= 1:
        raise ValueError("a percentile needs values, and a share within ]0, 1]")
    return sorted(values)[math.ceil(share * len(values)) - 1]


def latency(samples: Sequence[Sample]) -> Latency | None:
    """Of the answered ones; None when none was."""
    taken = [1000 * sample.latency for sample in samples if not sample.error]
    if not taken:
        return None
    p50, p95, p99 = (percentile(taken, share) for share in (0.50, 0.95, 0.99))
    return Latency(p50=p50, p95=p95, p99=p99, worst=max(taken))


def stage(window: Window, *, people: int | None = None, rate: float | None = None) -> Stage:
    """Sum up a window. Closed model: the messages answered in it; open: those planned in it."""
    cost = spent(window.before, window.after)
    done = window.done()
    counted = done if rate is None else window.planned()
    answered = [sample for sample in done if not sample.error]
    each = 1000 / max(len(answered), 1)
    ended = [sample.ended for sample in counted if sample.ended is not None]
    late = [1000 * (sample.sent - sample.planned) for sample in counted]
    return Stage(
        people=people,
        rate=rate,
        seconds=cost.seconds,
        messages=len(counted),
        per_second=len(answered) / cost.seconds,
        kinds=_counts([sample.kind for sample in counted]),
        errors=_counts([sample.error for sample in counted if sample.error]),
        latency=latency(counted),
        cpu_ms={name: seconds * each for name, seconds in cost.services.items()},
        load_cpu_ms=cost.load * each,
        others=cost.others / cost.seconds,
        late_ms=percentile(late, 0.99) if late else 0.0,
        rss_mb={name: used.rss / MB for name, used in window.after.services.items()},
        forms=len(ended),
        forms_ended=sum(ended),
        broken=window.broken,
    )


def shares(one: Stage) -> Mapping[str, float]:
    """The share of each kind among the messages of people, openings left out."""
    said = {kind: count for kind, count in one.kinds.items() if kind != Kind.OPENING}
    total = sum(said.values()) or 1
    return {kind: count / total for kind, count in said.items()}


def _counts(names: Sequence[str]) -> dict[str, int]:
    return dict(sorted(Counter(map(str, names)).items()))
