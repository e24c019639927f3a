"""What Rasa 3.6.21 does again at each message and need not, made on its private details.

Each change keeps the result and drops the repetition. The version is frozen, each is guarded by
tests/bot/test_tuning.py; why, and what it is worth: docs/decisions/0004-rasa-tuning.md.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import functools
import weakref
from abc import ABCMeta
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import rasa.core.actions.action as rasa_action
import rasa.core.run as rasa_run
import spacy
from aiohttp import ClientSession
from jsonschema import ValidationError
from jsonschema.validators import validator_for
from rasa import __version__
from rasa.core.actions.action import RemoteAction
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.nlu.utils.spacy_utils import SpacyModel, SpacyNLP
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActionReverted,
    ActiveLoop,
    BotUttered,
    Event,
    Restarted,
    SessionStarted,
    UserUtteranceReverted,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.utils.common import all_subclasses
from rasa.utils.endpoints import EndpointConfig

ACTION_TIMEOUT = 2  # seconds
OPEN: weakref.WeakSet[ClientSession] = weakref.WeakSet()
SESSION = "allobot_session"  # attribute of an endpoint: its loop, and the session kept open in it
# Only its tokens are read (config.yml). The components would take half the time of understanding,
# the vocabulary (vectors and lexemes, not the tokenizer's own rules) 180 MB.
UNUSED = ("tok2vec", "morphologizer", "parser", "attribute_ruler", "lemmatizer", "ner", "vocab")
NO_SUCH_EVENT = ValidationError("no such event", validator="oneOf")
UNDOING = {ActionExecuted, ActionReverted, Restarted, SessionStarted, UserUtteranceReverted}
TURNS_SENT = 8  # of the conversation, to an action: none looks further back
READ = ("event", "timestamp", "name", "value", "text", "input_channel", "metadata")  # of an event


def tune() -> None:
    """Make the changes; calling it again changes nothing."""
    RemoteAction._validate_action_result = _compiled_check()
    RemoteAction._action_call_format = _recent_call
    rasa_action.DEFAULT_REQUEST_TIMEOUT = ACTION_TIMEOUT
    SpacyNLP.load_model = staticmethod(_load_tokens)
    EndpointConfig.session = _kept_open(EndpointConfig.session)
    rasa_run.close_resources = _closing(rasa_run.close_resources)
    Event.resolve_by_type = staticmethod(_once(Event.resolve_by_type))
    DaskGraphRunner.run = _run
    DialogueStateTracker.applied_events = _applied_events
    for kind in (Event, *all_subclasses(Event)):
        kind.__class__ = _Plain


class _Plain(ABCMeta):
    """Of events: Rasa declares them abstract, and each isinstance then asks Python's registry."""

    __instancecheck__ = type.__instancecheck__


def _applied_events(self: DialogueStateTracker) -> list[Event]:
    """The events of the conversation that still count; Rasa asks for them at each prediction.

    By the class of each, and not by trying six classes on each. What is undone is Rasa's to say.
    """
    loops = {event.name for event in self.events if type(event) is ActiveLoop and event.name}
    counting: list[Event] = []
    for event in self.events:
        kind = type(event)
        if kind not in UNDOING or (kind is ActionExecuted and event.action_name not in loops):
            counting.append(event)
        elif kind is ActionExecuted:
            name = event.action_name
            if self._first_loop_execution_or_unhappy_path(name, counting):
                counting.append(event)
            else:
                self._undo_till_previous_loop_execution(name, counting)
        elif kind in (Restarted, SessionStarted):
            counting = []
        else:
            if kind is UserUtteranceReverted:  # the message, then the listening before it
                self._undo_till_previous(UserUttered, counting)
            self._undo_till_previous(ActionExecuted, counting)
    return counting


def _kept_open(open_session: Callable[[EndpointConfig], Any]) -> Callable[[EndpointConfig], Any]:
    """Rasa opens a connection to the action server for each call."""
    if hasattr(open_session, "__wrapped__"):
        return open_session

    @functools.wraps(open_session)
    def session(self: EndpointConfig) -> contextlib.nullcontext[Any]:
        loop = asyncio.get_running_loop()
        opened = self.__dict__.get(SESSION)
        if opened is None or opened[0] is not loop or opened[1].closed:
            opened = self.__dict__[SESSION] = (loop, open_session(self))
            OPEN.add(opened[1])
        return contextlib.nullcontext(opened[1])

    return session


def _closing(close: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """What Rasa does when its server stops, then our sessions."""
    if hasattr(close, "__wrapped__"):
        return close

    @functools.wraps(close)
    async def close_all(*args: Any) -> None:
        await close(*args)
        for session in list(OPEN):
            await session.close()

    return close_all


def _once(find: Callable[..., Any]) -> Callable[..., Any]:
    """Rasa walks through all the classes of events for each event it reads."""
    return find if hasattr(find, "cache_info") else functools.cache(find)


@functools.cache
def _load_tokens(name: str) -> SpacyModel:
    """The spaCy model without the components that config.yml has no use for, loaded once."""
    return SpacyModel(model=spacy.load(name, exclude=UNUSED), model_name=name)


def _compiled_check() -> Any:
    """Rasa checks its schema again before each answer, then tries each event as each kind.

    Here the schema is checked once, and an event as the kind it says it is.
    """
    schema = copy.deepcopy(RemoteAction.action_response_format_spec())
    kinds = schema["properties"]["events"]["items"].pop("oneOf")
    whole = _validator(schema)
    by_name = {kind["properties"]["event"]["const"]: _validator(kind) for kind in kinds}

    def check(self: RemoteAction, result: dict[str, Any]) -> bool:
        error = next(whole.iter_errors(result), None)
        for event in () if error else result.get("events", ()):
            kind = by_name.get(event["event"])
            error = next(kind.iter_errors(event), None) if kind else NO_SUCH_EVENT
            if error:
                break
        if error is None:
            return True
        # Without this, the instance (the person's words) would be printed in the log.
        raise ValidationError(f"action {self.name()}: answer of a wrong shape ({error.validator})")

    return check


def _validator(schema: dict[str, Any]) -> Any:
    return validator_for(schema)(schema)


def _recent_call(
    self: RemoteAction, tracker: DialogueStateTracker, domain: Domain
) -> dict[str, Any]:
    """What an action is told: the state, and of the last turns what actions read; no domain."""
    state = tracker.current_state()
    recent = (event.as_dict() for event in last_turns(tracker.events) if _is_read(event))
    state["events"] = [{name: event[name] for name in READ if name in event} for event in recent]
    return {
        "next_action": self.name(),
        "sender_id": tracker.sender_id,
        "tracker": state,
        "domain": {},  # without this key the SDK refuses
        "version": __version__,
    }


def _is_read(event: Event) -> bool:
    return not isinstance(event, BotUttered)


def last_turns(events: Iterable[Event], turns: int = TURNS_SENT) -> list[Event]:
    """The events since the last but `turns` message of the person, it included."""
    recent: deque[Event] = deque()
    for event in reversed(list(events)):
        recent.appendleft(event)
        turns -= isinstance(event, UserUttered)
        if turns == 0:
            break
    return list(recent)


def _run(
    self: DaskGraphRunner,
    inputs: dict[str, Any] | None = None,
    targets: list[str] | None = None,
) -> dict[str, Any]:
    """Run each node after those it needs; dask plans threads for it, to run them one by one."""
    nodes, needs = self._instantiated_nodes, self._graph_schema.nodes
    done: dict[str, Any] = {name: (name, value) for name, value in (inputs or {}).items()}

    def result(name: str) -> Any:
        if name not in done:
            if name not in nodes:
                return name  # the node says what is missing
            done[name] = nodes[name](*map(result, needs[name].needs.values()))
        return done[name]

    return dict(map(result, targets or self._graph_schema.target_names))
