"""Each Rasa takes the trained model in its turn; refused by one, it leaves all as they were."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from allobot import processes, renewal, training
from allobot.errors import NotRunning, Refused, TrainingError
from allobot.ports import free_port
from allobot.project import Project

Answer = tuple[int, dict[str, Any]]
TAKEN: Answer = (200, {"modele": "0123456789abcdef", "questions": 13})
WRONG: Answer = (
    409,
    {
        "raison": "questions",
        "erreur": "",
        "ratees": [{"dit": "Bonjour", "sujet": "salutation", "compris": "rsa"}],
    },
)
UNREADABLE: Answer = (409, {"raison": "illisible", "erreur": "ReadError", "ratees": []})
BUSY: Answer = (409, {"raison": "occupe", "erreur": "", "ratees": []})


@dataclass
class FakeRasa:
    """Gives its answers in their order, then the last one for ever; `seen`: the models on disk."""

    project: Project
    answers: list[Answer]
    seen: list[bytes] = field(default_factory=list)
    url: str = ""

    def answer(self) -> Answer:
        self.seen.append(self.project.model.read_bytes())
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def handler(rasa: FakeRasa) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/modele"
            status, content = rasa.answer()
            with suppress(BrokenPipeError):  # nobody waits any more
                self.send_response(status)
                self.end_headers()
                self.wfile.write(json.dumps(content).encode())

        def log_message(self, *_: object) -> None:
            pass

    return Handler


@pytest.fixture
def trained(project: Project) -> Project:
    """Trained twice: « un », then « deux », that no Rasa has taken yet."""
    for content in ("un: []\n", "deux: []\n"):
        (project.root / "config.yml").write_text(content)
        training.ensure(project)
    return project


@pytest.fixture
def two(trained: Project) -> Iterator[tuple[FakeRasa, FakeRasa]]:
    rasas = FakeRasa(trained, [TAKEN]), FakeRasa(trained, [TAKEN])
    servers = [HTTPServer(("127.0.0.1", 0), handler(rasa)) for rasa in rasas]
    for rasa, server in zip(rasas, servers, strict=True):
        rasa.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
    running(trained, *(rasa.url for rasa in rasas))
    yield rasas
    for server in servers:
        server.shutdown()
        server.server_close()


def running(project: Project, *urls: str) -> None:
    """As `allobot run` notes it."""
    (project.var / processes.RASAS).write_text("\n".join(urls))


def aside(project: Project) -> Path:
    return training.refused_model(project)


def test_each_takes_the_model(
    trained: Project, two: tuple[FakeRasa, FakeRasa], capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    renewal.renew(trained)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" : ")[0] for line in lines] == [rasa.url for rasa in two]
    assert all("01234567" in line and "13 questions" in line for line in lines)
    assert [len(rasa.seen) for rasa in two] == [1, 1]
    assert not aside(trained).exists()


@pytest.mark.parametrize(
    ("answer", "why"),
    [(WRONG, "« Bonjour » : salutation attendu, rsa compris"), (UNREADABLE, r"lu \(ReadError\)")],
)
def test_one_that_refuses_stops_all_and_the_model_before_is_put_back(
    trained: Project, two: tuple[FakeRasa, FakeRasa], answer: Answer, why: str
) -> None:
    first, second = two
    bad, good = trained.model.read_bytes(), training.previous_model(trained).read_bytes()
    first.answers = [answer, TAKEN]
    with pytest.raises(Refused, match=why) as error:
        renewal.renew(trained)
    assert "le précédent est remis à sa place, et tous l'ont" in str(error.value)
    assert (first.seen, second.seen) == ([bad, good], [good])
    assert (trained.model.read_bytes(), aside(trained).read_bytes()) == (good, bad)


def test_those_that_had_taken_it_take_the_one_before_again(
    trained: Project, two: tuple[FakeRasa, FakeRasa]
) -> None:
    first, second = two
    bad, good = trained.model.read_bytes(), training.previous_model(trained).read_bytes()
    second.answers = [WRONG, TAKEN]
    with pytest.raises(Refused):
        renewal.renew(trained)
    assert first.seen == second.seen == [bad, good]


def test_a_restart_keeps_the_model_that_was_put_back(
    trained: Project, two: tuple[FakeRasa, FakeRasa], capsys: pytest.CaptureFixture[str]
) -> None:
    two[0].answers = [WRONG, TAKEN]
    with pytest.raises(Refused):
        renewal.renew(trained)
    good = trained.model.read_bytes()
    capsys.readouterr()
    training.ensure(trained)
    assert "a été mis de côté" in capsys.readouterr().out
    assert trained.model.read_bytes() == good


def test_when_the_one_before_is_refused_too_it_is_told(
    trained: Project, two: tuple[FakeRasa, FakeRasa]
) -> None:
    two[0].answers = [WRONG]
    with pytest.raises(Refused, match=f"mais {two[0].url} ne l'a pas pris"):
        renewal.renew(trained)


def test_without_one_before_nothing_is_moved(
    trained: Project, two: tuple[FakeRasa, FakeRasa]
) -> None:
    training.previous_model(trained).unlink()
    before = trained.model.read_bytes()
    two[0].answers = [WRONG]
    with pytest.raises(Refused, match="make train force=1"):
        renewal.renew(trained)
    assert trained.model.read_bytes() == before
    assert two[1].seen == []


@pytest.mark.parametrize("answer", [BUSY, (503, {}), (404, {})])
def test_a_doubt_moves_nothing(
    trained: Project, two: tuple[FakeRasa, FakeRasa], answer: Answer
) -> None:
    before = trained.model.read_bytes()
    two[0].answers = [answer]
    with pytest.raises(Refused, match="relancez la commande"):
        renewal.renew(trained)
    assert trained.model.read_bytes() == before
    assert not aside(trained).exists()
    assert two[1].seen == []


def test_one_that_does_not_answer_in_time_is_told(
    trained: Project, two: tuple[FakeRasa, FakeRasa], monkeypatch: pytest.MonkeyPatch
) -> None:
    released = threading.Event()
    monkeypatch.setattr(renewal, "ANSWER_AFTER", 0.2)
    monkeypatch.setattr(two[0], "answer", lambda: released.wait(5) and TAKEN)
    with pytest.raises(Refused, match="n'a pas dit s'il a changé de modèle"):
        renewal.renew(trained)
    released.set()


def test_one_that_is_down_will_take_it_when_it_starts(
    trained: Project, two: tuple[FakeRasa, FakeRasa], capsys: pytest.CaptureFixture[str]
) -> None:
    down = f"http://127.0.0.1:{free_port()}"
    running(trained, down, two[1].url)
    renewal.renew(trained)
    assert f"{down} : ne répond pas ; il prendra" in capsys.readouterr().out
    assert len(two[1].seen) == 1


def test_nobody_answers(trained: Project) -> None:
    with pytest.raises(NotRunning, match="make run"):
        renewal.renew(trained)


def test_rasas_elsewhere_have_their_own_file(
    trained: Project, two: tuple[FakeRasa, FakeRasa]
) -> None:
    settings = trained.settings.model_copy(update={"rasa_urls": (two[0].url,)})
    before = trained.model.read_bytes()
    two[0].answers = [WRONG]
    with pytest.raises(Refused, match="sur leurs machines"):
        renewal.renew(replace(trained, settings=settings))
    assert trained.model.read_bytes() == before


def test_other_code_needs_a_restart(trained: Project, two: tuple[FakeRasa, FakeRasa]) -> None:
    (trained.root / "bot/classifier.py").write_text("C = 2\n")
    training.ensure(trained)
    with pytest.raises(Refused, match="puis make run"):
        renewal.renew(trained)
    assert two[0].seen == []


def test_not_during_a_training(trained: Project, two: tuple[FakeRasa, FakeRasa]) -> None:
    with training.alone(trained), pytest.raises(TrainingError):
        renewal.renew(trained)
    assert two[0].seen == []
