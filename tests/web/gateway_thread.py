"""A gateway and its stand-in for Rasa in a thread of their own, for clients that are not async."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from aiohttp.test_utils import TestServer

from allobot.settings import Settings
from tests.web.fake_rasa import FakeRasa
from web.app import make_app

START, STOP = 30.0, 20.0  # seconds
PLENTY = "100000/minute"  # what is tried here is not the limits
LIMITS = tuple(
    f"limit_{name}"
    for name in ("messages", "feedback", "openings", "requests", "estimates", "pages")
)


@dataclass(frozen=True)
class Gateway:
    """A gateway that runs; `rasa` may be steered at any time."""

    url: str
    rasa: FakeRasa


@contextlib.contextmanager
def running_gateway(var: Path) -> Iterator[Gateway]:
    """Run a gateway whose files are in `var`, on a free port of the loopback."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    rasa, servers = FakeRasa(), contextlib.AsyncExitStack()

    async def start() -> Gateway:
        stand_in = await servers.enter_async_context(TestServer(rasa.app()))
        settings = Settings(
            var=var,
            rasa_port=stand_in.port,
            actions_port=stand_in.port,
            secret="s" * 32,
            limit_messages="1000/second",  # a test talks faster than a person
        )
        server = await servers.enter_async_context(TestServer(make_app(settings)))
        return Gateway(str(server.make_url("/")).rstrip("/"), rasa)

    try:
        yield asyncio.run_coroutine_threadsafe(start(), loop).result(START)
    finally:
        asyncio.run_coroutine_threadsafe(servers.aclose(), loop).result(STOP)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(STOP)
        loop.close()
