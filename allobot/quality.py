"""`test` and `check`: steps run one after the other, then a summary with their times."""

from __future__ import annotations

import json
import shutil
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from allobot import training
from allobot.commands import run, stream, tail
from allobot.errors import AllobotError, ConfigurationError, StepFailed
from allobot.messages import say
from allobot.preparation import check_knowledge
from allobot.processes import write_endpoints
from allobot.project import Project

# Folders of tests/ that need more than pytest in the services environment.
BOT, CONVERSATIONS, END_TO_END = "bot", "conversations", "end_to_end"
ELSEWHERE = (BOT, CONVERSATIONS, END_TO_END)
# A process a core; the tests of a file stay together. Those that time whole bots run alone.
TOGETHER = ("-n", "auto", "--dist", "loadfile")


@dataclass(frozen=True)
class Outcome:
    """What a step found; the counts are of tests, zero for a step that is not a test."""

    succeeded: bool
    passed: int = 0
    failed: int = 0
    skipped: int = 0


@dataclass(frozen=True)
class Step:
    title: str
    run: Callable[[], Outcome]


@dataclass(frozen=True)
class Done:
    """A step that was run, its outcome, and the seconds it took."""

    title: str
    outcome: Outcome
    seconds: float


def run_tests(project: Project, only: Sequence[str] = ()) -> None:
    """All the tests, or those of the named folders; stops at the first step that fails.

    Raises:
        StepFailed: names the step.
        ConfigurationError: a name is not a folder of tests/.
    """
    done = _run(_test_steps(project, _chosen(project, only), everything=not only), stop=True)
    _tell_total(done)
    _raise_failures(done)


def run_checks(project: Project) -> None:
    """Style, types, training data, data files; every step is run. Raises StepFailed."""
    _raise_failures(_run(_check_steps(project), stop=False))


def _test_steps(project: Project, chosen: list[str], *, everything: bool) -> list[Step]:
    services = [name for name in chosen if name not in ELSEWHERE]
    steps: list[Step] = []
    if services:
        title = say("titre_python", dossiers=", ".join(services))
        paths = _paths(services, everything)
        steps.append(_pytest_step(project, title, project.python, [*TOGETHER, *paths]))
    if BOT in chosen:
        paths = [*TOGETHER, "tests/bot"]
        steps.append(_pytest_step(project, say("titre_bot"), project.rasa_python, paths))
    if CONVERSATIONS in chosen or END_TO_END in chosen:
        steps.append(Step(say("titre_modele"), lambda: _train(project)))
    if CONVERSATIONS in chosen:
        steps.append(Step(say("titre_conversations"), lambda: _conversations(project)))
    if END_TO_END in chosen:
        browser = [str(project.root / "scripts" / "system-packages"), "browser"]
        steps.append(Step(say("titre_navigateur"), lambda: _command(project, browser)))
        title, paths = say("titre_bout_en_bout"), ["tests/end_to_end"]
        steps.append(_pytest_step(project, title, project.python, paths))
    return steps


def _pytest_step(project: Project, title: str, python: str, arguments: list[str]) -> Step:
    return Step(title, lambda: _pytest(project, python, arguments))


def _paths(services: list[str], everything: bool) -> list[str]:
    if everything:
        return ["tests", *(f"--ignore=tests/{name}" for name in ELSEWHERE)]
    return [f"tests/{name}" for name in services]


def _chosen(project: Project, only: Sequence[str]) -> list[str]:
    """The folders of tests/ asked for, all of them when none is named."""
    folders = sorted(p.name for p in (project.root / "tests").iterdir() if p.is_dir())
    names = [name for name in folders if name[0] not in "._"]
    for name in only:
        if name not in names:
            raise ConfigurationError(say("test_inconnu", nom=name, noms=", ".join(names)))
    return list(only) or names


def _check_steps(project: Project) -> list[Step]:
    python, rasa = project.python, project.rasa_python
    commands = {
        "titre_style": [python, "-m", "ruff", "check", "."],
        "titre_format": [python, "-m", "ruff", "format", "--check", "."],
        "titre_types": [python, "-m", "mypy", "allobot", "actions", "web"],
        "titre_types_bot": [rasa, "-m", "mypy", "--cache-dir=.mypy_cache/rasa", "bot"],
    }
    return [
        *(Step(say(key), _later(project, command)) for key, command in commands.items()),
        Step(say("titre_apprentissage"), lambda: _validate(project)),
        Step(say("titre_donnees"), _check_data),
    ]


def _later(project: Project, command: list[str]) -> Callable[[], Outcome]:
    return lambda: _command(project, command)


def _command(project: Project, command: Sequence[str]) -> Outcome:
    return Outcome(run(command, cwd=project.root, env=project.environment()) == 0)


def _validate(project: Project) -> Outcome:
    """Rasa's own checks of the training data; shown only when they fail, for they talk much."""
    command = [
        *(project.rasa_python, "-m", "bot", "data", "validate", "--fail-on-warnings"),
        *("--config", "config.yml", "--domain", "domain.yml"),
        *("--data", "data/nlu", "data/rules", "data/stories"),
    ]
    log = project.var / "validate.log"
    code = stream(
        command, cwd=project.root, env=project.environment(), log=log, on_line=lambda _: None
    )
    if code != 0:
        print(tail(log, lines=60), flush=True)
    return Outcome(code == 0)


def _check_data() -> Outcome:
    check_knowledge()
    return Outcome(True)


def _train(project: Project) -> Outcome:
    training.ensure(project)
    return Outcome(True)


def _pytest(project: Project, python: str, arguments: list[str]) -> Outcome:
    report = project.var / "tests.xml"
    report.unlink(missing_ok=True)
    command = [python, "-m", "pytest", "-q", f"--junitxml={report}", *arguments]
    succeeded = run(command, cwd=project.root, env=project.test_environment()) == 0
    return _count(report, succeeded)


def _count(report: Path, succeeded: bool) -> Outcome:
    """The counts of a JUnit report; a step that failed without a report is one failure."""
    if not report.is_file():
        return Outcome(False, failed=1)
    suites = list(ElementTree.parse(report).getroot().iter("testsuite"))
    tests, failures, errors, skipped = (
        sum(int(suite.get(kind, 0)) for suite in suites)
        for kind in ("tests", "failures", "errors", "skipped")
    )
    failed = max(failures + errors, 0 if succeeded else 1)
    passed = tests - failures - errors - skipped
    return Outcome(succeeded, passed=passed, failed=failed, skipped=skipped)


def _conversations(project: Project) -> Outcome:
    """Rasa's conversation tests, on their texts; every one must be right.

    All are run, where Rasa's --fail-on-prediction-errors would stop at the first wrong one.
    """
    folder, log = project.var / "conversations", project.var / "conversations.log"
    report = folder / "story_report.json"
    report.unlink(missing_ok=True)
    command = [
        *(project.rasa_python, "-m", "bot", "test", "core", "--e2e", "--no-plot"),
        *("--model", str(project.model), "--stories", str(_stories(project))),
        *("--endpoints", str(write_endpoints(project, project.settings.actions_port))),
        *("--out", str(folder)),
    ]
    env = project.environment()
    code = stream(command, cwd=project.root, env=env, log=log, on_line=lambda _: None)
    if code != 0 or not report.is_file():
        print(tail(log))
        print(say("conversations_muettes", journal=log), flush=True)
        return Outcome(False, failed=1)
    return _verdict(report, folder / "failed_test_stories.yml")


def _stories(project: Project) -> Path:
    """A copy of tests/conversations whose file names start with `test_`: Rasa skips the others."""
    folder = project.var / "conversations" / "stories"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for file in (project.root / "tests" / "conversations").glob("*.yml"):
        shutil.copy(file, folder / f"test_{file.name}")
    return folder


def _verdict(report: Path, failures: Path) -> Outcome:
    found = json.loads(report.read_text(encoding="utf-8")).get("conversation_accuracy", {})
    right, total = found.get("correct", 0), found.get("total", 0)
    print(say("conversations", justes=right, total=total), flush=True)
    if 0 < right == total:
        return Outcome(True, passed=right)
    print(say("conversations_ratees", fichier=failures))
    if failures.is_file():
        print(failures.read_text(encoding="utf-8"), flush=True)
    return Outcome(False, passed=right, failed=max(total - right, 1))


def _run(steps: list[Step], *, stop: bool) -> list[Done]:
    """Run the steps, say each one's title, then the summary."""
    done: list[Done] = []
    for step in steps:
        print("\n" + say("etape", titre=step.title), flush=True)
        begun = time.monotonic()
        outcome = _outcome(step)
        done.append(Done(step.title, outcome, time.monotonic() - begun))
        if stop and not outcome.succeeded:
            break
    print("\n" + say("bilan"))
    for one in done:
        key = "etape_reussie" if one.outcome.succeeded else "etape_ratee"
        print(say(key, titre=one.title, secondes=f"{one.seconds:.1f}"), flush=True)
    return done


def _outcome(step: Step) -> Outcome:
    try:
        return step.run()
    except AllobotError as error:
        if error.exit_code != AllobotError.exit_code:  # the operator interrupted
            raise
        print(error, flush=True)
        return Outcome(False, failed=1)


def _tell_total(done: list[Done]) -> None:
    """The plain line that continuous integration reads, whatever ran the tests."""
    passed = sum(one.outcome.passed for one in done)
    failed = sum(one.outcome.failed for one in done)
    skipped = sum(one.outcome.skipped for one in done)
    key = "total_sautes" if skipped else "total"
    print("\n" + say(key, reussis=passed, rates=failed, sautes=skipped), flush=True)


def _raise_failures(done: list[Done]) -> None:
    failed = [one.title for one in done if not one.outcome.succeeded]
    if failed:
        raise StepFailed(say("echec_etape", titres=", ".join(failed)))
