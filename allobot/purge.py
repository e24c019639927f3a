"""Erases the conversations that are too old, once, now. The gateway does the same every day."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Iterator, Mapping

import typer

from allobot.database import make_engine
from allobot.errors import DatabaseError
from allobot.messages import say
from allobot.preparation import prepare_database
from allobot.project import Project
from web.conversations.models import ConversationRow
from web.conversations.sql_store import SqlStore
from web.errors import StoreUnavailable
from web.retention import CONVERSATIONS, OnBatch, limit_of
from web.retention import purge as purge_all

CONVERSATION = ConversationRow.__tablename__


def purge(project: Project, days: int | None = None) -> None:
    """Erase what was not used for `days` (the retention by default) and print the counts.

    Safe while the bot runs, and when run again. With 0 days nothing is left, not even the
    conversations under way. Raises DatabaseError.
    """
    days = project.settings.retention_days if days is None else days
    prepare_database(project)
    tracker = project.root / project.settings.tracker_path
    engine = make_engine(project.settings.database_url)
    try:
        erased = asyncio.run(_purge(SqlStore(engine), project, days))
    except StoreUnavailable as error:
        raise DatabaseError(say("purge_echec", fichier=tracker)) from error
    finally:
        engine.dispose()
    print(say("purge_fini" if erased else "purge_rien", jours=days))
    for table, rows in erased.items():
        print(say("purge_table", table=table, lignes=rows))


async def _purge(store: SqlStore, project: Project, days: int) -> Counter[str]:
    before = limit_of(days)
    with _progress(await store.count_unused(before)) as on_batch:
        return await purge_all(
            store, project.root / project.settings.tracker_path, before, on_batch
        )


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
