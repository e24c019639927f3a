"""`make audit`, against a stand-in for the service of advisories: no test reaches the network."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from allobot import audit
from allobot.errors import DataError
from allobot.ports import free_port
from allobot.project import ROOT, Project
from allobot.settings import Settings

ANSWERS = audit.read_answers(ROOT / audit.ANSWERS)
LOCKED = audit.locked(ROOT / "uv.lock")
AIOHTTP = next(answer.version for answer in ANSWERS if answer.paquet == "aiohttp")
RASA = ("rasa", "3.6.21")


class Service(HTTPServer):
    """Speaks as OSV does: `known` lists advisories by package and version."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.known: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self.asked: set[tuple[str, str]] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"

    def knows(self, package: tuple[str, str], name: str, *aliases: str) -> None:
        affected = {"package": {"ecosystem": "PyPI", "name": package[0]}}
        found = {"id": name, "aliases": list(aliases), "summary": f"Faille {name}"}
        dated = {"modified": "2026-01-01T00:00:00Z", "published": "2026-01-01T00:00:00Z"}
        self.known.setdefault(package, []).append({**found, **dated, "affected": [affected]})

    def query(self, queries: list[dict[str, Any]]) -> dict[str, Any]:
        packages = [(one["package"]["name"], one["version"]) for one in queries]
        self.asked.update(packages)
        short = [
            [{"id": one["id"], "modified": one["modified"]} for one in self.known.get(package, [])]
            for package in packages
        ]
        return {"results": [{"vulns": vulns} if vulns else {} for vulns in short]}

    def advisory(self, name: str) -> dict[str, Any]:
        return next(one for known in self.known.values() for one in known if one["id"] == name)


class Handler(BaseHTTPRequestHandler):
    server: Service

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._answer(self.server.query(body["queries"]))

    def do_GET(self) -> None:
        self._answer(self.server.advisory(self.path.rpartition("/")[2]))

    def _answer(self, found: dict[str, Any]) -> None:
        content = json.dumps(found).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def service() -> Iterator[Service]:
    with Service() as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A copy of what the audit reads: the lock, the answers and the uv of the repository."""
    for name in ("pyproject.toml", "uv.lock", ".python-version", str(audit.ANSWERS)):
        copy = tmp_path / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, copy)
    own = ROOT / ".tools" / "uv"
    if own.exists():
        (tmp_path / ".tools").mkdir()
        (tmp_path / ".tools" / "uv").symlink_to(own)
    return Project(Settings(var=tmp_path / "var"), tmp_path)


def test_every_package_of_both_environments_is_asked_about(
    project: Project, service: Service
) -> None:
    audit.audit(project, service.url)
    names = {name for name, _ in service.asked}
    assert RASA in service.asked
    assert {"aiohttp", "pydantic", "sqlalchemy", "pytest", "tensorflow"} <= names
    assert {version for name, version in service.asked if name == "aiohttp"} == {
        version for name, version in LOCKED if name == "aiohttp"
    }


def test_an_advisory_that_is_answered_passes_by_any_of_its_names(
    project: Project, service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    service.knows(RASA, "PYSEC-2099-1", "CVE-2024-49375")
    service.knows(("aiohttp", AIOHTTP), "GHSA-6mq8-rvhq-8wgg")
    audit.audit(project, service.url)
    shown = capsys.readouterr().out
    assert "Le service connaît 2 avis" in shown
    for answer in ANSWERS:
        assert answer.reponse in shown


def test_an_advisory_without_an_answer_fails_and_is_listed(
    project: Project, service: Service
) -> None:
    service.knows(RASA, "CVE-2024-49375")
    service.knows(("aiohttp", AIOHTTP), "GHSA-new", "CVE-2099-1")
    with pytest.raises(audit.UnansweredAdvisories) as told:
        audit.audit(project, service.url)
    assert told.value.exit_code == 1
    assert f"rasa : aiohttp {AIOHTTP} (CVE-2099-1, GHSA-new)" in str(told.value)
    assert "Faille GHSA-new" in str(told.value)
    assert "49375" not in str(told.value)


def test_an_answer_for_a_version_says_nothing_of_another(
    project: Project, service: Service
) -> None:
    current = next(version for name, version in LOCKED if name == "aiohttp" and version != AIOHTTP)
    service.knows(("aiohttp", current), "CVE-2025-69223")
    with pytest.raises(audit.UnansweredAdvisories, match=f"services : aiohttp {current}"):
        audit.audit(project, service.url)


def test_without_the_service_the_list_is_shown_and_nothing_is_called_safe(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(audit.ServiceUnreachable) as told:
        audit.audit(project, f"http://127.0.0.1:{free_port()}/")
    assert told.value.exit_code == 3
    assert "rien de nouveau n'a été cherché" in str(told.value)
    assert "Connection refused" in str(told.value)
    shown = capsys.readouterr().out
    assert "CVE-2024-49375" in shown
    assert "tous ont leur réponse" not in shown


def test_without_uv_it_says_so(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".tools" / "uv").unlink(missing_ok=True)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(audit.ServiceUnreachable, match="No such file"):
        audit.audit(project, "http://127.0.0.1:9/")


def test_an_answer_that_does_not_fit_is_told(project: Project) -> None:
    (project.root / audit.ANSWERS).write_text("avis: [{paquet: x}]", encoding="utf-8")
    with pytest.raises(DataError, match=r"avis-de-securite\.yml"):
        audit.audit(project, "http://127.0.0.1:9/")


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: f"{answer.paquet}-{answer.version}")
def test_each_answer_is_about_what_is_installed(answer: audit.Answer) -> None:
    assert (answer.paquet, answer.version) in LOCKED
    for name in answer.identifiants:
        assert name.startswith(("CVE-", "GHSA-", "PYSEC-"))


def test_no_advisory_is_answered_twice() -> None:
    names = [(answer.paquet, name) for answer in ANSWERS for name in answer.identifiants]
    assert len(names) == len(set(names))


def test_the_answers_say_the_truth_on_rasas_settings() -> None:
    """Half of the answers rest on these."""
    from bot.__main__ import SETTINGS

    configuration = (ROOT / "config.yml").read_text(encoding="utf-8")
    assert "DIET" not in configuration and "TEDPolicy" not in configuration
    assert SETTINGS["RASA_TELEMETRY_ENABLED"] == "false"
    started = (ROOT / "allobot" / "processes.py").read_text(encoding="utf-8")
    assert "--enable-api" not in started
