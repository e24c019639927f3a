"""What /proc says of processes, on a /proc of our own and on the real one."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from allobot.bench.processes import Meter, Reading, Usage, machine_cpu, spent, usage
from allobot.commands import start_group, stop_group

TICKS = os.sysconf("SC_CLK_TCK")
BURN = "import time\nend = time.process_time() + 0.3\nwhile time.process_time() < end: pass\n"
WORK = f"import subprocess, sys\n{BURN}subprocess.run([sys.executable, '-c', {BURN!r}])\n"
WAIT = "print('done', flush=True)\nimport time\ntime.sleep(60)\n"


def process(
    proc: Path, pid: int, session: int, *, ticks: tuple[int, ...], rss: int, name: str = "python"
) -> None:
    """Write what Linux shows of a process: times in ticks, `rss` in kB, its peak twice that."""
    folder = proc / str(pid)
    folder.mkdir(parents=True)
    before = f"S 1 {pid} {session} 0 -1 4194304 120 0 0 0"
    after = "20 0 1 0 299822 3133440 410"
    times = " ".join(map(str, ticks))
    (folder / "stat").write_text(f"{pid} ({name}) {before} {times} {after}\n")
    (folder / "status").write_text(f"Name:\t{name}\nVmHWM:\t{2 * rss} kB\nVmRSS:\t{rss} kB\n")


def test_a_service_is_all_the_processes_of_its_session(tmp_path: Path) -> None:
    process(tmp_path, 100, 100, ticks=(50, 25, 10, 5), rss=1000)
    process(tmp_path, 101, 100, ticks=(20, 0, 0, 0), rss=500)
    process(tmp_path, 200, 200, ticks=(900, 900, 900, 900), rss=9000)
    (tmp_path / "meminfo").write_text("MemTotal: 1 kB\n")
    assert usage(100, tmp_path) == Usage(
        cpu=pytest.approx((50 + 25 + 10 + 5 + 20) / TICKS),  # type: ignore[arg-type]
        rss=1500 * 1024,
        peak=3000 * 1024,
    )


@pytest.mark.parametrize("name", ["a b", "x) S 1 (", "((("])
def test_the_name_of_a_program_does_not_matter(tmp_path: Path, name: str) -> None:
    process(tmp_path, 7, 7, ticks=(3, 4, 0, 0), rss=1, name=name)
    assert usage(7, tmp_path).cpu == pytest.approx(7 / TICKS)


def test_a_process_that_has_just_ended_counts_for_nothing(tmp_path: Path) -> None:
    (tmp_path / "42").mkdir()
    assert usage(42, tmp_path) == Usage(0.0, 0, 0)


def test_the_machine_is_busy_but_when_it_waits(tmp_path: Path) -> None:
    # user nice system idle iowait irq softirq steal guest guest_nice
    (tmp_path / "stat").write_text("cpu  10 20 30 4000 5000 1 2 3 7 8\ncpu0 1 1 1 1 1 1 1 1 1 1\n")
    assert machine_cpu(tmp_path) == pytest.approx((10 + 20 + 30 + 1 + 2 + 3) / TICKS)


def test_what_others_spent_is_what_is_left() -> None:
    before = Reading(10.0, {"rasa": Usage(5.0, 0, 0), "web": Usage(1.0, 0, 0)}, 2.0, 100.0)
    after = Reading(14.0, {"rasa": Usage(7.5, 0, 0), "web": Usage(1.5, 0, 0)}, 2.25, 104.0)
    cost = spent(before, after)
    assert cost.seconds == pytest.approx(4.0)
    assert cost.services == pytest.approx({"rasa": 2.5, "web": 0.5})
    assert cost.load == pytest.approx(0.25)
    assert cost.others == pytest.approx(4.0 - 2.5 - 0.5 - 0.25)


def test_others_never_spend_less_than_nothing() -> None:
    before = Reading(0.0, {"web": Usage(0.0, 0, 0)}, 0.0, 0.0)
    after = Reading(1.0, {"web": Usage(1.01, 0, 0)}, 0.0, 1.0)  # ticks of another clock
    assert spent(before, after).others == 0.0


@pytest.fixture
def worker() -> Iterator[subprocess.Popen[bytes]]:
    """A real process that worked 0.3 s, then had a child do as much, and now waits."""
    process = start_group(
        [sys.executable, "-c", WORK + WAIT],
        cwd=Path.cwd(),
        env=dict(os.environ),
        output=subprocess.PIPE,
    )
    assert process.stdout is not None
    with process.stdout:
        assert process.stdout.readline() == b"done\n"
        yield process
        stop_group(process)


def test_a_real_process_and_its_children_are_counted(worker: subprocess.Popen[bytes]) -> None:
    found = usage(worker.pid)
    assert 0.55 < found.cpu < 5
    assert 1e6 < found.rss <= found.peak


def test_a_meter_reads_all_at_one_instant(worker: subprocess.Popen[bytes]) -> None:
    meter = Meter({"worker": worker.pid})
    before = meter.read()
    end = time.process_time() + 0.1
    while time.process_time() < end:
        pass
    cost = spent(before, meter.read())
    assert cost.services["worker"] < 0.05  # it only waits
    assert cost.load > 0.09
    assert cost.seconds >= 0.09
