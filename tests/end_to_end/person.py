"""A person who talks to the bot through the gateway's public API."""

import json
import uuid
from http.cookiejar import CookieJar
from typing import Any
from urllib.error import HTTPError
from urllib.request import HTTPCookieProcessor, ProxyHandler, Request, build_opener

Message = dict[str, Any]
PATIENCE = 90  # seconds: some tests have hundreds of people talk at once


class Person:
    """One browser: its own cookie, its own conversation."""

    def __init__(self, web: str) -> None:
        self._web = web
        self.cookies = CookieJar()
        self._opener = build_opener(ProxyHandler({}), HTTPCookieProcessor(self.cookies))

    def request(self, method: str, path: str, body: object = None) -> tuple[int, dict[str, Any]]:
        data = None if body is None else json.dumps(body).encode()
        request = Request(
            self._web + path, data, {"Content-Type": "application/json"}, method=method
        )
        try:
            with self._opener.open(request, timeout=PATIENCE) as answer:
                return answer.status, _read(answer.read())
        except HTTPError as error:
            with error:
                return error.code, _read(error.read())

    def open(self) -> list[Message]:
        _, answer = self.request("POST", "/api/conversation", {})
        messages: list[Message] = answer["messages"]
        return messages

    def say(self, text: str) -> list[Message]:
        return self._send({"text": text})

    def press(self, messages: list[Message], label: str) -> list[Message]:
        """Press the button `label` of these messages."""
        buttons = {b["label"]: b["id"] for message in messages for b in message["buttons"]}
        return self._send({"button": buttons[label]})

    def give_details(self, name: str, phone: str) -> tuple[int, dict[str, Any]]:
        """Send the form of an appointment."""
        details = {"id": str(uuid.uuid4()), "nom": name, "telephone": phone}
        return self.request("POST", "/api/conversation/coordonnees", details)

    def _send(self, content: dict[str, str]) -> list[Message]:
        message = {"id": str(uuid.uuid4()), **content}
        status, answer = self.request("POST", "/api/conversation/messages", message)
        assert status == 200, answer
        messages: list[Message] = answer["messages"]
        return messages


def _read(body: bytes) -> dict[str, Any]:
    """The body, with plain spaces where no line may break."""
    written = json.dumps(json.loads(body or b"{}"), ensure_ascii=False)
    read: dict[str, Any] = json.loads(written.replace("\u00a0", " "))
    return read


def text(messages: list[Message]) -> str:
    return "\n".join(message["text"] for message in messages)


def card(messages: list[Message]) -> dict[str, Any]:
    """The only card of these messages."""
    [found] = [message["card"] for message in messages if message.get("card")]
    return dict(found)


def labels(messages: list[Message]) -> list[str]:
    return [button["label"] for message in messages for button in message["buttons"]]
