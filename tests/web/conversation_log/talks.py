"""Events as Rasa writes them, seen in its file after real conversations."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from web.conversation_log.turns import KINDS, Event

START = 1_790_000_000.0  # epoch seconds: 21 September 2026
SCHEMA = """
    CREATE TABLE IF NOT EXISTS events (
        id INTEGER NOT NULL, sender_id VARCHAR(255) NOT NULL, type_name VARCHAR(255) NOT NULL,
        timestamp FLOAT, intent_name VARCHAR(255), action_name VARCHAR(255), data TEXT,
        PRIMARY KEY (id)
    )
"""
Data = dict[str, Any]


def user(text: str, intent: str, *confidences: float, **more: Any) -> Data:
    """A message; with confidences it was typed and classified, without it is a button's."""
    others = ("rsa", "asf", "mot_de_passe", "prime_activite")
    first = more.pop("first", intent)
    names = [first, *(name for name in others if name != first)]
    ranking = [{"name": n, "confidence": c} for n, c in zip(names, confidences, strict=False)]
    parsed: Data = {
        "intent": {"name": intent, "confidence": confidences[0] if confidences else 1.0},
        "intent_ranking": ranking or [{"name": intent, "confidence": 1.0}],
        "entities": more.pop("entities", []),
        "text": text,
    }
    if confidences:
        parsed["bande"] = more.pop("bande", "repondre")
    if "autre_sujet" in more:
        parsed["autre_sujet"] = more.pop("autre_sujet")
    return {
        "event": "user",
        "text": text,
        "parse_data": parsed,
        "input_channel": more.pop("channel", "rest"),
        "metadata": more.pop("metadata", {}),
    }


def action(name: str, policy: str = "RulePolicy") -> Data:
    return {"event": "action", "name": name, "policy": policy, "confidence": 1.0}


def bot(text: str, utter: str | None = None, card: Data | None = None) -> Data:
    metadata = {"utter_action": utter} if utter else {}
    data = {"custom": card, "buttons": None} if card else {"custom": None}
    return {"event": "bot", "text": text, "data": data, "metadata": metadata}


def slot(name: str, value: object) -> Data:
    return {"event": "slot", "name": name, "value": value}


def listen() -> Data:
    return action("action_listen")


def card(name: str, kind: str = "procedure", notices: tuple[str, ...] = ()) -> Data:
    return {"kind": kind, "id": name, "version": "2026-01-01", "notices": list(notices)}


def answered(text: str, subject: str, confidence: float = 0.99, **more: Any) -> list[Data]:
    """A message that a procedure answers."""
    return [
        user(text, subject, confidence, (1 - confidence) / 2, **more),
        action("action_repondre"),
        bot(f"Voici pour {subject}", card=card(subject)),
        listen(),
    ]


def lost(text: str, *confidences: float, utter: str = "utter_vouliez_vous_dire") -> list[Data]:
    """A message that is not understood."""
    return [
        user(text, "nlu_fallback", *(confidences or (0.4, 0.3)), first="rsa", bande="proposer"),
        action("action_incompris"),
        bot("Vouliez-vous parler de :", utter),
        listen(),
    ]


def pressed(subject: str) -> list[Data]:
    """A button of a subject."""
    return [user(f"/{subject}", subject), *answered("", subject)[1:]]


def opening() -> list[Data]:
    """What the gateway says when the window opens."""
    return [
        action("action_session_start"),
        {"event": "session_started"},
        listen(),
        user("/salutation", "salutation"),
        action("utter_salutation"),
        bot("Bonjour", "utter_salutation"),
        listen(),
    ]


def events(*turns: list[Data], start: float = START, step: float = 20.0) -> list[Event]:
    """Events of a conversation, 10 ms apart within a turn, `step` seconds between turns."""
    found: list[Event] = []
    for i, turn in enumerate(turns):
        for j, data in enumerate(turn):
            time = start + i * step + j * 0.01
            found.append(Event(len(found) + 1, data["event"], time, data))
    return [event for event in found if event.kind in KINDS]


class Tracker:
    """Rasa's file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def say(
        self, sender: str, *turns: list[Data], start: float = START, step: float = 20.0
    ) -> list[int]:
        """Write turns in one transaction, as Rasa does; return the ids of the events."""
        ids = []
        with closing(sqlite3.connect(self.path)) as connection, connection:
            connection.execute(SCHEMA)
            connection.execute("CREATE INDEX IF NOT EXISTS ix ON events (sender_id)")
            for i, turn in enumerate(turns):
                for j, data in enumerate(turn):
                    time = start + i * step + j * 0.01
                    row = (sender, data["event"], time, json.dumps(data))
                    cursor = connection.execute(
                        "INSERT INTO events (sender_id, type_name, timestamp, data)"
                        " VALUES (?, ?, ?, ?)",
                        row,
                    )
                    assert cursor.lastrowid
                    ids.append(cursor.lastrowid)
        return ids
