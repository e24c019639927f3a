"""What attackers try against the gateway alone: one promise a test, whose name is the promise.

test_hardening.py holds the promises on headers, limits and logs; docs/promesses.md lists them all.
"""

import json
import re
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from allobot.settings import Settings
from tests.web.api_client import Answer, Api
from tests.web.fake_rasa import CARD, FakeRasa
from web.sentences import sentences
from web.session import COOKIE

OpenGateway = Callable[..., Awaitable[Api]]

OPEN, SAY, ESTIMATE = "/api/conversation", "/api/conversation/messages", "/api/eligibility/asf"
JSON = {"Content-Type": "application/json"}
SECRET = "mon secret à moi"
TRACE = re.compile(
    r"Traceback|File \"|\.py\b|line \d|Error\b|Exception|pydantic|aiohttp|sqlalchemy"
)


def message(**fields: Any) -> dict[str, Any]:
    return {"id": str(uuid.uuid4()), **fields}


async def with_cookie(api: Api, method: str, path: str, cookie: str, **options: Any) -> Answer:
    """Ask as a browser that holds this cookie and no other."""
    api.client.session.cookie_jar.clear()
    headers = {"Cookie": f"{COOKIE}={cookie}", **options.pop("headers", {})}
    return await api.request(method, path, headers=headers, **options)


def is_clear(answer: Answer) -> bool:
    """Tell whether a refusal is one of our sentences, word for word: no trace, no quote."""
    error = answer.json["error"]
    known = sentences().errors[error["code"]] == error["message"]
    return known and not TRACE.search(answer.body.decode()) and SECRET not in answer.body.decode()


# ---- nobody reads or writes someone else's conversation


async def test_an_id_that_was_guessed_opens_no_conversation(opened: Api, rasa: FakeRasa) -> None:
    theirs = rasa.received[0]["sender"]
    for guess in (theirs, f'"{theirs}"', f"{theirs}.{'A' * 6}.{'A' * 27}", theirs[::-1], "1", "*"):
        for method, path, body in (("GET", OPEN, None), ("POST", SAY, message(text="bonjour"))):
            answer = await with_cookie(opened, method, path, guess, json=body)
            assert (answer.status, answer.code) == (404, "no_conversation")
    for path in (f"{OPEN}/{theirs}", f"{OPEN}?id={theirs}", f"{OPEN}?sender={theirs}"):
        assert (await with_cookie(opened, "GET", path, "")).status == 404
    assert rasa.messages() == []


async def test_conversation_ids_are_192_random_bits(api: Api, rasa: FakeRasa) -> None:
    for _ in range(20):
        api.client.session.cookie_jar.clear()
        await api.open()
    senders = {item["sender"] for item in rasa.received}
    assert len(senders) == 20
    assert {len(sender) for sender in senders} == {32}  # 24 bytes in base64
    assert len({sender[:4] for sender in senders}) >= 19, "nothing in common, such as a clock"


async def test_cookies_that_were_mixed_open_no_conversation(api: Api) -> None:
    cookies = []
    for _ in range(2):
        api.client.session.cookie_jar.clear()
        await api.open()
        cookies.append(api.cookie().split("."))
    (name, *_, seal), (other_name, *_, other_seal) = cookies
    assert name != other_name and seal != other_seal
    for parts in ([name, *cookies[1][1:]], [other_name, *cookies[0][1:]]):
        assert (await with_cookie(api, "GET", OPEN, ".".join(parts))).code == "no_conversation"


async def test_buttons_and_messages_of_another_conversation_are_worth_nothing(
    api: Api, rasa: FakeRasa
) -> None:
    theirs = (await api.open()).messages[0]["buttons"][0]["id"]
    question = str(uuid.uuid4())
    await api.say(SECRET, message_id=question)
    api.client.session.cookie_jar.clear()
    await api.open()
    said = len(rasa.messages())
    assert (await api.press(theirs)).code == "unknown_button"
    assert len(rasa.messages()) == said
    replayed = await api.say("bonjour", message_id=question)
    assert SECRET not in replayed.body.decode()
    assert SECRET not in (await api.history()).body.decode()


# ---- cookies


async def test_a_cookie_cut_short_opens_no_conversation(opened: Api) -> None:
    whole = opened.cookie()
    for length in range(len(whole)):
        answer = await with_cookie(opened, "GET", OPEN, whole[:length])
        assert answer.code == "no_conversation"
    assert (await with_cookie(opened, "GET", OPEN, whole)).status == 200


async def test_a_cookie_of_an_erased_conversation_opens_nothing_again(
    opened: Api, rasa: FakeRasa
) -> None:
    stolen = opened.cookie()
    await opened.say(SECRET)
    assert (await opened.erase()).status == 204
    said = len(rasa.received)
    assert (await with_cookie(opened, "GET", OPEN, stolen)).code == "no_conversation"
    again = await with_cookie(opened, "POST", SAY, stolen, json=message(text="bonjour"))
    assert again.code == "no_conversation"
    assert len(rasa.received) == said
    fresh = await with_cookie(opened, "POST", OPEN, stolen, json={})
    assert fresh.status == 201
    assert SECRET not in fresh.body.decode()
    assert rasa.received[-1]["sender"] != rasa.received[0]["sender"], "never the id it came with"


async def test_a_cookie_signed_with_an_older_key_opens_no_conversation(
    opened: Api, open_gateway: OpenGateway, settings: Settings
) -> None:
    renewed = await open_gateway(Settings(**{**settings.model_dump(), "secret": "t" * 32}))
    assert (await with_cookie(renewed, "GET", OPEN, opened.cookie())).code == "no_conversation"


async def test_two_cookies_of_the_same_name_never_mix_two_conversations(opened: Api) -> None:
    await opened.say(SECRET)
    real = opened.cookie()
    for header in (f"{COOKIE}=x; {COOKIE}={real}", f"{COOKIE}={real}; {COOKIE}=x"):
        opened.client.session.cookie_jar.clear()
        answer = await opened.request("GET", OPEN, headers={"Cookie": header})
        assert answer.status in (200, 404)


# ---- another site


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain; application/json",
        "text/plain;charset=application/json",
        "application/json, text/plain",
        "application/jsonp",
        "application/json+x",
        "application/x-www-form-urlencoded; application/json",
        "multipart/form-data; boundary=application/json",
        "application /json",
        "*/*",
    ],
)
async def test_a_content_type_that_a_form_can_send_is_refused(
    opened: Api, rasa: FakeRasa, kind: str
) -> None:
    body = json.dumps(message(text="bonjour")).encode()
    answer = await opened.request("POST", SAY, data=body, headers={"Content-Type": kind})
    assert (answer.status, answer.code) == (415, "unsupported_media_type")
    assert rasa.messages() == []


async def test_no_other_site_is_let_in_by_cors(opened: Api) -> None:
    headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    for method, path in (("OPTIONS", SAY), ("OPTIONS", OPEN), ("GET", OPEN), ("POST", SAY)):
        answer = await opened.request(method, path, headers=headers)
        assert not [name for name in answer.headers if name.startswith("Access-Control-")]
        assert answer.status in (200, 403, 405, 415)


# ---- a payload never reaches Rasa from a text

PAYLOADS = [
    "/restart",
    "/session_start",
    "/back",
    '/asf{"departement": "52"}',
    '/repondre{"asf_vit_seul": true}',
    "/asf@0.99",
    "/salutation",
]
# Everything that was ever put before a slash to hide it.
DISGUISES = {
    "nothing": "{}",
    "a space": " {}",
    "a line": "\n{}",
    "a line after a word that shows nothing": "\u2800\n{}",
    "a no-break space": "\u00a0{}",
    "a zero-width space": "\u200b{}",
    "a zero-width joiner": "\u200d{}",
    "a byte-order mark": "\ufeff{}",
    "a right-to-left mark": "\u200f{}",
    "a right-to-left override": "\u202e{}",
    "a bidi isolate": "\u2067{}\u2069",
    "an Arabic letter mark": "\u061c{}",
    "a Mongolian vowel separator": "\u180e{}",
    "a soft hyphen": "\u00ad{}",
    "an invisible times": "\u2062{}",
    "a variation selector": "\ufe0f{}",
    "a joiner that shows nothing": "\u034f{}",
    "the first tag": "\U000e0000{}",
    "the language tag": "\U000e0001{}",
    "the tag of a slash": "\U000e002f{}",
    "the last tag": "\U000e007f{}",
    "a row of tags": "\U000e0001\U000e0066\U000e0072\U000e007f{}",
    "a null": "\x00{}",
    "an escape": "\x1b{}",
    "a delete": "\x7f{}",
    "a combining accent": "\u0301{}",
    "another slash": "/{}",
    "a full-width slash": "／{}",
    "a private character": "\ue000{}",
    "a character that is not assigned": "\U0003fffd{}",
    "a Hangul filler": "\u3164{}",
}


@pytest.mark.parametrize("disguise", DISGUISES)
async def test_a_text_is_never_a_command(opened: Api, rasa: FakeRasa, disguise: str) -> None:
    for payload in PAYLOADS:
        for text in (payload, payload.replace("/", "／", 1), payload.replace("/", "/\u200b", 1)):
            rasa.received.clear()
            assert (await opened.say(DISGUISES[disguise].format(text))).status == 200
            [sent] = rasa.messages()
            assert sent[0].isalpha(), "Rasa reads a command only in what begins with a slash"


@pytest.mark.parametrize("code", range(0xE0000, 0xE0080))
def test_no_tag_of_unicode_is_kept(code: int) -> None:
    from web.conversations.text import as_words, clean

    kept = clean(f"{chr(code)}/restart{chr(code)} ici")
    assert kept == "/restart ici"
    assert as_words(kept) == "restart ici"


@pytest.mark.parametrize(
    "field",
    [
        "metadata",
        "slots",
        "sender",
        "sender_id",
        "input_channel",
        "parse_data",
        "payload",
        "intent",
    ],
)
async def test_nothing_but_a_text_or_a_button_is_taken(
    opened: Api, rasa: FakeRasa, field: str
) -> None:
    for extra in ("/restart", {"vit_seul": True}, None):
        answer = await opened.send(message(text="bonjour", **{field: extra}))
        assert (answer.status, answer.code) == (400, "invalid_message")
    assert rasa.messages() == []


async def test_rasa_is_told_nothing_but_a_sender_and_a_message(opened: Api, rasa: FakeRasa) -> None:
    await opened.say('bonjour {"metadata": {"a": 1}}')
    assert all(set(item) == {"sender", "message", "metadata"} for item in rasa.received)
    about = {"message", "device", "received"}  # ids, kinds and times: nothing of the person
    assert all(set(item["metadata"]) == about for item in rasa.received)


@pytest.mark.parametrize(
    "button", ["/restart", "/mot_de_passe", "/rdv_telephonique", "../1", "%2F"]
)
async def test_a_button_that_was_not_issued_is_refused(
    opened: Api, rasa: FakeRasa, button: str
) -> None:
    assert (await opened.press(button)).code == "unknown_button"
    assert rasa.messages() == []


# ---- bodies that no browser sends


def deep(levels: int, opening: str = "[", closing: str = "]") -> bytes:
    return (opening * levels + "1" + closing * levels).encode()


STRANGE = {
    "10,000 levels": deep(10_000),
    "10,000 objects": deep(10_000, '{"a":', "}"),
    "2,000 levels": deep(2_000),
    "levels in a text": b'{"id": "%s", "text": %s}' % (b"a" * 36, deep(1_900)),
    "levels never closed": b"[" * 4_000,
    "not a number": b'{"id": NaN, "text": Infinity}',
    "a huge number": b'{"id": 1e999999, "text": -1e999999}',
    "a long number": b'{"id": ' + b"9" * 4_000 + b"}",
    "a byte that is no letter": b'{"id": "\xff\xfe", "text": "\xc0\xaf"}',
    "half a letter": b'{"text": "\\ud83d"}',
    "a null byte": b'{"id": "\x00"}',
    "UTF-16": json.dumps({"text": SECRET}).encode("utf-16"),
    "UTF-32": json.dumps({"text": SECRET}).encode("utf-32"),
    "a byte-order mark": "\ufeff{}".encode() + b"x",
    "two bodies": b"{}{}",
    "comments": b"{/* " + SECRET.encode() + b" */}",
    "a trailing comma": b'{"text": "' + SECRET.encode() + b'",}',
    "single quotes": b"{'text': '" + SECRET.encode() + b"'}",
    "XML": f"<?xml version='1.0'?><text>{SECRET}</text>".encode(),
    "a form": f"id=1&text={SECRET}".encode(),
    "one secret": json.dumps(SECRET).encode(),
    "an unknown field": json.dumps({"id": "x", SECRET: SECRET}).encode(),
    "a prototype": json.dumps({"__proto__": {"text": SECRET}, "constructor": 1}).encode(),
    "too much": b'{"text": "' + b"a" * 5_000 + b'"}',
    "far too much": b"x" * 1_000_000,
}


@pytest.mark.parametrize("name", STRANGE)
@pytest.mark.parametrize("path", [OPEN, SAY, ESTIMATE])
async def test_a_strange_body_is_refused_in_a_clear_sentence(
    opened: Api, rasa: FakeRasa, path: str, name: str
) -> None:
    answer = await opened.request("POST", path, data=STRANGE[name], headers=JSON)
    assert answer.status in (400, 413)
    assert is_clear(answer)
    assert rasa.messages() == []


FACTS = {
    "not a number": b'{"situation": {"pension_recue": NaN}}',
    "infinite": b'{"situation": {"pension_recue": Infinity}}',
    "huge": b'{"situation": {"pension_recue": 1e400}}',
    "ages without end": b'{"situation": {"ages_enfants": [1e308, -1]}}',
    "a text for a fact": json.dumps({"situation": {"vit_seul": SECRET}}).encode(),
    "an unknown fact": b'{"situation": {"nom": "x"}}',
    "levels": b'{"situation": {"ages_enfants": ' + deep(1_500) + b"}}",
    "a date that is none": b'{"situation": {}, "date": "2025-02-30"}',
    "year 0": b'{"situation": {}, "date": "0000-01-01"}',
    "41 facts": json.dumps({"situation": {f"f{n}": 1 for n in range(41)}}).encode(),
}


@pytest.mark.parametrize("name", FACTS)
async def test_strange_facts_are_refused_in_a_clear_sentence(api: Api, name: str) -> None:
    answer = await api.request("POST", ESTIMATE, data=FACTS[name], headers=JSON)
    assert answer.status == 400
    assert is_clear(answer)


async def test_a_key_that_stands_twice_has_one_meaning_for_all(opened: Api, rasa: FakeRasa) -> None:
    body = b'{"id": "%s", "text": "un", "text": "deux"}' % str(uuid.uuid4()).encode()
    answer = await opened.request("POST", SAY, data=body, headers=JSON)
    kept = (await opened.history()).messages[1:2]
    if answer.status == 200:
        assert rasa.messages() == ["deux"] == [one["text"] for one in kept]
    else:
        assert (answer.status, rasa.messages(), kept) == (400, [], [])


@pytest.mark.parametrize("charset", ["utf-16", "latin-1", "utf-7", "x-nothing", "idna", "rot13"])
async def test_another_charset_than_utf8_is_never_believed(opened: Api, charset: str) -> None:
    body = json.dumps(message(text="éà"), ensure_ascii=False).encode("latin-1")
    headers = {"Content-Type": f"application/json; charset={charset}"}
    answer = await opened.request("POST", SAY, data=body, headers=headers)
    assert (answer.status, answer.code) == (400, "invalid_json")
    assert is_clear(answer)


@pytest.mark.parametrize(
    "path",
    [
        "/../../etc/passwd",
        "/widget/../../../pyproject.toml",
        "/widget/%2e%2e%2f%2e%2e%2fpyproject.toml",
        "/static/..%5c..%5cvar%5csecret.key",
        "/widget/%00",
        "/recapitulatif?r=<script>alert(1)</script>&e=1",
        "/recapitulatif?r=asf&e=%00%ff",
        f"/nowhere/{SECRET}",
    ],
)
async def test_an_address_leads_to_no_other_file_and_is_not_quoted(api: Api, path: str) -> None:
    answer = await api.request("GET", path)
    assert answer.status == 404
    assert "<script>alert" not in answer.body.decode()
    assert SECRET not in answer.body.decode()
    assert not TRACE.search(answer.body.decode())


async def test_what_is_wrong_is_said_without_quoting_the_person(opened: Api) -> None:
    answers = [
        await opened.say(SECRET * 100),
        await opened.press(SECRET),
        await opened.send({"id": SECRET, "text": SECRET}),
        await opened.send(message(text=SECRET, secret=SECRET)),
        await opened.request("GET", f"/{SECRET}"),
        await opened.request("POST", SAY, data=SECRET.encode(), headers=JSON),
        await opened.request(
            "POST", ESTIMATE, json={"situation": {"vit_seul": SECRET, "lien_enfant": SECRET}}
        ),
    ]
    assert all(400 <= answer.status < 500 for answer in answers)
    assert all(is_clear(answer) for answer in answers)


# ---- what the bot says is never more than text

HTML = "<img src=x onerror=alert(1)><script>alert(2)</script>"
ADDRESSES = [
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    " javascript:alert(1)",
    "java\nscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "blob:x",
    "file:///etc/passwd",
    "//evil.example",
]


@pytest.mark.parametrize("address", ADDRESSES)
async def test_an_address_that_runs_something_never_leaves_the_gateway(
    opened: Api, rasa: FakeRasa, address: str
) -> None:
    card = {
        **CARD,
        "links": [{"label": "Lien", "url": address}],
        "contacts": [{**CARD["contacts"][0], "href": address}],
        "places": [{**CARD["contacts"][0], "href": address}],
        "page": address,
    }
    rasa.reply = lambda _: [{"text": "Voici.", "custom": card}]
    shown = (await opened.say("bonjour")).messages[-1]["card"]
    assert (shown["links"], shown["page"]) == ([], None)
    assert [part["href"] for part in shown["contacts"] + shown["places"]] == [None, None]


async def test_markup_is_carried_as_text_in_json_that_no_browser_runs(
    opened: Api, rasa: FakeRasa
) -> None:
    rasa.reply = lambda _: [{"text": HTML, "custom": {**CARD, "title": HTML, "steps": [HTML]}}]
    await opened.say(HTML)
    history = await opened.history()
    assert history.headers["Content-Type"] == "application/json; charset=utf-8"
    assert history.headers["X-Content-Type-Options"] == "nosniff"
    person, bot = history.messages[1:]
    assert (person["text"], bot["text"], bot["card"]["title"]) == (HTML, HTML, HTML)


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_another_site_cannot_write_even_without_an_origin(
    opened: Api, rasa: FakeRasa, site: str
) -> None:
    """A browser that hides the Origin still says which site asks."""
    headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors"}
    for answer in (
        await opened.open(headers=headers),
        await opened.send(message(text="bonjour"), headers=headers),
        await opened.erase(headers=headers),
    ):
        assert (answer.status, answer.code) == (403, "bad_origin")
    assert rasa.messages() == []
    assert (await opened.history()).status == 200


@pytest.mark.parametrize("site", ["same-origin", "none"])
async def test_our_own_page_can_write(opened: Api, site: str) -> None:
    headers = {"Sec-Fetch-Site": site}
    assert (await opened.send(message(text="bonjour"), headers=headers)).status == 200
