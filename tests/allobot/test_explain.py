"""What `make shell explain=1` says of a turn, and how the shell is told to say it."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from allobot import shell
from allobot.explain import STORE, explain_turns, explained, last_turn
from allobot.processes import write_endpoints
from allobot.project import ROOT, Project

SHELL = 'cat "$endpoints" > heard.txt\n'


def said(**parsed: Any) -> dict[str, Any]:
    return {"event": "user", "text": "des mots", "parse_data": parsed}


def action(name: str, policy: str | None = "policy_2_MemoizationPolicy") -> dict[str, Any]:
    return {"event": "action", "name": name, "policy": policy}


ASF, RSA = {"name": "asf", "confidence": 0.926}, {"name": "rsa", "confidence": 0.05}


def test_a_whole_turn() -> None:
    turn = [
        said(intent=ASF, intent_ranking=[ASF, RSA], bande="repondre", autre_sujet="rsa"),
        action("action_commencer"),
        {"event": "bot", "data": {"custom": {"id": "asf", "version": "2025-04-01"}}},
        action("action_listen"),
    ]
    assert explained(turn, 0.1234) == (
        "compris : asf 0,93 · ensuite rsa 0,05 · autre question : rsa · bande repondre"
        " · MemoizationPolicy → action_commencer · réponse asf, version 2025-04-01 · 123 ms"
    )


def test_what_was_not_understood_tells_the_first_of_the_ranking() -> None:
    lost = {"name": "nlu_fallback", "confidence": 0.6}
    line = explained([said(intent=lost, intent_ranking=[RSA, ASF], bande="incompris")], 0.01)
    assert line == "compris : nlu_fallback 0,60 · ensuite rsa 0,05 · bande incompris · 10 ms"


def test_a_button_has_neither_ranking_nor_band() -> None:
    turn = [said(intent={"name": "asf", "confidence": 1.0}), action("action_repondre", None)]
    assert explained(turn, 0) == "compris : asf 1,00 · bande – · – → action_repondre · 0 ms"


def test_the_subject_stands_for_a_card_that_is_not_told() -> None:
    turn = [said(intent=ASF), {"event": "slot", "name": "sujet", "value": "asf"}]
    assert explained(turn, 0) == "compris : asf 0,93 · bande – · sujet asf · 0 ms"


def test_the_last_turn_begins_with_what_was_last_said() -> None:
    first, second = said(intent=RSA), said(intent=ASF)
    events = [action("action_listen"), first, action("a"), second, action("b")]
    assert last_turn(events) == [second, action("b")]
    assert last_turn([action("action_listen")]) == []
    assert explained([], 1.0) is None


def test_the_endpoints_get_the_store_and_keep_the_rest(project: Project) -> None:
    path = write_endpoints(project, 5055, "endpoints-shell.yml", keep=False)
    before = YAML(typ="safe").load(path)
    explain_turns(path)
    after = YAML(typ="safe").load(path)
    assert after == {**before, "tracker_store": {"type": STORE}}


@pytest.mark.parametrize("explain", [True, False])
def test_the_shell_explains_when_asked(
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    explain: bool,
) -> None:
    (project.root / "fake-shell.sh").write_text(SHELL)
    project.var.mkdir()
    monkeypatch.setattr(shell, "prepare", lambda project: None)
    assert shell.talk(project, explain=explain) == 0
    heard = (project.root / "heard.txt").read_text()
    assert (STORE in heard) is explain
    assert ("Après chaque message" in capsys.readouterr().out) is explain


def test_make_hands_it_over() -> None:
    done = subprocess.run(
        ["make", "-n", "shell", "explain=1"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "allobot shell" in done.stdout and "--explain" in done.stdout
    done = subprocess.run(
        ["make", "-n", "shell"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "--explain" not in done.stdout


def test_the_store_is_where_the_endpoints_say() -> None:
    module, _, name = STORE.rpartition(".")
    source = Path(ROOT, *module.split(".")).with_suffix(".py").read_text()
    assert f"class {name}(" in source
