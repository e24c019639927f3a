"""A small load: some people who talk at a pace of their own, in plain questions and in a form.

Each does as a person in front of the widget. A network failure, a time-out or an error status is
shown with « Réessayer » and a link to call the 3230: they press it, later and later, and the same
message goes again under the same id (web/widget/allobot.js never does so by itself). A kind
sentence in the place of the answer is an answer for the widget: they ask again, as a new message.
"""

import asyncio
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout, CookieJar, TCPConnector

from web.sentences import sentences

PEOPLE = 10
PACE = 1.25  # seconds between two messages of one person: 8 a second in all
SHARE = 15  # a machine that is busy with other things is asked less: a pace of so many answers
PATIENCE = 15.0  # seconds, as the widget's TIMEOUT_MS
BACK_OFF = (1.0, 2.0, 4.0, 4.0, 4.0)  # seconds before « Réessayer » is pressed again
ASKS = 8  # times someone says the same thing before they give up
TECHNICAL = "Excusez-moi, j'ai un problème technique."  # utter_erreur_technique of domain.yml
CALL = "3230"  # what every failure must name

QUESTIONS = ("jai perdu mon mot de passe caf", "comment rembourser une dette")
FORM = (
    "faire mon plan de séparation",
    "non ça va, c'est calme",
    "pas encore",
    "pourquoi vous demandez ça ?",
    "une fille de 8 ans",
    "elle est payée en partie",
    "non",
)

Screen = tuple[str, ...]  # the last text of an answer, then the labels of its buttons


@dataclass(frozen=True)
class Rehearsal:
    """What each message is answered when all goes well, and how often to speak on this machine."""

    screens: dict[str, Screen]
    pace: float


@dataclass
class Said:
    """One message; instants of time.monotonic.

    `fate`: answered, told (it failed, and who to call), or lost. `received`: the ids of the
    messages that answered it.
    """

    id: str
    text: str
    sent: float
    done: float = 0.0
    fate: str = "lost"
    received: list[str] = field(default_factory=list)
    screen: Screen = ()


@dataclass
class Log:
    """What all the people saw; `bad` are the instants and names of what went wrong."""

    said: list[Said] = field(default_factory=list)
    bad: list[tuple[float, str]] = field(default_factory=list)
    astray: list[str] = field(default_factory=list)
    resumed: int = 0
    forms: int = 0
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    def saw(self, what: str) -> None:
        self.bad.append((time.monotonic(), what))


class Talk:
    """One conversation of one browser."""

    def __init__(self, web: str, log: Log) -> None:
        self._url = f"{web}/api/conversation"
        self._log = log
        self._client = ClientSession(
            connector=TCPConnector(force_close=True),
            cookie_jar=CookieJar(unsafe=True),
            timeout=ClientTimeout(total=PATIENCE),
        )

    async def close(self) -> None:
        await self._client.close()

    async def open(self) -> None:
        while (await self._try("POST", "", {}))[0] not in (200, 201):
            await asyncio.sleep(BACK_OFF[0])

    async def history(self) -> list[dict[str, Any]]:
        """All that was said, nothing when the conversation was lost."""
        _, body = await self._try("GET", "", None)
        messages: list[dict[str, Any]] = body.get("messages", [])
        return messages

    async def say(self, text: str) -> Said:
        """Send one message until something is answered, or patience ends."""
        said = Said(str(uuid.uuid4()), text, time.monotonic())
        self._log.said.append(said)
        for pause in (*BACK_OFF, 0.0):
            status, body = await self._try("POST", "/messages", {"id": said.id, "text": text})
            said.done = time.monotonic()
            said.fate = self._fate(status, body)
            if status == 200:
                said.received = [message["id"] for message in body["messages"]]
                said.screen = screen(body["messages"])
            if said.fate == "answered" or 200 <= status < 500:
                break
            await asyncio.sleep(pause)
        return said

    async def _try(self, method: str, path: str, body: object) -> tuple[int, dict[str, Any]]:
        """The status and the JSON; 0 when the network failed or was too slow."""
        try:
            async with self._client.request(method, self._url + path, json=body) as response:
                return response.status, await response.json()
        except TimeoutError:
            self._log.saw("no answer in 15 s")
        except (ClientError, ConnectionError, ValueError):
            self._log.saw("network failure")
        return 0, {}

    def _fate(self, status: int, body: dict[str, Any]) -> str:
        if status == 200:
            texts = [message["text"] for message in body["messages"]]
            if any(map(is_sorry, texts)):
                self._log.saw("kind sentence")
                return "told"
            return "answered" if texts else "lost"
        if status == 0:
            return "told"  # the widget's own words, and its link to call
        self._log.saw(f"error {status}")
        told = status >= 500 and CALL in body.get("error", {}).get("message", "")
        return "told" if told else "lost"


def is_sorry(text: str) -> bool:
    return text == sentences().rasa_unavailable or text.startswith(TECHNICAL)


def screen(messages: Sequence[dict[str, Any]]) -> Screen:
    """What is to be read and pressed at the end of an answer."""
    last = messages[-1]
    return (last["text"], *(button["label"] for button in last["buttons"]))


async def rehearse(web: str) -> Rehearsal:
    """Say everything once, alone."""
    log = Log()
    talk = Talk(web, log)
    try:
        await talk.open()
        screens = {text: (await talk.say(text)).screen for text in (*QUESTIONS, *FORM)}
    finally:
        await talk.close()
    assert not log.bad, log.bad
    usual = median(said.done - said.sent for said in log.said)
    return Rehearsal(screens, max(PACE, SHARE * usual))


class Someone:
    """Talks until told to stop, one conversation after the other."""

    def __init__(self, web: str, log: Log, expected: Rehearsal, number: int) -> None:
        self._web, self._log, self._expected = web, log, expected
        self._number = number
        self.talks: list[Talk] = []
        self._next = time.monotonic() + (number / PEOPLE - 1) * expected.pace

    async def live(self) -> None:
        # Not all at the same point of the form.
        first = (QUESTIONS * 2)[: self._number % 4]
        script = (*first, *FORM, QUESTIONS[1])
        while not self._log.stop.is_set():
            talk = Talk(self._web, self._log)
            self.talks.append(talk)
            await talk.open()
            for text in script:
                if not await self._ask(talk, text):
                    break

    async def _ask(self, talk: Talk, text: str) -> bool:
        """Say something until it is answered; False to begin another conversation."""
        for again in range(ASKS):
            await self._wait()
            if self._log.stop.is_set() and not again:
                return False
            said = await talk.say(text)
            if said.fate == "answered":
                return self._check(said, again > 0)
        return False

    def _check(self, said: Said, again: bool) -> bool:
        """Whether the answer is the one of this very question of the form."""
        good = said.screen == self._expected.screens[said.text]
        if not good:
            self._log.astray.append(f"{said.text!r}: {said.screen}")
        elif said.text in FORM:
            self._log.resumed += again
            self._log.forms += said.text == FORM[-1]
        return good

    async def _wait(self) -> None:
        self._next = max(self._next + self._expected.pace, time.monotonic())
        pause = self._next - time.monotonic()
        if pause > 0:
            await asyncio.sleep(pause)
