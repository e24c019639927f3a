"""The schema: migrations and models agree, on SQLite always, on PostgreSQL when it answers."""

import multiprocessing
import sqlite3
import stat
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import ArgumentError, IntegrityError

from actions.appointments import models as appointments
from allobot.database import (
    MIGRATIONS,
    Base,
    UnsupportedDatabase,
    for_writing,
    make_engine,
    upgrade,
)
from web.console import models as console
from web.console.corrections.models import CorrectionRow
from web.conversation_log import models as log
from web.conversations import models

OURS = {models.ConversationRow.__tablename__, "message", "button", "feedback"}
OURS |= {appointments.RendezVousRow.__tablename__, "rdv_code", "rdv_coordonnees", "rdv_exception"}
OURS.add(CorrectionRow.__tablename__)
OURS |= {console.UserRow.__tablename__, "console_recovery", "console_session", "console_audit"}
OURS |= {log.LogTurnRow.__tablename__, "log_conversation", "log_review", "log_tag", "log_note"}
OURS |= {"log_hour", "log_day", "log_cursor"}


def is_ours(_object: object, name: str | None, kind: str, *_rest: object) -> bool:
    return kind != "table" or name in OURS


def test_migrations_make_the_models(database_url: str) -> None:
    upgrade(database_url)
    engine = make_engine(database_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"include_object": is_ours, "compare_server_default": True}
        )
        assert compare_metadata(context, Base.metadata) == []
    engine.dispose()


def test_history_is_one_line() -> None:
    script = ScriptDirectory(str(MIGRATIONS))
    revisions = [revision.revision for revision in script.walk_revisions()]
    assert len(script.get_heads()) == 1
    assert revisions[-2:] == ["0002_knowledge", "0001_conversations"]


def test_knowledge_tables_have_their_columns(database_url: str) -> None:
    upgrade(database_url)
    engine = make_engine(database_url)
    inspector = inspect(engine)
    columns = {
        table: {column["name"]: column["nullable"] for column in inspector.get_columns(table)}
        for table in ("procedure", "procedure_version", "knowledge_state")
    }
    assert columns["procedure"] == {"id": False, "titre": False, "theme": False}
    assert columns["procedure_version"] == {
        "id": False,
        "procedure_id": False,
        "territoire": False,
        "du": False,
        "au": True,
        "contenu": False,
        "verifie_le": False,
    }
    assert columns["knowledge_state"] == {"id": False, "empreinte": False, "charge_le": False}
    (unique,) = inspector.get_unique_constraints("procedure_version")
    assert unique["column_names"] == ["procedure_id", "territoire", "du"]
    (key,) = inspector.get_foreign_keys("procedure_version")
    assert (key["referred_table"], key["options"]) == ("procedure", {"ondelete": "CASCADE"})
    engine.dispose()


def test_upgrade_again_changes_nothing(
    database_url: str, capfd: pytest.CaptureFixture[str]
) -> None:
    upgrade(database_url)
    upgrade(database_url)
    assert capfd.readouterr() == ("", "")


def test_processes_that_start_together_all_succeed(database_url: str) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=upgrade, args=(database_url,)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0, 0, 0]


def test_sqlite_file_is_private_and_its_folder_is_made(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "x.sqlite"
    upgrade(f"sqlite:///{path}")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.fixture
def sqlite_engine(sqlite_url: str) -> Engine:
    upgrade(sqlite_url)
    return make_engine(sqlite_url)


def test_sqlite_is_set_for_two_processes(sqlite_engine: Engine) -> None:
    with sqlite_engine.connect() as connection:
        pragmas = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("foreign_keys", "journal_mode", "busy_timeout", "secure_delete")
        }
    assert pragmas == {
        "foreign_keys": 1,
        "journal_mode": "wal",
        "busy_timeout": 5000,
        "secure_delete": 1,
    }
    sqlite_engine.dispose()


def test_foreign_keys_hold(sqlite_engine: Engine) -> None:
    orphan = text(
        "INSERT INTO message (conversation_id, id, author, text) VALUES ('none', 'a', 'bot', 'b')"
    )
    with pytest.raises(IntegrityError), sqlite_engine.begin() as connection:
        connection.execute(orphan)
    sqlite_engine.dispose()


def test_writers_take_the_lock_at_once(sqlite_engine: Engine, tmp_path: Path) -> None:
    with for_writing(sqlite_engine).begin():
        other = sqlite3.connect(tmp_path / "scratch.sqlite", timeout=0, isolation_level=None)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        other.close()
    sqlite_engine.dispose()


def test_an_error_does_not_repeat_the_values(sqlite_engine: Engine) -> None:
    with pytest.raises(IntegrityError) as caught, sqlite_engine.begin() as connection:
        connection.execute(
            text("INSERT INTO message (conversation_id, id, author, text) VALUES (:c, '', '', :t)"),
            {"c": "none", "t": "un secret"},
        )
    assert "un secret" not in str(caught.value)
    sqlite_engine.dispose()


@pytest.mark.parametrize("url", ["mysql://localhost/x", "oracle://localhost/x"])
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(UnsupportedDatabase):
        make_engine(url)


def test_a_url_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(ArgumentError):
        make_engine("not a url")


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2"])
def test_postgresql_runs_on_the_installed_driver(scheme: str) -> None:
    engine = make_engine(f"{scheme}://nobody@127.0.0.1/nowhere")
    assert engine.driver == "psycopg"


def test_postgresql_has_its_time_outs(postgres_url: str) -> None:
    engine = make_engine(postgres_url)
    with engine.connect() as connection:
        assert connection.execute(text("SHOW statement_timeout")).scalar() == "5s"
        assert connection.execute(text("SHOW lock_timeout")).scalar() == "5s"
    engine.dispose()
