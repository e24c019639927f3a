"""The baseline is Rasa's own, untouched, trained once; nothing of ours gets into it."""

from __future__ import annotations

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from allobot.bench import stock
from allobot.errors import TrainingError
from allobot.ports import free_port
from allobot.project import ROOT, Project
from allobot.settings import Settings

PACKAGE = ".venv-rasa/lib/python3.11/site-packages"
PIPELINE = [
    "WhitespaceTokenizer",
    "RegexFeaturizer",
    "LexicalSyntacticFeaturizer",
    "CountVectorsFeaturizer",
    "CountVectorsFeaturizer",
    "DIETClassifier",
    "EntitySynonymMapper",
    "ResponseSelector",
    "FallbackClassifier",
]
POLICIES = ["MemoizationPolicy", "RulePolicy", "UnexpecTEDIntentPolicy", "TEDPolicy"]
# Plays `python -m rasa train`: notes its environment, and makes a model unless told to fail.
RASA = """#!/bin/sh
env > rasa-env.txt
echo "$@" >> rasa-calls.txt
while [ $# -gt 0 ]; do [ "$1" = --out ] && out="$2"; shift; done
[ -e fail ] && echo "no luck" && exit 1
echo model > "$out/stock.tar.gz"
"""
FILES = {
    "domain.yml": "intents: []\n",
    "data/nlu/rsa.yml": "nlu: []\n",
    "data/rules/rsa.yml": "rules: []\n",
    "data/stories/rsa.yml": "stories: []\n",
    f"{PACKAGE}/{stock.DEFAULT}": "pipeline: [{name: X, epochs: 100}]\npolicies: []\n",
    f"{PACKAGE}/{stock.VERSION}": '__version__ = "3.6.21"\n',
    ".venv-rasa/bin/python": RASA,
}


@pytest.fixture
def copy(tmp_path: Path) -> Project:
    for name, content in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    (tmp_path / ".venv-rasa" / "bin" / "python").chmod(0o755)
    return Project(Settings(var=tmp_path / "var"), tmp_path)


def calls(project: Project) -> list[str]:
    path = project.root / "rasa-calls.txt"
    return path.read_text().splitlines() if path.exists() else []


def test_it_is_what_rasa_itself_proposes() -> None:
    config = YAML(typ="safe").load(stock.configuration(Project(Settings(var=ROOT / "var"))))
    assert [component["name"] for component in config["pipeline"]] == PIPELINE
    assert [policy["name"] for policy in config["policies"]] == POLICIES
    by_name = {component["name"]: component for component in config["pipeline"]}
    assert by_name["DIETClassifier"]["epochs"] == 100
    assert by_name["ResponseSelector"]["epochs"] == 100
    fallback = by_name["FallbackClassifier"]
    assert (fallback["threshold"], fallback["ambiguity_threshold"]) == (0.3, 0.1)
    assert config["language"] == "fr"


def test_fewer_epochs_change_nothing_else() -> None:
    project = Project(Settings(var=ROOT / "var"))
    whole, short = stock.configuration(project), stock.configuration(project, 5)
    assert whole.replace("epochs: 100", "epochs: 5") == short
    assert short.count("epochs: 5") == whole.count("epochs: 100") == 4


def test_a_model_of_few_epochs_is_not_taken_for_a_whole_one(copy: Project) -> None:
    stock.ensure(copy, 5)
    assert stock.is_trained(copy, 5)
    assert not stock.is_trained(copy)
    stock.ensure(copy)
    assert len(calls(copy)) == 2


def test_it_is_trained_once(copy: Project, capsys: pytest.CaptureFixture[str]) -> None:
    assert not stock.is_trained(copy)
    stock.ensure(copy)
    stock.ensure(copy)
    assert stock.is_trained(copy)
    [call] = calls(copy)
    assert call.startswith("-m rasa train --config ")
    assert capsys.readouterr().out.splitlines()[-1].endswith("déjà entraîné sur les mêmes données.")


@pytest.mark.parametrize("name", [name for name in FILES if not name.endswith("bin/python")])
def test_it_is_trained_again_when_what_it_learns_from_changes(copy: Project, name: str) -> None:
    stock.ensure(copy)
    path = copy.root / name
    path.write_text(path.read_text() + "# more\nmore: 1\n", encoding="utf-8")
    assert not stock.is_trained(copy)
    stock.ensure(copy)
    assert len(calls(copy)) == 2
    assert stock.is_trained(copy)


def test_our_own_pipeline_does_not_train_it_again(copy: Project) -> None:
    stock.ensure(copy)
    (copy.root / "config.yml").write_text("pipeline: []\n", encoding="utf-8")
    assert stock.is_trained(copy)


def test_a_failure_is_told_and_leaves_nothing_to_measure(
    copy: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    (copy.root / "fail").touch()
    with pytest.raises(TrainingError, match=r"train\.log"):
        stock.ensure(copy)
    assert "no luck" in capsys.readouterr().err
    assert not stock.is_trained(copy)


def test_rasa_must_be_installed(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="make train"):
        stock.configuration(Project(Settings(var=tmp_path), tmp_path))


def test_nothing_of_ours_gets_in_and_nothing_gets_out(
    copy: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "SENTRY_DSN", "DATABASE_URL"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("ALLOBOT_CAF", "52")
    stock.ensure(copy)
    lines = (copy.root / "rasa-env.txt").read_text().splitlines()
    env = dict(line.split("=", 1) for line in lines if "=" in line)
    assert env["RASA_TELEMETRY_ENABLED"] == "false"
    assert env["RASA_CACHE_DIRECTORY"] == str(stock.folder(copy) / "cache")
    ours = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "SENTRY_DSN", "DATABASE_URL", "ALLOBOT_CAF")
    assert env.keys().isdisjoint(ours)


def test_the_server_is_on_loopback_without_its_api(copy: Project) -> None:
    port = free_port()
    service = stock.rasa_service(copy, Path("endpoints.yml"), port)
    command = list(service.command)
    assert command[1:4] == ["-m", "rasa", "run"]
    assert command[command.index("--interface") + 1] == "127.0.0.1"
    assert command[command.index("--port") + 1] == str(port)
    assert "--enable-api" not in command
    assert service.ready_url == f"http://127.0.0.1:{port}/"


def test_its_conversations_are_kept_in_sqlite_by_rasa_s_own_store(tmp_path: Path) -> None:
    target = stock.write_endpoints(
        tmp_path / "endpoints.yml", actions_port=5055, tracker=tmp_path / "rasa.sqlite"
    )
    assert YAML(typ="safe").load(target) == {
        "action_endpoint": {"url": "http://127.0.0.1:5055/webhook"},
        "tracker_store": {
            "type": "SQL",
            "dialect": "sqlite",
            "db": str(tmp_path / "rasa.sqlite"),
        },
    }
