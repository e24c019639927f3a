"""A tracker as Rasa sends it, and a dispatcher that collects what is said."""

from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Action


def user(
    text: str, intent: str = "hors_sujet", band: str = "repondre", **entities: str
) -> dict[str, Any]:
    return {
        "text": text,
        "intent": {"name": intent, "confidence": 0.9},
        "intent_ranking": [{"name": intent, "confidence": 0.9}],
        "bande": band,
        "entities": [{"entity": name, "value": value} for name, value in entities.items()],
    }


def tracker(
    latest: dict[str, Any],
    slots: dict[str, Any] | None = None,
    events: list[dict[str, Any]] | None = None,
    loop: str | None = None,
    channel: str = "rest",
) -> Tracker:
    return Tracker(
        sender_id="test",
        slots=slots or {},
        latest_message=latest,
        events=events or [{"event": "user", "input_channel": channel, **latest}],
        paused=False,
        followup_action=None,
        active_loop={"name": loop} if loop else {},
        latest_action_name="action_listen",
    )


async def run(action: Action, on: Tracker) -> tuple[CollectingDispatcher, list[dict[str, Any]]]:
    dispatcher = CollectingDispatcher()
    events = await action.run(dispatcher, on, {})
    return dispatcher, list(events)
