"""The verbs of `python -m allobot`: each reads its options and calls one function.

A verb imports what it alone needs, so that `ask` and `--help` answer at once.
"""

from __future__ import annotations

import datetime as dt
import os
import signal
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from pydantic import ValidationError

from allobot import corrections, kb, logs, ports, rdv, users
from allobot.errors import AllobotError, ConfigurationError, Interrupted
from allobot.local_http import address
from allobot.messages import say
from allobot.project import ROOT, Project
from allobot.settings import Settings, load_settings

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Allobot answers the questions of Caf allocataires.",
)


app.add_typer(kb.app, name="kb")
app.add_typer(corrections.app, name="corrections")
app.add_typer(logs.app, name="logs")
app.add_typer(rdv.app, name="rdv")
app.add_typer(users.app, name="users")


def main() -> None:
    """Run a verb from the repository's folder; tell our errors in one sentence."""
    os.chdir(ROOT)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        app()
    except AllobotError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)


@app.command()
def run() -> None:
    """Start the bot (trains it first when needed)."""
    from allobot import preparation, processes

    project = _project()
    wanted = ports.wanted(project.settings)
    ports.check_free(wanted)
    preparation.prepare(project)
    ports.check_free(wanted)
    where = address(project.settings.web_host, project.settings.web_port)
    supervisor = processes.Supervisor(processes.bot_services(project), cwd=project.root)
    supervisor.run(lambda seconds: say("pret", adresse=where, secondes=round(seconds)))


@app.command()
def train(
    force: Annotated[bool, typer.Option("--force", help="Train even if nothing changed.")] = False,
) -> None:
    """Train the bot when what it learns from has changed."""
    from allobot import training

    training.ensure(_project(), force=force)


@app.command()
def renew() -> None:
    """Have the running bot answer with the trained model, without a stop."""
    from allobot import renewal

    renewal.renew(_project())


@app.command("shell")
def shell_(
    date: Annotated[
        dt.datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Answer as on that day, such as 2027-04-01."),
    ] = None,
    caf: Annotated[str | None, typer.Option(help="Answer as that Caf, such as 52.")] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Say after each turn what was understood and why.")
    ] = False,
) -> None:
    """Talk to the bot in this terminal."""
    from allobot import shell

    day = date.date() if date else None
    project = _project(date=day, caf=caf)
    sys.exit(shell.talk(project, date=day, caf=caf, explain=explain))


@app.command()
def test(
    only: Annotated[
        list[str] | None, typer.Argument(help="Folders of tests/, such as web; all by default.")
    ] = None,
) -> None:
    """Run every test, or those of some folders."""
    from allobot import quality

    quality.run_tests(_project(), only or [])


@app.command("eval")
def eval_(
    questions: Annotated[
        Path, typer.Option(help="Labelled questions to measure with (JSON lines).")
    ] = Path("../shared/eval/real_questions.jsonl"),
) -> None:
    """Measure how well the bot understands (trains it first when needed)."""
    from allobot import training, understanding

    project = _project()
    training.ensure(project)
    understanding.measure(project, questions)


@app.command()
def check() -> None:
    """Check style, types, training data and data files."""
    from allobot import quality

    quality.run_checks(_project())


@app.command()
def audit(
    service: Annotated[
        str | None, typer.Option(help="Another service of advisories, such as a mirror of OSV.")
    ] = None,
) -> None:
    """List known advisories on what is installed, and our answers."""
    from allobot import audit as advisories

    advisories.audit(_project(), service or advisories.SERVICE)


@app.command()
def eligibility(
    rule: Annotated[str, typer.Argument(metavar="RULE", help="Rule, such as asf.")],
    facts: Annotated[
        str, typer.Option("--json", help='Facts, such as {"vit_seul": true}; none by default.')
    ] = "{}",
    date: Annotated[
        dt.datetime | None, typer.Option(formats=["%Y-%m-%d"], help="As on that day.")
    ] = None,
    text: Annotated[bool, typer.Option("--text", help="As it would be said, not JSON.")] = False,
) -> None:
    """Estimate a right from facts, without dialogue."""
    from allobot.eligibility import decide

    day = date.date() if date else load_settings().today()
    print(decide(rule, facts, day, text=text))


@app.command()
def ask(question: Annotated[str, typer.Argument(help="What you would type to the bot.")]) -> None:
    """Ask the running bot one question."""
    from allobot.ask import ask as ask_bot

    settings = _project().settings
    print(ask_bot(address(settings.web_host, settings.web_port), question))


@app.command()
def bench(
    quick: Annotated[
        bool, typer.Option("--quick", help="Under 3 minutes, without measuring stock Rasa.")
    ] = False,
    epochs: Annotated[
        int | None,
        typer.Option(min=1, help="Stock Rasa learns in so many epochs: faster, understands less."),
    ] = None,
    soak: Annotated[
        float | None,
        typer.Option(min=0.1, help="Talk for so many minutes instead, and tell what grew."),
    ] = None,
) -> None:
    """Measure how fast the bot is, beside stock Rasa."""
    from allobot.bench.run import bench as measure
    from allobot.bench.soak import soak as endure

    if soak is not None:
        endure(_project(), soak)
    else:
        measure(_project(), quick=quick, epochs=epochs)


@app.command()
def purge(
    days: Annotated[
        int | None,
        typer.Option(min=0, max=3650, help="Days without use; ALLOBOT_RETENTION_DAYS by default."),
    ] = None,
) -> None:
    """Erase the conversations and appointments that are too old, even while the bot runs."""
    from allobot.purge import purge as purge_conversations

    purge_conversations(_project(), days)


def _project(**given: object) -> Project:
    """The repository with its settings; `given` ones, when not None, win and are checked too."""
    try:
        settings = load_settings()
        chosen = {name: value for name, value in given.items() if value is not None}
        if chosen:
            settings = Settings(**chosen)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else "ALLOBOT_*"
        field = f"ALLOBOT_{name.upper()}" if name in Settings.model_fields else name
        raise ConfigurationError(say("reglage", champ=field, raison=first["msg"])) from error
    if settings.web_port == 0:
        settings = settings.model_copy(update={"web_port": ports.free_port()})
    return Project(settings)


def _interrupt(*_: object) -> NoReturn:
    raise Interrupted(say("interrompu"))
