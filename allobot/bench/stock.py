"""The baseline: the same training data under the pipeline and policies that Rasa itself proposes.

The configuration is read from the installed Rasa, word for word but for the language. It is
trained with Rasa's own command, once: a fingerprint of what it learns from lies beside the model.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import os
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from allobot import local_http
from allobot.commands import stream, tail
from allobot.errors import TrainingError
from allobot.messages import say
from allobot.ports import LOOPBACK
from allobot.processes import Service
from allobot.project import Project
from allobot.training import Steps

DEFAULT = Path("rasa") / "engine" / "recipes" / "config_files" / "default_config.yml"
VERSION = Path("rasa") / "version.py"
LEARNT_FROM = ("domain.yml", "data/nlu", "data/rules", "data/stories")
LANGUAGE, ASSISTANT = "fr", "stock"
# Nothing leaves the machine, and the log is readable; Rasa is otherwise as it ships.
ENVIRONMENT = {
    "RASA_TELEMETRY_ENABLED": "false",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    "PYTHONUNBUFFERED": "1",
}
OURS_ONLY = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "SENTRY_DSN")  # what we tune is not stock


def folder(project: Project) -> Path:
    return project.var / "bench" / "stock"


def model(project: Project) -> Path:
    return folder(project) / "stock.tar.gz"


def environment() -> dict[str, str]:
    """That of Rasa's own command, started by hand; without any setting of ours."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("ALLOBOT_") and name not in (*OURS_ONLY, "DATABASE_URL")
    }
    return {**kept, **ENVIRONMENT}


def configuration(project: Project, epochs: int | None = None) -> str:
    """What Rasa writes for a new bot, in French; learnt in fewer `epochs` when given.

    Fewer epochs change how well it understands, not how fast it answers. Raises TrainingError when
    Rasa is not there.
    """
    found = _installed(project, DEFAULT)
    config: dict[str, Any] = YAML(typ="safe").load(found)
    config |= {"language": LANGUAGE, "assistant_id": ASSISTANT}
    if epochs is not None:
        for part in (*config["pipeline"], *config["policies"]):
            part |= {"epochs": epochs} if "epochs" in part else {}
    text = io.StringIO()
    YAML().dump(config, text)
    return text.getvalue()


def fingerprint(project: Project, epochs: int | None = None) -> str:
    """sha256 of what the baseline learns from, and of what learns."""
    digest = hashlib.sha256(configuration(project, epochs).encode())
    digest.update(_installed(project, VERSION).read_bytes())
    for path in _files(project.root, LEARNT_FROM):
        digest.update(hashlib.sha256(path.read_bytes()).digest())
        digest.update(path.relative_to(project.root).as_posix().encode() + b"\0")
    return digest.hexdigest()


def is_trained(project: Project, epochs: int | None = None) -> bool:
    """Whether the model at hand learnt from the present data."""
    card = _card(project)
    return (
        model(project).is_file()
        and card.is_file()
        and card.read_text(encoding="ascii").strip() == fingerprint(project, epochs)
    )


def ensure(project: Project, epochs: int | None = None) -> None:
    """Train the baseline unless it is up to date: an hour of CPU or more, less with few epochs.

    Raises:
        TrainingError: Rasa failed; its last lines are shown.
    """
    folder(project).mkdir(parents=True, exist_ok=True)
    with (folder(project) / ".verrou").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another bench may be training it: then it is there
        if is_trained(project, epochs):
            print(say("bench_stock_pret"), flush=True)
            return
        _train(project, epochs)


def rasa_service(project: Project, endpoints: Path, port: int) -> Service:
    """Rasa's own command and REST channel, on loopback and without its API."""
    command = [
        *(project.rasa_python, "-m", "rasa", "run"),
        *("--model", str(model(project))),
        *("--endpoints", str(endpoints), "--credentials", "credentials.yml"),
        *("--interface", LOOPBACK, "--port", str(port)),
    ]
    return Service("rasa", command, f"{local_http.address(LOOPBACK, port)}/", environment())


def write_endpoints(target: Path, *, actions_port: int, tracker: Path) -> Path:
    """Rasa's own SQL tracker store, on SQLite as ours is, and our action server."""
    url = local_http.address(LOOPBACK, actions_port)
    endpoints = {
        "action_endpoint": {"url": f"{url}/webhook"},
        "tracker_store": {"type": "SQL", "dialect": "sqlite", "db": str(tracker)},
    }
    YAML().dump(endpoints, target)
    return target


def _train(project: Project, epochs: int | None) -> None:
    print(say("bench_stock_apprend"), flush=True)
    begun, place = time.monotonic(), folder(project)
    config, log = place / "config.yml", place / "train.log"
    config.write_text(configuration(project, epochs), encoding="utf-8")
    wanted = fingerprint(project, epochs)
    command = [
        *(project.rasa_python, "-m", "rasa", "train"),
        *("--config", str(config), "--domain", "domain.yml"),
        *("--data", "data/nlu", "data/rules", "data/stories"),
        *("--out", str(place), "--fixed-model-name", "stock"),
    ]
    # A cache of its own: Rasa's is bounded, and ours would be evicted.
    env = {**environment(), "RASA_CACHE_DIRECTORY": str(place / "cache")}
    _card(project).unlink(missing_ok=True)
    with Steps() as steps:
        code = stream(command, cwd=project.root, env=env, log=log, on_line=steps.read)
    if code != 0 or not model(project).is_file():
        print(tail(log), file=sys.stderr)
        raise TrainingError(say("entrainement_echec", journal=log))
    _card(project).write_text(wanted + "\n", encoding="ascii")
    print(say("bench_stock_appris", secondes=round(time.monotonic() - begun)), flush=True)


def _card(project: Project) -> Path:
    return folder(project) / "stock.sha256"


def _installed(project: Project, path: Path) -> Path:
    """A file of the Rasa that is installed. Raises TrainingError."""
    found = next((project.root / ".venv-rasa" / "lib").glob(f"*/site-packages/{path}"), None)
    if found is None:
        raise TrainingError(say("bench_sans_rasa"))
    return found


def _files(root: Path, names: Iterable[str]) -> Iterator[Path]:
    for name in names:
        path = root / name
        yield from sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
