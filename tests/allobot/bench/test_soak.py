"""What a long run tells: slopes once settled, and latencies by fifths."""

import subprocess
import sys

import pytest

from allobot.bench.mix import Kind
from allobot.bench.people import Sample, Window
from allobot.bench.processes import Reading, Usage, open_files
from allobot.bench.soak import EVERY, Look, growths, parts, told

MB = 10**6


def looks(*megabytes: float, files: int = 10) -> list[Look]:
    return [
        Look(number * EVERY, {"rasa": round(size * MB)}, {"rasa": files + number})
        for number, size in enumerate(megabytes)
    ]


def said(planned: float, seconds: float = 0.25, error: str = "") -> Sample:
    return Sample(Kind.QUESTION, planned, planned, planned + seconds, error)


def reading(when: float) -> Reading:
    return Reading(when, {"rasa": Usage(0.0, 0, 0)}, 0.0, 0.0)


def test_the_slope_leaves_the_start_out() -> None:
    [rasa] = growths(looks(100, 500, 600, 600, 600, 600, 600, 600, 600))
    assert rasa.slope == pytest.approx(0)
    assert (rasa.rss_first, rasa.rss_last) == (600, 600)


def test_a_leak_shows_by_the_hour() -> None:
    [rasa] = growths(looks(*(600 + number for number in range(12))))
    assert rasa.slope == pytest.approx(3600 / EVERY)
    assert (rasa.files_first, rasa.files_last) == (14, 21)


def test_fifths_are_of_time_not_of_messages() -> None:
    samples = [said(t) for t in (0, 0.1, 0.2, 0.3, 5.5, 10)]
    assert [len(part) for part in parts(samples)] == [4, 1, 1]


def test_one_message_is_one_part() -> None:
    assert [len(part) for part in parts([said(3.0)])] == [1]


def test_the_report_gives_errors_where_they_came() -> None:
    samples = [said(float(t), error="no answer" if t > 90 else "") for t in range(100)]
    window = Window(samples, reading(0), reading(600), broken=False)
    text = told(window, looks(*[600] * 9), "abc1234")
    assert "100 messages, 9 errors" in text
    assert "during 10 minutes" in text
    assert "| 1 | 20 | 0 | 250 | 250 | 250 |" in text
    assert "| 5 | 20 | 9 | 250 | 250 | 250 |" in text
    assert "| rasa | 600.0 | 600.0 | +0.0 | 13 | 18 |" in text


def test_open_files_of_a_process_are_counted() -> None:
    script = "files = [open('/dev/null') for _ in range(70)]; print('', flush=True); input()"
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None
    try:
        process.stdout.readline()
        assert 73 <= open_files(process.pid) < 100, "the seventy, and those every process has"
    finally:
        process.communicate(b"\n", timeout=10)
    assert open_files(process.pid) == 0
