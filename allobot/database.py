"""The database shared by the gateway and the action server: engine, metadata, migrations.

SQLite serves one machine, PostgreSQL more. Nothing here connects at import.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import URL, Connection, Engine, MetaData, create_engine, event, make_url, text
from sqlalchemy.orm import DeclarativeBase

from allobot import sqlite

MIGRATIONS = Path(__file__).parent / "migrations"
UPGRADE_SECONDS = 60
UPGRADE_LOCK = 0x416C6C6F  # any number, the same in every process: PostgreSQL's advisory lock
NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UnsupportedDatabase(ValueError):
    """The URL names a database other than SQLite or PostgreSQL."""


class Base(DeclarativeBase):
    """Mother of every table, so that one Alembic history describes them all."""

    metadata = MetaData(naming_convention=NAMES)


def make_engine(url: str) -> Engine:
    """Return an engine with its time-outs set; opens no connection.

    Raises UnsupportedDatabase, or sqlalchemy.exc.ArgumentError when the URL cannot be read.
    """
    parsed = _parse(url)
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(
            parsed, connect_args={"timeout": sqlite.BUSY_SECONDS}, hide_parameters=True
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    waits = f"-c statement_timeout={sqlite.BUSY_SECONDS}s -c lock_timeout={sqlite.BUSY_SECONDS}s"
    return create_engine(
        parsed,
        connect_args={"connect_timeout": sqlite.BUSY_SECONDS, "options": waits},
        hide_parameters=True,
        pool_pre_ping=True,
        pool_timeout=sqlite.BUSY_SECONDS,
    )


def for_writing(engine: Engine) -> Engine:
    """Return the engine to write with: on SQLite its transactions take the write lock at once.

    A SQLite transaction that reads first and writes next fails without waiting when another
    process wrote in between; one that begins IMMEDIATE waits its turn (5 s at most).
    """
    return engine.execution_options(sqlite_begin="BEGIN IMMEDIATE")


def upgrade(url: str) -> None:
    """Bring the schema to the last revision; quiet; two processes may call it together.

    Raises sqlalchemy.exc.OperationalError when the database cannot be reached or locked.
    """
    _make_private_file(_parse(url))
    engine = make_engine(url)
    try:
        with _alone(engine) as connection:
            config = Config()
            config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    finally:
        engine.dispose()


def _parse(url: str) -> URL:
    parsed = make_url(url)
    backend = parsed.drivername.partition("+")[0]
    if backend in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    if backend != "sqlite":
        raise UnsupportedDatabase(f"{backend}: only sqlite and postgresql are supported")
    return parsed


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # _begin_sqlite opens the transactions, DDL included
    sqlite.prepare(connection, "foreign_keys = ON")


def _begin_sqlite(connection: Connection) -> None:
    begin = connection.get_execution_options().get("sqlite_begin", "BEGIN")
    connection.exec_driver_sql(begin)


def _make_private_file(url: URL) -> None:
    """Create the SQLite file readable by its owner only (its WAL takes the same mode)."""
    if url.get_backend_name() != "sqlite" or url.database in (None, "", ":memory:"):
        return
    path = Path(str(url.database))
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600, exist_ok=True)


@contextmanager
def _alone(engine: Engine) -> Iterator[Connection]:
    """Yield a connection in a transaction that no other upgrade can enter before its end."""
    with for_writing(engine).begin() as connection:
        if connection.dialect.name == "postgresql":
            for wait in ("lock_timeout", "statement_timeout"):
                connection.execute(text(f"SET LOCAL {wait} = '{UPGRADE_SECONDS}s'"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": UPGRADE_LOCK})
        yield connection
