"""The bots that faults happen to, each started once: on servers, and on files."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.end_to_end.faults.people import Rehearsal, rehearse
from tests.end_to_end.faults.servers import Postgres, Redis
from tests.end_to_end.fleet import Fleet, running


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    server = Postgres()
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="module")
def redis_server() -> Iterator[Redis]:
    server = Redis()
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="module")
def fleet(
    postgres: Postgres, redis_server: Redis, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Fleet]:
    """Two Rasas and two action servers, on PostgreSQL and Redis."""
    var = tmp_path_factory.mktemp("faults")
    with running(var, database_url=postgres.url, redis_url=redis_server.url) as both:
        yield both


@pytest.fixture(scope="module")
def expected(fleet: Fleet) -> Rehearsal:
    """What each message is answered when all goes well."""
    return asyncio.run(rehearse(fleet.web))
