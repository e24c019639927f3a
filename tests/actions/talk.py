"""A talk through a form with the real actions and a rough stand-in for Rasa.

The stand-in leads the form as Rasa does; that Rasa really does is proved by tests/end_to_end,
which talks over HTTP.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rasa_sdk import Action, Tracker
from ruamel.yaml import YAML

from actions.forms import REQUESTED
from tests.actions.conversation import run, tracker, user

DOMAIN = Path(__file__).parents[2] / "domain.yml"
NO_BREAK = "\u00a0"
PAYLOAD = re.compile(r"/(\w+)(\{.*\})?")


@dataclass(frozen=True)
class Form:
    """A form: what it awaits, its last action, and the action of each intent outside it."""

    name: str
    awaited: str
    end: str
    stop: str
    rules: Mapping[str, str]
    starts: frozenset[str] = frozenset()  # actions after which it always begins


class Talk:
    """A conversation with the actions: slots, the running form, and what was last said."""

    def __init__(
        self, actions: Iterable[Action], form: Form, intent_of: Callable[[str], str]
    ) -> None:
        self._actions = {action.name(): action for action in actions}
        self._form_, self._intent_of = form, intent_of
        self._responses = YAML(typ="safe").load(DOMAIN.read_text(encoding="utf-8"))["responses"]
        self._slots: dict[str, Any] = {}
        self._events: list[dict[str, Any]] = []
        self._in_form = False
        self._said: list[dict[str, Any]] = []

    async def say(self, text: str) -> str:
        """What is answered to a text, or to the button whose label begins as what follows « @ »."""
        pressed = text.startswith("@")
        self._latest = self._press(text[1:]) if pressed else user(text, self._intent_of(text))
        self._said = []
        self._events.append({"event": "user", **self._latest})
        await self._answer(self._latest["intent"]["name"])
        return "\n".join(str(message["text"]) for message in self._said)

    async def send(self, payload: str) -> str:
        """What is answered to a payload, as the gateway sends one."""
        self._latest, self._said = _payload(payload), []
        self._events.append({"event": "user", **self._latest})
        await self._answer(self._latest["intent"]["name"])
        return "\n".join(str(message["text"]) for message in self._said)

    def card(self) -> dict[str, Any]:
        """The last card said."""
        return dict([m["custom"] for m in self._said if m["custom"]][-1])

    def labels(self) -> list[str]:
        """The buttons last shown."""
        return [button["title"] for message in self._said for button in message["buttons"]]

    def slot(self, name: str) -> Any:
        return self._slots.get(name)

    def _press(self, label: str) -> dict[str, Any]:
        buttons = [button for message in self._said for button in message["buttons"]]
        return _payload(next(b["payload"] for b in buttons if b["title"].startswith(label)))

    async def _answer(self, intent: str) -> None:
        form = self._form_
        if intent == "arreter":
            if form.stop in self._actions:
                await self._run(form.stop)
            else:
                self._utter(form.stop)
            self._in_form = False
            return
        if self._in_form and await self._form():
            return
        action = form.rules.get(intent, "action_repondre")
        events = await self._run(action) or []
        started = action in form.starts or any(e["event"] == "followup" for e in events)
        if self._in_form or started:
            self._in_form = True
            await self._form()

    async def _form(self) -> bool:
        """One turn of the form; False when it leaves the message to the rules."""
        form = self._form_
        if await self._run(f"validate_{form.name}", as_=form.name) is None:
            return False
        if self._slots[REQUESTED] == form.awaited:
            await self._run(f"action_ask_{form.awaited}", as_=None)
            return True
        self._in_form = False
        events = await self._run(form.end) or []
        if any(event["event"] == "followup" for event in events):
            self._in_form = True
            await self._form()
        return True

    async def _run(self, name: str, as_: str | None = "") -> list[dict[str, Any]] | None:
        """The events of an action, remembered under its name or `as_`; None without any."""
        if as_ is not None:
            self._events.append({"event": "action", "name": as_ or name})
        dispatcher, events = await run(self._actions[name], self._tracker())
        for message in dispatcher.messages:
            self._hear(message)
        self._slots |= {e["name"]: e["value"] for e in events if e["event"] == "slot"}
        return events or None

    def _tracker(self) -> Tracker:
        loop = self._form_.name if self._in_form else None
        return tracker(self._latest, dict(self._slots), list(self._events), loop=loop)

    def _utter(self, response: str) -> None:
        self._hear({"response": response, "text": None, "buttons": [], "custom": {}})

    def _hear(self, message: dict[str, Any]) -> None:
        if response := message["response"]:
            [variant] = self._responses[response]
            buttons = message["buttons"] or variant.get("buttons", [])
            message = {**message, "text": variant["text"], "buttons": buttons}
        message = json.loads(json.dumps(message, ensure_ascii=False).replace(NO_BREAK, " "))
        self._said.append(message)


def _payload(payload: str) -> dict[str, Any]:
    intent, entities = PAYLOAD.fullmatch(payload).groups()  # type: ignore[union-attr]
    return user(payload, intent, **json.loads(entities or "{}"))
