"""`ask` puts one question to the gateway, shows text and buttons, and erases its conversation."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from allobot.ask import ask
from allobot.errors import NotRunning, Refused
from allobot.ports import free_port

ANSWER = {
    "messages": [
        {"id": "1", "author": "bot", "text": "Voici la démarche.\nElle est gratuite."},
        {
            "id": "2",
            "author": "bot",
            "text": "Et ensuite ?",
            "buttons": [{"id": "a", "label": "Prendre rendez-vous"}],
        },
    ]
}


class Gateway(HTTPServer):
    """Answers like the gateway; `requests` keeps (method, path, cookie, body)."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests: list[tuple[str, str, str | None, Any]] = []
        self.status, self.answer = 200, json.dumps(ANSWER)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Gateway

    def _reply(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        cookie = self.headers.get("Cookie")
        self.server.requests.append(
            (self.command, self.path, cookie, json.loads(body) if body else None)
        )
        question = self.path.endswith("/messages")
        self.send_response(self.server.status if question else 200)
        self.send_header("Set-Cookie", "allobot=secret; HttpOnly; Secure; Path=/")
        self.end_headers()
        self.wfile.write(self.server.answer.encode() if question else b"")

    do_POST = do_DELETE = _reply

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with Gateway() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_the_answer_is_its_texts_and_its_buttons(gateway: Gateway) -> None:
    assert ask(gateway.url, "Comment faire ?") == (
        "Voici la démarche.\nElle est gratuite.\n\nEt ensuite ?\n\n  → Prendre rendez-vous"
    )


def test_one_conversation_is_opened_asked_and_erased(gateway: Gateway) -> None:
    ask(gateway.url, "Comment faire ?")
    opened, asked, erased = gateway.requests
    assert opened[:2] == ("POST", "/api/conversation")
    assert asked[:3] == ("POST", "/api/conversation/messages", "allobot=secret")
    assert asked[3]["text"] == "Comment faire ?"
    assert len(asked[3]["id"]) == 36
    assert erased[:3] == ("DELETE", "/api/conversation", "allobot=secret")


def test_a_refusal_is_told_in_the_words_of_the_gateway(gateway: Gateway) -> None:
    gateway.status = 400
    gateway.answer = json.dumps({"error": {"code": "text_too_long", "message": "Trop long."}})
    with pytest.raises(Refused, match="Trop long"):
        ask(gateway.url, "x" * 501)
    assert gateway.requests[-1][0] == "DELETE"


@pytest.mark.parametrize("answer", ["oops", "[]", '{"error": 3}'])
def test_a_strange_error_is_told_by_its_status(gateway: Gateway, answer: str) -> None:
    gateway.status, gateway.answer = 500, answer
    with pytest.raises(Refused, match="erreur 500"):
        ask(gateway.url, "Comment faire ?")


def test_something_else_at_that_address_is_not_allobot(gateway: Gateway) -> None:
    gateway.answer = "<html>"
    with pytest.raises(NotRunning):
        ask(gateway.url, "Comment faire ?")


def test_without_a_running_bot_the_sentence_says_how_to_start_it() -> None:
    with pytest.raises(NotRunning, match="make run"):
        ask(f"http://127.0.0.1:{free_port()}", "Comment faire ?")


def test_an_empty_question_is_not_sent(gateway: Gateway) -> None:
    with pytest.raises(Refused, match="Il manque la question"):
        ask(gateway.url, "  ")
    assert gateway.requests == []
