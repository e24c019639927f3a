"""Trains the bot when what it learns from has changed, and only then.

`models/allobot.json` keeps beside the model the fingerprints of what made it. Comparing them
takes milliseconds, where Rasa would need ten seconds only to start.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import hashlib
import json
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from allobot.commands import stream, tail
from allobot.errors import TrainingError
from allobot.messages import say
from allobot.project import Project

LEARNT_FROM = ("config.yml", "domain.yml", "data/nlu", "data/rules", "data/stories")
CODE = ("bot", "uv.lock")
DRAFT, LOCK = ".entrainement-", ".verrou"

STARTED = re.compile(r"Starting to train component '(\w+)'")
FINISHED = re.compile(r"Finished training component '(\w+)'")
RESTORED = re.compile(r"Restored component '(\w+)' from cache")
EPOCHS = re.compile(r"Epochs:\s+(\d+%)")


@dataclass(frozen=True)
class Empreinte:
    """sha256 of what the bot learns from, and of the code and libraries that learn."""

    apprentissage: str
    code: str


@dataclass(frozen=True)
class Trained:
    """What models/allobot.json says of the model beside it. `date` is ISO, with its zone."""

    empreinte: Empreinte
    modele: str
    date: str
    secondes: int


def fingerprint(root: Path) -> Empreinte:
    """The fingerprints of a copy of the repository, from contents and names, never from dates."""
    return Empreinte(
        apprentissage=_digest(root, _files(root, LEARNT_FROM, "*")),
        code=_digest(root, _files(root, CODE, "*.py")),
    )


def trained(project: Project) -> Trained | None:
    """What is known of the present model; None when there is none, or its card is unreadable."""
    if not project.model.is_file():
        return None
    try:
        card = json.loads(_card(project).read_text(encoding="utf-8"))
        return Trained(**{**card, "empreinte": Empreinte(**card["empreinte"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def ensure(project: Project, *, force: bool = False) -> None:
    """Train if the model is missing or stale.

    Raises:
        TrainingError: Rasa failed; the model of before is still there.
    """
    known, now = trained(project), fingerprint(project.root)
    if known and known.empreinte == now and not force:
        date = dt.datetime.fromisoformat(known.date).astimezone().strftime("%d/%m/%Y %H:%M")
        print(say("entrainement_inutile", date=date, secondes=known.secondes), flush=True)
        return
    print(say("entrainement_force" if force else "entrainement"), flush=True)
    # Rasa keeps what it learnt by data and by class: a change elsewhere in the code escapes it.
    same_code = known is not None and known.empreinte.code == now.code
    with _alone(project):
        _train(project, now, force=force or not same_code)


def _train(project: Project, now: Empreinte, *, force: bool) -> None:
    begun = time.monotonic()
    with _draft_folder(project) as folder:
        _run_rasa(project, folder, force=force)
        seconds = round(time.monotonic() - begun)
        date = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        card = Trained(now, project.model.name, date, seconds)
        draft = folder / "allobot.json"
        draft.write_text(json.dumps(asdict(card), indent=2) + "\n", encoding="utf-8")
        # Between the two moves the card is the old one: at worst, the next start trains again.
        (folder / project.model.name).replace(project.model)
        draft.replace(_card(project))
    print(say("entrainement_fini", secondes=seconds), flush=True)


def _run_rasa(project: Project, folder: Path, *, force: bool) -> None:
    log = project.var / "train.log"
    command = [
        *(project.rasa_python, "-m", "bot", "train"),
        *("--config", "config.yml", "--domain", "domain.yml"),
        *("--data", "data/nlu", "data/rules", "data/stories"),
        *("--out", str(folder), "--fixed-model-name", "allobot"),
        *(["--force"] if force else []),
    ]
    with Steps() as steps:
        code = stream(
            command, cwd=project.root, env=project.environment(), log=log, on_line=steps.read
        )
    if code != 0 or not (folder / project.model.name).is_file():
        print(tail(log), file=sys.stderr)
        raise TrainingError(say("entrainement_echec", journal=log))


class Steps:
    """Shows where Rasa's training stands, from its log: a line per component, a live clock."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False)
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._task = self._progress.add_task(say("entrainement_lecture"))
        self._begun: dict[str, float] = {}
        self._current = ""

    def __enter__(self) -> Steps:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def read(self, line: str) -> None:
        """Take one line of Rasa's output."""
        if match := STARTED.search(line):
            self._current = match[1]
            self._begun[match[1]] = time.monotonic()
            self._describe(match[1])
        elif match := EPOCHS.search(line):
            self._describe(f"{self._current} {match[1]}")
        elif match := FINISHED.search(line):
            seconds = time.monotonic() - self._begun.get(match[1], time.monotonic())
            self._tell(say("entrainement_etape", composant=match[1], secondes=round(seconds)))
            self._describe(say("entrainement_suite"))
        elif match := RESTORED.search(line):
            self._tell(say("entrainement_repris", composant=match[1]))

    def _describe(self, text: str) -> None:
        self._progress.update(self._task, description=text)

    def _tell(self, text: str) -> None:
        self._console.print(text, soft_wrap=True)


def _card(project: Project) -> Path:
    return project.models / "allobot.json"


@contextlib.contextmanager
def _draft_folder(project: Project) -> Iterator[Path]:
    """A folder beside the model, so that an interrupted training never touches the model."""
    for left_over in project.models.glob(f"{DRAFT}*"):
        shutil.rmtree(left_over)
    with tempfile.TemporaryDirectory(prefix=DRAFT, dir=project.models) as folder:
        yield Path(folder)


@contextlib.contextmanager
def _alone(project: Project) -> Iterator[None]:
    """Two trainings at once would spoil Rasa's cache."""
    project.models.mkdir(exist_ok=True)
    with (project.models / LOCK).open("wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise TrainingError(say("entrainement_en_cours")) from error
        yield


def _files(root: Path, names: Iterable[str], pattern: str) -> Iterator[Path]:
    for name in names:
        path = root / name
        if path.is_dir():
            yield from sorted(file for file in path.rglob(pattern) if file.is_file())
        elif path.is_file():
            yield path


def _digest(root: Path, files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(hashlib.sha256(file.read_bytes()).digest())
        digest.update(file.relative_to(root).as_posix().encode() + b"\0")
    return digest.hexdigest()
