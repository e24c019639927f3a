"""Training happens when something the bot learns from has changed, and never breaks the model."""

from __future__ import annotations

import fcntl
import gzip
import io
import os
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from allobot import local_http, training
from allobot.errors import TrainingError
from allobot.project import ROOT, Project


def calls(project: Project) -> list[str]:
    path = project.root / "calls.txt"
    return path.read_text().splitlines() if path.exists() else []


def learnt(model: Path) -> str:
    """What the model was made from: config.yml, as it was."""
    with tarfile.open(model) as archive:
        content = archive.extractfile("metadata.json")
        assert content is not None
        return content.read().decode()


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


@pytest.mark.parametrize("name", training.SERVING)
def test_what_only_serves_asks_for_no_training(project: Project, name: str) -> None:
    before = training.fingerprint(project.root)
    (project.root / "bot" / name).write_text("X = 3\n")
    assert training.fingerprint(project.root) == before


def test_what_learns_uses_nothing_that_only_serves() -> None:
    modules = [f"bot.{name.removesuffix('.py')}" for name in training.SERVING]
    for file in (ROOT / "bot").glob("*.py"):
        if file.name not in training.SERVING:
            assert not any(module in file.read_text() for module in modules), file.name
    assert all((ROOT / "bot" / name).is_file() for name in training.SERVING)


def test_it_trains_once(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    training.ensure(project)
    training.ensure(project)
    assert len(calls(project)) == 1
    assert learnt(project.model) == "pipeline: []\n"
    names = {path.name for path in project.models.iterdir()}
    assert names == {"allobot.json", "allobot.tar.gz", ".verrou"}
    printed = capsys.readouterr().out
    assert "Classifieur : 0 s" in printed
    assert "Modèle : à jour" in printed


def test_it_trains_again_after_a_change_and_when_forced(project: Project) -> None:
    training.ensure(project)
    (project.root / "config.yml").write_text("pipeline: [x]\n")
    training.ensure(project)
    assert learnt(project.model) == "pipeline: [x]\n"
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
    assert learnt(project.model) == "pipeline: []\n"
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


def changed(project: Project, content: str) -> None:
    """Train on something else."""
    (project.root / "config.yml").write_text(content)
    training.ensure(project)


def test_the_model_of_before_is_kept_with_its_card(project: Project) -> None:
    training.ensure(project)
    card = (project.models / "allobot.json").read_text()
    assert not training.previous_model(project).exists()
    changed(project, "pipeline: [x]\n")
    assert learnt(training.previous_model(project)) == "pipeline: []\n"
    assert (project.models / "allobot.precedent.json").read_text() == card
    changed(project, "pipeline: [y]\n")
    assert learnt(training.previous_model(project)) == "pipeline: [x]\n"


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def flipped(path: Path) -> None:
    """One bit of what is compressed is another."""
    content = bytearray(gzip.decompress(path.read_bytes()))
    whole = bytearray(gzip.compress(bytes(content), compresslevel=0))
    whole[len(whole) // 2] ^= 1
    path.write_bytes(bytes(whole))


def garbage(path: Path) -> None:
    path.write_bytes(os.urandom(1000))


def of_something_else(path: Path) -> None:
    with tarfile.open(path, "w:gz") as archive:
        archive.add(__file__, "photos.txt")


DAMAGES = [truncated, flipped, garbage, of_something_else, lambda path: path.write_bytes(b"")]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_model_gives_way_to_the_one_before(
    project: Project, damage: Callable[[Path], None], capsys: pytest.CaptureFixture[str]
) -> None:
    training.ensure(project)
    changed(project, "pipeline: [x]\n")
    assert training.is_readable(project.model)
    damage(project.model)
    assert not training.is_readable(project.model)
    trainings = len(calls(project))
    for _ in range(2):  # the next start neither
        capsys.readouterr()
        training.ensure(project)
        assert len(calls(project)) == trainings
        assert learnt(project.model) == "pipeline: []\n"
        assert "make train force=1" in capsys.readouterr().out
    assert training.refused_model(project).is_file()
    training.ensure(project, force=True)
    assert learnt(project.model) == "pipeline: [x]\n"
    training.ensure(project)
    assert "à jour" in capsys.readouterr().out


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_model_without_one_before_is_trained_again(
    project: Project, damage: Callable[[Path], None], capsys: pytest.CaptureFixture[str]
) -> None:
    training.ensure(project)
    damage(project.model)
    training.ensure(project)
    assert len(calls(project)) == 2
    assert "est abîmé" in capsys.readouterr().out
    assert learnt(project.model) == "pipeline: []\n"
    assert not training.previous_model(project).exists(), "a damaged one is not kept"


def test_a_damaged_model_before_a_damaged_one_does_not_serve(project: Project) -> None:
    training.ensure(project)
    changed(project, "pipeline: [x]\n")
    truncated(project.model)
    garbage(training.previous_model(project))
    training.ensure(project)
    assert len(calls(project)) == 3
    assert learnt(project.model) == "pipeline: [x]\n"


def test_what_was_set_aside_is_trained_again_when_the_data_change(project: Project) -> None:
    training.ensure(project)
    changed(project, "pipeline: [x]\n")
    with training.alone(project):
        assert training.put_back(project)
        assert not training.put_back(project)
    training.ensure(project)
    assert learnt(project.model) == "pipeline: []\n"
    changed(project, "pipeline: [y]\n")
    assert learnt(project.model) == "pipeline: [y]\n"


def test_a_bot_that_runs_is_to_be_renewed(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    training.ensure(project)
    assert "make renew" not in capsys.readouterr().out
    monkeypatch.setattr(local_http, "answers", lambda _url: True)
    changed(project, "pipeline: [x]\n")
    assert "make renew" in capsys.readouterr().out.splitlines()[-1]


def test_when_the_code_changed_too_it_is_to_be_started_again(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    training.ensure(project)
    monkeypatch.setattr(local_http, "answers", lambda _url: True)
    (project.root / "bot/classifier.py").write_text("C = 2\n")
    training.ensure(project)
    assert "puis make run" in capsys.readouterr().out.splitlines()[-1]
    assert training.made_by_other_code(project)
    assert not training.put_back(project), "the code of today may not read it"
    assert not training.refused_model(project).exists()


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
