"""What a person is told, what the browser keeps, and what is left once it is erased."""

import sqlite3
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import browsers
from tests.end_to_end.conftest import System
from tests.end_to_end.test_browser import (
    ANSWER,
    STORED,
    ask,
    conversation_of,
    everything_kept,
    open_widget,
    violations,
)

PATH = "/confidentialite"
SAID = "comment rembourser la caf, question du perroquet"

browser = browsers.browser


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="fr-FR", viewport={"width": 1280, "height": 800})
    yield context.new_page()
    context.close()


def files_with(system: System, words: str) -> list[str]:
    """The files of the bot, its log included, where these bytes are."""
    files = [path for path in system.var.rglob("*") if path.is_file()]
    assert {"allobot.sqlite", "rasa.sqlite", "run.log"} <= {path.name for path in files}
    return [path.name for path in files if words.encode() in path.read_bytes()]


@pytest.mark.parametrize("path", ["/", PATH, "/assistant/integrer"])
def test_the_browser_keeps_nothing_before_the_assistant_is_opened(
    page: Page, system: System, path: str
) -> None:
    calls: list[str] = []
    cookies: list[str] = []
    page.on("request", lambda request: calls.append(request.url))
    page.on("response", lambda response: cookies.append(response.headers.get("set-cookie", "")))
    page.goto(system.web + path, wait_until="networkidle")
    assert page.context.cookies() == []
    assert page.evaluate(STORED) == ["", 0, 0, 0, 0, 0]
    assert set(cookies) == {""}
    assert [url for url in calls if "/api/" in url or not url.startswith(system.web)] == []


def test_without_javascript_nothing_is_kept_before_a_message_and_all_is_told(
    browser: Browser, system: System
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{system.web}/assistant")
    assert context.cookies() == []
    expect(page.locator(".notice")).to_contain_text("Ce site garde vos messages 30 jours")
    page.locator(".notice").get_by_role("link", name="Ce que deviennent vos messages").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ce que deviennent vos messages")
    assert context.cookies() == []
    context.close()


def test_the_browser_keeps_one_closed_cookie_once_it_is_opened(page: Page, system: System) -> None:
    page.goto(system.web)
    open_widget(page)
    [cookie] = page.context.cookies()
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Strict"
    assert page.evaluate(STORED) == ["", 0, 0, 0, 0, 0], "out of reach of any script"


def test_a_person_knows_before_writing_who_keeps_the_messages_and_how_long(
    page: Page, system: System
) -> None:
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.goto(system.web)
    open_widget(page)
    expect(page.locator(".message.person")).to_have_count(0)
    notice = page.locator(".notice")
    expect(notice).to_contain_text("Ce site garde vos messages 30 jours après le dernier")
    expect(notice).to_contain_text("Le bouton « Effacer » les efface tout de suite")
    expect(notice).to_contain_text("Ne donnez pas d'information personnelle")
    with page.context.expect_page() as opened:
        notice.get_by_role("link", name="Ce que deviennent vos messages").click()
    whole = opened.value
    assert whole.url == system.web + PATH
    expect(whole.get_by_role("heading", level=1)).to_have_text("Ce que deviennent vos messages")
    expect(whole.locator("main")).to_contain_text("30 jours après le dernier message")
    assert whole.evaluate("window.opener") is None
    assert complaints == []


@pytest.mark.parametrize("width", [1280, 320])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_can_be_read_by_all(page: Page, system: System, width: int, scheme: str) -> None:
    page.set_viewport_size({"width": width, "height": 700})
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.goto(system.web + PATH)
    assert violations(page) == []
    assert not page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    expect(page.get_by_role("link", name="Quitter vite")).to_be_in_viewport(ratio=1)


def test_erasing_leaves_nothing_in_any_table_nor_in_any_file(page: Page, system: System) -> None:
    page.goto(system.web)
    open_widget(page)
    greeted = page.locator(".message.bot").count()
    ask(page, SAID)
    expect(page.locator(".message.bot")).not_to_have_count(greeted, timeout=ANSWER)
    conversation = conversation_of(page)
    assert conversation in everything_kept(system)
    assert "perroquet" in everything_kept(system)

    page.get_by_role("button", name="Effacer", exact=True).click()
    page.get_by_role("button", name="Oui, effacer").click()
    expect(page.locator(".message.person")).to_have_count(0)
    expect(page.locator(".notice")).to_contain_text("30 jours")
    assert conversation_of(page) != conversation, "another one begins"

    assert conversation not in everything_kept(system)
    assert files_with(system, conversation) == []
    assert files_with(system, "perroquet") == []


def test_rasas_file_is_the_one_that_is_erased_from(system: System) -> None:
    """Rasa's own table has the columns that the erasure and the purge rely on."""
    database = sqlite3.connect(system.var / "rasa.sqlite")
    columns = {row[1] for row in database.execute("PRAGMA table_info(events)")}
    tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    database.close()
    assert {"id", "sender_id", "timestamp", "data"} <= columns
    assert tables == [("events",)], "the only one"
