"""Keeps the log up to date while the gateway runs."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from contextlib import suppress

from aiohttp import web

from allobot.database import make_engine
from allobot.settings import Settings
from web.conversation_log.source import tracker_engine
from web.conversation_log.tail import BATCH, Tail
from web.keys import SETTINGS
from web.logs import LOGGER, describe
from web.retention import limit_of

EVERY = 5.0  # seconds


async def follow(app: web.Application) -> AsyncIterator[None]:
    """Read Rasa's events every 5 s; at the end of the gateway, give up between two batches."""
    task = asyncio.create_task(keep_up(app[SETTINGS]))
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def keep_up(settings: Settings) -> None:
    """Read what is new, for ever; a failure is logged and tried again. Never returns."""
    tracker, engine = tracker_engine(settings.tracker), make_engine(settings.database_url)
    tail = Tail(tracker, engine)
    forgotten_on: dt.date | None = None
    try:
        while True:
            try:
                # Until nothing waits; what is said meanwhile does, else a busy hour never ends it.
                while await asyncio.to_thread(tail.run_once) >= BATCH:
                    pass
                if forgotten_on != settings.today():
                    await asyncio.to_thread(tail.forget, limit_of(settings.retention_days))
                    forgotten_on = settings.today()
            except Exception as error:  # noqa: BLE001 - it must live to try again
                LOGGER.error("conversation log: %s", describe(error))
            await asyncio.sleep(EVERY)
    finally:
        engine.dispose()
        tracker.dispose()
