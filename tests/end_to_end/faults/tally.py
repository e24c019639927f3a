"""What became of every message: what people saw, and what the stores hold."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from allobot.project import ROOT
from tests.end_to_end.faults.people import PEOPLE, Log, Rehearsal, Someone
from tests.end_to_end.fleet import Fleet

BEFORE = 5.0  # seconds of talk before the fault
AFTER = 7.0  # and once it is repaired
LONGEST = 15.0  # or after so long: a Rasa may take its time to start again, the other one answers
RECOVERY = 30.0  # seconds, at most
TABLE = ROOT / "var" / "faults.md"
HEAD = """\
| fault | sent | answered | told | twice | lost | recovery s | what the person saw |
|---|---|---|---|---|---|---|---|
"""


@dataclass
class Tally:
    """The counts of one fault.

    `unkept`: answered, and yet Rasa keeps nothing of it, so that the conversation forgot it.
    `heard`: told that it failed, and yet Rasa kept it.
    """

    fault: str
    sent: int = 0
    answered: int = 0
    told: int = 0
    twice: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    unkept: list[str] = field(default_factory=list)
    heard: int = 0
    astray: list[str] = field(default_factory=list)
    recovery: float = 0.0
    saw: str = ""

    def check(self) -> None:
        """Write the row, then assert what is promised."""
        self.write()
        assert not self.lost, self.lost
        assert self.answered + self.told == self.sent
        assert self.answered > 0
        assert not self.twice, self.twice
        assert not self.unkept, self.unkept
        assert not self.astray, self.astray
        assert self.recovery < RECOVERY

    def write(self) -> None:
        """Put the row into the table, in the place of the one of an earlier run."""
        cells = (
            *(self.fault, self.sent, self.answered, self.told, len(self.twice), len(self.lost)),
            *(f"{self.recovery:.1f}", self.saw),
        )
        write_row(self.fault, " | ".join(map(str, cells)))


def write_row(fault: str, cells: str) -> None:
    row = f"| {cells} |\n"
    lines = TABLE.read_text(encoding="utf-8").splitlines(keepends=True) if TABLE.exists() else []
    rows = [it for it in lines[2:] if not it.startswith(f"| {fault} |")]
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text(HEAD + "".join([*rows, row]), encoding="utf-8")
    print(f"\n{HEAD}{row}")


async def under(fleet: Fleet, expected: Rehearsal, fault: str, happen: Callable[[], None]) -> Tally:
    """Have people talk while something happens; `happen` returns when it is repaired.

    Returns once all is as before.
    """
    log = Log()
    people = [Someone(fleet.web, log, expected, number) for number in range(PEOPLE)]
    try:
        async with asyncio.TaskGroup() as group:
            for someone in people:
                group.create_task(someone.live())
            await asyncio.sleep(BEFORE)
            early, begun = list(log.bad), time.monotonic()
            repair = group.create_task(asyncio.to_thread(happen))
            await asyncio.wait({repair}, timeout=LONGEST)
            repaired = time.monotonic()
            await asyncio.sleep(AFTER)
            log.stop.set()
        assert not early, f"before the fault: {early[:3]}"
        talks = [await talk.history() for someone in people for talk in someone.talks]
    finally:
        for someone in people:
            for talk in someone.talks:
                await talk.close()
    return count(fault, log, talks, fleet.events(), begun, repaired)


def count(
    fault: str,
    log: Log,
    talks: list[list[dict[str, Any]]],
    events: list[dict[str, Any]],
    begun: float,
    repaired: float,
) -> Tally:
    fates = Counter(said.fate for said in log.said)
    heard = Counter(
        (event.get("metadata") or {}).get("message") for event in events if event["event"] == "user"
    )
    kept = dict(reply for talk in talks for reply in replies(talk))
    tally = Tally(fault, len(log.said), fates["answered"], fates["told"], astray=log.astray)
    for said in log.said:
        about = f"{said.text!r} ({said.fate}) at {said.sent - begun:+.1f} s"
        if said.fate == "lost":
            tally.lost.append(about)
        elif said.fate == "answered" and said.id not in kept:
            tally.lost.append(f"{about}: not in the history")
        if heard[said.id] > 1 or said.received not in ([], kept.get(said.id, said.received)):
            tally.twice.append(f"{about}: {heard[said.id]} in Rasa")
        if said.fate == "answered" and not heard[said.id]:
            tally.unkept.append(about)
        tally.heard += said.fate == "told" and heard[said.id]
    tally.recovery = recovery(log, begun)
    tally.saw = describe(log, tally, repaired - begun)
    return tally


def replies(talk: list[dict[str, Any]]) -> list[tuple[str, list[str]]]:
    """The id of each message of the person, with those of the bot until the next one."""
    found: list[tuple[str, list[str]]] = []
    for message in talk:
        if message["author"] == "person":
            found.append((message["id"], []))
        elif found:
            found[-1][1].append(message["id"])
    return found


def recovery(log: Log, begun: float) -> float:
    """Seconds from the fault to the first good answer after the last bad one; 0 without any."""
    if not log.bad:
        return 0.0
    last = max(when for when, _ in log.bad)
    good = [it.done for it in log.said if it.fate == "answered" and it.done > last]
    return min(good, default=float("inf")) - begun


def describe(log: Log, tally: Tally, seconds: float) -> str:
    """In a few words: what was shown in the place of answers, the slowest one, the forms."""
    shown = Counter(what for _, what in log.bad)
    slowest = max(it.done - it.sent for it in log.said)
    words = [f"{number} × {what}" for what, number in shown.most_common()] or ["nothing"]
    words.append(f"slowest answer {slowest:.1f} s")
    words.append(f"{log.forms} forms ended, {log.resumed} answers given again in one")
    if tally.heard:
        words.append(f"{tally.heard} heard though said to have failed")
    words.append(f"repaired in {seconds:.0f} s")
    return "; ".join(words)
