"""Erases the conversations and appointments that are too old, now; the gateway does so daily."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import partial

import typer

from allobot.database import make_engine
from allobot.errors import DatabaseError
from allobot.messages import say
from allobot.preparation import data_errors, prepare_database
from allobot.project import Project
from web.conversations.models import ConversationRow
from web.conversations.sql_store import SqlStore
from web.errors import StoreUnavailable
from web.retention import CONVERSATIONS, OnBatch, Purge, limit_of, purge_appointments
from web.retention import purge as purge_all

CONVERSATION = ConversationRow.__tablename__


def purge(project: Project, days: int | None = None) -> None:
    """Erase what was not used for `days` (the retention by default) and print the counts.

    Appointments past for `days` go too (their own retention by default). Safe while the bot runs,
    and when run again. With 0 days nothing is left, not even the conversations under way; only the
    appointments to come. Raises DatabaseError, DataError.
    """
    settings = project.settings
    past_days = settings.rdv_retention_days if days is None else days
    days = settings.retention_days if days is None else days
    prepare_database(project)
    tracker = project.root / settings.tracker_path
    engine = make_engine(settings.database_url)
    appointments = partial(purge_appointments, settings, past_days)
    try:
        with data_errors():
            erased = asyncio.run(_purge(SqlStore(engine), project, days, appointments))
    except StoreUnavailable as error:
        raise DatabaseError(say("purge_echec", fichier=tracker)) from error
    finally:
        engine.dispose()
    print(say("purge_fini" if erased else "purge_rien", jours=days))
    for table, rows in erased.items():
        print(say("purge_table", table=table, lignes=rows))


async def _purge(store: SqlStore, project: Project, days: int, appointments: Purge) -> Counter[str]:
    before = limit_of(days)
    with _progress(await store.count_unused(before)) as on_batch:
        return await purge_all(store, project.settings.tracker, before, on_batch, appointments)


@contextlib.contextmanager
def _progress(total: int) -> Iterator[OnBatch]:
    """Show a bar, on a terminal, when there is more than one batch to wait for."""
    if total <= CONVERSATIONS:
        yield lambda _: None
        return
    with typer.progressbar(length=total, label=say("purge_barre")) as bar:

        def advance(batch: Mapping[str, int]) -> None:
            bar.update(batch.get(CONVERSATION, 0))

        yield advance
