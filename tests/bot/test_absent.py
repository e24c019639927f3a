"""Guards bot/absent.py: what is left out is what nothing names, and says so when it is used."""

import ast
import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from bot import absent
from bot.absent import MESSAGING, NEURAL, OTHERS, leave_out

ALL = {*NEURAL, *MESSAGING, *OTHERS}
ROOT = Path(__file__).parents[2]
# Everything that `rasa run` imports, by a process that imported nothing before.
START = """
import sys
from bot.absent import leave_out
leave_out()
import bot.tuning, rasa.__main__, rasa.core.run, rasa.engine.recipes.default_components
from rasa.core.channels import BUILTIN_CHANNELS
print(sorted({name.split(".")[0] for name in sys.modules} & set(sys.argv[1:])))
print(sorted(BUILTIN_CHANNELS))
"""
HEAVY = (
    "tensorflow",
    "keras",
    "jax",
    "twilio",
    "slack_sdk",
    "aiogram",
    "webexteamssdk",
    "matplotlib",
)


@pytest.fixture
def modules(monkeypatch: pytest.MonkeyPatch) -> dict[str, ModuleType]:
    """What is imported, in a process that imported nothing."""
    imported: dict[str, ModuleType] = {}
    monkeypatch.setattr(absent, "sys", SimpleNamespace(modules=imported))
    return imported


def configured(folder: Path, text: str) -> list[Path]:
    path = folder / "config.yml"
    path.write_text(text, encoding="utf-8")
    return [path]


def test_all_is_left_out_of_our_configuration() -> None:
    command = [sys.executable, "-W", "ignore", "-c", START, *HEAVY]
    told = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True
    ).stdout.splitlines()
    assert told[0] == "[]"
    assert {"rest", "cmdline", "slack", "twilio_voice"} <= set(ast.literal_eval(told[1]))


@pytest.mark.parametrize("name", sorted(ALL))
def test_what_is_left_out_exists(name: str) -> None:
    assert importlib.util.find_spec(name) is not None


@pytest.mark.parametrize("component", sorted(set(NEURAL.values())))
def test_one_neural_component_brings_all_of_them(
    tmp_path: Path, modules: dict[str, ModuleType], component: str
) -> None:
    left_out = leave_out(configured(tmp_path, f"pipeline:\n  - name: {component}\n"))
    assert set(left_out) == set(modules) == ALL - set(NEURAL)


def test_a_named_channel_or_store_stays(tmp_path: Path, modules: dict[str, ModuleType]) -> None:
    left_out = leave_out(
        configured(tmp_path, "slack:\n  token: x\ntracker_store:\n  type: dynamo\n")
    )
    dynamo = {name for name, store in OTHERS.items() if store == "dynamo"}
    assert ALL - set(left_out) == {"rasa.core.channels.slack", *dynamo}


def test_without_a_configuration_nothing_is_left_out(
    tmp_path: Path, modules: dict[str, ModuleType]
) -> None:
    assert leave_out([tmp_path / "config.yml"]) == []
    assert modules == {}


def test_what_is_imported_already_stays(tmp_path: Path, modules: dict[str, ModuleType]) -> None:
    modules["pymongo"] = there = ModuleType("pymongo")
    leave_out(configured(tmp_path, ""))
    assert modules["pymongo"] is there


def test_a_placeholder_can_be_named_and_says_so_when_used(
    tmp_path: Path, modules: dict[str, ModuleType]
) -> None:
    leave_out(configured(tmp_path, ""))
    slack = modules["rasa.core.channels.slack"].SlackInput
    assert slack is modules["rasa.core.channels.slack"].SlackInput
    assert slack.name() == "slack"
    assert not isinstance(slack, ModuleType)
    with pytest.raises(ImportError, match=r"rasa\.core\.channels\.slack\.SlackInput was left out"):
        slack("token")
    with pytest.raises(ImportError, match="name it in the configuration"):
        _ = slack.load
    assert not hasattr(slack, "__abstractmethods__")
    with pytest.raises(KeyError):
        try:
            raise KeyError
        except modules["pymongo.errors"].ConnectionFailure:
            pytest.fail("a placeholder catches nothing")
