"""Rasa's rules, which read the end of the conversation only.

A rule looks back over a few actions; Rasa prepares the whole conversation for it, at each
prediction. The states that no rule reaches are left out: the prediction is the same
(docs/decisions/0004-rasa-tuning.md).
"""

from __future__ import annotations

from typing import Any

from rasa.core.policies.rule_policy import RULES, RULES_FOR_LOOP_UNHAPPY_PATH, RulePolicy
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.core.constants import (
    PREVIOUS_ACTION,
    SHOULD_NOT_BE_SET,
    USER,
)
from rasa.shared.core.domain import Domain, State
from rasa.shared.core.events import ActionExecuted, ActiveLoop, Event, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.constants import ACTION_NAME, INTENT


@DefaultV1Recipe.register(
    DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=True
)
class RecentRulePolicy(RulePolicy):
    """RulePolicy; same settings. Training compares whole conversations, as Rasa does."""

    _longest: int | None = None  # states of the longest rule, once loaded
    _by_end: dict[int, dict[tuple[str | None, str | None], list[str]]]

    @classmethod
    def load(cls, *args: Any, **kwargs: Any) -> RecentRulePolicy:
        policy: RecentRulePolicy = super().load(*args, **kwargs)
        policy._by_end = {}
        keys = [*policy.lookup[RULES], *policy.lookup[RULES_FOR_LOOP_UNHAPPY_PATH]]
        policy._longest = max((len(cls._rule_key_to_state(key)) for key in keys), default=1)
        return policy

    def _get_possible_keys(self, lookup: dict[str, str], states: list[State]) -> set[str]:
        """Those that Rasa finds; a rule whose last action or intent is another is not looked at."""
        action, intent = _end(states[-1]) if states else (None, None)
        if self._longest is None or action is None:
            return set(super()._get_possible_keys(lookup, states))
        near = self._near(lookup).get
        likely = (*near((action, intent), ()), *near((action, None), ()))
        return set(super()._get_possible_keys(dict.fromkeys(likely, ""), states))

    def _near(self, lookup: dict[str, str]) -> dict[tuple[str | None, str | None], list[str]]:
        """The keys by the action and the intent they end with; made once for each lookup."""
        if id(lookup) not in self._by_end:
            ends: dict[tuple[str | None, str | None], list[str]] = {}
            for key in lookup:
                ends.setdefault(_end(self._rule_key_to_state(key)[-1]), []).append(key)
            self._by_end[id(lookup)] = ends
        return self._by_end[id(lookup)]

    def _prediction_states(
        self,
        tracker: DialogueStateTracker,
        domain: Domain,
        use_text_for_last_user_input: bool = False,
        rule_only_data: dict[str, Any] | None = None,
    ) -> list[State]:
        if self._longest is not None:
            tracker = tail(tracker, self._longest)
        states: list[State] = super()._prediction_states(
            tracker, domain, use_text_for_last_user_input, rule_only_data
        )
        return states


def _end(state: State) -> tuple[str | None, str | None]:
    """The action and the intent a state ends with; None for an intent that must not be there."""
    action = state.get(PREVIOUS_ACTION, {}).get(ACTION_NAME)
    intent = state.get(USER, {}).get(INTENT)
    return action, None if intent == SHOULD_NOT_BE_SET else intent


class _Tail(DialogueStateTracker):
    """The end of a conversation, its undone turns already left out."""

    def applied_events(self) -> list[Event]:
        return list(self.events)


def tail(tracker: DialogueStateTracker, actions: int) -> DialogueStateTracker:
    """A tracker whose last `actions` + 1 states are those of `tracker`; itself when it is short."""
    events = tracker.applied_events()
    executed = [i for i, event in enumerate(events) if event.type_name == ActionExecuted.type_name]
    if len(executed) <= actions:
        return tracker
    start = executed[-actions]
    short = _Tail(
        tracker.sender_id, tracker.slots.values(), is_rule_tracker=tracker.is_rule_tracker
    )
    short.events.extend(_remembered(events[:start]))
    short.events.extend(events[start:])
    return short


def _remembered(events: list[Event]) -> list[Event]:
    """What a state still shows of the past: slots, the loop, the last message and action."""
    last = {kind: _last(events, kind) for kind in (ActiveLoop, UserUttered, ActionExecuted)}
    since = min(last[UserUttered], last[ActionExecuted])
    return [
        event
        for index, event in enumerate(events)
        if index >= since or index == last[ActiveLoop] or event.type_name == SlotSet.type_name
    ]


def _last(events: list[Event], kind: type[Event]) -> int:
    """Where the last event of a kind is; 0 when there is none."""
    numbers = range(len(events) - 1, -1, -1)
    return next((i for i in numbers if events[i].type_name == kind.type_name), 0)
