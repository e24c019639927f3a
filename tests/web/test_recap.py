"""The page of a plan: what it says, what it never says, and the codes of its address."""

import asyncio
import datetime as dt
import logging
import re
import threading
from collections.abc import Awaitable, Callable
from decimal import Decimal
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any, cast

import pytest

from actions.eligibility.content import EtapeContent, RuleContent
from actions.eligibility.recap import (
    CODES,
    UnknownStep,
    address,
    decode,
    encode,
    find_rule,
    rule_code,
)
from actions.knowledge.errors import InvalidData
from actions.knowledge.parameters import Parameters
from actions.knowledge.schema import (
    Contact,
    ParameterFile,
    ParameterReference,
    ParameterValue,
    Source,
    SourceRef,
)
from allobot.settings import Settings
from tests.web.api_client import Answer, Api
from web.app import make_app
from web.conversations.store import MemoryStore
from web.knowledge import LazyContent
from web.security import HEADERS

OpenGateway = Callable[..., Awaitable[Api]]
REF = SourceRef(document="guide", section="Les démarches")
STEPS = {
    "prevenir": EtapeContent(texte="Prévenez la Caf : sur caf.fr.", contacts=["caf"]),
    "demander": EtapeContent(
        texte="Demandez l'aide de {aide/montant}.",
        contacts=["courrier", "courriel"],
        liens=[{"libelle": "Faire la demande", "url": "https://www.caf.fr/demande?a=1&b=2"}],
    ),
    "ecoute": EtapeContent(texte="Violences <b>& co</b> : parlez-en.", contacts=["ecoute"]),
}
RULE = RuleContent.model_construct(
    etapes=STEPS, sources=[REF], contacts=[], liens=[], verifie_le=dt.date(2026, 5, 1)
)


def contact(label: str, value: str, href: str | None) -> Contact:
    return Contact(libelle=label, valeur=value, href=href, sources=[REF])


def value(since: dt.date, amount: str) -> ParameterValue:
    reference = ParameterReference(texte="Décret")
    return ParameterValue(depuis=since, valeur=Decimal(amount), reference=reference)


def knowledge() -> Any:
    return SimpleNamespace(
        rules={"separation": RULE},
        contacts={
            "caf": contact("Téléphone de la Caf", "3230", "tel:3230"),
            "ecoute": contact("Écoute", "3919", "tel:3919"),
            "courrier": contact("Courrier", "Caf, 52901 Chaumont", None),
            "courriel": contact("Courriel", "Mon Compte", "https://www.caf.fr/compte"),
        },
        sources={"guide": Source(titre="Guide", organisme="Caf", date=dt.date(2025, 10, 6))},
        parameters=Parameters(
            {
                "aide/montant": ParameterFile(
                    description="Aide",
                    unite="€",
                    valeurs=[value(dt.date(2026, 1, 1), "150"), value(dt.date(2026, 10, 1), "160")],
                    verifie_le=dt.date(2026, 5, 1),
                )
            }
        ),
    )


class Page(HTMLParser):
    """What a page says, and its tags."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.html = answer.body.decode()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.parts: list[str] = []
        self.feed(self.html)
        self.text = " ".join("".join(self.parts).split())  # no-break spaces as spaces

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


@pytest.fixture
async def site(settings: Settings, open_gateway: OpenGateway) -> Api:
    dated = settings.model_copy(update={"date": dt.date(2026, 11, 21)})
    return await open_gateway(dated, None, LazyContent(knowledge))


async def get(site: Api, query: str, **options: Any) -> Answer:
    return await site.request("GET", f"/recapitulatif?{query}", **options)


# ---- codes


def test_a_code_is_a_place() -> None:
    assert encode(["ecoute", "prevenir"], RULE) == "31"
    assert decode("31", RULE) == ["ecoute", "prevenir"]
    assert encode(["prevenir", "prevenir"], RULE) == "1"


def test_an_address_says_nothing() -> None:
    code = rule_code("separation")
    assert re.fullmatch("[0-9a-f]{6}", code)
    assert address("separation", ["demander"], RULE) == f"/recapitulatif?r={code}&e=2"
    dated = address("separation", ["demander"], RULE, dt.date(2026, 11, 21))
    assert dated == f"/recapitulatif?r={code}&e=2&d=2026-11-21"
    assert address("separation", [], RULE) is None


def test_a_rule_is_found_by_its_code_or_its_name() -> None:
    rules = ["asf", "separation"]
    assert find_rule("separation", rules) == find_rule(rule_code("separation"), rules) == rules[1]
    assert find_rule("autre", rules) is None
    assert find_rule(rule_code("autre"), rules) is None


def test_codes_go_to_35() -> None:
    step = STEPS["prevenir"]
    many = RuleContent.model_construct(etapes={f"etape_{i}": step for i in range(36)})
    first = [f"etape_{i}" for i in range(35)]
    assert encode(first, many) == CODES
    assert decode(CODES, many) == first
    assert encode(["etape_9"], many) == "a"
    with pytest.raises(UnknownStep):
        encode(["etape_35"], many)


@pytest.mark.parametrize("codes", ["", "0", "4", "z", "11", "1A", "é", " 1"])
def test_a_code_of_nothing_is_refused(codes: str) -> None:
    with pytest.raises(UnknownStep):
        decode(codes, RULE)


def test_a_step_of_another_rule_is_refused() -> None:
    with pytest.raises(UnknownStep):
        encode(["inconnue"], RULE)


# ---- the page


async def test_the_plan_is_said_in_order_with_its_contacts_and_sources(site: Api) -> None:
    answer = await get(site, "r=separation&e=21")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    page = Page(answer)
    assert page.text.index("Demandez l'aide de 160 €.") < page.text.index("Prévenez la Caf :")
    assert "Violences" not in page.text, "a step that was not asked for"
    assert "Téléphone de la Caf : 3230" in page.text
    assert "Faire la demande : https://www.caf.fr/demande?a=1&b=2" in page.text
    assert "Courrier : Caf, 52901 Chaumont" in page.text
    assert "Courriel : Mon Compte (https://www.caf.fr/compte)" in page.text
    links = {attributes["href"] for tag, attributes in page.tags if tag == "a"}
    assert {"tel:3230", "https://www.caf.fr/demande?a=1&b=2"} <= links
    assert "Source : Guide (Les démarches), du 6 octobre 2025." in page.text
    assert "Vérifié le 1er mai 2026. Montants au 21 novembre 2026." in page.text


async def test_it_is_an_estimation_and_not_the_official_site(site: Api) -> None:
    text = Page(await get(site, "r=separation&e=1")).text
    assert "estimation" in text
    assert "Seule la Caf décide" in text
    assert "ce n'est pas le site officiel de la Caf" in text
    assert "3230" in text


async def test_figures_are_those_of_the_date(site: Api) -> None:
    assert "150 €" in Page(await get(site, "r=separation&e=2&d=2026-09-30")).text
    assert "160 €" in Page(await get(site, "r=separation&e=2&d=2026-10-01")).text


async def test_title_and_tab_are_discreet(site: Api) -> None:
    for query in ("r=separation&e=3", "r=none&e=1"):
        html = (await get(site, query)).body.decode()
        head = html.partition("</head>")[0]
        assert re.findall("<title>(.*)</title>", head) == ["Mes démarches"]
        assert "violence" not in head.lower()
        assert "<h1>Violences" not in html


async def test_french_typography(site: Api) -> None:
    html = (await get(site, "r=separation&e=13")).body.decode()
    text = re.sub(r"<[^>]+>", "", html.partition("<body>")[2]).replace("&nbsp;", "\u00a0")
    assert re.findall(r"\S* [:;?!»€]", text) == []
    assert "Prévenez la Caf\u00a0: sur caf.fr." in text


async def test_our_texts_are_escaped(site: Api) -> None:
    html = (await get(site, "r=separation&e=3")).body.decode()
    assert "<b>" not in html
    assert "&lt;b&gt;&amp; co&lt;/b&gt;" in html


async def test_nothing_is_inline(site: Api) -> None:
    """The content security policy lets no script, handler or style be in the page."""
    for query in ("r=separation&e=123", "r=none&e=1"):
        page = Page(await get(site, query))
        for tag, attributes in page.tags:
            assert not any(name.startswith("on") or name == "style" for name in attributes)
            assert tag != "style"
            assert tag != "script" or attributes["src"] == "/static/recap.js"
            assert tag not in ("form", "iframe", "img", "base")
    for name in ("recap.js", "recap.css"):
        assert (await site.request("GET", f"/static/{name}")).status == 200


async def test_the_way_out_works_without_a_script(site: Api) -> None:
    for query in ("r=separation&e=1", "r=none&e=1"):
        page = Page(await get(site, query))
        (way_out,) = [a for tag, a in page.tags if tag == "a" and a.get("class") == "exit"]
        assert way_out["href"] == "https://meteofrance.com"
        assert "Quitter vite. Quitter ce site" in page.text


# ---- nobody is known


async def test_headers(site: Api) -> None:
    for query in ("r=separation&e=1", "r=none&e=1"):
        answer = await get(site, query)
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Robots-Tag"] == "noindex"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert {name: answer.headers[name] for name in HEADERS} == dict(HEADERS)
        assert "Set-Cookie" not in answer.headers


async def test_the_cookie_changes_nothing(site: Api) -> None:
    without = await get(site, "r=separation&e=12")
    await site.open()
    with_cookie = await get(site, "r=separation&e=12")
    assert with_cookie.body == without.body
    assert "Set-Cookie" not in with_cookie.headers
    assert (await site.history()).status == 200


@pytest.mark.parametrize(
    "query",
    [
        "",
        "r=separation",
        "e=1",
        "r=separation&e=",
        "r=separation&e=4",
        "r=separation&e=0",
        "r=separation&e=11",
        "r=separation&e=" + "1" * 36,
        "r=separation&e=1%0a",
        "r=inconnu&e=1",
        "r=../asf&e=1",
        "r=SEPARATION&e=1",
        "r=%3Cscript%3Ealert(1)%3C/script%3E&e=1",
        "r=separation&e=%3Cimg%3E",
        "r=separation&e=1&d=%22onload%3D1",
        "r=separation&e=1&d=2026-13-01",
        "r=separation&e=1&d=20261121",
        "r=separation&e=1&d=2026-W01-1",
        "r=separation&e=1&d=",
        "r=separation&e=2&d=2025-12-31",
        "r=separation&e=1&d=%D9%A2%D9%A0%D9%A2%D9%A6-11-21",
    ],
)
async def test_what_is_no_plan_is_a_kind_404(site: Api, query: str) -> None:
    answer = await get(site, query)
    assert answer.status == 404
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    page = Page(answer)
    assert "Ce récapitulatif n'existe pas, ou plus" in page.text
    assert "3230" in page.text
    assert answer.body == (await get(site, "r=none&e=none")).body, "no value of the address"


async def test_the_code_of_the_rule_gives_the_same_page(site: Api) -> None:
    path = address("separation", ["ecoute", "prevenir"], RULE)
    assert path is not None
    assert (await site.request("GET", path)).body == (await get(site, "r=separation&e=31")).body


async def test_what_is_added_to_the_address_is_not_shown(site: Api) -> None:
    plain = await get(site, "r=separation&e=1")
    assert (await get(site, "r=separation&e=1&nom=dupont&fbclid=x")).body == plain.body


async def test_the_address_is_not_logged(site: Api, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await get(site, "r=separation&e=31")
    await get(site, "r=dupont&e=31")
    # The access log of the gateway (web/logs.py) has its own tests: this server's is aiohttp's.
    lines = [r.getMessage() for r in caplog.records if r.name != "aiohttp.access"]
    assert not any("separation" in line or "dupont" in line for line in lines)


# ---- reading


async def test_nothing_is_read_before_the_first_page_then_once(
    settings: Settings, open_gateway: OpenGateway
) -> None:
    threads: list[int] = []

    def read() -> Any:
        threads.append(threading.get_ident())
        return knowledge()

    content = LazyContent(read)
    make_app(settings, MemoryStore(), content)
    site = await open_gateway(settings, MemoryStore(), content)
    await site.open()
    assert threads == []
    answers = await asyncio.gather(*(get(site, "r=separation&e=1") for _ in range(5)))
    assert {answer.status for answer in answers} == {200}
    assert len(threads) == 1
    assert threads[0] != threading.get_ident(), "the loop is never blocked"


async def test_data_that_does_not_fit_is_said_kindly_then_read_again(
    settings: Settings, open_gateway: OpenGateway, caplog: pytest.LogCaptureFixture
) -> None:
    broken = True

    def read() -> Any:
        if broken:
            raise InvalidData("data/x.yml: dupont")
        return knowledge()

    site = await open_gateway(settings, MemoryStore(), LazyContent(read))
    answer = await get(site, "r=separation&e=1")
    assert answer.status == 503
    assert "ne peut pas s'afficher pour le moment" in Page(answer).text
    assert answer.headers["X-Robots-Tag"] == "noindex"
    assert "InvalidData" in caplog.text
    assert "dupont" not in caplog.text
    broken = False
    assert (await get(site, "r=separation&e=1")).status == 200


async def test_another_method_is_a_405(site: Api) -> None:
    for method in ("POST", "DELETE"):
        answer = await site.request(method, "/recapitulatif?r=separation&e=1")
        assert (answer.status, answer.code) == (405, "method_not_allowed")


async def test_every_rule_has_its_page(settings: Settings, open_gateway: OpenGateway) -> None:
    """The real data: all the steps of each rule, and an address that a card may hold."""
    site = await open_gateway(settings, MemoryStore())
    content = LazyContent()
    rules = (await content.get()).rules
    assert any(rule.etapes for rule in rules.values())
    assert len({rule_code(name) for name in rules}) == len(rules)
    for name, rule in rules.items():
        path = address(name, rule.etapes, rule, dt.date(2026, 11, 21))
        if path is None:
            continue
        assert len(path) <= 300
        assert name not in path
        page = Page(await site.request("GET", path))
        for step in rule.etapes.values():
            words = cast(str, re.split(r"[{]", step.texte)[0])
            assert " ".join(words.split()) in page.text
        assert "{" not in page.text
