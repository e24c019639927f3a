"""Says, after each turn of `make shell explain=1`, what was understood and why that was answered.

`explained` is pure: Rasa's events of a turn, as dictionaries, become one line. bot/explain.py gives
it the turns, from a store that `explain_turns` puts in the shell's endpoints.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from allobot.messages import say

STORE = "bot.explain.ExplainingTrackerStore"
SILENT = frozenset(("action_listen", "action_session_start"))
SUBJECT = "sujet"  # the slot that an answer sets (actions/memory.py)
CARD = "carte"  # what the message says of its card (actions/saying.py)
NOTHING = "–"

Event = Mapping[str, Any]


def explain_turns(endpoints: Path) -> None:
    """Add the store that explains to a file of endpoints; what is said stays in memory."""
    yaml = YAML()
    settings = yaml.load(endpoints)
    settings["tracker_store"] = {"type": STORE}
    yaml.dump(settings, endpoints)


def last_turn(events: Sequence[Event]) -> Sequence[Event]:
    """Return the last message of the person and what followed; nothing before they spoke."""
    places = [place for place, event in enumerate(events) if event.get("event") == "user"]
    return events[places[-1] :] if places else []


def explained(turn: Sequence[Event], seconds: float) -> str | None:
    """Return the line about a turn answered in so many seconds; None when nobody spoke."""
    if not turn:
        return None
    parsed = turn[0].get("parse_data") or {}
    found = parsed.get("intent") or {}
    actions = [event for event in turn if _is_action(event)]
    parts = [
        say("explication_compris", sujet=_ranked(found)),
        *_others(parsed, found),
        say("explication_bande", bande=parsed.get("bande") or NOTHING),
        *(
            say("explication_action", regle=_policy(event), action=event["name"])
            for event in actions
        ),
        *_answered(turn),
        say("explication_temps", ms=round(seconds * 1000)),
    ]
    return " · ".join(parts)


def _others(parsed: Event, found: Event) -> Iterator[str]:
    """Yield the next subject of the ranking, and the one of a second question."""
    others = [it for it in parsed.get("intent_ranking") or [] if it["name"] != found.get("name")]
    if others:
        yield say("explication_ensuite", sujet=_ranked(others[0]))
    if parsed.get("autre_sujet"):
        yield say("explication_autre", sujet=parsed["autre_sujet"])


def _answered(turn: Sequence[Event]) -> Iterator[str]:
    """Yield the card that was said; else the subject that the answer noted."""
    cards = [card for event in turn if (card := _card(event))]
    subjects = [
        event["value"]
        for event in turn
        if event.get("event") == "slot" and event.get("name") == SUBJECT and event.get("value")
    ]
    if cards:
        yield say("explication_reponse", id=cards[-1]["id"], version=cards[-1]["version"])
    elif subjects:
        yield say("explication_sujet", id=subjects[-1])


def _card(event: Event) -> Event | None:
    if event.get("event") != "bot":
        return None
    card = (event.get("metadata") or {}).get(CARD) or (event.get("data") or {}).get("custom") or {}
    return card if {"id", "version"} <= card.keys() else None


def _is_action(event: Event) -> bool:
    return event.get("event") == "action" and event.get("name") not in SILENT


def _policy(event: Event) -> str:
    """« RulePolicy » of « policy_1_RulePolicy »."""
    return str(event.get("policy") or NOTHING).rpartition("_")[2]


def _ranked(intent: Event) -> str:
    confidence = f"{intent.get('confidence') or 0.0:.2f}".replace(".", ",")
    return f"{intent.get('name') or NOTHING} {confidence}"
