"""A small conversation log, written as the gateway's own reader writes it."""

import asyncio
import datetime as dt
from typing import Any

from sqlalchemy import Engine, select

from allobot.database import for_writing
from web.conversation_log.counts import day_of
from web.conversation_log.models import LogTurnRow
from web.conversation_log.turns import ReadConversation, ReadTurn
from web.conversation_log.writing import write

HOSTILE = (
    "<script>alert(1)</script><b>gras</b>",
    '=HYPERLINK("http://exemple.invalid";"clic")',
    "avant \u202egnirts\u202c apres \u200b \x07 fin",
    "a" * 500,
)


def moment(minutes_ago: float = 60.0) -> dt.datetime:
    """A moment of the last hours, to the second."""
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    return now - dt.timedelta(minutes=minutes_ago)


def turn(text: str, at: dt.datetime | None = None, **values: Any) -> ReadTurn:
    """A turn that was well answered, but for what is said of it."""
    when = at or moment()
    known: dict[str, Any] = {
        "event_id": int(when.timestamp()),
        "message": None,
        "at": when,
        "day": day_of(when),
        "text": text,
        "intent": "asf",
        "confidence": 0.93,
        "margin": 0.9,
        "ranking": [
            {"name": "asf", "confidence": 0.93},
            {"name": "pension_alimentaire", "confidence": 0.03},
        ],
        "entities": [],
        "band": "repondre",
        "policy": "RulePolicy",
        "action": "action_repondre",
        "procedure": "asf",
        "version": "2025-04-01",
        "answer": "Une aide pour qui élève seul un enfant.",
        "outcome": "repondu",
        "caf": "52",
        "reply_ms": 210,
        "action_ms": 40,
        "gateway_ms": 300,
        "feedback": None,
        "reasons": [],
    }
    return ReadTurn(**{**known, **values})


def doubtful(
    text: str, at: dt.datetime | None = None, priority: float = 3.0, **values: Any
) -> ReadTurn:
    """A turn to read first."""
    known: dict[str, Any] = {
        "outcome": "incompris",
        "band": "incompris",
        "intent": "nlu_fallback",
        "confidence": 0.31,
        "procedure": None,
        "version": None,
        "priority": priority,
        "priority_reasons": ("incompris", "confiance_faible"),
    }
    return turn(text, at, **{**known, **values})


def conversation(*turns: ReadTurn, **values: Any) -> ReadConversation:
    """A conversation of these turns, in order."""
    known: dict[str, Any] = {
        "started_at": turns[0].at,
        "last_at": turns[-1].at,
        "channel": "web",
        "caf": "52",
        "falc": False,
        "device": "telephone",
        "outcome": turns[-1].outcome,
        "last_event": turns[-1].event_id,
        "turns": list(turns),
    }
    return ReadConversation(**{**known, **values})


async def keep(engine: Engine, **conversations: ReadConversation) -> dict[str, int]:
    """Write conversations, by their id; return the number of each turn, by its text."""
    return await asyncio.to_thread(keep_now, engine, **conversations)


def keep_now(engine: Engine, **conversations: ReadConversation) -> dict[str, int]:
    """The same, at once."""
    with for_writing(engine).begin() as connection:
        write(connection, conversations)
        rows = connection.execute(select(LogTurnRow.text, LogTurnRow.id)).all()
    return {row.text: row.id for row in rows}
