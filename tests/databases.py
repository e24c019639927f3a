"""A scratch database of each kind; to be imported by the conftest that needs it."""

import contextlib
import secrets
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine

from allobot.database import make_engine, upgrade

POSTGRES = "postgresql://root@127.0.0.1:5432"


@contextlib.contextmanager
def scratch_postgres() -> Iterator[str]:
    """The URL of a database when a PostgreSQL server answers on this machine, else a skip."""
    try:
        server = psycopg.connect(f"{POSTGRES}/postgres", autocommit=True, connect_timeout=2)
    except psycopg.OperationalError:
        pytest.skip("no PostgreSQL server on 127.0.0.1:5432")
    name = f"allobot_test_{secrets.token_hex(4)}"
    with server:
        server.execute(f"CREATE DATABASE {name}")
        try:
            yield f"{POSTGRES}/{name}"
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextlib.contextmanager
def opened(url: str) -> Iterator[Engine]:
    """A database with its tables."""
    upgrade(url)
    engine = make_engine(url)
    yield engine
    engine.dispose()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'scratch.sqlite'}"


@pytest.fixture
def postgres_url() -> Iterator[str]:
    with scratch_postgres() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Each kind of database in turn."""
    url: str = request.getfixturevalue(
        "sqlite_url" if request.param == "sqlite" else "postgres_url"
    )
    return url


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """Each kind of database, with its tables."""
    with opened(database_url) as engine:
        yield engine
