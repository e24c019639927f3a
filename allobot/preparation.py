"""What must be ready before the bot starts: the database, the knowledge, the model."""

from __future__ import annotations

import contextlib
import sqlite3
import sys
from collections.abc import Iterator

from sqlalchemy.exc import SQLAlchemyError

from allobot import database, sqlite, training
from allobot.errors import AllobotError, DatabaseError, DataError
from allobot.messages import say
from allobot.project import Project
from allobot.settings import load_settings


def prepare(project: Project) -> None:
    """Migrate, load, train: each only if needed. A Rasa elsewhere has its own model."""
    check_tracker(project)
    prepare_database(project)
    load_knowledge(project)
    if not project.settings.rasa_urls:
        training.ensure(project)


def prepare_database(project: Project) -> None:
    """Bring the tables up to date. Raises DatabaseError."""
    project.var.mkdir(parents=True, exist_ok=True)
    try:
        database.upgrade(project.settings.database_url)
    except (SQLAlchemyError, database.UnsupportedDatabase) as error:
        raise DatabaseError(say("base", raison=_reason(error))) from error
    print(say("base_prete"), flush=True)


def check_tracker(project: Project) -> None:
    """Rasa would start without its file, and forget each message. Raises DatabaseError."""
    path = project.root / project.settings.tracker_path
    if not project.settings.tracker.startswith("sqlite") or not path.is_file():
        return
    try:
        with contextlib.closing(sqlite3.connect(path, timeout=sqlite.BUSY_SECONDS)) as connection:
            connection.execute("PRAGMA schema_version")
    except sqlite3.OperationalError:
        return  # held by another: whole
    except sqlite3.DatabaseError as error:
        raise DatabaseError(say("base_rasa", fichier=path)) from error


def load_knowledge(project: Project) -> None:
    """Put data/ into the database. Raises DataError, DatabaseError."""
    from actions.knowledge import loader

    try:
        with data_errors():
            loaded = loader.load(project.settings)
    except SQLAlchemyError as error:
        raise DatabaseError(say("base", raison=_reason(error))) from error
    state = say("connaissances_chargees" if loaded.changed else "connaissances_inchangees")
    print(say("connaissances", nombre=loaded.procedures, etat=state), flush=True)


def check_knowledge() -> None:
    """Read and check data/, without a database. Raises DataError."""
    from actions.knowledge import loader

    with data_errors():
        loader.check()


@contextlib.contextmanager
def data_errors() -> Iterator[None]:
    """What does not fit in data/ becomes a DataError, told in one sentence."""
    from actions.knowledge.errors import KnowledgeError

    try:
        yield
    except KnowledgeError as error:
        raise DataError(say("donnees", raison=error)) from error


def _reason(error: Exception) -> str:
    """The driver's first line: never the statement nor its values."""
    cause = getattr(error, "orig", None) or error
    return str(cause).strip().splitlines()[0] if str(cause).strip() else type(cause).__name__


def main() -> None:
    """`python -m allobot.preparation`: the database and the knowledge, before containers start."""
    project = Project(load_settings())
    try:
        check_tracker(project)
        prepare_database(project)
        load_knowledge(project)
    except AllobotError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
