"""The assistant on another site, in Chromium without third-party cookies; and without JavaScript.

The other sites are served on `localhost` and the bot on `127.0.0.1`: for a browser, two sites.
"""

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from allobot import local_http
from allobot.project import ROOT
from tests.browsers import chromium
from tests.end_to_end.conftest import System
from tests.end_to_end.test_browser import ANSWER, DANGER, ELSEWHERE, WCAG

OPEN_LABEL = "Une question sur vos aides ?"
TAG = """<!doctype html><html lang="fr"><meta charset="utf-8"><title>La ville</title>
<main><h1>La ville</h1><p>Bienvenue.</p></main>
<script type="module" src="{bot}/widget/allobot.js" data-label="{label}" data-title="Vos aides"
  data-position="left" data-exit-url="{exit}"{more}></script></html>"""
STORED = """async () => [localStorage.length, sessionStorage.length, document.cookie,
    (await indexedDB.databases()).length, (await caches.keys()).length]"""


class Site:
    """A site of someone else: one page, whose HTML may change."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.origin = f"http://localhost:{server.server_port}"
        self.html = ""


@contextmanager
def serve_site() -> Iterator[Site]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(site.html.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("localhost", 0), Handler) as server:
        site = Site(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield site
        server.shutdown()


@pytest.fixture(scope="module")
def partner() -> Iterator[Site]:
    """A site of the list."""
    with serve_site() as site:
        yield site


@pytest.fixture(scope="module")
def stranger() -> Iterator[Site]:
    """A site that is not on the list."""
    with serve_site() as site:
        yield site


@pytest.fixture(scope="module")
def bot(system: System, partner: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a gateway that lets one site embed it, on the same bot."""
    settings = {
        "ALLOBOT_VAR": str(tmp_path_factory.mktemp("embedded")),
        "ALLOBOT_WEB_PORT": "0",
        "ALLOBOT_RASA_PORT": str(system.rasa_port),
        "ALLOBOT_ACTIONS_PORT": str(system.actions_port),
        "ALLOBOT_EMBED_ORIGINS": partner.origin,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "web"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
    )
    with process:
        assert process.stdout
        address = process.stdout.readline().split()[-1]
        assert local_http.answers(f"{address}/health/ready")
        yield address
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium as it is to be: no cookie of another site, unless it is partitioned."""
    with chromium("--test-third-party-cookie-phaseout") as opened:
        yield opened


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    with browser.new_context(locale="fr-FR", viewport={"width": 1280, "height": 800}) as opened:
        yield opened


def visit(context: BrowserContext, site: Site, bot: str, more: str = "") -> Page:
    site.html = TAG.format(bot=bot, label=OPEN_LABEL, exit=ELSEWHERE, more=more)
    page = context.new_page()
    page.goto(site.origin, wait_until="networkidle")
    return page


def open_widget(page: Page) -> None:
    page.get_by_role("button", name=OPEN_LABEL, exact=True).click()
    expect(page.locator(".message.bot").first).to_be_visible(timeout=ANSWER)


def ask(page: Page, question: str) -> None:
    page.locator("#field").fill(question)
    page.keyboard.press("Enter")


def violations(page: Page) -> list[str]:
    found = Axe().run(page, options=WCAG).response["violations"]
    return [f"{rule['id']}: {rule['nodes'][0]['html'][:120]}" for rule in found]


# ---- on another site


def test_a_site_of_the_list_talks_and_the_talk_outlives_the_page(
    context: BrowserContext, partner: Site, bot: str
) -> None:
    page = visit(context, partner, bot)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    open_widget(page)
    expect(page.get_by_role("heading", name="Vos aides", exact=True)).to_be_visible()
    ask(page, "bjr jai oublier mon mdp caf")
    expect(page.locator(".card.procedure h3")).to_contain_text("mot de passe", timeout=ANSWER)
    ask(page, "comment prendre rendez-vous")
    expect(page.locator(".card.procedure")).to_have_count(2, timeout=ANSWER)
    page.reload()
    open_widget(page)
    expect(page.locator(".card.procedure")).to_have_count(2)
    assert errors == []


def test_nothing_is_asked_or_stored_on_another_site_before_opening(
    context: BrowserContext, partner: Site, bot: str
) -> None:
    calls: list[str] = []
    context.on("request", lambda request: calls.append(request.url))
    page = visit(context, partner, bot)
    expect(page.get_by_role("button", name=OPEN_LABEL, exact=True)).to_be_visible()
    assert f"{bot}/widget/allobot.js" in calls
    assert [url for url in calls if not url.startswith((partner.origin, f"{bot}/widget/"))] == []
    assert context.cookies() == []
    assert page.evaluate(STORED) == [0, 0, "", 0, 0]


def test_the_cookie_is_of_this_pair_of_sites_alone(
    context: BrowserContext, partner: Site, bot: str
) -> None:
    page = visit(context, partner, bot)
    open_widget(page)
    (cookie,) = context.cookies()
    assert cookie["name"] == "allobot"
    assert cookie["httpOnly"] and cookie["secure"]
    assert cookie["sameSite"] == "None"
    assert cookie["partitionKey"] == "http://localhost"
    page.goto(f"{bot}/assistant")
    expect(page.locator("#panel .message.bot").first).to_be_visible(timeout=ANSWER)
    keys = {known.get("partitionKey") for known in context.cookies()}
    assert keys == {"http://localhost", "http://127.0.0.1"}, "nothing is shared between sites"


def test_a_site_that_is_not_on_the_list_is_told_so_kindly(
    context: BrowserContext, stranger: Site, bot: str
) -> None:
    page = visit(context, stranger, bot)
    page.get_by_role("button", name=OPEN_LABEL, exact=True).click()
    failure = page.locator(".message.failure")
    expect(failure).to_contain_text("Allobot ne répond pas depuis ce site.", timeout=ANSWER)
    expect(failure).to_contain_text("Ce n'est pas de votre faute.")
    expect(failure.locator("a[href='tel:3230']").last).to_be_visible()
    assert context.cookies() == []
    answer = context.request.post(
        f"{bot}/api/conversation",
        data=json.dumps({}),
        headers={"Origin": stranger.origin, "Content-Type": "application/json"},
    )
    assert answer.status == 403
    assert answer.json()["error"]["code"] == "bad_origin"
    assert "access-control-allow-origin" not in answer.headers


def test_leaving_quickly_from_another_site_erases_too(
    context: BrowserContext, partner: Site, bot: str
) -> None:
    ours = (partner.origin, bot)
    context.route(
        lambda url: not url.startswith(ours), lambda route: route.fulfill(body="ailleurs")
    )
    page = visit(context, partner, bot)
    open_widget(page)
    ask(page, DANGER)
    expect(page.locator(".card.danger")).to_be_visible(timeout=ANSWER)
    page.locator(".card.danger .leave").click()
    page.wait_for_url(ELSEWHERE)
    for _ in range(50):
        if context.cookies() == []:
            break
        page.wait_for_timeout(100)
    assert context.cookies() == []


def test_the_hash_of_the_guide_is_the_one_browsers_ask_for(
    context: BrowserContext, partner: Site, bot: str
) -> None:
    guide = context.new_page()
    guide.goto(f"{bot}/assistant/integrer")
    assert violations(guide) == []
    (found,) = re.findall(r'integrity="([^"]+)"', guide.locator("main").inner_text())
    page = visit(context, partner, bot, f' integrity="{found}" crossorigin')
    expect(page.get_by_role("button", name=OPEN_LABEL, exact=True)).to_be_visible()
    other = found[:-4] + "AAAA"
    page = visit(context, partner, bot, f' integrity="{other}" crossorigin')
    expect(page.get_by_role("button", name=OPEN_LABEL, exact=True)).to_have_count(0)


@pytest.mark.parametrize(("framed_by", "shown"), [("partner", True), ("stranger", False)])
def test_only_a_site_of_the_list_frames_the_full_page(
    context: BrowserContext,
    bot: str,
    request: pytest.FixtureRequest,
    framed_by: str,
    shown: bool,
) -> None:
    site: Site = request.getfixturevalue(framed_by)
    site.html = f'<!doctype html><title>x</title><iframe src="{bot}/assistant"></iframe>'
    page = context.new_page()
    page.goto(site.origin, wait_until="networkidle")
    inside = page.frame_locator("iframe").get_by_role("heading", name="Allobot", exact=True)
    expect(inside).to_have_count(1 if shown else 0)


# ---- the full page


def test_the_full_page_is_the_widget_already_open(context: BrowserContext, system: System) -> None:
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.goto(f"{system.web}/assistant")
    expect(page.locator("#panel .message.bot").first).to_be_visible(timeout=ANSWER)
    ask(page, "comment rembourser la caf")
    expect(page.locator(".card.procedure")).to_be_visible(timeout=ANSWER)
    page.keyboard.press("Escape")
    expect(page.locator("#panel")).to_be_visible()
    box = page.locator("#panel").bounding_box()
    assert box and (box["width"], box["height"]) == (1280, 800)
    expect(page.locator("#question")).not_to_be_visible()
    assert complaints == []
    page.emulate_media(reduced_motion="reduce")
    assert violations(page) == []


@pytest.fixture
def plain(browser: Browser, system: System) -> Iterator[Page]:
    """The full page in a browser without JavaScript."""
    with browser.new_context(
        java_script_enabled=False, locale="fr-FR", viewport={"width": 1280, "height": 800}
    ) as context:
        page = context.new_page()
        page.goto(f"{system.web}/assistant")
        yield page


def send(page: Page, text: str) -> None:
    page.get_by_label("Votre question").fill(text)
    page.get_by_role("button", name="Envoyer").click()


def test_without_javascript_a_person_asks_presses_a_button_and_erases(plain: Page) -> None:
    assert plain.context.cookies() == []
    send(plain, "bjr jai oublier mon mdp caf")
    expect(plain).to_have_url(re.compile("/assistant#suite$"))
    card = plain.locator(".card.procedure")
    expect(card.locator("h3")).to_contain_text("mot de passe")
    expect(card.locator("ol li").first).to_be_visible()
    expect(card.locator("footer")).to_contain_text("Vérifié le")
    plain.get_by_role("button", name=re.compile("rendez-vous")).first.click()
    expect(plain.locator(".card.procedure h3").last).to_contain_text("rendez-vous")
    before = plain.locator(".message").count()
    plain.reload()
    assert plain.locator(".message").count() == before, "reloading sends nothing again"
    plain.get_by_role("button", name="Effacer la conversation").click()
    expect(plain.locator(".card")).to_have_count(0)
    assert plain.context.cookies() == []


def test_without_javascript_danger_comes_first_and_the_way_out_erases(
    plain: Page, system: System
) -> None:
    plain.context.route(
        lambda url: not url.startswith(system.web), lambda route: route.fulfill(body="ailleurs")
    )
    send(plain, DANGER)
    card = plain.locator(".card.danger")
    expect(card.locator(".calls a").nth(0)).to_have_attribute("href", "tel:17")
    expect(card.locator(".calls a").nth(1)).to_have_attribute("href", "tel:3919")
    expect(card.get_by_role("link", name="Quitter ce site")).to_have_attribute(
        "href", ELSEWHERE.rstrip("/")
    )
    assert DANGER not in plain.content()
    plain.get_by_role("button", name="Effacer et quitter ce site").click()
    plain.wait_for_url(ELSEWHERE)
    assert plain.context.cookies() == []


def test_without_javascript_an_error_keeps_what_was_typed(plain: Page) -> None:
    send(plain, "   ")
    expect(plain.get_by_role("alert")).to_contain_text("Votre message est vide.")
    send(plain, "comment rembourser la caf")
    expect(plain.locator(".card.procedure")).to_be_visible()


def test_without_javascript_the_conversation_is_printed_without_its_forms(plain: Page) -> None:
    send(plain, "comment rembourser la caf")
    plain.emulate_media(media="print")
    expect(plain.locator(".card.procedure")).to_be_visible()
    expect(plain.get_by_role("button")).to_have_count(0)
    expect(plain.locator(".exit").first).not_to_be_visible()


@pytest.mark.parametrize("width", [1280, 320])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_the_page_without_javascript(
    browser: Browser, system: System, width: int, scheme: str
) -> None:
    """Axe itself is a script: the page runs it, but its own scripts are not let in."""
    dark = scheme == "dark"
    with browser.new_context(
        locale="fr-FR",
        viewport={"width": width, "height": 700},
        color_scheme="dark" if dark else "light",
    ) as context:
        context.route(re.compile(r"\.js$"), lambda route: route.abort())
        page = context.new_page()
        page.goto(f"{system.web}/assistant")
        assert violations(page) == []
        for text in ("comment rembourser la caf", "vérifier mon droit à l'asf", DANGER, "  "):
            send(page, text)
        expect(page.get_by_role("alert")).to_be_visible()
        expect(page.locator(".card.danger")).to_be_visible()
        assert violations(page) == []
        assert not page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
