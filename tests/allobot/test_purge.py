"""`allobot purge`, as the operator sees it."""

from __future__ import annotations

import asyncio
import datetime as dt
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import text, update

from allobot import purge as module
from allobot.database import make_engine, upgrade
from allobot.errors import DatabaseError
from allobot.project import Project
from allobot.purge import purge
from allobot.settings import PARIS
from tests.allobot.appointments import book
from tests.allobot.test_cli import allobot
from web.conversations.models import ConversationRow
from web.conversations.sql_store import SqlStore
from web.messages import Message

SECRET = "des mots qui ne restent pas"


@pytest.fixture
def store(project: Project) -> SqlStore:
    """Three conversations of a database: of today, of 10 days ago, of 40 days ago."""
    url = project.settings.database_url
    upgrade(url)
    store = SqlStore(make_engine(url))
    for days in (0, 10, 40):
        asyncio.run(store.create(f"c{days}", [Message(f"m{days}", "bot", f"{SECRET} {days}.")]))
        set_age(store, f"c{days}", days)
    return store


def set_age(store: SqlStore, name: str, days: int) -> None:
    then = dt.datetime.now(dt.UTC) - dt.timedelta(days=days)
    with store._engine.begin() as connection:
        connection.execute(
            update(ConversationRow).where(ConversationRow.id == name).values(last_used_at=then)
        )


def kept(store: SqlStore) -> list[str]:
    with store._engine.connect() as connection:
        return list(connection.execute(text("SELECT id FROM conversation ORDER BY id")).scalars())


def make_tracker(path: Path, *ages: int) -> None:
    now = dt.datetime.now(dt.UTC)
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE events (id INTEGER PRIMARY KEY, sender_id, timestamp)")
        rows = [(f"c{days}", (now - dt.timedelta(days=days)).timestamp()) for days in ages]
        connection.executemany("INSERT INTO events (sender_id, timestamp) VALUES (?, ?)", rows)
    connection.close()


def test_the_retention_is_the_default_and_the_counts_are_printed(
    project: Project, store: SqlStore, capsys: pytest.CaptureFixture[str]
) -> None:
    make_tracker(project.settings.tracker_path, 0, 40, 41)
    purge(project)
    assert kept(store) == ["c0", "c10"]
    lines = capsys.readouterr().out.splitlines()
    assert "Effacé, tout ce qui a plus de 30 jours :" in lines
    assert {"  conversation : 1", "  message : 1", "  events : 2"} <= set(lines)
    for path in project.var.iterdir():
        assert f"{SECRET} 40.".encode() not in path.read_bytes(), path.name


def test_again_there_is_nothing_to_erase(
    project: Project, store: SqlStore, capsys: pytest.CaptureFixture[str]
) -> None:
    purge(project)
    capsys.readouterr()
    purge(project)
    assert kept(store) == ["c0", "c10"]
    assert "Rien à effacer : aucune conversation n'a plus de 30 jours." in capsys.readouterr().out


def test_days_may_be_chosen_down_to_everything(project: Project, store: SqlStore) -> None:
    purge(project, 7)
    assert kept(store) == ["c0"]
    purge(project, 0)
    assert kept(store) == []


def test_a_bar_is_shown_when_it_is_long(
    project: Project, store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[int] = []
    real = module.typer.progressbar

    def progressbar(length: int, label: str) -> object:
        shown.append(length)
        return real(length=length, label=label)

    monkeypatch.setattr(module.typer, "progressbar", progressbar)
    purge(project, 30)
    assert shown == []
    for i in range(25):
        asyncio.run(store.create(f"old{i}", []))
        set_age(store, f"old{i}", 50)
    purge(project, 30)
    assert shown == [25]
    assert kept(store) == ["c0", "c10"]


def test_a_rasa_file_that_cannot_be_read_is_one_sentence(project: Project, store: SqlStore) -> None:
    project.settings.tracker_path.write_bytes(b"this is not a database, and long enough to tell")
    with pytest.raises(DatabaseError, match=r"rasa\.sqlite.*relancez la commande"):
        purge(project)
    assert kept(store) == ["c0", "c10"], "what could be erased is"


def test_the_verb_on_a_new_copy_of_the_repository(tmp_path: Path) -> None:
    done = allobot("purge", "--days", "7", ALLOBOT_VAR=str(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == (
        "Rien à effacer : aucune conversation n'a plus de 7 jours."
    )
    assert allobot("purge", "--days", "-1").returncode == 2


def appointments(store: SqlStore) -> list[str]:
    with store._engine.connect() as connection:
        return list(connection.execute(text("SELECT id FROM rdv_rendez_vous")).scalars())


def with_appointments(store: SqlStore) -> dict[int, str]:
    """Three appointments, booked so many days ago and held in the days after; and their ids."""
    now = dt.datetime.now(PARIS)
    return {days: book(store._engine, now - dt.timedelta(days=days)).id for days in (60, 25, 0)}


def test_appointments_have_their_own_retention(
    project: Project, store: SqlStore, capsys: pytest.CaptureFixture[str]
) -> None:
    ids = with_appointments(store)
    purge(project)
    assert set(appointments(store)) == {ids[25], ids[0]}
    assert {"  rdv_rendez_vous : 1", "  rdv_coordonnees : 1"} <= set(
        capsys.readouterr().out.splitlines()
    )
    a_week = project.settings.model_copy(update={"rdv_retention_days": 7})
    purge(Project(a_week, project.root))
    assert appointments(store) == [ids[0]]
    assert kept(store) == ["c0", "c10"], "a retention does not shorten the other"


def test_given_days_are_for_appointments_too_but_those_to_come_stay(
    project: Project, store: SqlStore
) -> None:
    ids = with_appointments(store)
    purge(project, 7)
    assert appointments(store) == [ids[0]]
    purge(project, 0)
    assert appointments(store) == [ids[0]], "somebody waits for that call"
    assert kept(store) == []
