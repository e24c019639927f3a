"""Other sites: only those listed may talk, frame the page or get a cookie that travels."""

import base64
import hashlib
import html
import re
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from pydantic import ValidationError

from allobot.settings import Settings, load_settings
from tests.web.api_client import Answer, Api
from web import files
from web.embed import integrity

OpenGateway = Callable[..., Awaitable[Api]]

PARTNER, OTHER = "https://www.ville.example", "https://evil.example"
PREFLIGHT = {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "content-type",
}
TALK = ["/api/conversation", "/api/conversation/messages", "/api/conversation/feedback"]


@pytest.fixture
async def embedded(settings: Settings, open_gateway: OpenGateway) -> Api:
    """A gateway with one site on its list."""
    return await open_gateway(settings.model_copy(update={"embed_origins": (PARTNER,)}))


async def preflight(api: Api, path: str, origin: str, **headers: str) -> Answer:
    sent = {"Origin": origin, **PREFLIGHT, **headers}
    async with api.client.request("OPTIONS", path, headers=sent) as response:
        return Answer(response.status, response.headers, await response.read())


def opened_to_others(answer: Answer) -> set[str]:
    return {name for name in answer.headers if name.startswith("Access-Control-")}


# ---- a site of the list


@pytest.mark.parametrize("path", TALK)
async def test_a_site_of_the_list_may_ask(embedded: Api, path: str) -> None:
    answer = await preflight(embedded, path, PARTNER)
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == PARTNER
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"
    assert answer.headers["Access-Control-Allow-Methods"] == "GET, POST, DELETE"
    assert answer.headers["Access-Control-Allow-Headers"] == "Content-Type"
    assert answer.headers["Vary"] == "Origin"


async def test_a_site_of_the_list_talks_and_erases(embedded: Api) -> None:
    headers = {"Origin": PARTNER}
    begun = await embedded.open(headers=headers)
    cookie = begun.headers["Set-Cookie"]
    headers["Cookie"] = cookie.partition(";")[0]  # Secure: this client would keep it for https
    message = {"id": str(uuid.uuid4()), "text": "bonjour"}
    said = await embedded.send(message, headers=headers)
    empty = await embedded.send({"id": str(uuid.uuid4()), "text": ""}, headers=headers)
    erased = await embedded.erase(headers=headers)
    assert [answer.status for answer in (begun, said, empty, erased)] == [201, 200, 400, 204]
    for answer in (begun, said, empty, erased):
        assert answer.headers["Access-Control-Allow-Origin"] == PARTNER
        assert answer.headers["Access-Control-Allow-Credentials"] == "true"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert answer.headers["Vary"] == "Origin"
    for answer in (begun, erased):
        parts = {part.strip() for part in answer.headers["Set-Cookie"].split(";")[1:]}
        assert {"HttpOnly", "Path=/", "Secure", "SameSite=None", "Partitioned"} <= parts


async def test_our_own_page_still_talks(embedded: Api) -> None:
    url = embedded.client.make_url("/")
    answer = await embedded.open(headers={"Origin": f"http://{url.host}:{url.port}"})
    assert answer.status == 201
    assert opened_to_others(answer) == set()


async def test_the_widget_loads_everywhere_and_says_nothing_of_anyone(embedded: Api) -> None:
    for name in ("allobot.js", "allobot.css", "strings.js"):
        answer = await embedded.request("GET", f"/widget/{name}", headers={"Origin": OTHER})
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in answer.headers
        assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"


# ---- the others


@pytest.mark.parametrize(
    "origin",
    [
        OTHER,
        "null",
        "http://www.ville.example",
        "https://ville.example",
        "https://www.ville.example.evil.example",
        "https://www.ville.example:8443",
        "https://www.ville.example/",
        "HTTPS://WWW.VILLE.EXAMPLE",
    ],
)
async def test_a_site_that_is_not_on_the_list_is_refused(embedded: Api, origin: str) -> None:
    for path in TALK:
        asked = await preflight(embedded, path, origin)
        assert (asked.status, asked.code) == (403, "bad_origin")
        assert opened_to_others(asked) == set()
    answer = await embedded.open(headers={"Origin": origin})
    assert (answer.status, answer.code) == (403, "bad_origin")
    assert opened_to_others(answer) == set()
    assert "Set-Cookie" not in answer.headers
    assert answer.json["error"]["message"]


async def test_two_origins_are_one_too_many(embedded: Api) -> None:
    answer = await embedded.open(headers=[("Origin", PARTNER), ("Origin", OTHER)])
    assert (answer.status, answer.code) == (403, "bad_origin")
    assert opened_to_others(answer) == set()


@pytest.mark.parametrize("path", ["/api/eligibility/asf", "/assistant"])
async def test_a_site_of_the_list_may_do_nothing_else(embedded: Api, path: str) -> None:
    asked = await preflight(embedded, path, PARTNER)
    assert asked.status == 405
    kind = "application/json" if path.startswith("/api") else "application/x-www-form-urlencoded"
    answer = await embedded.request(
        "POST", path, data=b"{}", headers={"Origin": PARTNER, "Content-Type": kind}
    )
    assert answer.status == 403
    assert opened_to_others(asked) == opened_to_others(answer) == set()


async def test_without_a_list_nothing_is_opened(api: Api) -> None:
    asked = await preflight(api, "/api/conversation", PARTNER)
    assert (asked.status, asked.code) == (405, "method_not_allowed")
    answers = [
        asked,
        await api.open(headers={"Origin": PARTNER}),
        await api.request("GET", "/widget/allobot.js", headers={"Origin": PARTNER}),
        await api.request("GET", "/api/conversation", headers={"Origin": PARTNER}),
    ]
    for answer in answers:
        assert opened_to_others(answer) == set()
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "SameSite=Strict" in (await api.open()).headers["Set-Cookie"]


# ---- the frame


async def test_only_the_full_page_and_only_on_the_list_is_framed(embedded: Api, api: Api) -> None:
    for gateway, path, expected in (
        (embedded, "/assistant", f"frame-ancestors 'self' {PARTNER};"),
        (embedded, "/", "frame-ancestors 'self';"),
        (embedded, "/recapitulatif", "frame-ancestors 'self';"),
        (api, "/assistant", "frame-ancestors 'self';"),
    ):
        policy = (await gateway.request("GET", path)).headers["Content-Security-Policy"]
        assert expected in policy


# ---- the setting


@pytest.mark.parametrize(
    ("value", "origins"),
    [
        ("", ()),
        ("https://a.example", ("https://a.example",)),
        (
            "https://a.example,  https://b.example:8443\nhttp://localhost:9000",
            ("https://a.example", "https://b.example:8443", "http://localhost:9000"),
        ),
    ],
)
def test_the_list_is_read(
    monkeypatch: pytest.MonkeyPatch, value: str, origins: tuple[str, ...]
) -> None:
    monkeypatch.setenv("ALLOBOT_EMBED_ORIGINS", value)
    assert load_settings().embed_origins == origins


@pytest.mark.parametrize(
    "value",
    [
        "*",
        "null",
        "https://*.example",
        "http://a.example",
        "https://a.example/",
        "https://a.example/page",
        "https://A.example",
        "https://me@a.example",
        "a.example",
        "https://a.example;script-src *",
    ],
)
def test_what_is_not_an_exact_origin_is_refused(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("ALLOBOT_EMBED_ORIGINS", value)
    with pytest.raises(ValidationError) as caught:
        load_settings()
    assert "embed_origins" in str(caught.value)
    assert "input_value" not in str(caught.value)


# ---- the tag


async def test_the_guide_gives_the_tag_with_the_hash_of_the_script_served(
    embedded: Api, settings: Settings
) -> None:
    shown = html.unescape((await embedded.request("GET", "/assistant/integrer")).body.decode())
    script = (await embedded.request("GET", "/widget/allobot.js")).body
    expected = base64.b64encode(hashlib.sha384(script).digest()).decode()
    url = embedded.client.make_url("/")
    assert f'<script type="module" src="http://{url.host}:{url.port}/widget/allobot.js"' in shown
    assert re.findall(r'integrity="([^"]+)"', shown) == [f"sha384-{expected}"]
    assert "Aucun site n'est autorisé" not in shown


async def test_the_guide_says_that_no_site_is_allowed_yet(
    settings: Settings, open_gateway: OpenGateway
) -> None:
    secure = await open_gateway(settings.model_copy(update={"cookie_secure": True}))
    headers = {"Host": 'x"><script>alert(1)</script>'}
    shown = (await secure.request("GET", "/assistant/integrer", headers=headers)).body.decode()
    assert "Aucun site n'est autorisé" in shown
    assert "<script>" not in shown
    plain = (await secure.request("GET", "/assistant/integrer")).body.decode()
    assert "https://127.0.0.1" in plain, "behind a proxy that speaks https"


def test_a_hash_is_that_of_the_bytes() -> None:
    # The example of the specification of Subresource Integrity.
    known = "sha384-H8BRh8j48O9oYatfu5AZzq6A9RINhZO5H16dQZngK7T62em8MUt1FLm52t+eX6xO"
    assert integrity(b"alert('Hello, world.');") == known


def test_the_documentation_names_the_setting_and_the_page() -> None:
    guide = (Path(files.__file__).parents[1] / "docs" / "integrer.md").read_text(encoding="utf-8")
    for word in ("ALLOBOT_EMBED_ORIGINS", "/assistant/integrer", "/widget/allobot.js"):
        assert word in guide
