"""`audit`: the known advisories on what uv.lock installs, and our answer to each.

uv reads the lock and asks the service of advisories (OSV, which gathers PyPI's and GitHub's); our
answers are in docs/avis-de-securite.yml. Packages and versions are all that leaves the machine.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import subprocess
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from actions.knowledge.errors import InvalidData
from actions.knowledge.schema import Strict
from actions.knowledge.yaml_files import read
from allobot.errors import AllobotError, DataError
from allobot.messages import say
from allobot.project import Project

ANSWERS = Path("docs") / "avis-de-securite.yml"
SERVICE = "https://api.osv.dev/"
SECONDS = 120.0  # for one environment, all its packages
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")

Environment = Literal["rasa", "services"]
# Each environment holds its group and `check`, which is the same for both: audited once.
GROUPS: dict[Environment, tuple[str, ...]] = {
    "rasa": ("--only-group", "rasa"),
    "services": ("--no-group", "rasa"),
}


class UnansweredAdvisories(AllobotError):
    """The service knows advisories that docs/avis-de-securite.yml does not answer."""


class ServiceUnreachable(AllobotError):
    """The service of advisories does not answer: nothing new was looked for."""

    exit_code = 3


class Answer(Strict):
    """Our answer to some advisories, alike, on one package."""

    identifiants: list[str] = Field(min_length=1)
    paquet: str
    version: str
    environnement: Environment
    gravite: Literal["faible", "moyenne", "élevée", "critique"]
    quoi: str = Field(min_length=20)
    reponse: str = Field(min_length=40)
    verifie_le: dt.date

    def fits(self, advisory: Advisory) -> bool:
        """Tell whether it answers an advisory, on this very version."""
        same = (self.paquet, self.version) == (advisory.package, advisory.version)
        return same and not advisory.ids.isdisjoint(self.identifiants)


class Answers(Strict):
    """docs/avis-de-securite.yml."""

    avis: list[Answer]


@dataclass(frozen=True)
class Advisory:
    """What the service knows: `ids` are all the names of one advisory."""

    environment: Environment
    package: str
    version: str
    ids: frozenset[str]
    summary: str
    fixed: tuple[str, ...]


def audit(project: Project, service: str = SERVICE) -> None:
    """Print every answer, then what has none.

    Raises:
        DataError: docs/avis-de-securite.yml does not fit.
        UnansweredAdvisories: names them.
        ServiceUnreachable: the answers were printed all the same.
    """
    answers = read_answers(project.root / ANSWERS)
    _print_answers(answers, locked(project.root / "uv.lock"))
    found = [one for name in GROUPS for one in advisories(project, name, service)]
    unanswered = [one for one in found if not any(answer.fits(one) for answer in answers)]
    if unanswered:
        raise UnansweredAdvisories(
            say("audit_sans_reponse", nombre=len(unanswered), avis="\n".join(_lines(unanswered)))
        )
    print(say("audit_bon", nombre=len(found)))


def read_answers(path: Path) -> list[Answer]:
    """Return our answers. Raises DataError when the file does not fit."""
    try:
        return read(path, Answers).avis
    except InvalidData as error:
        raise DataError(say("audit_fichier", raison=error)) from error


def locked(path: Path) -> set[tuple[str, str]]:
    """Return the names and versions of a uv.lock."""
    packages = tomllib.loads(path.read_text(encoding="utf-8"))["package"]
    return {(one["name"], one["version"]) for one in packages if "version" in one}


def advisories(project: Project, environment: Environment, service: str) -> list[Advisory]:
    """Ask the service about every package of an environment. Raises ServiceUnreachable."""
    report = _uv(project, [*GROUPS[environment], "--service-url", service])
    return [_advisory(environment, item) for item in report["vulnerabilities"]]


def _uv(project: Project, options: Sequence[str]) -> dict[str, Any]:
    """Run `uv audit`: 0 is nothing found, 1 something, and only these come with a report."""
    own = project.root / ".tools" / "uv"
    uv = str(own) if own.exists() else shutil.which("uv") or "uv"
    command = [uv, "audit", "--quiet", "--frozen", "--output-format", "json", *options]
    try:
        done = subprocess.run(
            command,
            cwd=project.root,
            env={**os.environ, **_network()},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        report: dict[str, Any] = json.loads(done.stdout)
    except subprocess.TimeoutExpired as error:
        raise _unreachable(say("audit_trop_long", secondes=round(SECONDS))) from error
    except (OSError, ValueError) as error:
        reason = str(error) if isinstance(error, OSError) else _reason(done.stderr)
        raise _unreachable(reason) from error
    return report


def _network() -> dict[str, str]:
    """Settings of uv: a short patience, and the machine's certificates, as scripts/bootstrap."""
    settings = {"UV_HTTP_TIMEOUT": "20", "UV_HTTP_RETRIES": "1"}
    if CERTIFICATES.exists():
        settings["UV_SYSTEM_CERTS"] = os.environ.get("UV_SYSTEM_CERTS", "true")
    return settings


def _reason(stderr: str) -> str:
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    return lines[-1].removeprefix("cause: ") if lines else "?"


def _unreachable(reason: str) -> ServiceUnreachable:
    return ServiceUnreachable(say("audit_injoignable", raison=reason))


def _advisory(environment: Environment, item: dict[str, Any]) -> Advisory:
    return Advisory(
        environment,
        item["dependency"]["name"],
        item["dependency"]["version"],
        frozenset([item["id"], *item.get("aliases", [])]),
        item.get("summary") or "",
        tuple(item.get("fix_versions") or ()),
    )


def _print_answers(answers: Iterable[Answer], packages: set[tuple[str, str]]) -> None:
    for one in answers:
        stale = (one.paquet, one.version) not in packages
        print(
            say(
                "audit_depasse" if stale else "audit_reponse",
                environnement=one.environnement,
                paquet=one.paquet,
                version=one.version,
                gravite=one.gravite,
                identifiants=", ".join(one.identifiants),
                quoi=one.quoi,
                reponse=one.reponse,
                date=one.verifie_le,
            )
        )


def _lines(unanswered: Iterable[Advisory]) -> Iterable[str]:
    for one in unanswered:
        yield say(
            "audit_avis",
            environnement=one.environment,
            paquet=one.package,
            version=one.version,
            identifiants=", ".join(sorted(one.ids)),
            quoi=one.summary,
            corrige=", ".join(one.fixed) or "-",
        )
