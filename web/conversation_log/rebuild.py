"""Reads everything again: the log becomes what Rasa's events say."""

from __future__ import annotations

from collections.abc import Callable

from web.conversation_log.tail import Tail


def rebuild(tail: Tail, on_batch: Callable[[int], None] = lambda _: None) -> int:
    """Bring every row to what the events say now; return how many conversations were removed.

    Turns keep their ids, hence their reviews; the counts move with what changed. Safe while the
    gateway runs: both go on from the same cursor. `on_batch` is told how many events each time.
    """
    tail.restart()
    tail.run(on_batch)
    return tail.forget_missing()
