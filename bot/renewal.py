"""A trained model takes the place of the one that answers, while people talk: POST /modele.

A channel of credentials.yml that carries no message, on Rasa's own server, which only listens on
loopback. The new model is loaded beside the old one, asked a few questions (bot/smoke.yml), and
takes over only when all are understood; messages under way end with the old one. Why:
docs/decisions/0019-replacing-a-model.md.
"""

from __future__ import annotations

import asyncio
import copy
import inspect
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

from rasa.core.agent import Agent
from rasa.core.channels.channel import InputChannel, UserMessage
from rasa.core.processor import MessageProcessor
from ruamel.yaml import YAML
from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

logger = logging.getLogger(__name__)

FILE = Path(__file__).with_name("smoke.yml")
MODEL = Path("models/allobot.tar.gz")  # of a Rasa that started without any
UNREADABLE, WRONG, BUSY = "illisible", "questions", "occupe"  # why a model is refused


@dataclass(frozen=True)
class Question:
    """What a person may say or a button send, and the intent it must have."""

    dit: str
    sujet: str


@dataclass(frozen=True)
class Wrong:
    """A question that the new model does not understand as it should."""

    dit: str
    sujet: str
    compris: str | None


class Refused(Exception):
    """The new model does not take over; `why` is one of the reasons above."""

    def __init__(self, why: str, error: str = "", wrong: Sequence[Wrong] = ()) -> None:
        super().__init__(why)
        self.why = why
        self.error = error
        self.wrong = wrong

    def content(self) -> dict[str, Any]:
        """The body of the answer: nothing of a person in it."""
        wrong = [asdict(one) for one in self.wrong]
        return {"raison": self.why, "erreur": self.error, "ratees": wrong}


class ModelChannel(InputChannel):
    """`bot.renewal.ModelChannel: {}` in credentials.yml."""

    @classmethod
    def name(cls) -> str:
        return "modele"

    def url_prefix(self) -> str:
        """Absolute: Rasa would put the page under /webhooks/."""
        return "/modele"

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        page = Blueprint("allobot_modele")
        renewing = asyncio.Lock()

        @page.get("/")
        async def model(request: Request) -> HTTPResponse:
            return response.json({"modele": request.app.ctx.agent.model_id})

        @page.post("/")
        async def renew(request: Request) -> HTTPResponse:
            try:
                if renewing.locked():
                    raise Refused(BUSY)
                async with renewing:
                    questions = read_questions()
                    agent = await successor(request.app.ctx.agent, questions)
                    request.app.ctx.agent = agent
            except Refused as refused:
                cause = refused.__cause__
                logger.error("The new model is refused: %s", refused.why, exc_info=cause)
                return response.json(refused.content(), HTTPStatus.CONFLICT)
            logger.info("A new model answers: %s", agent.model_id)
            return response.json({"modele": agent.model_id, "questions": len(questions)})

        return page


def read_questions() -> list[Question]:
    """The questions of bot/smoke.yml."""
    return [Question(**one) for one in YAML(typ="safe").load(FILE)]


async def successor(agent: Agent, questions: Sequence[Question]) -> Agent:
    """An agent with the model of the file `agent` was started with, and the stores of `agent`.

    It is loaded in a thread, then asked the questions one by one, so that messages go on.

    Raises:
        Refused: the file cannot be read, or a question is not understood.
    """
    fresh = _twin(agent)
    try:
        await asyncio.to_thread(fresh.load_model, model_path(agent))
        wrong = await wrong_answers(fresh.processor, questions)
    except Exception as error:  # a damaged file may raise anything
        raise Refused(UNREADABLE, type(error).__name__) from error
    if wrong:
        raise Refused(WRONG, wrong=wrong)
    return fresh


async def wrong_answers(processor: MessageProcessor, questions: Sequence[Question]) -> list[Wrong]:
    """The questions whose intent is another one. Nothing is stored, nothing is counted."""
    understand = inspect.unwrap(MessageProcessor.parse_message)  # as it is without bot/metrics.py
    wrong = []
    for question in questions:
        parsed = await understand(processor, UserMessage(question.dit))
        if parsed["intent"]["name"] != question.sujet:
            wrong.append(Wrong(question.dit, question.sujet, parsed["intent"]["name"]))
        await asyncio.sleep(0)  # the turn of messages
    return wrong


def model_path(agent: Agent) -> Path:
    """The file that Rasa was started with."""
    return Path(agent.processor.model_path) if agent.processor else MODEL


def _twin(agent: Agent) -> Agent:
    """An agent without a model. Its tracker store has a domain of its own, on the same database."""
    return Agent(
        tracker_store=copy.copy(agent.tracker_store._tracker_store),
        lock_store=agent.lock_store,
        action_endpoint=agent.action_endpoint,
        http_interpreter=agent.http_interpreter,
    )
