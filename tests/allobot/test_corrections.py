"""`allobot corrections`, as the operator sees it."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from sqlalchemy import insert
from typer.testing import CliRunner, Result

from allobot import corrections
from allobot.database import make_engine, upgrade
from allobot.errors import DatabaseError, DataError, UsageError
from allobot.project import Project
from allobot.settings import Settings
from tests.allobot.test_cli import allobot
from web.console.corrections.models import CorrectionRow
from web.console.corrections.patch import Refusal
from web.console.corrections.store import Corrections, Etat

NOW = dt.datetime(2026, 11, 21, 9, 30, tzinfo=dt.UTC)
NLU = (
    'version: "3.1"\n\n# Le compte.\nnlu:\n- intent: mot_de_passe\n  examples: |\n    - mdp perdu\n'
    "- intent: asf\n  examples: |\n    - toucher l'asf\n"
)
FILE = "data/nlu/compte.yml"
WORDS = "jai pu mon mdp caf"


@pytest.fixture
def here(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A repository of one file of examples, whose database holds four corrections."""
    (project.root / "data/nlu/rsa.yml").unlink()
    (project.root / FILE).write_text(NLU)
    (project.root / "tests/understanding").mkdir(parents=True)
    monkeypatch.setattr(corrections, "_project", lambda: project)
    upgrade(project.settings.database_url)
    engine = make_engine(project.settings.database_url)
    rows = [
        (WORDS, "intention", "mot_de_passe", Etat.AGREED),
        ("mdp perdu", "intention", "asf", Etat.AGREED),
        ("toucher l'asf", "intention", "asf", Etat.AGREED),
        ("pas encore d'accord", "intention", "asf", Etat.PROPOSED),
    ]
    with engine.begin() as connection:
        for turn, (text, nature, intent, etat) in enumerate(rows, 1):
            connection.execute(
                insert(CorrectionRow).values(
                    turn_id=turn,
                    conversation_id="c1",
                    text=text,
                    found="nlu_fallback",
                    nature=nature,
                    intent=intent,
                    entities=[],
                    etat=etat,
                    author="lea",
                    proposed_at=NOW,
                )
            )
    engine.dispose()
    return project


@pytest.fixture
def store(here: Project) -> Iterator[Corrections]:
    engine = make_engine(here.settings.database_url)
    yield Corrections(engine, here.root / here.settings.tracker_path)
    engine.dispose()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(corrections.app, list(arguments), catch_exceptions=False)


def test_the_list_of_a_state(here: Project) -> None:
    everything = run("list").output.splitlines()
    assert len(everything) == 4
    [line] = run("list", "proposee").output.splitlines()
    assert "pas encore d'accord" in line and "lea, 21/11/2026" in line
    assert run("list", "exportee").output.strip() == "Aucune correction."
    with pytest.raises(UsageError, match="proposee, validee, exportee, rejetee"):
        run("list", "perdue")


def test_a_patch_in_a_folder_changes_nothing_here(here: Project, store: Corrections) -> None:
    folder = here.root / "sortie"
    output = run("export", "--to", str(folder)).output
    assert "1 exemple(s) à ajouter, 2 écarté(s)." in output
    assert "déjà un exemple d'un autre sujet" in output and "contre mot_de_passe" in output
    diff = (folder / "corrections.diff").read_text()
    assert diff.splitlines()[:2] == [f"--- a/{FILE}", f"+++ b/{FILE}"]
    assert f"+    - {WORDS}" in diff
    assert (here.root / FILE).read_text() == NLU
    assert store.counts()[Etat.EXPORTED] == 0


def test_apply_writes_then_says_what_is_next(here: Project, store: Corrections) -> None:
    output = run("export", "--apply").output
    assert "make train" in output and "make eval" in output
    read = YAML(typ="safe").load(here.root / FILE)["nlu"]
    assert read[0]["examples"] == f"- mdp perdu\n- {WORDS}\n"
    assert (here.root / FILE).read_text().replace(f"    - {WORDS}\n", "") == NLU
    counts = store.counts()
    assert counts[Etat.EXPORTED] == 2  # one that was added, one that was there
    assert counts[Etat.AGREED] == 1  # in conflict: it waits for a decision
    again = run("export", "--apply").output
    assert "Rien à appliquer." in again


def test_somewhere_must_be_said(here: Project) -> None:
    with pytest.raises(UsageError, match="--to"):
        run("export")


def test_a_file_that_does_not_read_is_left_alone(here: Project, store: Corrections) -> None:
    (here.root / FILE).write_text("nlu: [")
    with pytest.raises(DataError, match="rien n'a été écrit"):
        run("export", "--apply")
    assert (here.root / FILE).read_text() == "nlu: ["
    assert store.counts()[Etat.EXPORTED] == 0


def test_a_database_that_does_not_answer_is_told(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(var=project.var, database_url="mysql://nowhere")
    monkeypatch.setattr(corrections, "_project", lambda: Project(settings, project.root))
    with pytest.raises(DatabaseError):
        run("list")


def test_a_conversation_as_a_test(here: Project) -> None:
    tracker = here.root / here.settings.tracker_path
    events = [
        {"event": "user", "text": WORDS, "parse_data": {"intent": {"name": "mot_de_passe"}}},
        {"event": "action", "name": "action_repondre"},
        {"event": "action", "name": "action_listen"},
    ]
    rasa = sqlite3.connect(tracker)
    rasa.execute("CREATE TABLE events (id INTEGER, sender_id TEXT, data TEXT)")
    rasa.executemany(
        "INSERT INTO events VALUES (?, 'c1', ?)",
        [(key, json.dumps(event)) for key, event in enumerate(events)],
    )
    rasa.commit()
    rasa.close()
    done = run("story", "c1")
    [story] = YAML(typ="safe").load(done.stdout)["stories"]
    assert story["steps"] == [
        {"user": f"{WORDS}\n", "intent": "mot_de_passe"},
        {"action": "action_repondre"},
    ]
    assert "tests/conversations/on_obtient_une_reponse_a_sa_question.yml" in done.stderr
    with pytest.raises(UsageError, match="c2"):
        run("story", "c2")


def test_each_reason_has_its_sentence() -> None:
    assert corrections.REASONS.keys() == set(Refusal)


def test_the_verb_is_there(tmp_path: Path) -> None:
    done = allobot("corrections", "list", ALLOBOT_VAR=str(tmp_path))
    assert (done.returncode, done.stdout.strip()) == (0, "Aucune correction.")
