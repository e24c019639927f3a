"""From Rasa's events to turns, their outcomes and what deserves to be read first. Pure.

A turn is a message of the person and all that follows until the next one. Everything is computed
again from all the events of the conversation: what comes later may change what came before.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from allobot.dangers import DANGERS
from web.conversation_log.counts import day_of
from web.conversation_log.search import stems

ANSWER = 4000  # characters kept of what was said, by the person and by the bot
QUIET = dt.timedelta(minutes=30)  # without a message, a conversation is left
OPENING = "/salutation"  # what the gateway says to Rasa when the window opens
KINDS = ("user", "bot", "action", "slot", "session_started")  # of the events read

DANGER, ERROR, BOOKING, QUESTION = "danger", "erreur", "rendez_vous", "question"
OFF_TOPIC, OWN_FILE, PERSON = "hors_sujet", "dossier", "personne"
CLARIFIED, NOT_UNDERSTOOD, ANSWERED = "precise", "incompris", "repondu"
OUTCOMES = (
    DANGER,
    ERROR,
    BOOKING,
    QUESTION,
    OFF_TOPIC,
    OWN_FILE,
    PERSON,
    CLARIFIED,
    NOT_UNDERSTOOD,
    ANSWERED,
)

# Reasons of the priority, and their weight.
FAILED, THUMB_DOWN, LOST, DOUBT, CLOSE, REWORDED, LEFT = (
    "erreur",
    "pouce_bas",
    "incompris",
    "confiance_faible",
    "marge_faible",
    "reformulation",
    "question_abandonnee",
)
WEIGHTS = {
    FAILED: 5.0,
    THUMB_DOWN: 4.0,
    LOST: 2.0,
    DOUBT: 2.0,
    CLOSE: 1.0,
    REWORDED: 2.0,
    LEFT: 2.0,
}
LOW_CONFIDENCE, SMALL_MARGIN = 0.6, 0.2
OVERLAP = 0.5  # share of the stems of two messages that both have: the same thing said again

FALLBACK = "nlu_fallback"
TO_A_PERSON = "parler_humain"
SMALL_TALK = {"salutation", "remerciement", "au_revoir", "affirmer", "refuser", "insulte"}
LISTEN = "action_listen"
NO_ACTION = {LISTEN, "action_session_start", "action_extract_slots", "action_deactivate_loop"}
NOT_UNDERSTOOD_ACTION = "action_incompris"
PROPOSALS = {"utter_vouliez_vous_dire", "utter_reformulez", "utter_peut_etre_hors_sujet"}
ELSEWHERE = {"utter_hors_sujet", "utter_autre_porte"}
TECHNICAL = "utter_erreur_technique"
# Controls but line ends and tabs, and half characters (Unicode's categories Cc and Cs).
UNFIT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
CHANNELS = {"rest": "web", "cmdline": "shell"}
DEVICES = {"telephone", "tablette", "ordinateur"}


@dataclass(frozen=True)
class Event:
    """A row of Rasa's table; `time` in epoch seconds, `data` its JSON."""

    id: int
    kind: str
    time: float
    data: Mapping[str, Any]


@dataclass(frozen=True)
class Said:
    """What the gateway knows of a message: as shown, and what the person thought of the answer."""

    text: str
    useful: bool | None = None
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReadTurn:
    """The values of a row of `log_turn`, but what its review says of it."""

    event_id: int
    message: str | None
    at: dt.datetime
    day: int
    text: str
    intent: str | None
    confidence: float | None
    margin: float | None
    ranking: list[dict[str, Any]]
    entities: list[dict[str, Any]]
    band: str | None
    policy: str | None
    action: str | None
    procedure: str | None
    version: str | None
    answer: str
    outcome: str
    caf: str | None
    reply_ms: int | None
    action_ms: int | None
    gateway_ms: int | None
    feedback: bool | None
    reasons: list[str]
    reformulation: bool = False
    priority: float = 0.0
    priority_reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReadConversation:
    """The values of a row of `log_conversation`, and its turns in order (one at least)."""

    started_at: dt.datetime
    last_at: dt.datetime
    channel: str
    caf: str | None
    falc: bool
    device: str | None
    outcome: str
    last_event: int
    turns: list[ReadTurn]


def read(
    events: Sequence[Event], said: Mapping[str, Said], now: dt.datetime
) -> ReadConversation | None:
    """All that the events of one conversation tell, in order; None when nothing was said yet.

    Args:
        said: what the gateway knows, by the id of the person's message.
        now: tells whether the person has left.
    """
    state = _State()
    turns: list[ReadTurn] = []
    for group in _groups(events, state):
        turn = _turn(group, said)
        if turn is not None:
            turns.append(turn)
    if not turns:
        return None
    turns = _judged(turns, now)
    return ReadConversation(
        started_at=turns[0].at,
        last_at=turns[-1].at,
        channel=state.channel,
        caf=state.caf,
        falc=state.falc,
        device=state.device,
        outcome=whole(turns),
        last_event=events[-1].id,
        turns=turns,
    )


def whole(turns: Sequence[ReadTurn]) -> str:
    """The outcome of a conversation: the gravest thing in it, else how it ended."""
    outcomes = [turn.outcome for turn in turns]
    for gravest in (DANGER, BOOKING, PERSON):
        if gravest in outcomes:
            return gravest
    for end in (ERROR, QUESTION, NOT_UNDERSTOOD):
        if outcomes[-1] == end:
            return end
    asked = [turn.outcome for turn in turns if turn.intent not in SMALL_TALK] or outcomes
    for only in (OFF_TOPIC, OWN_FILE, CLARIFIED):
        if all(outcome == only for outcome in asked):
            return only
    return ANSWERED


def priority(
    turn: ReadTurn, before: ReadTurn | None, *, left: bool
) -> tuple[float, tuple[str, ...]]:
    """How much a turn deserves to be read, and why; `left`: nothing came after it."""
    if turn.outcome == DANGER:  # nothing of it is kept to be read
        return 0.0, ()
    reasons = {}
    if turn.outcome == ERROR:
        reasons[FAILED] = 1.0
    if turn.feedback is False:
        reasons[THUMB_DOWN] = 1.0
    if _lost(turn):
        reasons[LOST] = 1.0
    if _typed(turn) and not _answers_a_question(turn, before):
        if turn.confidence is not None and turn.confidence < LOW_CONFIDENCE:
            reasons[DOUBT] = 1.0 - turn.confidence
        if turn.margin is not None and turn.margin < SMALL_MARGIN:
            reasons[CLOSE] = 1.0
    if turn.reformulation:
        reasons[REWORDED] = 1.0
    if left and turn.outcome == QUESTION:
        reasons[LEFT] = 1.0
    score = sum(WEIGHTS[name] * share for name, share in reasons.items())
    return round(score, 3), tuple(reasons)


def clean(value: object, longest: int = ANSWER) -> str:
    """A text that any database and any page can hold: no control character, no half character."""
    said = value if isinstance(value, str) else ""
    return UNFIT.sub(" ", said[:longest])


class _State:
    """What the slots say as the events go by."""

    def __init__(self) -> None:
        self.caf: str | None = None
        self.falc = False
        self.channel = "web"
        self.device: str | None = None

    def see(self, event: Event) -> None:
        if event.kind == "session_started":
            self.caf, self.falc = None, False
        elif event.kind == "slot" and event.data.get("name") == "caf":
            self.caf = clean(event.data.get("value"), 3) or None
        elif event.kind == "slot" and event.data.get("name") == "facile":
            self.falc = bool(event.data.get("value"))
        elif event.kind == "user":
            channel = clean(event.data.get("input_channel"), 32)
            self.channel = CHANNELS.get(channel, channel) or self.channel
            device = _object(event.data.get("metadata")).get("device")
            self.device = device if device in DEVICES else self.device


@dataclass
class _Group:
    """The events of a turn; `caf` as it is after them."""

    user: Event
    rest: list[Event]
    caf: str | None = None

    def of(self, kind: str) -> list[Event]:
        return [event for event in self.rest if event.kind == kind]


def _groups(events: Sequence[Event], state: _State) -> list[_Group]:
    groups: list[_Group] = []
    opened = False
    for event in events:
        state.see(event)
        if event.kind == "user":
            opening = not opened and event.data.get("text") == OPENING
            opened = True
            if not opening:
                groups.append(_Group(event, []))
        elif groups:
            groups[-1].rest.append(event)
        if groups:
            groups[-1].caf = state.caf
    return groups


def _turn(group: _Group, said: Mapping[str, Said]) -> ReadTurn | None:
    user = group.user
    at = _moment(user.time)
    if at is None:
        return None
    parsed, metadata = _object(user.data.get("parse_data")), _object(user.data.get("metadata"))
    message = clean(metadata.get("message"), 36) or None
    known = said.get(message or "")
    intent = clean(_object(parsed.get("intent")).get("name"), 64) or None
    ranking = _ranking(parsed)
    danger = _danger(group, intent, parsed)
    actions = [event for event in group.of("action") if event.data.get("name") not in NO_ACTION]
    main = next(
        (event for event in actions if not _is_form(event)), actions[0] if actions else None
    )
    card = next(iter(_cards(group)), {})
    text = clean(user.data.get("text"))
    if text.startswith("/") and known is not None:
        text = clean(known.text)  # the label of the button
    return ReadTurn(
        event_id=user.id,
        message=message,
        at=at,
        day=day_of(at),
        text=f"[{danger}]" if danger else text,
        intent=intent,
        confidence=ranking[0]["confidence"] if ranking else None,
        margin=ranking[0]["confidence"] - ranking[1]["confidence"] if len(ranking) > 1 else None,
        ranking=[] if danger else ranking,
        entities=[] if danger else _entities(parsed),
        band=clean(parsed.get("bande"), 16) or None,
        policy=(clean(main.data.get("policy"), 64) or None) if main else None,
        action=(clean(main.data.get("name"), 64) or None) if main else None,
        procedure=clean(card.get("id"), 64) or None,
        version=clean(card.get("version"), 32) or None,
        answer="" if danger else _answer(group),
        outcome=DANGER if danger else _outcome(group, intent),
        caf=group.caf,
        reply_ms=_until(user.time, group.rest[-1:]),
        action_ms=_until(user.time, actions[:1]),
        gateway_ms=_until(_number(metadata.get("received")), group.rest[-1:]),
        feedback=known.useful if known else None,
        reasons=list(known.reasons) if known and known.useful is False else [],
    )


def _danger(group: _Group, intent: str | None, parsed: Mapping[str, Any]) -> str | None:
    """The category of danger that a turn is about."""
    names = [intent, parsed.get("autre_sujet")]
    names += [card.get("id") for card in _cards(group) if card.get("kind") == "danger"]
    return next((name for name in names if isinstance(name, str) and name in DANGERS), None)


def _outcome(group: _Group, intent: str | None) -> str:
    """What became of the message, the gravest first; `precise` is told by what comes next."""
    responses = {
        _object(event.data.get("metadata")).get("utter_action") for event in group.of("bot")
    }
    cards = _cards(group)
    not_understood = any(
        event.data.get("name") == NOT_UNDERSTOOD_ACTION for event in group.of("action")
    )
    if TECHNICAL in responses or not group.of("bot"):
        return ERROR
    if any(card.get("kind") == BOOKING for card in cards):
        return BOOKING
    if _asks(group):
        return QUESTION
    if responses & ELSEWHERE:
        return OFF_TOPIC
    if any(card.get("kind") == "procedure" and card.get("notices") for card in cards):
        return OWN_FILE
    if intent == TO_A_PERSON or "utter_vers_une_personne" in responses:
        return PERSON
    if not_understood and (responses & PROPOSALS or not cards):
        return NOT_UNDERSTOOD
    return ANSWERED


def _asks(group: _Group) -> bool:
    """Whether a question of a form waits for its answer at the end of the turn."""
    asked = False
    for event in group.of("slot"):
        if event.data.get("name") == "requested_slot":
            asked = event.data.get("value") is not None
    return asked


def _judged(turns: Sequence[ReadTurn], now: dt.datetime) -> list[ReadTurn]:
    """The turns with what their neighbours tell of them."""
    judged: list[ReadTurn] = []
    for i, turn in enumerate(turns):
        before = judged[-1] if judged else None
        after = turns[i + 1] if i + 1 < len(turns) else None
        if turn.outcome == NOT_UNDERSTOOD and after is not None and _is_choice(after):
            turn = replace(turn, outcome=CLARIFIED)
        turn = replace(turn, reformulation=before is not None and says_again(turn, before))
        left = after is None and now - turn.at >= QUIET
        score, reasons = priority(turn, before, left=left)
        judged.append(replace(turn, priority=score, priority_reasons=reasons))
    return judged


def says_again(turn: ReadTurn, before: ReadTurn) -> bool:
    """Whether a message says the one before again, in other words or not."""
    if DANGER in (turn.outcome, before.outcome) or not (_typed(turn) and _typed(before)):
        return False
    if _answers_a_question(turn, before) or turn.intent in SMALL_TALK:
        return False
    if _lost(before):
        return True
    mine, theirs = set(stems(turn.text)), set(stems(before.text))
    common = len(mine & theirs)
    return common >= 2 and common >= OVERLAP * len(mine | theirs)


def _lost(turn: ReadTurn) -> bool:
    """Whether the bot said that it did not understand, even if it then named a person."""
    fell_back = turn.action == NOT_UNDERSTOOD_ACTION and turn.outcome == PERSON
    return fell_back or turn.outcome == NOT_UNDERSTOOD


def _typed(turn: ReadTurn) -> bool:
    """Whether the person wrote the message: the classifier alone gives a band."""
    return turn.band is not None


def _is_choice(turn: ReadTurn) -> bool:
    """Whether a button of a subject was pressed."""
    return not _typed(turn) and turn.intent not in (None, FALLBACK, TO_A_PERSON, "capacites")


def _answers_a_question(turn: ReadTurn, before: ReadTurn | None) -> bool:
    """Whether the words answer a form: they are not there to be classified."""
    return (
        before is not None
        and before.outcome == QUESTION
        and turn.intent
        in (
            FALLBACK,
            "affirmer",
            "refuser",
            "repondre",
        )
    )


def _is_form(event: Event) -> bool:
    return str(event.data.get("name")).endswith("_form")


def _cards(group: _Group) -> list[Mapping[str, Any]]:
    """The cards said, the last one first."""
    said = [_object(_object(event.data.get("data")).get("custom")) for event in group.of("bot")]
    return [card for card in reversed(said) if card]


def _answer(group: _Group) -> str:
    return clean("\n\n".join(filter(None, (clean(e.data.get("text")) for e in group.of("bot")))))


def _ranking(parsed: Mapping[str, Any]) -> list[dict[str, Any]]:
    """[{"name", "confidence"}], best first; without a ranking, the intent found."""
    found = parsed.get("intent_ranking") or [parsed.get("intent")]
    items = [_object(item) for item in found] if isinstance(found, list) else []
    read = [(clean(item.get("name"), 64), _number(item.get("confidence"))) for item in items[:10]]
    return [{"name": n, "confidence": round(c, 6)} for n, c in read if n and c is not None]


def _entities(parsed: Mapping[str, Any]) -> list[dict[str, Any]]:
    """[{"entity", "value"}] as text."""
    found = parsed.get("entities")
    items = [_object(item) for item in found][:20] if isinstance(found, list) else []
    return [
        {"entity": clean(item.get("entity"), 64), "value": clean(str(item.get("value")), 200)}
        for item in items
        if item.get("entity")
    ]


def _until(start: float | None, events: Sequence[Event]) -> int | None:
    """Milliseconds from a moment to the only event given; None without one, or backwards."""
    if start is None or not events:
        return None
    elapsed = round((events[0].time - start) * 1000)
    return elapsed if 0 <= elapsed < 3_600_000 else None


def _moment(seconds: float) -> dt.datetime | None:
    try:
        return dt.datetime.fromtimestamp(seconds, dt.UTC)
    except (OverflowError, OSError, ValueError):
        return None


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _number(value: object) -> float | None:
    """A finite number, or nothing."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None
