"""Steps run in order; the first failing test step ends the run; the last line counts tests."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from allobot import quality
from allobot.errors import ConfigurationError, DataError, Interrupted, StepFailed
from allobot.project import Project
from allobot.quality import Outcome, Step

JUNIT = """<testsuites><testsuite name="pytest" tests="5" failures="1" errors="1" skipped="1">
</testsuite></testsuites>"""


@pytest.fixture
def folders(project: Project) -> Project:
    for name in ("web", "actions", "bot", "conversations", "end_to_end", "__pycache__"):
        (project.root / "tests" / name).mkdir(parents=True)
    return project


def titles(project: Project, *only: str) -> list[str]:
    chosen = quality._chosen(project, only)
    return [step.title for step in quality._test_steps(project, chosen, everything=not only)]


def test_everything_ends_with_the_end_to_end_tests(folders: Project) -> None:
    assert titles(folders) == [
        "Tests Python (actions, web)",
        "Tests des composants Rasa",
        "Modèle",
        "Conversations",
        "Navigateur des tests",
        "Tests de bout en bout",
    ]


def test_one_folder_runs_alone(folders: Project) -> None:
    assert titles(folders, "web") == ["Tests Python (web)"]
    assert titles(folders, "bot") == ["Tests des composants Rasa"]
    assert titles(folders, "conversations") == ["Modèle", "Conversations"]
    assert titles(folders, "end_to_end")[-1] == "Tests de bout en bout"


def test_an_unknown_folder_is_refused(folders: Project) -> None:
    with pytest.raises(ConfigurationError, match=r"« nlu ».*actions, bot, conversations"):
        titles(folders, "nlu")


def test_the_tests_stop_at_the_first_failure(capsys: pytest.CaptureFixture[str]) -> None:
    steps = [
        Step("un", lambda: Outcome(True, passed=3)),
        Step("deux", lambda: Outcome(False, passed=1, failed=2)),
        Step("trois", lambda: Outcome(True, passed=9)),
    ]
    done = quality._run(steps, stop=True)
    quality._tell_total(done)
    printed = capsys.readouterr().out
    assert "trois" not in printed
    assert printed.splitlines()[-1] == "4 passed, 2 failed"
    with pytest.raises(StepFailed, match="Échec : deux"):
        quality._raise_failures(done)


def test_the_checks_all_run_and_tell_every_failure(capsys: pytest.CaptureFixture[str]) -> None:
    def broken() -> Outcome:
        raise DataError("data/contacts.yml: href: manquant")

    steps = [Step("un", broken), Step("deux", lambda: Outcome(False)), Step("trois", _fine)]
    done = quality._run(steps, stop=False)
    assert "data/contacts.yml: href: manquant" in capsys.readouterr().out
    with pytest.raises(StepFailed, match="Échec : un, deux"):
        quality._raise_failures(done)


def test_an_interruption_is_not_a_failure() -> None:
    def interrupted() -> Outcome:
        raise Interrupted("Interrompu.")

    with pytest.raises(Interrupted):
        quality._run([Step("un", interrupted)], stop=True)


def test_a_junit_report_is_counted(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(JUNIT)
    assert quality._count(report, False) == Outcome(False, passed=2, failed=2, skipped=1)


def test_pytest_that_could_not_even_start_is_a_failure(tmp_path: Path) -> None:
    assert quality._count(tmp_path / "missing.xml", False) == Outcome(False, failed=1)


def test_pytest_runs_for_real(folders: Project) -> None:
    (folders.root / "tests/web/test_one.py").write_text(
        "import pytest\ndef test_a(): pass\n@pytest.mark.skip\ndef test_b(): pass\n"
    )
    outcome = quality._pytest(folders, folders.python, ["tests/web"])
    assert outcome == Outcome(True, passed=1, skipped=1)
    none = quality._pytest(folders, folders.python, ["tests/actions"])
    assert not none.succeeded


@pytest.mark.parametrize(
    ("right", "total", "outcome"),
    [
        (3, 3, Outcome(True, passed=3)),
        (2, 3, Outcome(False, passed=2, failed=1)),
        (0, 0, Outcome(False, failed=1)),
    ],
)
def test_every_conversation_must_be_right(
    project: Project, right: int, total: int, outcome: Outcome
) -> None:
    accuracy = json.dumps({"conversation_accuracy": {"correct": right, "total": total}})
    (project.root / "fake-test.sh").write_text(
        f"mkdir -p $out; echo '{accuracy}' > $out/story_report.json\n"
    )
    assert quality._conversations(project) == outcome


def test_every_conversation_file_is_given_to_rasa_under_a_name_it_reads(folders: Project) -> None:
    (folders.root / "tests/conversations/on_peut_arreter.yml").write_text("stories: []\n")
    (folders.root / "fake-test.sh").write_text("exit 0\n")
    quality._conversations(folders)
    stories = folders.var / "conversations" / "stories"
    assert [path.name for path in stories.iterdir()] == ["test_on_peut_arreter.yml"]
    call = (folders.root / "calls.txt").read_text()
    assert f"--stories {stories} " in call
    assert "--e2e" in call


def test_the_tests_never_see_the_settings_of_the_operator(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://production")
    monkeypatch.setenv("ALLOBOT_CAF", "52")
    environment = project.test_environment()
    assert "DATABASE_URL" not in environment
    assert not [name for name in environment if name.startswith("ALLOBOT_")]
    assert environment["RASA_TELEMETRY_ENABLED"] == "false"


def test_rasa_that_says_nothing_is_a_failure(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    (project.root / "fake-test.sh").write_text("echo 'No model provided'; exit 0\n")
    assert quality._conversations(project) == Outcome(False, failed=1)
    assert "No model provided" in capsys.readouterr().out


def _fine() -> Outcome:
    return Outcome(True)
