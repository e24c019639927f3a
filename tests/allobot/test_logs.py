"""`allobot logs`, as the operator sees it."""

from __future__ import annotations

import re
from pathlib import Path

from tests.allobot.test_cli import allobot
from tests.web.conversation_log.talks import Tracker, answered, lost


def test_a_made_up_log_is_made_once(tmp_path: Path) -> None:
    made = allobot("logs", "demo", "--turns", "300", ALLOBOT_VAR=str(tmp_path))
    assert made.returncode == 0, made.stderr
    assert "Journal inventé : 300 messages" in made.stdout
    assert (tmp_path / "demo.sqlite").exists()
    assert not (tmp_path / "allobot.sqlite").exists(), "never over the log of the bot"
    again = allobot("logs", "demo", "--turns", "300", ALLOBOT_VAR=str(tmp_path))
    assert again.returncode == 2
    assert "Il y a déjà un journal dans cette base" in again.stderr
    forced = allobot("logs", "demo", "--turns", "200", "--force", ALLOBOT_VAR=str(tmp_path))
    assert "Journal inventé : 200 messages" in forced.stdout
    measured = allobot("logs", "bench", ALLOBOT_VAR=str(tmp_path))
    assert measured.returncode == 0, measured.stderr
    assert "Messages dans le journal : 200" in measured.stdout
    views = re.findall(r"^(.+) : 95 % des \d+ appels en \d+ ms", measured.stdout, re.MULTILINE)
    assert {"turns", "turns, text", "conversations", "dashboard, 1 year", "queue"} <= set(views)
    assert "USING COVERING INDEX ix_log_turn" in measured.stdout


def test_all_is_read_again(tmp_path: Path) -> None:
    tracker = Tracker(tmp_path / "rasa.sqlite")
    tracker.say("a", answered("mon rsa", "rsa"), lost("zut"))
    for _ in range(2):
        read = allobot("logs", "rebuild", ALLOBOT_VAR=str(tmp_path))
        assert read.returncode == 0, read.stderr
        assert "Journal relu : 2 messages" in read.stdout


def test_a_database_that_does_not_answer_is_told(tmp_path: Path) -> None:
    url = "postgresql://nobody@127.0.0.1:1/nowhere"
    told = allobot("logs", "bench", "--database", url, ALLOBOT_VAR=str(tmp_path))
    assert told.returncode == 1
    assert told.stderr.startswith("La base de données ne répond pas")
    assert "Traceback" not in told.stderr
