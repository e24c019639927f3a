"""Base of every action: no error ever leaves a person without an answer, nor enters a log."""

from __future__ import annotations

import logging
import traceback
from abc import ABC, abstractmethod

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

logger = logging.getLogger(__name__)


class SafeAction(Action, ABC):
    """rasa-sdk answers an error with the whole conversation: here it becomes a kind sentence."""

    @abstractmethod
    async def answer(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        """What the action does; may raise."""

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        try:
            return await self.answer(dispatcher, tracker, domain)
        except Exception as error:  # noqa: BLE001 - the last barrier, and it logs
            # Not the error's message: it may quote what the person wrote.
            frames = "".join(traceback.format_tb(error.__traceback__))
            logger.error("%s: %s\n%s", self.name(), type(error).__name__, frames)
            dispatcher.utter_message(response="utter_erreur_technique")
            return []
