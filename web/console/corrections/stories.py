"""Turns a conversation into a test of Rasa, in the format of tests/conversations.

Pure: Rasa's events in, YAML out. What was corrected is expected as corrected; the words of a
message of danger were not kept, its payload stands for them.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from allobot.dangers import DANGERS
from web.console.corrections.patch import learnable

FOLDER = "tests/conversations"
GREETING = "/salutation"  # said by the gateway when it opens a conversation
FALLBACK = "nlu_fallback"
ANSWER = "action_repondre"
FORM_ASKS = "requested_slot"
SILENT = frozenset(("action_listen", "action_session_start"))
NAME_LENGTH = 60

# What a conversation shows, the most telling first, and the file of tests about it.
DANGER = "en_danger_les_secours_passent_avant_tout"
CORRECTS = "on_peut_corriger_une_reponse"
STOPS = "on_peut_arreter_et_recommencer"
REFUSES = "un_non_est_une_reponse"
CHANGES = "on_peut_changer_de_sujet_et_revenir"
FORM = "on_verifie_son_droit_question_par_question"
LOST = "ce_qui_n_est_pas_compris_mene_a_une_personne"
REPEATS = "on_peut_se_repeter"
ANSWERED = "on_obtient_une_reponse_a_sa_question"

Line = tuple[str, Any]


@dataclass
class Said:
    """A message and what followed, as steps of a story."""

    text: str
    intent: str
    then: list[Line] = field(default_factory=list)


@dataclass(frozen=True)
class Story:
    """A test: its name, the file that suits it, and its YAML, whole."""

    name: str
    file: str
    yaml: str


def story_of(
    events: Sequence[Mapping[str, Any]],
    corrected: Mapping[int, str] | None = None,
    *,
    subjects: frozenset[str] = frozenset(),
    name: str | None = None,
) -> Story | None:
    """Return the test of a conversation; None when nobody said anything.

    `corrected` is the right intent by the position of the event; `subjects` are the intents that
    a procedure answers.
    """
    said = _said(events, corrected or {}, subjects)
    if not said:
        return None
    title = name or _name(said)
    steps = [line for one in said for line in _steps(one)]
    lines = ['version: "3.1"', "", "stories:", f"  - story: {_quoted(title)}", "    steps:"]
    return Story(title, f"{FOLDER}/{_behaviour(said)}.yml", "\n".join([*lines, *steps, ""]))


def _said(
    events: Sequence[Mapping[str, Any]], corrected: Mapping[int, str], subjects: frozenset[str]
) -> list[Said]:
    said: list[Said] = []
    ignored = True  # until the person says something
    instead = False  # the actions that followed a misunderstanding are not those to expect
    for place, event in enumerate(events):
        kind = event.get("event")
        if kind == "user":
            ignored = event.get("text") == GREETING and not said
            instead = False
            if ignored:
                continue
            found = _intent(event)
            intent = corrected.get(place, found)
            said.append(Said(_words(event.get("text") or "", intent), intent))
            if intent != found and intent in subjects:
                said[-1].then.append(("action", ANSWER))
                instead = True
        elif not ignored and not instead and said:
            _follow(said[-1].then, event)
    return said


def _follow(then: list[Line], event: Mapping[str, Any]) -> None:
    """Add a step for an event that the dialogue depends on."""
    kind, name = event.get("event"), event.get("name")
    if kind == "action" and name not in SILENT:
        then.append(("action", name))
    elif kind == "active_loop":
        then.append(("active_loop", name))
    elif kind == "slot" and name == FORM_ASKS:
        value = event.get("value")
        if value is not None or ("active_loop", None) not in then:
            then.append(("slot", value))


def _intent(event: Mapping[str, Any]) -> str:
    return str(((event.get("parse_data") or {}).get("intent") or {}).get("name") or FALLBACK)


def _words(text: str, intent: str) -> str:
    """Return what to say in the test: the masked words, or the payload when none were kept."""
    if text.strip().strip("[]") in DANGERS:
        return f"/{intent}"
    if text.startswith("/"):
        return " ".join(text.split())
    return learnable(text) or "?"


def _steps(one: Said) -> list[str]:
    lines = ["      - user: |", f"          {one.text}", f"        intent: {one.intent}"]
    for kind, value in one.then:
        shown = "null" if value is None else value
        if kind == "slot":
            lines += ["      - slot_was_set:", f"          - {FORM_ASKS}: {shown}"]
        else:
            lines.append(f"      - {kind}: {shown}")
    return lines


def _behaviour(said: Sequence[Said]) -> str:
    intents = [one.intent for one in said]
    steps = [line for one in said for line in one.then]
    in_form = any(kind == "active_loop" and value for kind, value in steps)
    answers = sum(line == ("action", ANSWER) for line in steps)
    repeated = len({(one.text, one.intent) for one in said}) < len(said)
    shown = (
        (DANGER, any(intent in DANGERS for intent in intents)),
        (CORRECTS, ("action", "action_corriger") in steps),
        (STOPS, in_form and bool({"arreter", "recommencer"} & set(intents))),
        (REFUSES, "refuser" in intents and in_form),
        (CHANGES, in_form and answers > 0),
        (FORM, in_form),
        (LOST, FALLBACK in intents or "hors_sujet" in intents),
        (REPEATS, repeated),
    )
    return next((name for name, holds in shown if holds), ANSWERED)


def _name(said: Sequence[Said]) -> str:
    """Propose a name: the first words in words, cut between two of them."""
    text = next((one.text for one in said if not one.text.startswith("/")), said[0].intent)
    if len(text) <= NAME_LENGTH:
        return text
    return f"{text[:NAME_LENGTH].rsplit(' ', 1)[0]}…"


def _quoted(name: str) -> str:
    """Return a name as YAML reads it back, whatever it holds."""
    return json.dumps(name, ensure_ascii=False)
