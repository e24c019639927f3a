"""`allobot corrections`: see the analysts' corrections, export them, keep a talk as a test.

What reads the database is imported by the verb that runs, so that the others start at once.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from allobot.errors import DatabaseError, DataError, UsageError
from allobot.messages import say
from allobot.project import Project
from allobot.settings import PARIS, load_settings

if TYPE_CHECKING:
    from web.console.corrections.patch import Patch
    from web.console.corrections.store import Corrections

LONGEST = 80  # characters of a message in a list
PATCH = "corrections.diff"
REASONS = {
    "deja_la": "corrections_deja_la",
    "conflit": "corrections_conflit",
    "mesure": "corrections_mesure",
    "sans_mots": "corrections_sans_mots",
    "danger": "corrections_danger",
    "trop_long": "corrections_trop_long",
    "personnel": "corrections_personnel",
    "sujet_inconnu": "corrections_sujet_inconnu",
}

app = typer.Typer(no_args_is_help=True, help="Corrections of what the bot understood.")


@app.command("list")
def list_(
    etat: Annotated[
        str | None, typer.Argument(help="proposee, validee, exportee, rejetee.")
    ] = None,
) -> None:
    """List the corrections, the last first."""
    from web.console.corrections.store import Etat

    if etat is not None and etat not in list(Etat):
        raise UsageError(say("corrections_inconnu", etat=etat, etats=", ".join(Etat)))
    with _store(_project()) as store:
        rows = store.page(Etat(etat) if etat else None, limit=1000)
    if not rows:
        print(say("corrections_aucune"))
    for row in rows:
        print(
            say(
                "corrections_ligne",
                id=row.id,
                etat=row.etat,
                sujet=row.wanted.intent or row.wanted.reason,
                texte=_cut(row.text),
                compris=row.found,
                auteur=row.author,
                date=f"{row.proposed_at.astimezone(PARIS):%d/%m/%Y}",
            )
        )


@app.command()
def export(
    to: Annotated[Path | None, typer.Option(help="Folder to write the patch into.")] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Change data/nlu here.")] = False,
) -> None:
    """Turn the agreed corrections into training examples: a patch, or the files themselves."""
    if to is None and not apply:
        raise UsageError(say("corrections_ou"))
    project = _project()
    with _store(project) as store:
        patch = _patch(project, store)
        print(say("corrections_bilan", ajoutes=len(patch.added), ecartes=len(patch.refused)))
        _tell_refused(patch)
        if to is not None:
            to.mkdir(parents=True, exist_ok=True)
            (to / PATCH).write_bytes(patch.diff().encode("utf-8"))
            print(say("corrections_ecrit", fichier=to / PATCH))
        if apply:
            _apply(project, store, patch)


@app.command()
def story(
    conversation_id: Annotated[str, typer.Argument(metavar="CONVERSATION_ID")],
) -> None:
    """Print a conversation as a test of tests/conversations."""
    from actions.sentences import read_sentences
    from web.console.corrections.stories import story_of

    with _store(_project()) as store:
        found = store.events(conversation_id)
    subjects = frozenset(read_sentences().sujets)
    made = story_of(found.events, found.corrected, subjects=subjects)
    if made is None:
        raise UsageError(say("corrections_sans_conversation", id=conversation_id))
    print(made.yaml, end="")
    typer.echo(say("corrections_histoire", fichier=made.file), err=True)


def _apply(project: Project, store: Corrections, patch: Patch) -> None:
    """Write the files, then note what they hold as exported: in this order nothing is lost."""
    from web.console.corrections.patch import write_files

    write_files(project.root, patch)
    keys = [*(it.example.key for it in patch.added), *patch.there()]
    store.exported(keys, dt.datetime.now(dt.UTC))
    if patch.after:
        print(say("corrections_applique", fichiers=len(patch.after)))
    else:
        print(say("corrections_rien"))


def _tell_refused(patch: Patch) -> None:
    for it in patch.refused:
        other = say("corrections_contre", autre=it.other) if it.other else ""
        print(
            say(
                "corrections_ecarte",
                raison=say(REASONS[it.why]),
                texte=_cut(it.example.text),
                sujet=it.example.intent,
                autre=other,
            )
        )


def _patch(project: Project, store: Corrections) -> Patch:
    """Return the patch. Raises DataError."""
    from web.console.corrections.patch import PatchError, make_patch, read_files, read_measured

    wanted = [correction.example() for correction in store.to_export()]
    try:
        return make_patch(read_files(project.root), read_measured(project.root), wanted)
    except PatchError as error:
        raise DataError(say("corrections_illisible", fichier=error)) from error


def _project() -> Project:
    return Project(load_settings())


@contextlib.contextmanager
def _store(project: Project) -> Iterator[Corrections]:
    """Hold the database, brought up to date. Raises DatabaseError."""
    from sqlalchemy.exc import SQLAlchemyError

    from allobot.database import UnsupportedDatabase, make_engine, upgrade
    from web.console.corrections.store import Corrections

    url = project.settings.database_url
    try:
        upgrade(url)
        engine = make_engine(url)
    except (SQLAlchemyError, UnsupportedDatabase) as error:
        raise DatabaseError(say("base", raison=type(error).__name__)) from error
    try:
        yield Corrections(engine, project.settings.tracker)
    except SQLAlchemyError as error:
        raise DatabaseError(say("base", raison=type(error).__name__)) from error
    finally:
        engine.dispose()


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}…"
