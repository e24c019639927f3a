"""Training happens when something the bot learns from has changed, and never breaks the model."""

from __future__ import annotations

import fcntl
import io
import os
from pathlib import Path

import pytest
from rich.console import Console

from allobot import training
from allobot.errors import TrainingError
from allobot.project import Project


def calls(project: Project) -> list[str]:
    path = project.root / "calls.txt"
    return path.read_text().splitlines() if path.exists() else []


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ("config.yml", "apprentissage"),
        ("domain.yml", "apprentissage"),
        ("data/nlu/rsa.yml", "apprentissage"),
        ("data/rules/rsa.yml", "apprentissage"),
        ("data/stories/rsa.yml", "apprentissage"),
        ("bot/classifier.py", "code"),
        ("bot/deep/helper.py", "code"),
        ("uv.lock", "code"),
    ],
)
def test_the_fingerprint_changes_with_each_input(project: Project, changed: str, kind: str) -> None:
    before = training.fingerprint(project.root)
    with (project.root / changed).open("a") as file:
        file.write("# changed\n")
    after = training.fingerprint(project.root)
    other = "code" if kind == "apprentissage" else "apprentissage"
    assert getattr(after, kind) != getattr(before, kind)
    assert getattr(after, other) == getattr(before, other)


def test_the_fingerprint_changes_with_a_name_and_with_a_new_file(project: Project) -> None:
    before = training.fingerprint(project.root)
    (project.root / "data/nlu/rsa.yml").rename(project.root / "data/nlu/asf.yml")
    renamed = training.fingerprint(project.root)
    (project.root / "data/nlu/rsa.yml").write_text("")
    assert len({before, renamed, training.fingerprint(project.root)}) == 3


def test_the_fingerprint_ignores_dates_and_everything_else(project: Project) -> None:
    before = training.fingerprint(project.root)
    os.utime(project.root / "config.yml", (0, 0))
    for name in ("data/procedures/rsa.yml", "bot/__pycache__/classifier.pyc", "README.md"):
        path = project.root / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("new")
    assert training.fingerprint(project.root) == before


def test_it_trains_once(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    training.ensure(project)
    training.ensure(project)
    assert len(calls(project)) == 1
    assert project.model.read_text() == "pipeline: []\n"
    names = {path.name for path in project.models.iterdir()}
    assert names == {"allobot.json", "allobot.tar.gz", ".verrou"}
    printed = capsys.readouterr().out
    assert "Classifieur : 0 s" in printed
    assert "Modèle : à jour" in printed


def test_it_trains_again_after_a_change_and_when_forced(project: Project) -> None:
    training.ensure(project)
    (project.root / "config.yml").write_text("pipeline: [x]\n")
    training.ensure(project)
    assert project.model.read_text() == "pipeline: [x]\n"
    training.ensure(project, force=True)
    assert [("--force" in call) for call in calls(project)] == [True, False, True]


def test_a_change_of_code_goes_round_the_cache_of_rasa(project: Project) -> None:
    training.ensure(project)
    (project.root / "bot/deep/helper.py").write_text("X = 2\n")
    training.ensure(project)
    assert "--force" in calls(project)[-1]


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"empreinte": 3}'])
def test_an_unreadable_card_means_training(project: Project, content: str) -> None:
    training.ensure(project)
    (project.models / "allobot.json").write_text(content)
    training.ensure(project)
    assert len(calls(project)) == 2


def test_a_failure_shows_the_end_of_the_log_and_keeps_the_model(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    training.ensure(project)
    (project.root / "config.yml").write_text("pipeline: [x]\n")
    (project.root / "fake-train.sh").write_text("echo half > $out/allobot.tar.gz; echo oh; exit 4")
    with pytest.raises(TrainingError, match="L'entraînement a échoué") as error:
        training.ensure(project)
    assert str(project.var / "train.log") in str(error.value)
    assert "oh" in capsys.readouterr().err
    assert project.model.read_text() == "pipeline: []\n"
    assert not list(project.models.glob(".entrainement-*"))


def test_a_success_without_a_model_is_a_failure(project: Project) -> None:
    (project.root / "fake-train.sh").write_text("exit 0")
    with pytest.raises(TrainingError):
        training.ensure(project)


def test_the_left_overs_of_an_interrupted_training_go(project: Project) -> None:
    left_over = project.models / ".entrainement-abc"
    left_over.mkdir(parents=True)
    (left_over / "allobot.tar.gz").write_text("half")
    training.ensure(project)
    assert not left_over.exists()


def test_two_trainings_at_once_are_refused(project: Project) -> None:
    project.models.mkdir()
    with (project.models / ".verrou").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(TrainingError, match="Un autre entraînement est en cours"):
            training.ensure(project)


def test_the_steps_tell_components_epochs_and_what_comes_from_the_cache() -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=80, highlight=False)
    hooks = "2026-11-21 10:00:00 INFO     rasa.engine.training.hooks  - "
    with training.Steps(console) as steps:
        steps.read(hooks + "Restored component 'TEDPolicy' from cache.")
        steps.read(hooks + "Starting to train component 'DIETClassifier'.")
        steps.read("Epochs:  42%|████      | 42/100 [00:10<00:14]")
        steps._progress.refresh()
        steps.read(hooks + "Finished training component 'DIETClassifier'.")
    shown = out.getvalue()
    assert "TEDPolicy : repris du dernier entraînement" in shown
    assert "DIETClassifier 42%" in shown
    assert "DIETClassifier : 0 s" in shown


def test_the_log_keeps_the_whole_output(project: Project) -> None:
    training.ensure(project)
    log: Path = project.var / "train.log"
    assert log.read_text().count("component 'Classifieur'") == 2
