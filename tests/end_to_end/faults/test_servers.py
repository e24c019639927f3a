"""One part of a whole bot dies, hangs or comes back: nobody is left without a word.

Two Rasas, two action servers, PostgreSQL and Redis. While ten people talk, one part is killed,
then started again a second later, as a supervisor does. Each test adds its row to var/faults.md.
"""

import signal
import time

from tests.end_to_end.faults.people import Rehearsal
from tests.end_to_end.faults.servers import Postgres, Redis
from tests.end_to_end.faults.tally import under
from tests.end_to_end.fleet import Fleet

PAUSE = 1.0  # seconds before a supervisor starts again what died
SLEEP = 6.0  # seconds an action server hangs


async def _killed(fleet: Fleet, expected: Rehearsal, name: str, fault: str) -> None:
    def happen() -> None:
        fleet.kill(name)
        time.sleep(PAUSE)
        fleet.start(name)

    (await under(fleet, expected, fault, happen)).check()


async def test_a_rasa_is_killed(fleet: Fleet, expected: Rehearsal) -> None:
    await _killed(fleet, expected, "rasa-1", "Rasa killed, another stands by")


async def test_an_action_server_is_killed(fleet: Fleet, expected: Rehearsal) -> None:
    await _killed(fleet, expected, "actions-1", "action server killed")


async def test_the_gateway_is_killed(fleet: Fleet, expected: Rehearsal) -> None:
    await _killed(fleet, expected, "web", "gateway killed")


async def test_an_action_server_hangs(fleet: Fleet, expected: Rehearsal) -> None:
    def happen() -> None:
        fleet.signal(signal.SIGSTOP, "actions-1")
        time.sleep(SLEEP)
        fleet.signal(signal.SIGCONT, "actions-1")

    fault = f"action server hung for {SLEEP:.0f} s"
    (await under(fleet, expected, fault, happen)).check()


async def test_postgresql_is_killed(fleet: Fleet, expected: Rehearsal, postgres: Postgres) -> None:
    def happen() -> None:
        postgres.kill()
        time.sleep(PAUSE)
        postgres.start()

    (await under(fleet, expected, "PostgreSQL killed", happen)).check()


async def test_redis_is_killed(fleet: Fleet, expected: Rehearsal, redis_server: Redis) -> None:
    def happen() -> None:
        redis_server.kill()
        time.sleep(PAUSE)
        redis_server.start()

    (await under(fleet, expected, "Redis killed", happen)).check()
