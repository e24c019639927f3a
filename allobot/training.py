"""Trains the bot when what it learns from has changed, and only then.

`models/allobot.json` keeps beside the model the fingerprints of what made it. Comparing them
takes milliseconds, where Rasa would need ten seconds only to start. The model of before is kept
beside, for the day when the present one cannot be read or is refused (decision 0019).
"""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import gzip
import hashlib
import json
import re
import shutil
import sys
import tarfile
import tempfile
import time
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from allobot import local_http, processes
from allobot.commands import stream, tail
from allobot.errors import TrainingError
from allobot.messages import say
from allobot.project import Project

LEARNT_FROM = ("config.yml", "domain.yml", "data/nlu", "data/rules", "data/stories")
CODE = ("bot", "uv.lock")
# Of bot/, what serves and never learns: a change there asks for no training.
SERVING = ("lock_store.py", "metrics.py", "renewal.py", "tracker_store.py")
DRAFT, LOCK = ".entrainement-", ".verrou"
CARD, PREVIOUS, REFUSED = "allobot.json", "allobot.precedent", "allobot.refuse"
WHOLE = "metadata.json"  # a file of every model
CHUNK = 2**20

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
        code=_digest(root, (file for file in _files(root, CODE, "*.py") if not _serves(file))),
    )


def trained(project: Project) -> Trained | None:
    """What is known of the present model; None when there is none, or its card is unreadable."""
    return _read_card(_card(project)) if project.model.is_file() else None


def is_readable(model: Path) -> bool:
    """Whether a model is whole: all of its archive is read and checked, in about 0.2 s."""
    try:
        with gzip.open(model) as file, tarfile.open(fileobj=file, mode="r:") as archive:
            names = archive.getnames()
            while file.read(CHUNK):  # to its checksum
                pass
    except (OSError, EOFError, zlib.error, tarfile.TarError):
        return False
    return WHOLE in names


def ensure(project: Project, *, force: bool = False) -> None:
    """Train if the model is missing or stale; first put back the one of before if it is damaged.

    Raises:
        TrainingError: Rasa failed; the model of before is still there.
    """
    usable = _repair(project)
    known, now = trained(project) if usable else None, fingerprint(project.root)
    if known and known.empreinte == now and not force:
        date = dt.datetime.fromisoformat(known.date).astimezone().strftime("%d/%m/%Y %H:%M")
        print(say("entrainement_inutile", date=date, secondes=known.secondes), flush=True)
        return
    refused = _read_card(project.models / f"{REFUSED}.json")
    if usable and refused and refused.empreinte == now and not force:
        print(say("entrainement_refuse", fichier=refused_model(project)), flush=True)
        return
    print(say("entrainement_force" if force else "entrainement"), flush=True)
    # Rasa keeps what it learnt by data and by class: a change elsewhere in the code escapes it.
    same_code = known is not None and known.empreinte.code == now.code
    with alone(project):
        _train(project, now, force=force or not same_code)
    if any(map(local_http.answers, processes.rasa_addresses(project))):
        print(say("entrainement_renouveler" if same_code else "entrainement_relancer"), flush=True)


def made_by_other_code(project: Project) -> bool:
    """Whether the model and the one before differ by the code: a running Rasa has the old one."""
    known, before = trained(project), _read_card(_previous_card(project))
    return (
        known is not None and before is not None and known.empreinte.code != before.empreinte.code
    )


def put_back(project: Project) -> bool:
    """Set the model aside, and put back the one before it.

    False, and nothing is moved, when that one is not whole, or was made by other code.
    To be called alone (see `alone`). Then the model set aside is not trained again at the next
    start, unless what the bot learns from has changed.
    """
    before = _read_card(_previous_card(project))
    if before is None or before.empreinte.code != fingerprint(project.root).code:
        return False
    if not is_readable(previous_model(project)):
        return False
    _copy(project.model, refused_model(project))
    _copy(_card(project), project.models / f"{REFUSED}.json")
    previous_model(project).replace(project.model)
    _previous_card(project).replace(_card(project))
    return True


def previous_model(project: Project) -> Path:
    """The model of before."""
    return project.models / f"{PREVIOUS}.tar.gz"


def refused_model(project: Project) -> Path:
    """The model set aside; its name is not one that a plain `rasa run` would take."""
    return project.models / f"{REFUSED}.tar.gz.non"


@contextlib.contextmanager
def alone(project: Project) -> Iterator[None]:
    """Two trainings at once would spoil Rasa's cache; the model is replaced by one at a time.

    Raises TrainingError when another is at it.
    """
    project.models.mkdir(exist_ok=True)
    with (project.models / LOCK).open("wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise TrainingError(say("entrainement_en_cours")) from error
        yield


def _repair(project: Project) -> bool:
    """Whether there is a model that can be read, if need be the one of before, put back."""
    if not project.model.is_file() or is_readable(project.model):
        return project.model.is_file()
    with alone(project):
        repaired = put_back(project)
    print(
        say("modele_remis" if repaired else "modele_illisible", fichier=project.model), flush=True
    )
    return repaired


def _train(project: Project, now: Empreinte, *, force: bool) -> None:
    begun = time.monotonic()
    with _draft_folder(project) as folder:
        _run_rasa(project, folder, force=force)
        seconds = round(time.monotonic() - begun)
        date = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        card = Trained(now, project.model.name, date, seconds)
        draft = folder / CARD
        draft.write_text(json.dumps(asdict(card), indent=2) + "\n", encoding="utf-8")
        _keep_previous(project)
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


def _keep_previous(project: Project) -> None:
    """Keep the present model, if it is whole, under the name of the one before."""
    if is_readable(project.model):
        _copy(project.model, previous_model(project))
        _copy(_card(project), _previous_card(project))


def _copy(source: Path, target: Path) -> None:
    """Copy a file in the place of another, at once; without a source there is none any more."""
    draft = target.with_name(f".{target.name}.brouillon")
    try:
        shutil.copy2(source, draft)
        draft.replace(target)
    except FileNotFoundError:
        target.unlink(missing_ok=True)


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
    return project.models / CARD


def _previous_card(project: Project) -> Path:
    return project.models / f"{PREVIOUS}.json"


def _read_card(path: Path) -> Trained | None:
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
        return Trained(**{**card, "empreinte": Empreinte(**card["empreinte"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None


@contextlib.contextmanager
def _draft_folder(project: Project) -> Iterator[Path]:
    """A folder beside the model, so that an interrupted training never touches the model."""
    for left_over in project.models.glob(f"{DRAFT}*"):
        shutil.rmtree(left_over)
    with tempfile.TemporaryDirectory(prefix=DRAFT, dir=project.models) as folder:
        yield Path(folder)


def _files(root: Path, names: Iterable[str], pattern: str) -> Iterator[Path]:
    for name in names:
        path = root / name
        if path.is_dir():
            yield from sorted(file for file in path.rglob(pattern) if file.is_file())
        elif path.is_file():
            yield path


def _serves(file: Path) -> bool:
    return file.name in SERVING and file.parent.name == "bot"


def _digest(root: Path, files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(hashlib.sha256(file.read_bytes()).digest())
        digest.update(file.relative_to(root).as_posix().encode() + b"\0")
    return digest.hexdigest()
