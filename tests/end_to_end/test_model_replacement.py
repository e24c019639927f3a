"""A new model while people chat: each message is answered, once; a bad model changes nothing."""

from __future__ import annotations

import io
import itertools
import json
import shutil
import sqlite3
import tarfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from allobot import renewal, training
from allobot.errors import Refused
from allobot.project import ROOT, Project
from allobot.settings import Settings
from tests.end_to_end.parts import Parts
from tests.end_to_end.person import Person, text

PEOPLE = 4
PACE = 0.3  # seconds between two messages of one person
SAID = {
    "comment demander le rsa": "RSA",
    "jai perdu mon mot de passe caf": "caf.fr",
    "comment rembourser une dette": "dette",
}
MANY = "10000/minute"


class Copy(Project):
    """The repository, with a folder of models of its own."""

    @property
    def models(self) -> Path:
        return self.var / "models"


class Bot(Parts):
    """The three processes, on a copy of the model."""

    def __init__(self, var: Path) -> None:
        super().__init__(var, limit_messages=MANY, limit_requests=MANY)
        self._project = self.project = Copy(self.settings)
        self.project.models.mkdir()
        shutil.copy(ROOT / "models" / "allobot.tar.gz", self.project.models)
        card = training.Trained(training.fingerprint(ROOT), self.project.model.name, "", 0)
        (self.project.models / training.CARD).write_text(json.dumps(asdict(card)))

    def model(self) -> str:
        """The model that answers."""
        url = f"http://127.0.0.1:{self.settings.rasa_port}/modele"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return str(json.load(answer)["modele"])

    def kept(self) -> list[dict[str, Any]]:
        """What Rasa keeps of all the conversations, in order."""
        with closing(sqlite3.connect(self.settings.tracker_path)) as file:
            rows = file.execute("SELECT sender_id, data FROM events ORDER BY id").fetchall()
        return [{**json.loads(data), "sender": sender} for sender, data in rows]


class Chatter:
    """Someone who talks at a set pace, until told to stop."""

    def __init__(self, settings: Settings, stop: threading.Event) -> None:
        self._person = Person(f"http://127.0.0.1:{settings.web_port}")
        self._stop = stop
        self.said: list[str] = []
        self.wrong: list[str] = []
        self.slowest = 0.0
        self.thread = threading.Thread(target=self._talk)

    def history(self) -> list[dict[str, Any]]:
        _, answer = self._person.request("GET", "/api/conversation")
        messages: list[dict[str, Any]] = answer["messages"]
        return messages

    def _talk(self) -> None:
        self._person.open()
        questions = list(SAID)
        while not self._stop.is_set():
            question = questions[len(self.said) % len(questions)]
            self.said.append(question)
            begun = time.monotonic()
            answer = text(self._person.say(question))
            self.slowest = max(self.slowest, time.monotonic() - begun)
            if SAID[question] not in answer:
                self.wrong.append(answer)
            self._stop.wait(max(0.0, PACE - (time.monotonic() - begun)))


@contextmanager
def chat(bot: Bot) -> Iterator[list[Chatter]]:
    """People talk during the block; then each of their messages has had its answer, once."""
    stop = threading.Event()
    people = [Chatter(bot.settings, stop) for _ in range(PEOPLE)]
    for someone in people:
        someone.thread.start()
    try:
        time.sleep(1)
        yield people
        time.sleep(1)
    finally:
        stop.set()
        for someone in people:
            someone.thread.join(60)
    slowest = max(someone.slowest for someone in people)
    print(f"{sum(len(one.said) for one in people)} messages, the slowest in {slowest:.2f} s")
    for someone in people:
        assert someone.wrong == []
        assert someone.said
        authors = [message["author"] for message in someone.history()]
        assert authors.count("person") == len(someone.said)
        assert all(pair != ("person", "person") for pair in itertools.pairwise(authors))


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bot]:
    parts = Bot(tmp_path_factory.mktemp("renewal"))
    try:
        parts.start()
        yield parts
    finally:
        parts.stop()


def change_by_hand(model: Path, name: str, old: bytes, new: bytes) -> None:
    """In one file of a model, replace bytes by as many others."""
    with tarfile.open(model) as archive:
        members = [(one, archive.extractfile(one)) for one in archive.getmembers()]
        contents = [(one, file.read() if file else b"") for one, file in members]
    draft = model.with_suffix(".brouillon")
    with tarfile.open(draft, "w:gz", compresslevel=1) as archive:
        for one, content in contents:
            if one.name.endswith(name):
                assert old in content
                content = content.replace(old, new)
            archive.addfile(one, io.BytesIO(content))
    draft.replace(model)


def as_numpy(word: str) -> bytes:
    return word.encode("utf-32-le")


def keep_the_model_before(project: Project) -> None:
    """As a training does."""
    training._keep_previous(project)


def test_nobody_notices_a_new_model(bot: Bot) -> None:
    before = len(bot.kept())
    with chat(bot) as people:
        old = bot.model()
        for letter in "bc":
            keep_the_model_before(bot.project)
            new = letter * len(old)
            change_by_hand(bot.project.model, training.WHOLE, bot.model().encode(), new.encode())
            renewal.renew(bot.project)
            assert bot.model() == new
    said = sorted(question for someone in people for question in someone.said)
    events = bot.kept()[before:]
    kept = [one["text"] for one in events if one["event"] == "user" and one["text"] in SAID]
    assert sorted(kept) == said, "each message once, and no question of the renewal"
    turns: dict[str, list[str]] = {}
    for one in events:
        if one["event"] == "user" or one.get("name") == "action_listen":
            turns.setdefault(one["sender"], []).append(one["event"])
    for turn in turns.values():
        begin = turn.index("user")
        assert turn[begin:] == ["user", "action"] * ((len(turn) - begin) // 2)


@pytest.mark.parametrize("damage", ["cut", "wrong"])
def test_a_bad_model_is_refused_and_the_one_before_put_back(bot: Bot, damage: str) -> None:
    model = bot.project.model
    good = bot.model()
    keep_the_model_before(bot.project)
    if damage == "cut":
        with model.open("rb+") as file:
            file.truncate(model.stat().st_size // 2)
        why = "il ne peut pas être lu"
    else:
        change_by_hand(model, "classifier.joblib", as_numpy("salutation"), as_numpy("politesses"))
        why = "« Bonjour » : salutation attendu, politesses compris"
    bad = model.read_bytes()
    with chat(bot), pytest.raises(Refused, match=why):
        renewal.renew(bot.project)
    assert bot.model() == good
    assert training.is_readable(model)
    assert training.refused_model(bot.project).read_bytes() == bad
