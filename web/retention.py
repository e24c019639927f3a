"""Conversations do not outlive the retention: once a day, the gateway erases the unused ones.

Two purges at once, of two gateways that share a database or of `allobot purge`, do no harm: what
is old is chosen and erased in one transaction, so each erases what the other left, and nothing
that is used meanwhile. Rasa's events are purged by their own dates, so that what a failure
left behind, in one place or the other, goes the next time. Appointments have a retention of their
own, counted from the day of the appointment.
"""

import asyncio
import datetime as dt
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from functools import partial

from aiohttp import web
from sqlalchemy.exc import SQLAlchemyError

from actions.appointments.booking import Booking
from actions.appointments.content import read_rendez_vous
from allobot.database import make_engine
from allobot.settings import Settings
from web.conversations.store import ConversationStore
from web.conversations.tracker_events import Tracker, purge_events, scrub_events
from web.errors import StoreUnavailable
from web.keys import SETTINGS, STORE
from web.logs import LOGGER, describe

CONVERSATIONS = 20  # erased in one transaction: the others never wait long
EVENTS = 500
PAUSE = 0.05  # seconds between two transactions: the others write meanwhile
FIRST_RUN = (60.0, 600.0)  # seconds after the start, at random: gateways do not purge together
DAY = 24 * 3600.0  # seconds
RASA = "events"  # Rasa's only table

OnBatch = Callable[[Mapping[str, int]], None]
Purge = Callable[[], Mapping[str, int]]


def limit_of(days: int) -> dt.datetime:
    """Return the moment before which a conversation not used since is erased."""
    return dt.datetime.now(dt.UTC) - dt.timedelta(days=days)


def purge_appointments(settings: Settings, days: int) -> dict[str, int]:
    """Erase the appointments past for `days`, and what was held or given but never confirmed.

    Returns the rows erased, by table; none when nothing was. Counts from the reference date, which
    is when people book. Raises InvalidData, StoreUnavailable.
    """
    now = settings.now()
    engine = make_engine(settings.database_url)
    try:
        booking = Booking(engine, read_rendez_vous())
        erased = booking.purge(now - dt.timedelta(days=days), now=now)
    except SQLAlchemyError as error:
        raise StoreUnavailable from error
    finally:
        engine.dispose()
    return {table: rows for table, rows in erased.items() if rows}


async def purge(
    store: ConversationStore,
    tracker: Tracker,
    before: dt.datetime,
    on_batch: OnBatch = lambda _: None,
    appointments: Purge = dict,
) -> Counter[str]:
    """Erase what was not used since `before`, everywhere; return the rows erased, by table.

    `appointments` erases those that are too old. `on_batch` is told after each transaction. Ends by
    rewriting SQLite's files, where an erasure may have left what `web.conversations.scrub` says.
    Raises StoreUnavailable; what is erased stays so.
    """
    erased: Counter[str] = Counter()
    async for batch in _batches(store, tracker, before, appointments):
        erased.update(batch)
        on_batch(batch)
        await asyncio.sleep(PAUSE)
    await store.scrub()
    await asyncio.to_thread(scrub_events, tracker)
    return erased


async def purge_daily(
    store: ConversationStore, settings: Settings, appointments: Purge = dict
) -> None:
    """Purge soon after the start, then every day; a failure is logged and tried the next day."""
    await asyncio.sleep(random.uniform(*FIRST_RUN))
    while True:
        try:
            before = limit_of(settings.retention_days)
            erased = await purge(store, settings.tracker, before, appointments=appointments)
        except Exception as error:  # noqa: BLE001 - it must live to try again
            LOGGER.error("retention: %s", describe(error))
        else:
            LOGGER.info("retention: erased %s", dict(erased) or "nothing")
        await asyncio.sleep(DAY)


async def retention(app: web.Application) -> AsyncIterator[None]:
    """Purge while the gateway runs; at its end, give up between two transactions."""
    settings = app[SETTINGS]
    appointments = partial(purge_appointments, settings, settings.rdv_retention_days)
    task = asyncio.create_task(purge_daily(app[STORE], settings, appointments))
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def _batches(
    store: ConversationStore, tracker: Tracker, before: dt.datetime, appointments: Purge
) -> AsyncIterator[Mapping[str, int]]:
    while rows := await store.purge(before, CONVERSATIONS):
        yield rows
    while events := await asyncio.to_thread(purge_events, tracker, before, EVENTS):
        yield {RASA: events}
    if erased := await asyncio.to_thread(appointments):
        yield erased
