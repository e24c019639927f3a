"""The widget in Debian's Chromium: a person types, clicks, reloads; axe finds nothing."""

import re
import sqlite3
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from itsdangerous import URLSafeTimedSerializer
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from actions.eligibility.recap import address
from actions.knowledge.loader import check
from tests import browsers
from tests.end_to_end.conftest import System

WCAG = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}
ANSWER = 15_000  # milliseconds
DANGER = "mon mari me frappe souvent le soir"
ELSEWHERE = "https://meteofrance.com/"

browser = browsers.browser


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


def test_the_separation_path_from_the_first_question_to_the_printed_plan(
    page: Page, system: System, complaints: list[str]
) -> None:
    open_widget(page)
    ask(page, "faire mon plan de séparation")
    for question, reply in [
        ("peur de l'autre personne", "Non"),
        ("déjà déclaré votre séparation", "Non, pas encore"),
        ("âge ont vos enfants", None),
        ("la pension alimentaire", "La pension n'est pas payée"),
        ("votre logement", "Oui"),
    ]:
        expect(page.locator(".message.bot").last).to_contain_text(question, timeout=ANSWER)
        if reply:
            page.get_by_role("button", name=reply, exact=True).click()
        else:
            ask(page, "4 et 9 ans")
    plan = page.locator(".card.plan")
    expect(plan).to_be_visible(timeout=ANSWER)
    first, *_ = steps = plan.locator("ol li").all_inner_texts()
    assert "Déclarez la séparation" in first
    assert any("récupérer la pension" in step for step in steps)
    expect(plan).to_contain_text("Estimation")

    with page.context.expect_page() as opened:
        plan.get_by_role("link", name="Imprimer ou partager ce récapitulatif").click()
    for step in steps:
        expect(opened.value.locator("main")).to_contain_text(step)
    opened.value.close()

    page.get_by_role("button", name="Vérifier mon droit à l'ASF").last.click()
    expect(page.locator(".message.bot").last).to_contain_text("Qui êtes-vous", timeout=ANSWER)
    expect(page.locator(".messages, #panel").first).to_contain_text("4 ans et 9 ans")
    page.get_by_role("button", name="Son père ou sa mère", exact=True).click()
    expect(page.locator(".message.bot").last).to_contain_text("Vivez-vous seul", timeout=ANSWER)
    page.get_by_role("button", name="Oui", exact=True).click()
    expect(page.locator(".message.bot").last).to_contain_text("de façon stable", timeout=ANSWER)
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


# ---- leaving quickly


def by_the_header(page: Page) -> None:
    page.get_by_role("button", name="Quitter vite").click()


def by_the_card(page: Page) -> None:
    page.locator(".card.danger .leave").click()


def by_the_keyboard(page: Page) -> None:
    for _ in range(3):
        page.keyboard.press("Shift")


def go_elsewhere(page: Page, system: System) -> None:
    """Nothing leaves the machine: whatever is not ours is one word."""
    page.context.route(
        lambda url: not url.startswith(system.web), lambda route: route.fulfill(body="ailleurs")
    )


def wait_until(page: Page, holds: Callable[[], bool]) -> None:
    for _ in range(50):
        if holds():
            return
        page.wait_for_timeout(100)
    raise AssertionError("it never did")


def conversation_of(page: Page) -> str:
    """The id of the conversation, which every table names it by."""
    (cookie,) = page.context.cookies()
    return str(URLSafeTimedSerializer("any").loads_unsafe(cookie["value"])[1])


def everything_kept(system: System) -> str:
    """Every value of every table of the bot."""
    kept = []
    for path in system.var.glob("*.sqlite"):
        database = sqlite3.connect(path)
        tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        kept += [database.execute(f'SELECT * FROM "{name}"').fetchall() for (name,) in tables]
        database.close()
    return repr(kept)


STORED = """async () => [
    document.cookie, localStorage.length, sessionStorage.length,
    (await indexedDB.databases()).length, (await caches.keys()).length,
    (await navigator.serviceWorker.getRegistrations()).length,
]"""


LEAVING = """() => navigation.addEventListener("navigate", () => console.info(
    `leaving: ${document.title} ${document.body.childNodes.length}`))"""


@pytest.mark.parametrize("leave", [by_the_header, by_the_card, by_the_keyboard])
def test_leaving_quickly_leaves_nothing(
    page: Page, system: System, leave: Callable[[Page], None]
) -> None:
    go_elsewhere(page, system)
    page.goto(f"{system.web}/#contenu")  # an address of the same page, one step further
    open_widget(page)
    ask(page, DANGER)
    expect(page.locator(".card.danger")).to_be_visible(timeout=ANSWER)
    conversation, steps = conversation_of(page), page.evaluate("history.length")
    assert conversation in everything_kept(system)

    said: list[str] = []
    sent: list[tuple[str, str]] = []
    page.on("console", lambda message: said.append(message.text))
    page.context.on("request", lambda request: sent.append((request.method, request.url)))
    page.evaluate(LEAVING)
    leave(page)
    page.wait_for_url(ELSEWHERE)
    wait_until(page, lambda: page.context.cookies() == [])  # only an answer can take it away
    assert said == ["leaving: Chargement… 0"], "blank before it leaves"
    assert sorted(sent) == [("DELETE", f"{system.web}/api/conversation"), ("GET", ELSEWHERE)]

    kept = everything_kept(system)
    assert conversation not in kept
    assert DANGER not in kept
    assert page.evaluate("history.length") == steps, "the other address took the place of ours"

    for _ in range(steps):
        page.go_back()
        assert DANGER not in page.content()
        assert page.locator(".message").count() == 0
    page.goto(system.web)
    assert page.evaluate(STORED) == ["", 0, 0, 0, 0, 0]
    open_widget(page)
    expect(page.locator(".message.person")).to_have_count(0)
    expect(page.locator(".card.danger")).to_have_count(0)


def test_the_way_out_is_always_in_sight(page: Page) -> None:
    for width, height in ((1280, 800), (320, 640), (640, 300)):
        page.set_viewport_size({"width": width, "height": height})
        page.reload()
        open_widget(page)
        way_out = page.locator(".header .exit")
        expect(way_out).to_have_accessible_name(re.compile("^Quitter vite.*Quitter ce site$"))
        expect(way_out).to_be_in_viewport(ratio=1)
        ask(page, DANGER)
        expect(page.locator(".card.danger .leave").last).to_be_visible(timeout=ANSWER)
        expect(page.locator(".card.danger .leave").last).to_have_accessible_name("Quitter ce site")
        expect(way_out).to_be_in_viewport(ratio=1)


def test_what_a_person_in_danger_wrote_is_on_screen_until_reload(
    page: Page, complaints: list[str]
) -> None:
    open_widget(page)
    ask(page, DANGER)
    expect(page.locator(".card.danger")).to_be_visible(timeout=ANSWER)
    expect(page.locator(".message.person")).to_contain_text(DANGER)
    page.reload()
    open_widget(page)
    expect(page.locator(".message.person")).to_contain_text("[message effacé par discrétion]")
    expect(page.locator(".card.danger")).to_be_visible()
    assert DANGER not in page.locator("#panel").inner_text()
    assert complaints == []


# ---- the page of a plan


@pytest.fixture
def recap_path() -> str:
    """The page of all the steps of a rule of ours."""
    name, rule = next((name, rule) for name, rule in check().rules.items() if rule.etapes)
    path = address(name, rule.etapes, rule)
    assert path
    return path


@pytest.mark.parametrize("width", [1280, 320])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_plan_can_be_read_by_all(
    page: Page, system: System, recap_path: str, complaints: list[str], width: int, scheme: str
) -> None:
    page.set_viewport_size({"width": width, "height": 700})
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.goto(system.web + recap_path)
    assert complaints == []
    assert violations(page) == []
    assert not page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    page.goto(f"{system.web}/recapitulatif?r=inconnu&e=1")
    assert violations(page) == []


def test_a_plan_is_printed_whole_and_keeps_nothing(
    page: Page, system: System, recap_path: str
) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(system.web + recap_path)
    assert page.title() == "Mes démarches"
    page.evaluate("() => { window.print = () => { document.body.dataset.printed = 'yes'; }; }")
    page.get_by_role("button", name="Imprimer").click()
    assert page.locator("body").get_attribute("data-printed") == "yes"
    page.get_by_role("button", name="Copier").click()
    expect(page.get_by_text("Adresse copiée.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == system.web + recap_path

    page.emulate_media(media="print")
    expect(page.locator(".exit")).not_to_be_visible()
    expect(page.get_by_role("button")).to_have_count(0)
    for part in page.locator(".paper").all():
        expect(part).to_be_visible()
    assert page.context.cookies() == []
    assert page.evaluate(STORED) == ["", 0, 0, 0, 0, 0]


def test_leaving_the_plan_leaves_the_conversation_too(
    page: Page, system: System, recap_path: str
) -> None:
    """One way out for the two tabs, by a click or by the keyboard."""
    go_elsewhere(page, system)
    for leave in (lambda tab: tab.get_by_role("link", name="Quitter").click(), by_the_keyboard):
        page.goto(system.web)
        open_widget(page)
        ask(page, DANGER)
        expect(page.locator(".card.danger")).to_be_visible(timeout=ANSWER)
        conversation = conversation_of(page)
        plan = page.context.new_page()
        plan.goto(system.web + recap_path)
        leave(plan)
        plan.wait_for_url(ELSEWHERE)
        page.wait_for_url(ELSEWHERE)
        plan.close()
        wait_until(page, lambda: page.context.cookies() == [])
        assert conversation not in everything_kept(system)


def test_leaving_the_conversation_leaves_the_plan_too(
    page: Page, system: System, recap_path: str
) -> None:
    go_elsewhere(page, system)
    plan = page.context.new_page()
    plan.goto(system.web + recap_path)
    open_widget(page)
    by_the_header(page)
    page.wait_for_url(ELSEWHERE)
    plan.wait_for_url(ELSEWHERE)


def test_the_card_of_a_plan_leads_to_its_page(
    page: Page, system: System, recap_path: str, complaints: list[str]
) -> None:
    """The widget's part alone: whatever the bot answers, this card is drawn."""
    plan = {
        "kind": "plan",
        "title": "Vos démarches",
        "steps": ["Prévenez la Caf.", "Demandez l'aide."],
        "page": recap_path,
    }
    message = {"id": str(uuid.uuid4()), "author": "bot", "text": "Voici.", "card": plan}
    elsewhere = {**message, "card": {**plan, "page": "//evil.example/"}}
    page.route(
        "**/api/conversation",
        lambda route: route.fulfill(json={"messages": [message, elsewhere]}),
    )
    page.get_by_role("button", name="Poser une question", exact=True).first.click()
    expect(page.locator(".card.plan")).to_have_count(2)
    first, second = page.locator(".card.plan").all()
    expect(first.locator("ol li")).to_have_text(["Prévenez la Caf.", "Demandez l'aide."])
    expect(second.locator("ol li").first).to_be_visible()
    expect(second.get_by_role("link")).to_have_count(0)
    way = first.get_by_role("link", name="Imprimer ou partager ce récapitulatif")
    assert way.get_attribute("rel") == "noopener"
    with page.context.expect_page() as opened:
        way.click()
    expect(opened.value).to_have_title("Mes démarches")
    assert opened.value.url == system.web + recap_path
    assert opened.value.evaluate("window.opener") is None
    assert complaints == []  # axe, next, brings styles of its own
    assert violations(page) == []
