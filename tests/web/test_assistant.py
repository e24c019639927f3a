"""The full page without JavaScript: what it says, what its forms do, what they refuse."""

import asyncio
import copy
import logging
import re
import time
import uuid
from collections.abc import Awaitable, Callable
from html.parser import HTMLParser
from ipaddress import ip_network
from typing import Any
from urllib.parse import urlencode

import pytest

from allobot.settings import Settings
from tests.web.api_client import Answer, Api
from tests.web.fake_rasa import CARD, DANGER, FakeRasa
from web import bodies
from web.conversations.store import MemoryStore
from web.errors import StoreUnavailable
from web.sentences import sentences

OpenGateway = Callable[..., Awaitable[Api]]
PATH = "/assistant"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PHONE = "06 12 34 56 78"


class Page(HTMLParser):
    """What a page says, its tags and the hidden fields of its forms."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        self.html = answer.body.decode()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.parts: list[str] = []
        self.feed(self.html)
        self.text = " ".join("".join(self.parts).split())  # no-break spaces as spaces

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.parts.append(data)

    def all(self, tag: str, **wanted: str) -> list[dict[str, str | None]]:
        return [
            attributes
            for name, attributes in self.tags
            if name == tag and wanted.items() <= attributes.items()
        ]

    @property
    def fields(self) -> dict[str, str]:
        """The hidden fields, the same in every form of the page."""
        hidden = self.all("input", type="hidden")
        found = {str(field["name"]): str(field["value"]) for field in hidden}
        assert set(found) == {"token", "id"}
        return found

    @property
    def replies(self) -> dict[str, str]:
        """The quick replies: label → id."""
        pattern = r'name="button" value="([^"]+)">([^<]+)</button>'
        return {label: id_ for id_, label in re.findall(pattern, self.html)}


async def read(api: Api) -> Page:
    answer = await api.request("GET", PATH)
    assert answer.status == 200
    return Page(answer)


async def post(api: Api, fields: dict[str, str], **headers: str) -> Answer:
    return await api.request("POST", PATH, data=fields, headers=headers)


async def say(api: Api, text: str, **headers: str) -> Answer:
    """Type a text in the page as it is now, and send it."""
    return await post(api, {**(await read(api)).fields, "text": text}, **headers)


def origin(api: Api) -> str:
    url = api.client.make_url("/")
    return f"http://{url.host}:{url.port}"


# ---- the page


async def test_nothing_is_opened_by_reading_the_page(api: Api, rasa: FakeRasa) -> None:
    answer = await api.request("GET", PATH)
    assert "Set-Cookie" not in answer.headers
    assert rasa.received == []
    page = Page(answer)
    assert "Bonjour, je suis Allobot" in page.text
    assert "ce n'est pas le site officiel de la Caf" in page.text
    assert "Ne donnez pas d'information personnelle" in page.text
    assert page.all("a", href="tel:3230") and page.all("a", href="tel:17")
    assert page.replies == {}
    assert not page.all("button", name="erase")


async def test_the_widget_is_there_for_those_who_have_javascript(api: Api) -> None:
    page = await read(api)
    (element,) = page.all("allobot-widget")
    assert "page" in element
    assert page.all("script", src="/widget/allobot.js", type="module")
    assert page.text.index("Allobot") < page.text.index("Votre question")


async def test_every_field_has_its_label_and_every_part_its_heading(opened: Api) -> None:
    page = await read(opened)
    (html,) = page.all("html")
    assert html["lang"] == "fr"
    (field,) = page.all("textarea")
    assert (field["name"], field["maxlength"], field["id"]) == ("text", "500", "question")
    assert page.all("label", **{"for": "question"})
    assert len(page.all("h1")) == len(page.all("main")) == 1
    assert page.all("fieldset") and page.all("legend")
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in page.tags:
        for name in (attributes.get("aria-describedby") or "").split():
            assert name in ids


async def test_the_headers_allow_its_forms_and_nothing_more(api: Api) -> None:
    headers = (await api.request("GET", PATH)).headers
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["form-action"] == "'self' https://meteofrance.com"
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["frame-ancestors"] == "'self'"
    assert headers["Referrer-Policy"] == "same-origin", "else a browser says « Origin: null »"
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Robots-Tag"] == "noindex"


async def test_nothing_is_inline(opened: Api, rasa: FakeRasa) -> None:
    rasa.reply = lambda _: [{"text": "Voici.", "custom": DANGER}]
    await say(opened, "bonjour")
    for tag, attributes in (await read(opened)).tags:
        assert not any(name.startswith("on") or name == "style" for name in attributes)
        assert tag not in ("style", "iframe", "img", "base")
        assert tag != "script" or attributes["src"]
    for name in ("assistant.js", "assistant.css"):
        assert (await opened.request("GET", f"/static/{name}")).status == 200


# ---- talking


async def test_a_first_text_opens_the_conversation_and_is_answered(
    api: Api, rasa: FakeRasa
) -> None:
    answer = await say(api, "comment faire ?")
    assert (answer.status, answer.headers["Location"]) == (303, "/assistant#suite")
    assert "SameSite=Strict" in answer.headers["Set-Cookie"]
    assert rasa.messages() == ["comment faire ?"]
    page = await read(api)
    order = [page.text.index(part) for part in ("Bonjour, je suis", "comment faire ?", "Reçu 15")]
    assert order == sorted(order)
    assert len(page.all("li", id="suite")) == 1
    assert [m["text"] for m in (await api.history()).messages][1:] == [
        "comment faire ?",
        "Reçu 15 signes.",
    ]


async def test_the_page_and_the_widget_share_the_conversation(opened: Api) -> None:
    await opened.say("dit au widget")
    assert (await say(opened, "dit à la page")).status == 303
    text = (await read(opened)).text
    assert text.index("dit au widget") < text.index("dit à la page")


async def test_a_button_is_pressed(opened: Api, rasa: FakeRasa) -> None:
    page = await read(opened)
    assert list(page.replies) == ["Prendre rendez-vous"]
    pressed = {**page.fields, "button": page.replies["Prendre rendez-vous"]}
    assert (await post(opened, pressed)).status == 303
    assert rasa.messages() == ["/rdv_telephonique"]
    after = await read(opened)
    assert "Prendre rendez-vous" in after.text
    assert after.replies == {}, "answered: it is no longer offered"


async def test_a_form_sent_twice_is_answered_once(opened: Api, rasa: FakeRasa) -> None:
    fields = {**(await read(opened)).fields, "text": "une fois"}
    answers = await asyncio.gather(post(opened, fields), post(opened, fields))
    assert [answer.status for answer in answers] == [303, 303]
    assert rasa.messages() == ["une fois"]
    assert (await read(opened)).text.count("une fois") == 1


async def test_personal_data_is_masked_as_everywhere(opened: Api, rasa: FakeRasa) -> None:
    await say(opened, f"je suis au {PHONE}")
    page = await read(opened)
    assert PHONE not in page.html
    assert "[numéro de téléphone]" in page.text
    assert "j'ai effacé de votre message un numéro de téléphone" in page.text
    assert rasa.messages() == ["je suis au [numéro de téléphone]"]


async def test_free_text_is_never_a_payload(opened: Api, rasa: FakeRasa) -> None:
    await say(opened, "/restart")
    assert rasa.messages() == ["restart"]


async def test_what_is_said_is_escaped(opened: Api, rasa: FakeRasa) -> None:
    evil = "<script>alert(1)</script>\"'><b>"
    card = {**CARD, "title": evil, "summary": evil, "steps": [evil]}
    rasa.reply = lambda _: [
        {"text": evil, "custom": card, "buttons": [{"title": evil, "payload": "/x"}]},
        {"text": evil},
    ]
    await say(opened, evil)
    page = await read(opened)
    assert "<b>" not in page.html
    assert page.html.count("<script") == 2, "ours alone"
    assert "/x" not in page.html


async def test_five_hundred_characters_of_any_kind_fit(opened: Api, rasa: FakeRasa) -> None:
    for character in ("a", "é", "🙂"):
        assert (await say(opened, character * 500)).status == 303
    assert [len(message) for message in rasa.messages()] == [500] * 3


async def test_lines_are_kept(opened: Api, rasa: FakeRasa) -> None:
    await say(opened, "un\r\ndeux")
    assert rasa.messages() == ["un\ndeux"]


# ---- cards


async def show_card(api: Api, rasa: FakeRasa, card: dict[str, Any]) -> Page:
    rasa.reply = lambda _: [{"text": "Voici.", "custom": card}]
    await say(api, "bonjour")
    return await read(api)


async def test_a_card_is_said_whole(opened: Api, rasa: FakeRasa) -> None:
    card = {
        **CARD,
        "territoire": "52",
        "places": [{"id": "x", "label": "Accueil", "value": "Chaumont", "details": "le matin"}],
        "page": "/recapitulatif?r=abc&e=1",
    }
    page = await show_card(opened, rasa, card)
    for part in (
        "Mot de passe perdu",
        "Un euro.",
        "Je ne vois pas votre dossier.",
        "Version facile à lire",
        "Vous avez perdu votre mot de passe.",
        "Vous pouvez en recevoir un autre.",
        "Cliquez sur « Mon Compte »",
        "Accueil : Chaumont",
        "Passé : un atelier.",
        "Réponse valable pour la Caf du département 52.",
        "Source : Webinaire (Compte), du 4 mai 2026.",
        "Vérifié le 21 novembre 2026.",
    ):
        assert part in page.text, part
    assert page.all("a", href="https://www.caf.fr")
    assert page.all("a", href="/recapitulatif?r=abc&e=1")


async def test_a_decision_is_an_estimation(opened: Api, rasa: FakeRasa) -> None:
    decision = {
        "verdict": "oui",
        "date": "2026-11-21",
        "amount": {"min": 1, "max": 1, "unit": "€", "text": "119,18 € par mois"},
        "conditions": [
            {"id": "a", "label": "Vous vivez en France", "status": "satisfied", "source": "Guide"},
            {"id": "b", "label": "Vous vivez seul", "status": "unknown"},
        ],
        "missing": ["L'âge de l'enfant"],
        "notes": ["Appelez le 3230."],
    }
    page = await show_card(opened, rasa, {**CARD, "kind": "decision", "decision": decision})
    for part in (
        "Estimation : Probablement oui",
        "119,18 € par mois",
        "Selon les règles en vigueur au 21 novembre 2026.",
        "Vous vivez en France : remplie",
        "Vous vivez seul : à vérifier",
        "Il reste à savoir",
        "L'âge de l'enfant",
    ):
        assert part in page.text, part


async def test_in_danger_the_calls_come_first_and_the_way_out_is_near(
    opened: Api, rasa: FakeRasa
) -> None:
    card = copy.deepcopy(DANGER)
    numbers = ["tel:3230", "tel:119", "tel:3919", "tel:17"]
    card["contacts"] = [
        {"id": n, "label": f"Au {n}", "value": n[4:], "details": None, "href": n} for n in numbers
    ]
    page = await show_card(opened, rasa, card)
    article = page.html.partition('<article class="card danger">')[2].partition("</article>")[0]
    assert re.findall(r'href="(tel:\d+)"', article) == ["tel:17", "tel:3919", "tel:119", "tel:3230"]
    assert article.index("Quitter ce site</a>") < article.index("Je ne vois pas votre dossier")
    assert page.text.index("Vous êtes en danger") < page.text.index("Quitter ce site Ce lien")
    assert "[message effacé par discrétion]" in page.text
    assert "bonjour" not in page.html


async def test_a_card_with_little_in_it_is_said_too(opened: Api, rasa: FakeRasa) -> None:
    little = {"kind": "procedure", "id": "x", "title": "Titre seul", "summary": "Et une phrase."}
    page = await show_card(opened, rasa, little)
    assert "Titre seul Et une phrase." in page.text
    assert "Qui contacter" not in page.text
    assert "<footer" not in page.html


# ---- erasing


async def test_erasing_leaves_nothing(opened: Api) -> None:
    await say(opened, "à effacer")
    answer = await post(opened, {**(await read(opened)).fields, "erase": "stay"})
    assert (answer.status, answer.headers["Location"]) == (303, "/assistant")
    assert "Max-Age=0" in answer.headers["Set-Cookie"]
    assert "à effacer" not in (await read(opened)).html
    assert (await opened.history()).code == "no_conversation"


async def test_erasing_and_leaving(opened: Api) -> None:
    answer = await post(opened, {**(await read(opened)).fields, "erase": "leave"})
    assert (answer.status, answer.headers["Location"]) == (303, "https://meteofrance.com")
    assert (await opened.history()).code == "no_conversation"


# ---- refusals


async def test_another_site_cannot_post(opened: Api, rasa: FakeRasa) -> None:
    fields = (await read(opened)).fields
    for value in ("https://evil.example", "null", "http://127.0.0.1:1"):
        for content in ({"text": "intrus"}, {"erase": "stay"}):
            answer = await post(opened, {**fields, **content}, Origin=value)
            assert answer.status == 403
            assert "cette demande vient d'un autre site" in Page(answer).text.lower()
    assert rasa.messages() == []
    assert (await opened.history()).status == 200
    assert (await say(opened, "moi", Origin=origin(opened))).status == 303


async def test_a_form_without_our_token_does_nothing(opened: Api, rasa: FakeRasa) -> None:
    fields = (await read(opened)).fields
    for token in ("", "x", fields["token"][:-2], "a" * 201):
        for content in ({"text": "intrus"}, {"erase": "stay"}):
            answer = await post(opened, {**fields, "token": token, **content})
            assert answer.status in (400, 403)
    assert rasa.messages() == []
    assert (await opened.history()).status == 200


async def test_a_token_is_of_one_conversation(opened: Api, open_gateway: OpenGateway) -> None:
    other = await open_gateway()
    before = (await read(other)).fields
    await other.open()
    for fields in (before, (await read(other)).fields):
        answer = await post(opened, {**fields, "text": "intrus"})
        assert answer.status == 403
        assert sentences().errors["stale_form"] in Page(answer).text


async def test_the_token_does_not_tell_the_conversation(opened: Api, rasa: FakeRasa) -> None:
    page = await read(opened)
    assert rasa.received[0]["sender"] not in page.html
    assert opened.cookie() not in page.html


async def test_a_page_left_open_keeps_what_was_typed(
    opened: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields, now = (await read(opened)).fields, time.time()
    monkeypatch.setattr(time, "time", lambda: now + 61 * 60)
    answer = await post(opened, {**fields, "text": "ma <longue> question"})
    assert answer.status == 403
    page = Page(answer)
    assert page.all("div", role="alert")
    assert "restée ouverte trop longtemps" in page.text
    assert "ma &lt;longue&gt; question</textarea>" in page.html
    again = await post(opened, {**page.fields, "text": "ma <longue> question"})
    assert again.status == 303, "the form given back works"


@pytest.mark.parametrize(
    ("text", "code"), [("", "empty_text"), (" \u200b ", "empty_text"), ("a" * 501, "text_too_long")]
)
async def test_the_length_rules_are_those_of_the_api(
    api: Api, rasa: FakeRasa, text: str, code: str
) -> None:
    answer = await say(api, text)
    assert answer.status == 400
    page = Page(answer)
    assert sentences().errors[code] in page.text
    assert page.html.count("Erreur – ") == 1
    assert "Set-Cookie" not in answer.headers
    assert rasa.received == [], "nothing is opened for nothing"


async def test_a_button_of_another_conversation_is_refused(
    opened: Api, open_gateway: OpenGateway
) -> None:
    other = await open_gateway()
    await other.open()
    (theirs,) = (await read(other)).replies.values()
    answer = await post(opened, {**(await read(opened)).fields, "button": theirs})
    assert answer.status == 400
    assert sentences().errors["unknown_button"] in Page(answer).text


async def test_a_button_of_a_conversation_that_is_over_says_so(api: Api) -> None:
    answer = await post(api, {**(await read(api)).fields, "button": "abc"})
    assert answer.status == 404
    assert sentences().errors["no_conversation"] in Page(answer).text


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"text": "a", "button": "b"},
        {"text": "a", "erase": "stay"},
        {"erase": "all"},
        {"button": ""},
        {"text": "a", "id": "x"},
        {"text": "\ud800"},
        {f"f{i}": "x" for i in range(20)},
    ],
)
async def test_a_form_of_another_shape_is_refused(
    opened: Api, rasa: FakeRasa, change: dict[str, str]
) -> None:
    fields = {**(await read(opened)).fields, **change}
    body = urlencode(fields, errors="surrogatepass")
    answer = await opened.request("POST", PATH, data=body.encode(), headers=FORM)
    assert answer.status == 400
    assert Page(answer).all("div", role="alert")
    assert rasa.messages() == []


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "multipart/form-data", ""])
async def test_another_kind_of_body_is_refused(opened: Api, kind: str) -> None:
    answer = await opened.request("POST", PATH, data=b"x", headers={"Content-Type": kind})
    assert answer.status == 415
    assert Page(answer).all("div", role="alert")


async def test_a_heavy_body_is_refused(opened: Api, rasa: FakeRasa) -> None:
    answer = await say(opened, "a" * 10_000)
    assert answer.status == 413
    assert sentences().errors["body_too_large"] in Page(answer).text
    assert rasa.messages() == []


async def test_a_slow_body_is_given_up(opened: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "SECONDS", 0.1)

    async def slow() -> Any:
        yield b"text="
        await asyncio.sleep(1)
        yield b"a"

    answer = await opened.request("POST", PATH, data=slow(), headers=FORM)
    assert answer.status == 408


async def test_the_api_still_takes_no_form(opened: Api) -> None:
    answer = await opened.request("POST", "/api/conversation/messages", data=b"", headers=FORM)
    assert (answer.status, answer.code) == (415, "unsupported_media_type")


# ---- limits


async def test_the_limit_of_a_conversation_is_that_of_the_api(
    settings: Settings, open_gateway: OpenGateway
) -> None:
    api = await open_gateway(settings.model_copy(update={"limit_messages": "2/minute"}))
    await api.open()
    await api.say("un")
    assert (await say(api, "deux")).status == 303
    answer = await say(api, "trois")
    assert answer.status == 429
    assert int(answer.headers["Retry-After"]) >= 1
    page = Page(answer)
    assert page.all("div", role="alert")
    assert "trois</textarea>" in page.html, "nothing typed is lost"
    assert (await post(api, {**page.fields, "erase": "stay"})).status == 303, "erasing always works"


async def test_a_client_at_its_limit_can_still_erase_and_leave(
    settings: Settings, open_gateway: OpenGateway
) -> None:
    loopback = ip_network("127.0.0.0/8")
    api = await open_gateway(
        settings.model_copy(update={"limit_requests": "3/minute", "trusted_proxies": (loopback,)})
    )
    client = {"X-Forwarded-For": "203.0.113.7"}
    await api.open(headers=client)
    page = await read(api)
    answers = [await post(api, {**page.fields, "text": "un"}, **client) for _ in range(4)]
    assert answers[-1].status == 429
    assert (await post(api, {**page.fields, "erase": "leave"}, **client)).status == 303


# ---- when something is down


async def test_without_the_bot_a_person_is_named(opened: Api, rasa: FakeRasa) -> None:
    rasa.status = 500
    assert (await say(opened, "bonjour")).status == 303
    page = await read(opened)
    assert "je n'arrive pas à vous répondre" in page.text
    assert page.all("a", href="tel:3230")


class Down(MemoryStore):
    """A database that stops when told to."""

    down = False

    async def touch(self, conversation_id: str) -> bool:
        if self.down:
            raise StoreUnavailable
        return await super().touch(conversation_id)


async def test_without_the_database_the_page_says_so(
    settings: Settings, open_gateway: OpenGateway, caplog: pytest.LogCaptureFixture
) -> None:
    store = Down()
    api = await open_gateway(settings, store)
    await api.open()
    fields = (await read(api)).fields
    store.down = True
    for answer in (
        await api.request("GET", PATH),
        await post(api, {**fields, "text": f"au {PHONE}"}),
    ):
        assert answer.status == 503
        page = Page(answer)
        assert sentences().errors["unavailable"] in page.text
        assert page.all("a", href="tel:3230")
    assert PHONE not in caplog.text


async def test_what_is_typed_is_never_logged(opened: Api, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await say(opened, "un texte à moi")
    await say(opened, "a" * 501)
    await post(opened, {"token": "x", "id": str(uuid.uuid4()), "text": "un autre texte"})
    for words in ("un texte à moi", "aaaa", "un autre texte", opened.cookie()):
        assert words not in caplog.text
