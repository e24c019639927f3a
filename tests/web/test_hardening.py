"""The promises of the gateway on security: one test each, whose name is the promise."""

import asyncio
import json
import logging
import re
import stat
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from itsdangerous import URLSafeTimedSerializer

from allobot.settings import Settings
from tests.web.api_client import Answer, Api
from tests.web.fake_rasa import FakeRasa
from web import bodies
from web.conversations.store import MemoryStore
from web.security import HEADERS
from web.session import COOKIE

OpenGateway = Callable[..., Awaitable[Api]]

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "font-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'self'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
CHANGES = [
    ("POST", "/api/conversation", "{}"),
    (
        "POST",
        "/api/conversation/messages",
        json.dumps({"id": str(uuid.uuid4()), "text": "bonjour"}),
    ),
]
JSON = {"Content-Type": "application/json"}


# ---- who talks


async def test_two_conversations_cannot_read_each_other(open_gateway: OpenGateway) -> None:
    one, two = await open_gateway(), await open_gateway()
    await one.open()
    await two.open()
    await one.say("le secret de un")
    await two.say("le secret de deux")
    ours, theirs = (await one.history()).body.decode(), (await two.history()).body.decode()
    assert "secret de un" in ours and "secret de deux" not in ours
    assert "secret de deux" in theirs and "secret de un" not in theirs


async def test_a_forged_cookie_is_worth_nothing(opened: Api, settings: Settings) -> None:
    real = opened.cookie()
    payload, _, signature = real.partition(".")
    key = settings.signing_key()
    forged = [
        "",
        "x",
        payload,
        f"{payload}.AAAA.{'A' * 27}",
        f"A{real[1:]}",
        f"{payload[:-1]}.{signature}",
        URLSafeTimedSerializer("k" * 32, salt="allobot.web.conversation").dumps("a" * 32),
        URLSafeTimedSerializer(key).dumps("a" * 32),  # another purpose
        URLSafeTimedSerializer(key, salt="another.purpose").dumps("a" * 32),
        "é" * 20,
        "a" * 4000,
    ]
    for value in forged:
        opened.client.session.cookie_jar.clear()
        answer = await opened.request(
            "GET", "/api/conversation", headers={"Cookie": f"{COOKIE}={value}"}
        )
        assert (answer.status, answer.code) == (404, "no_conversation"), value


async def test_a_signed_value_of_another_shape_is_worth_nothing(api: Api) -> None:
    from web.keys import SESSIONS

    app = api.client.app
    assert app is not None
    serializer = app[SESSIONS]._serializer
    for value in ("../../etc", 3, None, ["a" * 32], {"a": 1}, "a" * 33):
        cookie = f"{COOKIE}={serializer.dumps(value)}"
        answer = await api.request("GET", "/api/conversation", headers={"Cookie": cookie})
        assert answer.code == "no_conversation"


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(api: Api) -> None:
    cookie = (await api.open()).headers["Set-Cookie"]
    parts = {part.strip() for part in cookie.split(";")[1:]}
    assert parts == {"HttpOnly", "Max-Age=3600", "Path=/", "SameSite=Strict"}


async def test_the_cookie_is_secure_behind_https(
    settings: Settings, open_gateway: OpenGateway
) -> None:
    api = await open_gateway(settings.model_copy(update={"cookie_secure": True}))
    assert "; Secure" in (await api.open()).headers["Set-Cookie"]


async def test_a_session_ends_after_its_time_without_use(
    opened: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, cookie = time.time(), opened.cookie()

    async def use(minutes: int, value: str) -> Answer:
        monkeypatch.setattr(time, "time", lambda: now + minutes * 60)
        opened.client.session.cookie_jar.clear()  # the server must refuse, not the browser forget
        headers = {"Cookie": f"{COOKIE}={value}"}
        return await opened.request("GET", "/api/conversation", headers=headers)

    for minutes in (50, 100, 150):  # issued anew at each use: the hour starts again
        answer = await use(minutes, cookie)
        assert answer.status == 200
        cookie = answer.headers["Set-Cookie"].partition("=")[2].partition(";")[0]
    assert (await use(211, cookie)).code == "no_conversation"


async def test_the_browser_cannot_choose_its_conversation(api: Api, rasa: FakeRasa) -> None:
    answer = await api.request("POST", "/api/conversation", json={"id": "a" * 32})
    assert answer.code == "invalid_message"
    await api.open()
    answer = await api.send({"id": str(uuid.uuid4()), "text": "bonjour", "sender": "autre"})
    assert answer.code == "invalid_message"
    assert {item["sender"] for item in rasa.received} == {rasa.received[0]["sender"]}


def test_the_key_is_made_once_and_private(settings: Settings) -> None:
    settings = settings.model_copy(update={"secret": None})
    key = settings.signing_key()
    assert len(key) >= 32
    assert settings.signing_key() == key
    assert stat.S_IMODE((settings.var / "secret.key").stat().st_mode) == 0o600


# ---- where from


@pytest.mark.parametrize(("method", "path", "body"), CHANGES)
@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "text/json", ""],
)
async def test_a_form_of_another_site_cannot_post(
    opened: Api, rasa: FakeRasa, method: str, path: str, body: str, kind: str
) -> None:
    answer = await opened.request(method, path, data=body.encode(), headers={"Content-Type": kind})
    assert (answer.status, answer.code) == (415, "unsupported_media_type")
    assert rasa.messages() == []


async def test_compressed_bodies_are_refused(opened: Api) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    answer = await opened.request("POST", "/api/conversation", data=b"x", headers=headers)
    assert (answer.status, answer.code) == (415, "unsupported_media_type")


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", "x", ""])
async def test_another_origin_is_refused(opened: Api, rasa: FakeRasa, origin: str) -> None:
    for method, path, body in [*CHANGES, ("DELETE", "/api/conversation", "")]:
        headers = {"Origin": origin, **(JSON if body else {})}
        answer = await opened.request(method, path, data=body.encode() or None, headers=headers)
        assert (answer.status, answer.code) == (403, "bad_origin")
    assert rasa.messages() == []
    assert (await opened.history()).status == 200


async def test_our_own_origin_is_accepted(opened: Api) -> None:
    url = opened.client.make_url("/")
    headers = {"Origin": f"http://{url.host}:{url.port}"}
    message = {"id": str(uuid.uuid4()), "text": "bonjour"}
    assert (await opened.send(message, headers=headers)).status == 200
    assert (await opened.erase(headers=headers)).status == 204


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("allobot.example", "https://allobot.example", 201),
        ("allobot.example:443", "https://allobot.example", 201),
        ("allobot.example", "http://allobot.example", 403),
        ("allobot.example", "https://allobot.example.evil", 403),
        ("allobot.example", "https://allobot.example:8443", 403),
        ("allobot.example", "https://allobot.example/path", 403),
    ],
)
async def test_behind_https_only_the_https_origin_is_ours(
    settings: Settings, open_gateway: OpenGateway, host: str, origin: str, status: int
) -> None:
    api = await open_gateway(settings.model_copy(update={"cookie_secure": True}))
    assert (await api.open(headers={"Host": host, "Origin": origin})).status == status


async def test_two_origins_are_refused(opened: Api) -> None:
    url = opened.client.make_url("/")
    ours = f"http://{url.host}:{url.port}"
    answer = await opened.erase(headers=[("Origin", ours), ("Origin", "https://evil.example")])
    assert answer.code == "bad_origin"


async def test_a_delete_with_a_body_must_be_json(opened: Api) -> None:
    answer = await opened.erase(data=b"x", headers={"Content-Type": "text/plain"})
    assert answer.code == "unsupported_media_type"


# ---- headers


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/api/conversation",
        "/api/openapi.json",
        "/health/live",
        "/widget/allobot.js",
        "/recapitulatif",
        "/no",
    ],
)
async def test_every_answer_carries_the_security_headers(api: Api, path: str) -> None:
    answer = await api.request("GET", path)
    assert answer.headers["Content-Security-Policy"] == POLICY
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "camera=()" in answer.headers["Permissions-Policy"]
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer.headers["Server"] == "allobot"
    assert set(HEADERS) <= set(answer.headers)


async def test_nothing_of_the_api_is_cached(opened: Api) -> None:
    answers = [
        await opened.open(),
        await opened.history(),
        await opened.say("bonjour"),
        await opened.say(""),
        await opened.erase(),
        await opened.request("GET", "/api/nowhere"),
    ]
    assert {answer.headers["Cache-Control"] for answer in answers} == {"no-store"}


# ---- payloads


def everything(answer: Answer) -> str:
    return answer.body.decode() + json.dumps(dict(answer.headers))


async def test_a_payload_never_leaves_the_server(opened: Api, rasa: FakeRasa) -> None:
    payload = '/repondre{"asf_vit_seul": true}'
    rasa.reply = lambda _: [
        {"text": "Vivez-vous seul ?", "buttons": [{"title": "Oui", "payload": payload}]},
        {"custom": {"kind": "procedure", "id": "a", "title": "T", "summary": "S", "payload": "/x"}},
    ]
    said = await opened.say("bonjour")
    pressed = await opened.press(said.messages[0]["buttons"][0]["id"])
    assert rasa.messages()[-1] == payload
    for answer in (said, pressed, await opened.history(), await opened.open()):
        assert "payload" not in everything(answer)
        assert "repondre" not in everything(answer)
        assert "rdv_telephonique" not in everything(answer)
        assert "/x" not in everything(answer)


SLASHES = [
    "/restart",
    " /restart",
    "\n\t/restart",
    "//restart",
    "/ / /restart",
    "\u200b/restart",
    "\ufeff/restart",
    "\u202e/restart",
    "\u2066/restart",
    "\u00ad/restart",
    "\u00a0/restart",
    "\u2028/restart",
    "\x00/restart",
    "\x1c/restart",
    "\U000e0041/restart",
    "\u3164/restart",
    "／restart",
    "\u200b／ /restart",
    "/\u200b/restart",
    "/\u0338/restart",
    "/\u0301restart",
]


@pytest.mark.parametrize("text", SLASHES)
async def test_free_text_is_never_a_payload(opened: Api, rasa: FakeRasa, text: str) -> None:
    assert (await opened.say(text)).status == 200
    assert rasa.messages() == ["restart"]


@pytest.mark.parametrize("text", ["/", "///", "／", " / ", "/\u200b", "/\n/"])
async def test_a_lone_slash_is_a_plain_question_mark(
    opened: Api, rasa: FakeRasa, text: str
) -> None:
    assert (await opened.say(text)).status == 200
    assert rasa.messages() == ["?"]


async def test_a_payload_typed_by_hand_is_words(opened: Api, rasa: FakeRasa) -> None:
    await opened.say('/repondre{"asf_vit_seul": true}')
    assert rasa.messages() == ['repondre{"asf_vit_seul": true}']


async def test_invisible_characters_are_dropped(opened: Api, rasa: FakeRasa) -> None:
    await opened.say("bon\u200bjour\x07 \u202eça\U000e0042 va\u2069 ?\r\nbien")
    assert rasa.messages() == ["bonjour ça va ?\nbien"]
    assert (await opened.history()).messages[1]["text"] == "bonjour ça va ?\nbien"


# ---- limits


async def test_a_body_stops_at_4096_bytes(opened: Api) -> None:
    def message(size: int) -> bytes:
        body = json.dumps({"id": str(uuid.uuid4()), "text": "a"}).encode()
        return body + b" " * (size - len(body))

    for size, status in ((4096, 200), (4097, 413), (100_000, 413)):
        answer = await opened.request(
            "POST", "/api/conversation/messages", data=message(size), headers=JSON
        )
        assert answer.status == status
    assert answer.code == "body_too_large"


@pytest.mark.parametrize(("size", "status"), [(4094, 200), (4095, 413), (1_000_000, 413)])
async def test_a_chunked_body_stops_too(opened: Api, size: int, status: int) -> None:
    async def chunks() -> Any:
        yield b"{}"
        for start in range(0, size, 1000):
            yield b" " * min(1000, size - start)

    answer = await opened.request("POST", "/api/conversation", data=chunks(), headers=JSON)
    assert answer.status == status


async def test_a_slow_body_is_given_up(opened: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "SECONDS", 0.1)

    async def slow() -> Any:
        yield b"{"
        await asyncio.sleep(1)
        yield b"}"

    answer = await opened.request("POST", "/api/conversation", data=slow(), headers=JSON)
    assert (answer.status, answer.code) == (408, "body_timeout")


async def test_a_body_cut_short_hurts_nobody(opened: Api, caplog: pytest.LogCaptureFixture) -> None:
    url = opened.client.make_url("/")
    _reader, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(
        b"POST /api/conversation HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Content-Length: 100\r\n\r\n{"
    )
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    await asyncio.sleep(0.05)
    assert (await opened.history()).status == 200
    assert "unexpected" not in caplog.text


# ---- errors and logs


class Exploding(MemoryStore):
    """Fails with what a person wrote in the message of the exception."""

    async def touch(self, conversation_id: str) -> bool:
        raise RuntimeError("le texte de la personne, jean@exemple.fr")


async def test_an_unexpected_error_shows_and_logs_nothing_personal(
    settings: Settings, open_gateway: OpenGateway, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    api = await open_gateway(settings, Exploding())
    await api.open()
    answer = await api.say("bonjour")
    assert (answer.status, answer.code) == (500, "internal_error")
    assert "Traceback" not in answer.body.decode()
    assert "RuntimeError at" in caplog.text
    assert "le texte de la personne" not in caplog.text
    assert "jean@exemple.fr" not in caplog.text


async def test_logs_hold_no_cookie_body_or_query(
    opened: Api, caplog: pytest.LogCaptureFixture, rasa: FakeRasa
) -> None:
    caplog.set_level(logging.DEBUG)
    rasa.status = 500
    await opened.say("un texte à moi, 06 12 34 56 78")
    await opened.request("GET", "/api/conversation?nom=dupont")
    await opened.request("GET", "/nowhere/dupont")
    assert "un texte" not in caplog.text
    assert "06 12" not in caplog.text
    assert "dupont" not in caplog.text
    assert opened.cookie() not in caplog.text
    assert rasa.received[0]["sender"] not in caplog.text


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
async def test_another_method_is_a_json_405(api: Api, method: str) -> None:
    answer = await api.request(method, "/api/conversation/messages")
    assert (answer.status, answer.code) == (405, "method_not_allowed")
    assert re.findall("[A-Z]+", answer.headers["Allow"]) == ["POST"]


@pytest.mark.parametrize("path", ["/nowhere", "/api", "/api/", "/api/conversations", "/health"])
async def test_another_address_is_a_json_404(api: Api, path: str) -> None:
    for method in ("GET", "POST"):
        answer = await api.request(method, path)
        assert (answer.status, answer.code) == (404, "not_found")
