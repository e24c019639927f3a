"""The form of an appointment in Debian's Chromium: by keyboard, with errors, in light and dark."""

import re
from collections.abc import AsyncIterator
from typing import Any, Literal

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Locator, Page, Route, async_playwright, expect

from tests.web.api_client import Api
from tests.web.fake_rasa import FakeRasa
from tests.web.test_appointments import BOOKING, FOREIGN, NAME, SECOND, TYPED
from web.sentences import sentences

SECONDS = 15_000  # for anything to appear, in milliseconds
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        await browser.close()


def answer_booking(rasa: FakeRasa) -> None:
    """Greet, ask for details, then book."""

    def reply(message: str) -> Any:
        if message == "/salutation":
            return FakeRasa.echo(message)
        if message.startswith("/repondre"):
            return [{"text": "C'est réservé."}, {"custom": SECOND}]
        return [{"text": "À quel numéro ?"}, {"custom": BOOKING}]

    rasa.reply = reply


async def ask(api: Api, browser: Browser, rasa: FakeRasa, **context: Any) -> Page:
    """Open the widget with the keyboard and ask for an appointment."""
    answer_booking(rasa)
    page = await browser.new_page(**context)
    await page.goto(str(api.client.make_url("/")))
    await page.locator("allobot-widget").get_by_role("button", name="Poser une question").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator(".message.bot")).to_have_count(1, timeout=SECONDS)
    await page.keyboard.type("je veux un rendez-vous")
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("Votre nom")).to_be_visible(timeout=SECONDS)
    return page


def phone_of(page: Page) -> Locator:
    return page.get_by_label("Votre numéro de téléphone")


async def tab_to(page: Page, target: Locator, key: str = "Tab") -> None:
    """Reach a field with the keyboard alone."""
    for _ in range(30):
        if await target.evaluate("(node) => node.getRootNode().activeElement === node"):
            return
        await page.keyboard.press(key)
    raise AssertionError("the keyboard never gets there")


async def violations(page: Page) -> list[str]:
    found = await Axe().run(page, options=RULES)
    return [f"{item['id']}: {item['nodes'][0]['html']}" for item in found.response["violations"]]


async def test_an_appointment_is_made_with_the_keyboard_alone(
    api: Api, chromium: Browser, rasa: FakeRasa
) -> None:
    page = await ask(api, chromium, rasa)
    name, phone = page.get_by_label("Votre nom"), phone_of(page)
    form = page.get_by_role("form", name="Vos coordonnées")
    await expect(form).to_have_accessible_description(re.compile(r"effacés 30\sjours après"))
    await tab_to(page, name, "Shift+Tab")
    for attribute, value in (("type", "tel"), ("autocomplete", "tel"), ("inputmode", "tel")):
        await expect(phone).to_have_attribute(attribute, value)
    await expect(name).to_have_attribute("autocomplete", "name")

    await page.keyboard.press("Enter")  # an empty form: the first field says so
    await expect(name).to_be_focused()
    await expect(name).to_have_accessible_description(re.compile("Écrivez votre nom"))
    await page.keyboard.type(NAME)
    await expect(name).to_have_attribute("aria-invalid", "false")
    await page.keyboard.press("Enter")
    await expect(phone).to_be_focused()
    await expect(phone).to_have_accessible_description(re.compile("Écrivez votre numéro"))

    await page.keyboard.type(FOREIGN)
    await page.keyboard.press("Enter")
    told = re.compile("ne prend que les numéros français")
    await expect(phone).to_have_accessible_description(told, timeout=SECONDS)
    await expect(phone).to_be_focused()
    await expect(phone).to_have_attribute("aria-invalid", "true")
    await expect(page.locator(".message.person")).to_have_count(1)
    await expect(name).to_have_value(NAME)

    await page.keyboard.press("Control+A")
    await page.keyboard.type(TYPED)
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    link = page.get_by_role("link", name="Ajouter à mon agenda")
    await expect(link).to_be_visible(timeout=SECONDS)
    await expect(link).to_have_attribute("href", str(api.client.make_url(str(SECOND["file"]))))
    await expect(phone).to_be_hidden()
    said = page.locator(".message.person").last
    await expect(said).to_contain_text(sentences().appointments.details)
    await expect(said).to_be_focused()
    assert re.fullmatch(r'/repondre\{"jeton": "[\w-]{22}"\}', rasa.messages()[-1])
    kept = "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])"
    assert await page.evaluate(kept) == '[{},{},""]'
    assert TYPED not in await page.locator("allobot-widget").inner_text()


async def test_the_form_is_fetched_with_the_first_booking(
    api: Api, chromium: Browser, rasa: FakeRasa
) -> None:
    fetched: list[str] = []
    page = await chromium.new_page()
    page.on("request", lambda request: fetched.append(request.url.rpartition("/")[2]))
    answer_booking(rasa)
    await page.goto(str(api.client.make_url("/")))
    await page.get_by_role("button", name="Poser une question", exact=True).first.click()
    await expect(page.locator(".message.bot")).to_have_count(1, timeout=SECONDS)
    await page.wait_for_function(
        "() => performance.getEntries().some(({ name }) => name.endsWith('extras.js'))"
    )
    assert "extras.js" in fetched and "booking.js" not in fetched
    await page.locator("#field").fill("un rendez-vous")
    await page.keyboard.press("Enter")
    await expect(phone_of(page)).to_be_visible(timeout=SECONDS)
    assert {"booking.js", "booking.css"} <= set(fetched)


async def test_the_form_comes_back_with_the_page_until_it_is_answered(
    api: Api, chromium: Browser, rasa: FakeRasa
) -> None:
    page = await ask(api, chromium, rasa)
    for answered in (False, True):
        await page.reload()
        await page.get_by_role("button", name="Poser une question", exact=True).first.click()
        await expect(page.locator(".card").first).to_be_visible(timeout=SECONDS)
        if answered:
            await expect(page.get_by_role("link", name="Ajouter à mon agenda")).to_be_visible()
            await expect(phone_of(page)).to_be_hidden()
        else:
            await page.get_by_label("Votre nom").fill(NAME)
            await phone_of(page).fill(TYPED)
            await page.get_by_role("button", name="Envoyer mes coordonnées").click()
            await expect(page.locator(".card")).to_have_count(2, timeout=SECONDS)


async def test_details_that_did_not_go_are_tried_again_once(
    api: Api, chromium: Browser, rasa: FakeRasa
) -> None:
    page = await ask(api, chromium, rasa)

    async def lose(route: Route) -> None:
        await route.fetch()  # the gateway answers; the answer is lost on its way
        await route.abort()

    await page.route("**/api/conversation/coordonnees", lose, times=1)
    await page.get_by_label("Votre nom").fill(NAME)
    await phone_of(page).fill(TYPED)
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Réessayer").click(timeout=SECONDS)
    await expect(page.locator(".card")).to_have_count(2, timeout=SECONDS)
    assert len(rasa.messages()) == 2, "the booking, and the details once"


async def test_when_the_booking_is_over_the_form_says_so(
    api: Api, chromium: Browser, rasa: FakeRasa
) -> None:
    page = await ask(api, chromium, rasa)
    await page.evaluate("fetch('/api/conversation', { method: 'DELETE' })")
    await page.get_by_label("Votre nom").fill(NAME)
    await phone_of(page).fill(TYPED)
    await page.keyboard.press("Enter")
    told = re.compile("Aucun rendez-vous n.est en cours")
    await expect(phone_of(page)).to_have_accessible_description(told, timeout=SECONDS)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
async def test_axe_finds_nothing_in_the_form(
    api: Api, chromium: Browser, rasa: FakeRasa, width: int, scheme: str
) -> None:
    viewport = {"width": width, "height": 900}
    page = await ask(api, chromium, rasa, viewport=viewport, color_scheme=scheme)
    assert await violations(page) == []
    await page.get_by_label("Votre nom").fill(NAME)
    await phone_of(page).fill(FOREIGN)
    await page.keyboard.press("Enter")
    await expect(phone_of(page)).to_have_attribute("aria-invalid", "true", timeout=SECONDS)
    assert await violations(page) == []
    small = "(nodes) => nodes.filter((node) => node.getBoundingClientRect().height < 44).length"
    assert await page.locator(".details :is(input, button)").evaluate_all(small) == 0
    await phone_of(page).fill(TYPED)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("link", name="Ajouter à mon agenda")).to_be_visible()
    assert await violations(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_without_javascript(
    api: Api, chromium: Browser, rasa: FakeRasa, scheme: Literal["light", "dark"]
) -> None:
    page = await chromium.new_page(color_scheme=scheme)
    await page.route("**/*.js", lambda route: route.abort())  # axe itself needs JavaScript
    answer_booking(rasa)
    await page.goto(str(api.client.make_url("/assistant")))
    await page.get_by_label("Votre question").fill("un rendez-vous")
    await page.get_by_role("button", name="Envoyer", exact=True).click()
    assert await violations(page) == []
    await page.get_by_label("Votre nom").fill(NAME)
    await phone_of(page).fill(FOREIGN)
    await page.keyboard.press("Enter")
    told = re.compile("ne prend que les numéros français")
    await expect(phone_of(page)).to_have_accessible_description(told)
    await expect(phone_of(page)).to_have_value(FOREIGN)
    assert await violations(page) == []
    await page.get_by_role("link", name="Aller au champ « Votre numéro de téléphone »").press(
        "Enter"
    )
    await expect(phone_of(page)).to_be_focused()
    await phone_of(page).fill(TYPED)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("link", name="Ajouter à mon agenda")).to_be_visible()
    await expect(phone_of(page)).to_have_count(0)
