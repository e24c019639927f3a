"""`allobot kb`: check the knowledge, show an answer, see what changed."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import typer

from actions.knowledge import console
from actions.knowledge.loader import check as check_data
from actions.sentences import read_sentences
from allobot.errors import DataError
from allobot.messages import say
from allobot.preparation import data_errors
from allobot.settings import load_settings

NOT_A_PROCEDURE = {"verifier_droit", "capacites", "robot", "effacer_conversation"}

app = typer.Typer(no_args_is_help=True, help="Check, show and compare the answers.")


@app.command()
def check(
    days: Annotated[int, typer.Option(help="Warn when not checked for so many days.")] = 365,
) -> None:
    """Check every file of data/: schema, dates, sources, figures, easy sentences."""
    with data_errors():
        knowledge = check_data()
    subjects = [name for name in read_sentences().sujets if name not in NOT_A_PROCEDURE]
    if absent := console.missing(knowledge, subjects):
        raise DataError(say("kb_sans_procedure", sujets=", ".join(absent)))
    for line in console.too_old(knowledge, load_settings().today(), days):
        print(say("kb_ancien", jours=days, quoi=line))
    answers = sum(len(procedure.precisions) for procedure in knowledge.procedures.values())
    print(say("kb_bon", demarches=len(knowledge.procedures), precisions=answers))


@app.command()
def show(
    name: Annotated[str, typer.Argument(metavar="ID", help="Subject, such as asf.")],
    date: Annotated[
        dt.datetime | None, typer.Option(formats=["%Y-%m-%d"], help="As on that day.")
    ] = None,
    caf: Annotated[str | None, typer.Option(help="For that Caf, such as 52.")] = None,
) -> None:
    """Print an answer as it would be said."""
    settings = load_settings()
    day = date.date() if date else settings.today()
    with data_errors():
        text = console.show(name, day, caf or settings.caf)
    print(text or say("kb_inconnu", sujet=name, date=day))


@app.command()
def diff(name: Annotated[str, typer.Argument(metavar="ID", help="Subject.")]) -> None:
    """Show what changed from one version to the next."""
    with data_errors():
        print(console.diff(name) or say("kb_sans_changement", sujet=name))
