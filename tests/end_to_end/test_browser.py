"""The widget in Debian's Chromium: a person types, clicks, reloads; axe finds nothing."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from tests.end_to_end.conftest import System

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WCAG = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}
ANSWER = 15_000  # milliseconds


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def complaints() -> list[str]:
    """Errors of the console: a broken content security policy is one."""
    return []


@pytest.fixture
def page(browser: Browser, system: System, complaints: list[str]) -> Iterator[Page]:
    context = browser.new_context(locale="fr-FR", viewport={"width": 1280, "height": 800})
    opened = context.new_page()

    def note(message: ConsoleMessage) -> None:
        if message.type == "error":
            complaints.append(message.text)

    opened.on("console", note)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.goto(system.web)
    yield opened
    context.close()


def open_widget(page: Page) -> None:
    page.get_by_role("button", name="Poser une question", exact=True).first.click()
    expect(page.locator(".message.bot").first).to_be_visible(timeout=ANSWER)


def ask(page: Page, question: str) -> None:
    page.locator("#field").fill(question)
    page.keyboard.press("Enter")


def violations(page: Page) -> list[str]:
    results = Axe().run(page, options=WCAG)
    return [
        f"{rule['id']}: {rule['nodes'][0]['html'][:120]}" for rule in results.response["violations"]
    ]


def test_nothing_is_asked_or_stored_before_opening(page: Page, system: System) -> None:
    assert page.context.cookies() == []
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    calls: list[str] = []
    page.on("request", lambda request: calls.append(request.url))
    page.reload(wait_until="networkidle")
    assert [url for url in calls if "/api/" in url] == []
    assert all(url.startswith(system.web) for url in calls), "no third party"


def test_a_person_asks_clicks_a_quick_reply_and_reloads(
    page: Page, complaints: list[str], tmp_path: Path
) -> None:
    open_widget(page)
    ask(page, "bjr jai oublier mon mdp caf")
    shown = page.locator(".card.procedure").last
    expect(shown).to_be_visible(timeout=ANSWER)
    expect(shown.locator("h3")).to_contain_text("mot de passe")
    expect(shown.locator(".steps ol li").first).to_be_visible()
    expect(shown.locator(".origin")).to_contain_text("4 mai 2026")
    expect(shown.locator(".origin")).to_contain_text("21 novembre 2026")

    page.locator(".reply", has_text="rendez-vous").first.click()
    expect(page.locator(".card.procedure h3").last).to_contain_text("rendez-vous", timeout=ANSWER)
    before = page.locator(".message").count()
    page.reload()
    open_widget(page)
    expect(page.locator(".card.procedure")).to_have_count(2)
    assert page.locator(".message").count() == before
    assert complaints == []


def test_a_decision_is_called_an_estimation(page: Page, complaints: list[str]) -> None:
    open_widget(page)
    ask(page, "vérifier mon droit à l'asf")
    for reply in ("Je l'ai recueilli", None, "Oui"):
        if reply:
            button = page.get_by_role("button", name=reply, exact=True)
            expect(button).to_be_visible(timeout=ANSWER)
            button.click()
        else:
            expect(page.locator(".message.bot").last).to_contain_text("âge", timeout=ANSWER)
            ask(page, "10 ans")
    decision = page.locator(".card.decision")
    expect(decision).to_be_visible(timeout=ANSWER)
    expect(decision).to_contain_text("Estimation")
    expect(decision.locator(".amount")).to_contain_text("265,50")
    expect(decision.locator(".condition.satisfied")).to_have_count(3)
    assert complaints == []


@pytest.mark.parametrize("width", [1280, 320])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(page: Page, width: int, scheme: str) -> None:
    page.set_viewport_size({"width": width, "height": 700})
    # Without motion: half-way through a fade, no colour is the one that people read.
    dark = scheme == "dark"
    page.emulate_media(color_scheme="dark" if dark else "light", reduced_motion="reduce")
    assert violations(page) == []
    open_widget(page)
    assert violations(page) == []
    ask(page, "mon mari me frappe")
    expect(page.locator(".card.danger")).to_be_visible(timeout=ANSWER)
    assert violations(page) == []
    overflow = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    assert not overflow


def test_the_keyboard_is_enough(page: Page) -> None:
    page.get_by_role("button", name="Poser une question", exact=True).first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#field")).to_be_focused()
    expect(page.locator(".message.bot").first).to_be_visible(timeout=ANSWER)
    page.keyboard.type("comment rembourser la caf")
    page.keyboard.press("Enter")
    expect(page.locator(".card.procedure")).to_be_visible(timeout=ANSWER)
    log = page.get_by_role("log")
    expect(log).to_have_attribute("aria-live", "polite")
    page.keyboard.press("Escape")
    expect(page.locator("#panel")).not_to_be_visible()
    expect(page.get_by_role("button", name="Poser une question", exact=True).first).to_be_focused()


def test_erasing_the_conversation(page: Page) -> None:
    open_widget(page)
    ask(page, "comment rembourser la caf")
    expect(page.locator(".card.procedure")).to_be_visible(timeout=ANSWER)
    page.get_by_role("button", name="Effacer", exact=True).click()
    page.get_by_role("button", name="Oui, effacer").click()
    expect(page.locator(".card.procedure")).to_have_count(0)
    page.reload()
    open_widget(page)
    expect(page.locator(".card.procedure")).to_have_count(0)


def test_leaving_quickly_blanks_the_page_and_erases(page: Page, system: System) -> None:
    page.route(re.compile("meteofrance"), lambda route: route.fulfill(body="météo"))
    open_widget(page)
    ask(page, "mon mari me frappe")
    expect(page.locator(".card.danger")).to_be_visible(timeout=ANSWER)
    with page.expect_request(lambda request: request.method == "DELETE"):
        page.get_by_role("button", name="Quitter vite").click()
    page.wait_for_url(re.compile("meteofrance"))
    page.goto(system.web)
    open_widget(page)
    expect(page.locator(".card.danger")).to_have_count(0)
