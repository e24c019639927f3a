"""A million turns on SQLite: each view answers in under 300 ms."""

import datetime as dt
import time
from pathlib import Path

import pytest
from sqlalchemy import select

from allobot.database import make_engine, upgrade
from web.conversation_log.bench import LIMIT, measure, plans
from web.conversation_log.demo import make
from web.conversation_log.models import LogTurnRow

TURNS = 1_000_000
UNTIL = dt.date(2026, 11, 20)
CALLS = 20


def test_a_million_turns(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = f"sqlite:///{tmp_path / 'million.sqlite'}"
    upgrade(url)
    engine = make_engine(url)
    start = time.perf_counter()
    make(engine, TURNS, 1, UNTIL)
    made_in = time.perf_counter() - start
    with engine.connect() as connection:
        newest = connection.execute(select(LogTurnRow.id).order_by(LogTurnRow.id.desc()).limit(1))
        assert newest.scalar() == TURNS
    measures = measure(engine)
    with capsys.disabled():
        print(f"\n{TURNS} turns made in {made_in:.0f} s")
        for it in measures:
            p95, worst = it.p95 * 1000, it.worst * 1000
            print(f"{it.view:28} {it.calls:4} calls   p95 {p95:6.1f} ms   worst {worst:6.1f} ms")
    assert all(it.calls >= CALLS for it in measures)
    assert [it.view for it in measures if it.p95 >= LIMIT] == []
    # No list walks through the turns without an index.
    scans = [
        (view, line)
        for view, _, lines in plans(engine)
        for line in lines
        if line == "SCAN log_turn"
    ]
    assert scans == []
    engine.dispose()
