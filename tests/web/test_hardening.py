"""The promises of the gateway on security: one test each, whose name is the promise."""

import asyncio
import contextlib
import ipaddress
import json
import logging
import re
import stat
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web
from itsdangerous import URLSafeTimedSerializer
from playwright.async_api import async_playwright, expect

from allobot.settings import Settings
from tests.web.api_client import Answer, Api
from tests.web.fake_rasa import CARD, DANGER, FakeRasa
from web import bodies, server
from web.conversations.store import MemoryStore
from web.security import HEADERS
from web.session import COOKIE

OpenGateway = Callable[..., Awaitable[Api]]

MESSAGE_ID = "2f6c1f4e-8a53-4f1c-9d39-5b6d0f3c7a10"
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
        json.dumps({"id": MESSAGE_ID, "text": "bonjour"}),
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


# ---- headers, in every case


@pytest.mark.parametrize(
    ("method", "path", "options", "status"),
    [
        ("POST", "/api/conversation", {"json": {"x": 1}}, 400),
        ("POST", "/api/conversation", {"json": {}, "headers": {"Origin": "https://x.y"}}, 403),
        ("DELETE", "/api/openapi.json", {}, 405),
        ("POST", "/api/conversation", {"json": {"x": "a" * 5000}}, 413),
        ("POST", "/api/conversation", {"data": b"x"}, 415),
        ("GET", "/static/../secret", {}, 404),
    ],
)
async def test_errors_carry_them_too(
    api: Api, method: str, path: str, options: dict[str, Any], status: int
) -> None:
    answer = await api.request(method, path, **options)
    assert answer.status == status
    assert dict(HEADERS).items() <= dict(answer.headers).items()


async def test_the_microphone_is_for_this_site_only_and_nothing_else_is_open(api: Api) -> None:
    policy = (await api.request("GET", "/")).headers["Permissions-Policy"]
    opened = [part for part in policy.split(", ") if not part.endswith("=()")]
    assert opened == ["microphone=(self)"]


@pytest.mark.parametrize("path", ["/", "/recapitulatif?r=x&e=1"])
async def test_no_page_holds_a_script_a_style_or_a_handler_of_its_own(api: Api, path: str) -> None:
    html = (await api.request("GET", path)).body.decode()
    assert not re.search(r"<script(?![^>]*\bsrc=)", html)
    assert "<style" not in html
    assert not re.search(r"<[^>]+\s(style|on[a-z]+)=", html)
    assert "javascript:" not in html


@pytest.mark.parametrize(
    ("production", "trusted", "told", "expected"),
    [
        (True, True, "https", "max-age=31536000"),
        (True, True, "http", None),
        (True, True, "", None),
        (True, False, "https", None),
        (False, True, "https", None),
    ],
)
async def test_https_for_good_is_promised_in_production_over_https_only(
    settings: Settings,
    open_gateway: OpenGateway,
    production: bool,
    trusted: bool,
    told: str,
    expected: str | None,
) -> None:
    proxies = (ipaddress.ip_network("127.0.0.0/8"),) if trusted else ()
    values = {"production": production, "trusted_proxies": proxies}
    api = await open_gateway(settings.model_copy(update=values))
    for path in ("/", "/nowhere", "/widget/allobot.js"):
        answer = await api.request("GET", path, headers={"X-Forwarded-Proto": told})
        assert answer.headers.get("Strict-Transport-Security") == expected


# ---- the server under the application


@pytest.fixture
async def port(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[int]:
    """The real server, whose idle connections live half a second."""
    monkeypatch.setattr(server, "IDLE_SECONDS", 0.5)
    runner = server.Runner(settings)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield runner.addresses[0][1]
    await runner.cleanup()


async def seconds_until_closed(port: int, first: bytes, drip: bytes) -> float:
    """Send `first`, then `drip` ten times a second; return how long the server bears it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    begun = time.monotonic()
    writer.write(first)
    closed = asyncio.create_task(reader.read())
    while not closed.done() and time.monotonic() - begun < 10:
        with contextlib.suppress(ConnectionError):
            writer.write(drip)
            await writer.drain()
        await asyncio.sleep(0.1)
    writer.close()
    with contextlib.suppress(ConnectionError):
        await closed
    return time.monotonic() - begun


@pytest.mark.parametrize(
    ("first", "drip"),
    [
        (b"", b""),  # says nothing
        (b"GET / HT", b""),  # stops in the middle
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: ", b"a"),  # slow-loris
        (b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n", b""),  # keeps the connection for nothing
    ],
)
async def test_a_connection_that_drags_is_closed(port: int, first: bytes, drip: bytes) -> None:
    assert 0.3 < await seconds_until_closed(port, first, drip) < 3


async def test_a_crowd_of_slow_connections_stops_nobody(port: int) -> None:
    slow = [await asyncio.open_connection("127.0.0.1", port) for _ in range(200)]
    for _, writer in slow:
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nX: ")
    begun = time.monotonic()
    assert (await raw(port, b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"))[0] == 200
    assert time.monotonic() - begun < 2
    for _, writer in slow:
        writer.close()


async def test_a_refused_body_that_drags_on_is_cut(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = b"POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n"
    assert await seconds_until_closed(port, head, b"a") < server.UNREAD_SECONDS + 3


def test_behind_a_proxy_idle_connections_outlive_those_of_the_proxy(settings: Settings) -> None:
    proxied = settings.model_copy(update={"trusted_proxies": (ipaddress.ip_network("10.0.0.0/8"),)})
    assert server.Runner(proxied)._options["keepalive_timeout"] > 60
    assert server.Runner(settings)._options["keepalive_timeout"] <= 15


async def raw(port: int, sent: bytes) -> tuple[int, dict[str, str], bytes]:
    """Send bytes; return the status, the headers and the body of the answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    head, _, body = (await asyncio.wait_for(reader.read(), 5)).partition(b"\r\n\r\n")
    writer.close()
    first, *lines = head.decode().split("\r\n")
    return int(first.split()[1]), dict(line.split(": ", 1) for line in lines), body


@pytest.mark.parametrize(
    "sent",
    [
        b"ceci n'est pas du HTTP jean@exemple.fr\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nun en-tete jean@exemple.fr\r\n\r\n",
        b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nx",
        b"GET / HTTP/1.1\r\n" + b"X: a\r\n" * 200 + b"\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\nbad\x00: x\r\n\r\n",
    ],
)
async def test_what_is_not_http_gets_our_error_our_headers_and_leaves_no_address(
    port: int, sent: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    status, headers, body = await raw(port, sent)
    assert status == 400
    assert json.loads(body)["error"]["code"] == "bad_request"
    assert dict(HEADERS).items() <= headers.items()
    assert "aaaa" not in body.decode()
    assert "127.0.0.1" not in caplog.text
    assert "exemple" not in caplog.text
    assert "bad_request: " in caplog.text


# ---- in a real browser


async def test_the_widget_breaks_no_rule_of_the_policy_and_the_policy_is_in_force(
    api: Api, rasa: FakeRasa
) -> None:
    complaints: list[str] = []
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        page = await chromium.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else 0)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await page.add_init_script(
            "window.broken = []; document.addEventListener('securitypolicyviolation',"
            " (event) => window.broken.push(event.violatedDirective));"
        )
        await page.goto(str(api.client.make_url("/")))
        await page.get_by_role("button", name="Poser une question", exact=True).first.click()
        await expect(page.locator(".message.bot").first).to_be_visible(timeout=15_000)
        greet = rasa.reply
        for number, card in enumerate((CARD, DANGER), start=1):
            rasa.reply = lambda _, shown=card: [{"custom": shown}]
            await page.locator("#field").fill("<img src=x onerror=alert(1)>")
            await page.keyboard.press("Enter")
            await expect(page.locator(".card")).to_have_count(number, timeout=15_000)
        rasa.reply = greet
        await page.get_by_role("button", name="Effacer", exact=True).click()
        await page.get_by_role("button", name="Oui, effacer").click()
        await expect(page.locator(".card")).to_have_count(0)
        assert (complaints, await page.evaluate("window.broken")) == ([], [])

        refused = "(() => { try { document.body.innerHTML = '<b>x</b>'; return false }"
        refused += " catch (error) { return error instanceof TypeError } })()"
        assert await page.evaluate(refused)
        await page.wait_for_function(
            "window.broken.some((rule) => rule.startsWith('require-trusted'))"
        )
        await chromium.close()
