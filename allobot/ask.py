"""One question to the running bot, through the gateway's public API."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request

from allobot import local_http
from allobot.errors import NotRunning, Refused
from allobot.messages import say

TIMEOUT = 15.0  # seconds; the gateway itself gives up after ten


def ask(address: str, question: str) -> str:
    """The answer as plain text, its buttons below. The conversation is erased afterwards.

    Raises:
        NotRunning: nothing answers at that address.
        Refused: the gateway answered with an error.
    """
    if not question.strip():
        raise Refused(say("question_vide"))
    conversation = _Conversation(address)
    try:
        answer = conversation.say(question)
    except HTTPError as error:
        raise Refused(_refusal(error)) from error
    except (URLError, TimeoutError, ConnectionError, json.JSONDecodeError) as error:
        raise NotRunning(say("pas_lance", adresse=address)) from error
    return "\n\n".join(_as_text(message) for message in answer["messages"])


@dataclass
class _Conversation:
    """Requests of one session. The cookie goes back as it came, even one marked Secure."""

    address: str
    cookie: str = ""

    def say(self, question: str) -> dict[str, Any]:
        """Open, ask, erase. The gateway's answer."""
        self.request("POST", "/api/conversation", {})
        try:
            message = {"id": str(uuid.uuid4()), "text": question}
            return self.request("POST", "/api/conversation/messages", message)
        finally:
            self.request("DELETE", "/api/conversation")

    def request(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        headers = {"Content-Type": "application/json", "Cookie": self.cookie}
        data = None if body is None else json.dumps(body).encode()
        request = Request(self.address + path, data, headers, method=method)
        with local_http.opener().open(request, timeout=TIMEOUT) as answer:
            if cookie := answer.headers.get("Set-Cookie"):
                self.cookie = cookie.split(";")[0]
            content: dict[str, Any] = json.loads(answer.read() or "{}")
            return content


def _as_text(message: dict[str, Any]) -> str:
    buttons = [say("bouton", libelle=button["label"]) for button in message.get("buttons", [])]
    return "\n".join([message["text"], *([""] if buttons else []), *buttons])


def _refusal(error: HTTPError) -> str:
    """The gateway's own sentence, or the status when the answer is not one of its own."""
    with error:
        try:
            return say("refus", raison=json.loads(error.read())["error"]["message"])
        except (ValueError, KeyError, TypeError):
            return say("refus_inconnu", statut=error.code)
