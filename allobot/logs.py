"""`allobot logs`: read the conversations again, make up a log, measure it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from allobot.errors import DatabaseError, UsageError
from allobot.messages import say
from allobot.settings import load_settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

DEMO_FILE = "demo.sqlite"  # in the folder of the generated files
MOST = 20_000_000  # turns

app = typer.Typer(no_args_is_help=True, help="The conversation log that analysts read.")

Database = Annotated[str | None, typer.Option(help="SQLAlchemy URL of the database.")]


@app.command()
def rebuild() -> None:
    """Read all of Rasa's events again, even while the bot runs."""
    from web.conversation_log.rebuild import rebuild as read_again
    from web.conversation_log.source import tracker_engine
    from web.conversation_log.tail import Tail

    settings = load_settings()
    with _opened(settings.database_url) as engine:
        tracker = tracker_engine(settings.tracker)
        tail = Tail(tracker, engine)
        with _progress(tail.count_events(), "logs_lecture") as on_batch:
            removed = read_again(tail, on_batch)
        tracker.dispose()
        print(say("logs_relu", tours=_turns(engine), oubliees=removed))


@app.command()
def demo(
    turns: Annotated[int, typer.Option(min=1, max=MOST, help="How many turns.")] = 1_000_000,
    seed: Annotated[int, typer.Option(help="The same seed makes the same log.")] = 1,
    until: Annotated[
        dt.datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last day; today by default.")
    ] = None,
    database: Database = None,
    force: Annotated[
        bool, typer.Option("--force", help="In the place of the log there is.")
    ] = False,
) -> None:
    """Make up a log of one year, in var/demo.sqlite unless told otherwise."""
    from web.conversation_log.demo import Exists, clear, make

    settings = load_settings()
    url = database or _demo_url(settings.var)
    last = until.date() if until else settings.today()
    with _opened(url) as engine:
        if force:
            clear(engine)
        try:
            with _progress(turns, "logs_invention") as on_batch:
                make(engine, turns, seed, last, on_batch)
        except Exists as error:
            raise UsageError(say("logs_deja")) from error
        where = engine.url.render_as_string(hide_password=True)
        print(say("logs_invente", tours=turns, base=where))


@app.command()
def bench(
    database: Database = None,
    plans: Annotated[bool, typer.Option(help="Print how the database answers, too.")] = True,
) -> None:
    """Measure each view of the console, on var/demo.sqlite unless told otherwise."""
    from web.conversation_log import bench as measuring

    url = database or _demo_url(load_settings().var)
    with _opened(url) as engine:
        print(say("logs_tours", tours=_turns(engine)))
        for it in measuring.measure(engine):
            values = {"p95": round(it.p95 * 1000), "pire": round(it.worst * 1000)}
            print(say("logs_mesure", vue=it.view, appels=it.calls, **values))
        if plans:
            for view, statement, lines in measuring.plans(engine):
                print(say("logs_plan", vue=view, requete=" ".join(statement.split())))
                for line in lines:
                    print(say("logs_plan_ligne", ligne=line))


def _demo_url(var: Path) -> str:
    return f"sqlite:///{(var / DEMO_FILE).resolve()}"


@contextmanager
def _opened(url: str) -> Iterator[Engine]:
    """Yield an engine on the database, its tables up to date. Raises DatabaseError."""
    from sqlalchemy.exc import SQLAlchemyError

    from allobot.database import UnsupportedDatabase, make_engine, upgrade

    try:
        upgrade(url)
        engine = make_engine(url)
        try:
            yield engine
        finally:
            engine.dispose()
    except (SQLAlchemyError, UnsupportedDatabase) as error:
        raise DatabaseError(say("logs_base", raison=type(error).__name__)) from error


@contextmanager
def _progress(total: int, label: str) -> Iterator[Callable[[int], None]]:
    """Show a bar: told how far it went since the last time."""
    with typer.progressbar(length=total, label=say(label)) as bar:
        yield bar.update


def _turns(engine: Engine) -> int:
    from sqlalchemy import func, select

    from web.conversation_log.models import LogTurnRow

    with engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(LogTurnRow)).scalar_one()
