"""How a run is led: in order, on free ports, on databases of its own; and the pieces around."""

from __future__ import annotations

import asyncio
import dataclasses
import fcntl
import io
import os
import sys
import threading
import time
from pathlib import Path

import pytest
from rich.console import Console

from allobot import training
from allobot.bench import machine, mix, run, stock
from allobot.bench.doors import Answer, Failed
from allobot.bench.people import Bounds
from allobot.bench.progress import Show
from allobot.bench.run import FULL, QUICK, Plan
from allobot.bench.sides import LIMITS, Side, allobot_side, running, stock_side
from allobot.errors import Interrupted, ServiceError
from allobot.ports import free_port
from allobot.processes import Service
from allobot.project import ROOT, Project
from allobot.settings import Settings
from tests.allobot.bench.samples import a_side

FAKE_SERVICE = Path(__file__).parents[1] / "fake_service.py"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The real repository, with a var of our own."""
    for name in [name for name in os.environ if name.startswith(("ALLOBOT_", "DATABASE_URL"))]:
        monkeypatch.delenv(name)
    return Project(Settings(var=tmp_path / "var"))


def service(name: str, *options: str) -> Service:
    port = free_port()
    command = [sys.executable, str(FAKE_SERVICE), str(port), *options]
    return Service(name, command, f"http://127.0.0.1:{port}/", dict(os.environ))


class Quick:
    """A door that answers in a millisecond."""

    def __init__(self, _client: object) -> None:
        pass

    async def open(self) -> Answer:
        return await self.say("")

    async def say(self, text: str) -> Answer:
        await asyncio.sleep(0.001)
        return Answer({}, ("decision",))

    async def press(self, value: str) -> Answer:
        return await self.say(value)


class Mute(Quick):
    """A door behind which nobody answers."""

    async def open(self) -> Answer:
        raise Failed("time-out")


class Stopped(Quick):
    """A door where the operator stops everything, once it was measured a little."""

    asked = 0

    async def press(self, value: str) -> Answer:
        raise AssertionError("there is no button")

    async def say(self, text: str) -> Answer:
        Stopped.asked += 1
        if Stopped.asked > 15:
            raise Interrupted("Interrompu.")
        return await super().say(text)


def side(project: Project, *services: Service, door: type[Quick] = Quick) -> Side:
    project.var.mkdir(parents=True, exist_ok=True)
    return Side("allobot", project, services, door)


def test_processes_start_in_order_and_all_stop(project: Project, tmp_path: Path) -> None:
    notes = [tmp_path / "actions.pid", tmp_path / "rasa.pid"]
    services = [
        service("actions", f"note={notes[0]}", "late=0.5"),
        service("rasa", f"note={notes[1]}"),
    ]
    with running(side(project, *services)) as bot:
        pids = [int(note.read_text()) for note in notes]
        assert list(bot.ready) == ["actions", "rasa"]
        assert bot.ready["actions"] >= 0.5
        used = bot.meter.read().services
        assert all(used[name].rss > 1e6 for name in ("actions", "rasa"))
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_a_process_that_dies_is_told_and_stops_the_others(project: Project, tmp_path: Path) -> None:
    note = tmp_path / "actions.pid"
    dying = Service("rasa", [sys.executable, "-c", "print('no model')"], "http://127.0.0.1:1/", {})
    with (
        pytest.raises(ServiceError, match="« rasa » n'a pas démarré"),
        running(side(project, service("actions", f"note={note}"), dying)),
    ):
        raise AssertionError("it never ran")
    with pytest.raises(ProcessLookupError):
        os.kill(int(note.read_text()), 0)


def test_both_sides_have_databases_and_ports_of_their_own(project: Project) -> None:
    ours, theirs = allobot_side(project), stock_side(project)
    assert [one.name for one in ours.services] == ["actions", "rasa", "web"]
    assert [one.name for one in theirs.services] == ["actions", "rasa"]
    folders = {ours.project.var, theirs.project.var}
    assert len(folders) == 2
    assert all(folder.is_relative_to(project.var / "bench") for folder in folders)
    assert all((folder / "allobot.sqlite").is_file() for folder in folders)
    web = ours.services[2].env
    assert {name: web[name] for name in LIMITS} == LIMITS
    ports = [one.ready_url for one in (*ours.services, *theirs.services)]
    assert len(set(ports)) == 5
    assert str(stock.model(project)) in theirs.services[1].command


@pytest.fixture
def little(monkeypatch: pytest.MonkeyPatch) -> Plan:
    """A plan of a second, whose understanding is not measured."""
    known = a_side("allobot").understanding
    monkeypatch.setattr(run, "_understanding", lambda side, model: known)
    brief = Bounds(warm_up=0.0, seconds=0.2, messages=30)
    return Plan(people=(1, 3), rate=50.0, closed=brief, open=brief, starts=2, long=20)


def test_everything_is_measured_once(project: Project, little: Plan) -> None:
    told = io.StringIO()
    bot = side(project, service("actions"), service("rasa"))
    show = Show(little.steps, Console(file=told, highlight=False, width=200))
    found = run.measure(bot, Path("model"), little, "abc1234", show)
    assert [(one.people, one.rate) for one in found.stages] == [(1, None), (3, None), (None, 50.0)]
    assert len(found.starts) == 2
    assert (found.short.messages, found.long.messages) == (22, 21)
    assert found.short.kinds["question"] == found.long.kinds["question"]
    assert "form" not in found.long.kinds
    assert set(found.rss_peak_mb) == {"actions", "rasa"}
    steps = [line for line in told.getvalue().splitlines() if line.startswith("[")]
    assert [line.partition("]")[0] for line in steps] == [
        f"[{number}/{little.steps}" for number in range(1, little.steps + 1)
    ]


def test_a_bot_that_does_not_answer_is_not_measured(project: Project, little: Plan) -> None:
    bot = side(project, service("actions"), door=Mute)
    with pytest.raises(ServiceError, match="time-out"):
        run.measure(bot, Path("model"), little, "abc", Show(9, Console(file=io.StringIO())))


def test_an_interruption_in_the_middle_of_a_message_ends_the_run(
    project: Project, little: Plan
) -> None:
    bot = side(project, service("actions"), door=Stopped)
    with pytest.raises(Interrupted, match="Interrompu"):
        run.measure(bot, Path("model"), little, "abc", Show(9, Console(file=io.StringIO())))


def test_the_plans_are_those_that_are_written_down() -> None:
    for plan in (FULL, QUICK):
        assert plan.people == (1, 8, 32, 100)
        assert plan.rate == 20
        assert plan.long == 200
    seconds = sum(
        bounds.warm_up + bounds.seconds
        for bounds in (*[QUICK.closed] * len(QUICK.people), QUICK.open)
    )
    assert seconds < 80  # of the 180 of a quick run, with a start, a long talk and the questions


def test_no_setting_of_the_operator_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://somewhere/real")
    monkeypatch.setenv("ALLOBOT_PRODUCTION", "true")
    monkeypatch.setenv("HOME", "/home/someone")
    run.forget_settings()
    assert "DATABASE_URL" not in os.environ
    assert "ALLOBOT_PRODUCTION" not in os.environ
    assert os.environ["HOME"] == "/home/someone"


def test_a_baseline_of_before_is_kept_for_the_same_messages_only(tmp_path: Path) -> None:
    path = tmp_path / "stock.json"
    assert run._known(path) is None
    path.write_text("{}", encoding="utf-8")
    assert run._known(path) is None
    same = a_side("stock", messages_heard=run._heard())
    path.write_text(same.model_dump_json(), encoding="utf-8")
    assert run._known(path) == same
    other = a_side("stock", messages_heard="others")
    path.write_text(other.model_dump_json(), encoding="utf-8")
    assert run._known(path) is None


def test_a_training_under_way_is_waited_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = Project(Settings(var=tmp_path / "var"), tmp_path)
    run.wait_for_training(project)
    assert capsys.readouterr().out == ""
    lock = (project.models / training.LOCK).open("wb")
    fcntl.flock(lock, fcntl.LOCK_EX)
    threading.Timer(0.3, lock.close).start()
    begun = time.monotonic()
    run.wait_for_training(project)
    assert time.monotonic() - begun > 0.2
    assert "après lui" in capsys.readouterr().out


def test_the_machine_is_described(tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text("processor : 0\nmodel name\t: Fast CPU @ 3 GHz\n")
    (tmp_path / "meminfo").write_text("MemTotal:        8000000 kB\n")
    found = machine.describe(tmp_path)
    assert found.cpu == "Fast CPU @ 3 GHz"
    assert found.memory_gb == pytest.approx(8.192)
    assert found.cores >= 1
    assert machine.describe().memory_gb > 0.5


def test_the_commit_is_told_when_there_is_one(tmp_path: Path) -> None:
    assert machine.commit(tmp_path) == "unknown"
    assert machine.commit(ROOT)


def test_a_bar_is_shown_in_a_terminal_and_leaves_one_line() -> None:
    told = io.StringIO()
    show = Show(2, Console(file=told, force_terminal=True, width=80))
    with show.step("measuring", 0.3):
        time.sleep(0.5)
    assert "[1/2] measuring" in told.getvalue()
    assert told.getvalue().rstrip().endswith("[1/2] measuring")


def test_the_shares_without_questionnaires_are_whole() -> None:
    assert sum(run.NO_FORMS.values()) == pytest.approx(1)
    assert mix.Kind.FORM not in run.NO_FORMS
    assert dataclasses.replace(FULL, starts=1).steps == len(FULL.people) + 4
