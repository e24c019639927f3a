"""A talk through the questions of a rule, with the real actions and a rough stand-in for Rasa.

The stand-in knows a few intents by a word, and leads the form as Rasa does; that Rasa really does
is proved by tests/end_to_end, which plays the same talks over HTTP.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rasa_sdk import Tracker
from ruamel.yaml import YAML

from actions.action_commencer import ActionCommencer
from actions.action_corriger import ActionCorriger
from actions.action_decider import ActionDecider
from actions.action_demander import ActionDemander
from actions.action_recommencer import ActionRecommencer
from actions.action_repondre import ActionRepondre
from actions.forms import AWAITED, FORM, REQUESTED, ValidateQuestionnaireForm
from actions.resources import Resources
from tests.actions.conversation import run, tracker, user

TALKS = Path(__file__).parents[1] / "end_to_end" / "questionnaires"
DOMAIN = Path(__file__).parents[2] / "domain.yml"
INTENTS = {  # the first whose pattern is in the text
    "arreter": r"\bstop\b|j'arrête|j'arrete|arrêter les questions",
    "recommencer": r"recommence",
    "verifier_droit": r"^(?:v[ée]rifier|faire (?:le (?:test|questionn)|mon plan)|(?:on )?repren)",
    "corriger": r"\b(?:en fait|corrig|tromp|pardon|rectifi|erreur)",
    "mot_de_passe": r"mot de passe|mdp",
    "rembourser_dette": r"rembourse.* dette",
    "contacter_caf": r"horaires|ouvert",
    "rdv_telephonique": r"rendez-vous|rdv",
}
PAYLOAD = re.compile(r"/(\w+)(\{.*\})?")


def talks() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every talk: its rule, its behaviour, and what is said."""
    for path in sorted(TALKS.glob("*.yml")):
        for behaviour, talk in YAML(typ="safe").load(path.read_text(encoding="utf-8")).items():
            yield path.stem, behaviour, talk


class Talk:
    """A conversation with the actions: slots, the running form, and what was last said."""

    def __init__(self, resources: Resources) -> None:
        made = [
            ActionCommencer(resources),
            ActionCorriger(resources),
            ActionDecider(resources),
            ActionDemander(resources),
            ActionRecommencer(resources),
            ActionRepondre(resources),
            ValidateQuestionnaireForm(resources),
        ]
        self._actions = {action.name(): action for action in made}
        self._responses = YAML(typ="safe").load(DOMAIN.read_text(encoding="utf-8"))["responses"]
        self._slots: dict[str, Any] = {}
        self._events: list[dict[str, Any]] = []
        self._in_form = False
        self._said: list[dict[str, Any]] = []

    async def say(self, text: str) -> str:
        """What is answered to a text, or to the button whose label begins as what follows « @ »."""
        self._latest = self._press(text[1:]) if text.startswith("@") else user(text, _intent(text))
        self._said = []
        self._events.append({"event": "user", **self._latest})
        await self._answer(self._latest["intent"]["name"])
        return "\n".join(str(message["text"]) for message in self._said)

    def card(self) -> dict[str, Any]:
        """The last card said."""
        return dict([m["custom"] for m in self._said if m["custom"]][-1])

    def _press(self, label: str) -> dict[str, Any]:
        buttons = [button for message in self._said for button in message["buttons"]]
        payload = next(b["payload"] for b in buttons if b["title"].startswith(label))
        intent, entities = PAYLOAD.fullmatch(payload).groups()  # type: ignore[union-attr]
        return user(payload, intent, **json.loads(entities or "{}"))

    async def _answer(self, intent: str) -> None:
        if intent == "arreter":
            self._in_form = False
            self._utter("utter_arret")
            return
        if self._in_form and await self._form():
            return
        action = {
            "verifier_droit": "action_commencer",
            "corriger": "action_corriger",
            "recommencer": "action_recommencer",
        }.get(intent, "action_repondre")
        events = await self._run(action) or []
        started = action == "action_commencer" or any(e["event"] == "followup" for e in events)
        if self._in_form or started:
            self._in_form = True
            await self._form()

    async def _form(self) -> bool:
        """One turn of the form; False when it leaves the message to the rules."""
        if await self._run(f"validate_{FORM}", as_=FORM) is None:
            return False
        if self._slots[REQUESTED] == AWAITED:
            await self._run(f"action_ask_{AWAITED}", as_=None)
        else:
            self._in_form = False
            await self._run("action_decider")
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
        loop = FORM if self._in_form else None
        return tracker(self._latest, dict(self._slots), list(self._events), loop=loop)

    def _utter(self, response: str) -> None:
        self._hear({"response": response, "text": None, "buttons": [], "custom": {}})

    def _hear(self, message: dict[str, Any]) -> None:
        if response := message["response"]:
            [variant] = self._responses[response]
            buttons = message["buttons"] or variant.get("buttons", [])
            message = {**message, "text": variant["text"], "buttons": buttons}
        self._said.append(message)


def _intent(text: str) -> str:
    found = (name for name, words in INTENTS.items() if re.search(words, text.lower()))
    return next(found, "nlu_fallback")
