"""The console in Debian's Chromium: keys, charts, every page for everybody."""

import asyncio
import contextlib
import datetime as dt
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, expect
from sqlalchemy import Engine, func, select

from actions.appointments.desk import Desk
from actions.appointments.vault import Coordonnees
from allobot.database import make_engine, upgrade
from allobot.settings import PARIS, Settings
from tests import browsers
from tests.web.console.conftest import CHEAP, PASSWORD, ensure
from tests.web.console.written_log import (
    HOSTILE,
    conversation,
    doubtful,
    keep_now,
    moment,
    turn,
)
from web.app import make_app
from web.console import setup
from web.console.access import COOKIE
from web.console.keys import CONSOLE_USERS
from web.console.users import Users
from web.conversation_log.models import LogTurnRow

WCAG = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    }
}
START, STOP = 30.0, 20.0  # seconds
TUESDAY = dt.date(2026, 11, 24)
NOON = dt.datetime.combine(TUESDAY, dt.time(12, 2), PARIS)
PAGES = {
    "tableau": "/console?avec=avant",
    "tableau-7-jours": "/console?depuis={week}&jusque={today}",
    "tableau-vide": "/console?depuis=2026-01-01&jusque=2026-01-02",
    "a-lire": "/console/a-lire",
    "conversations": "/console/conversations?resultat=repondu",
    "messages": "/console/conversations?vue=messages",
    "aucune": "/console/conversations?texte=introuvable",
    "conversation": "/console/conversations/hostile",
    "rendez-vous": "/console/rendez-vous?jour=2026-11-24",
    "aucun-rendez-vous": "/console/rendez-vous?jour=2026-11-29",
    "export": "/console/export",
}

browser = browsers.browser


@dataclass(frozen=True)
class Stage:
    """A gateway with a log; `cookie` opens its console, to an admin."""

    url: str
    cookie: str
    engine: Engine
    today: dt.date

    def address(self, name: str) -> str:
        week = self.today - dt.timedelta(days=6)
        return self.url + PAGES[name].format(week=week, today=self.today)


@pytest.fixture(scope="module")
def theatre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    var = tmp_path_factory.mktemp("console")
    settings = Settings(var=var, secret="s" * 32, retention_days=365)  # the log is 59 days long
    upgrade(settings.database_url)
    engine = make_engine(settings.database_url)
    users = Users(engine, settings.vault_keys(), dt.timedelta(minutes=30), hasher=CHEAP)
    ensure(users, "admin")
    opened = users.sign_in("admin", PASSWORD)
    assert opened is not None
    fill(engine, settings)
    with serving(settings, engine, users) as url:
        yield Stage(url, opened.token, engine, settings.today())
    engine.dispose()


def fill(engine: Engine, settings: Settings) -> None:
    """Some talk every day for two months, hostile words, and a day of appointments."""
    day = 60 * 24
    subjects = ("asf", "rsa", "paiement_date", "aide_logement", "prime_activite")
    talks = {
        f"jour-{n}": conversation(
            *(
                turn(f"question {n} {i}", moment(n * day + 200 - i), intent=subjects[i % 5])
                for i in range(3 + n % 4)
            ),
            turn("merci", moment(n * day + 100), feedback=n % 3 != 0, reasons=["pas_clair"]),
        )
        for n in range(1, 60)
    }
    hostile = [turn(text, moment(90 - n), answer=text) for n, text in enumerate(HOSTILE)]
    again = [doubtful(text, moment(80 - n), 2.0) for n, text in enumerate(HOSTILE)]
    queue = [doubtful(f"à lire {n}", moment(70 - n), 9.0 - n) for n in range(9)]
    keep_now(engine, **talks, hostile=conversation(*hostile, *again), file=conversation(*queue))
    desk, before = Desk.open(settings, engine), NOON - dt.timedelta(days=4)
    for hour in (9, 12, 15):
        debut, talk = dt.datetime.combine(TUESDAY, dt.time(hour), PARIS), f"rdv-{hour}"
        held = desk.booking.hold("52", debut, "dette", conversation=talk, now=before)
        kept = desk.vault.put(Coordonnees(None, "+33639981234"), conversation=talk, now=before)
        desk.booking.confirm(held, kept, conversation=talk, now=before)


@contextlib.contextmanager
def serving(settings: Settings, engine: Engine, users: Users) -> Iterator[str]:
    """Run the gateway in a thread of its own."""
    loop, servers = asyncio.new_event_loop(), contextlib.AsyncExitStack()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def start() -> str:
        app = make_app(settings)
        if CONSOLE_USERS not in app:
            setup(app, engine, settings)
        app[CONSOLE_USERS] = users
        server = await servers.enter_async_context(TestServer(app))
        return str(server.make_url("/")).rstrip("/")

    try:
        yield asyncio.run_coroutine_threadsafe(start(), loop).result(START)
    finally:
        asyncio.run_coroutine_threadsafe(servers.aclose(), loop).result(STOP)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(STOP)
        loop.close()


@pytest.fixture
def complaints() -> list[str]:
    """Errors of the browser's console: a broken content security policy is one."""
    return []


@contextlib.contextmanager
def opened(
    browser: Browser, theatre: Stage, complaints: list[str], **options: object
) -> Iterator[Page]:
    given = {"viewport": {"width": 1280, "height": 800}, "locale": "fr-FR", **options}
    context = browser.new_context(**given)  # type: ignore[arg-type]
    context.add_cookies(
        [{"name": COOKIE, "value": theatre.cookie, "url": f"{theatre.url}/console"}]
    )
    page = context.new_page()

    def note(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()


@pytest.fixture
def page(browser: Browser, theatre: Stage, complaints: list[str]) -> Iterator[Page]:
    with opened(browser, theatre, complaints) as one:
        yield one


def violations(page: Page) -> list[str]:
    results = Axe().run(page, options=WCAG)
    return [
        f"{rule['id']}: {rule['nodes'][0]['html'][:160]}" for rule in results.response["violations"]
    ]


def states(theatre: Stage) -> dict[str, int]:
    """How many turns were put aside, by state."""
    statement = select(LogTurnRow.etat, func.count()).where(LogTurnRow.etat.is_not(None))
    with theatre.engine.connect() as connection:
        rows = connection.execute(statement.group_by(LogTurnRow.etat)).all()
    return {str(etat): int(number) for etat, number in rows}


# ---- every page, for everybody


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(
    browser: Browser, theatre: Stage, complaints: list[str], name: str, scheme: str
) -> None:
    with opened(browser, theatre, complaints, color_scheme=scheme) as page:
        answer = page.goto(theatre.address(name))
        assert answer is not None and answer.status == 200
        for details in page.locator("main details summary").all()[:6]:
            details.click()
        assert violations(page) == []
    assert complaints == []


@pytest.mark.parametrize("name", PAGES)
def test_a_narrow_screen_scrolls_down_only(
    browser: Browser, theatre: Stage, complaints: list[str], name: str
) -> None:
    viewport = {"width": 320, "height": 640}
    with opened(browser, theatre, complaints, viewport=viewport) as page:
        page.goto(theatre.address(name))
        script = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(script) <= 0
    assert complaints == []


@pytest.mark.parametrize("name", PAGES)
def test_every_page_reads_without_javascript(
    browser: Browser, theatre: Stage, complaints: list[str], name: str
) -> None:
    with opened(browser, theatre, complaints, java_script_enabled=False) as page:
        page.goto(theatre.address(name))
        expect(page.locator("h1")).to_be_visible()
        expect(page.locator("canvas").locator("visible=true")).to_have_count(0)
        expect(page.locator("[data-keys]").locator("visible=true")).to_have_count(0)
    assert complaints == []


def test_hostile_words_run_nothing(page: Page, theatre: Stage, complaints: list[str]) -> None:
    page.on("dialog", lambda dialog: complaints.append(dialog.message))
    page.goto(theatre.address("conversation"))
    expect(page.get_by_text("<script>alert(1)</script><b>gras</b>").first).to_be_visible()
    expect(page.locator(".unseen", has_text="U+202E").first).to_be_visible()
    wide = page.locator(".bubble", has_text="a" * 500).first.bounding_box()
    assert wide is not None and wide["width"] < 800
    assert complaints == []


# ---- charts


@pytest.mark.parametrize(("name", "charts"), [("tableau", 2), ("tableau-7-jours", 3)])
def test_charts_are_drawn(
    page: Page, theatre: Stage, complaints: list[str], name: str, charts: int
) -> None:
    page.goto(theatre.address(name))
    expect(page.locator("canvas").locator("visible=true")).to_have_count(charts)
    drawn = page.evaluate(
        """() => [...document.querySelectorAll("canvas")].map((canvas) => {
          const context = canvas.getContext("2d");
          const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
          const colours = new Set();
          for (let i = 0; i < data.length; i += 4) {
            if (data[i + 3] === 255) colours.add(`${data[i]},${data[i + 1]},${data[i + 2]}`);
          }
          return colours.has("42,143,123"); // --chart-1
        })"""
    )
    assert drawn == [True] * charts
    assert complaints == []


def test_a_chart_shows_what_its_table_says(page: Page, theatre: Stage) -> None:
    page.goto(theatre.address("tableau"))
    figure = page.locator("figure[data-chart]").first
    figure.locator("summary").click()
    told = figure.locator("tbody tr td:nth-child(2)").all_inner_texts()
    shown = page.evaluate(
        "window.Chart.getChart(document.querySelector('canvas')).data.datasets[0].data"
    )
    assert shown == [int(re.sub(r"\D", "", text)) for text in told]
    assert len(shown) == 30 and sum(shown) > 100


def test_charts_follow_the_colours_of_the_system(page: Page, theatre: Stage) -> None:
    page.goto(theatre.address("tableau"))
    script = (
        "window.Chart.getChart(document.querySelector('canvas')).data.datasets[0].backgroundColor"
    )
    light = page.evaluate(script)
    page.emulate_media(color_scheme="dark")
    deadline = time.monotonic() + 5
    while (dark := page.evaluate(script)) == light and time.monotonic() < deadline:
        page.wait_for_timeout(50)
    assert (light, dark) == ("#2a8f7b", "#3f9a87")


def test_a_period_by_keyboard(page: Page, theatre: Stage) -> None:
    page.goto(theatre.address("tableau"))
    page.get_by_label("Comparer avec").select_option("annee")
    page.get_by_role("button", name="Afficher").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**avec=annee**")
    expect(page.get_by_role("link", name="30 derniers jours")).to_have_attribute(
        "aria-current", "true"
    )


# ---- the queue


def test_the_keys_of_the_queue(page: Page, theatre: Stage, complaints: list[str]) -> None:
    page.goto(theatre.address("a-lire"))
    items = page.locator("[data-item]")
    first, second, third = (items.nth(n).locator("h2").inner_text() for n in range(3))
    focused = page.locator("[data-item]:focus h2")
    page.keyboard.press("j")
    expect(focused).to_have_text(first)
    page.keyboard.press("j")
    expect(focused).to_have_text(second)
    page.keyboard.press("k")
    expect(focused).to_have_text(first)
    before = states(theatre)
    page.keyboard.press("v")
    expect(page.get_by_role("status")).to_contain_text(f"Vu : « {first} »")
    expect(focused).to_have_text(second)  # the next one takes the focus
    page.keyboard.press("p")
    expect(page.get_by_role("status")).to_contain_text(f"Plus tard : « {second} »")
    page.keyboard.press("s")
    expect(page.get_by_role("status")).to_contain_text(f"Signalé : « {third} »")
    after = states(theatre)
    assert {etat: after[etat] - before.get(etat, 0) for etat in after} == {
        "vu": 1,
        "plus_tard": 1,
        "signale": 1,
    }
    page.keyboard.press("o")
    page.wait_for_url("**/console/conversations/file#tour-*")
    assert complaints == []


def test_keys_typed_in_a_field_are_letters(page: Page, theatre: Stage) -> None:
    page.goto(theatre.address("a-lire"))
    page.get_by_text("Étiqueter ou annoter").first.click()
    before = states(theatre)
    page.get_by_label("Note").first.press_sequentially("vps jko")
    expect(page.get_by_label("Note").first).to_have_value("vps jko")
    assert states(theatre) == before and page.url.endswith("/console/a-lire")


def test_keys_can_be_turned_off_for_good(page: Page, theatre: Stage) -> None:
    page.goto(theatre.address("a-lire"))
    page.get_by_label("Touches actives").uncheck()
    page.reload()
    expect(page.get_by_label("Touches actives")).not_to_be_checked()
    before = states(theatre)
    page.keyboard.press("v")
    page.keyboard.press("j")
    expect(page.locator("[data-item]:focus")).to_have_count(0)
    assert states(theatre) == before
    page.get_by_label("Touches actives").check()
    page.keyboard.press("j")
    expect(page.locator("[data-item]:focus")).to_have_count(1)


def test_a_tag_by_hand(page: Page, theatre: Stage) -> None:
    page.goto(theatre.address("a-lire"))
    page.get_by_text("Étiqueter ou annoter").first.click()
    page.get_by_label("Étiquette").first.fill("à revoir")
    page.get_by_role("button", name="Ajouter").first.click()
    expect(page.get_by_role("list", name="Étiquettes")).to_contain_text("à revoir")
    page.get_by_role("button", name="Retirer l'étiquette à revoir").click()
    expect(page.get_by_role("list", name="Étiquettes")).to_have_count(0)


# ---- files and appointments


def test_a_file_downloads(page: Page, theatre: Stage, tmp_path: Path) -> None:
    page.goto(theatre.address("export"))
    page.get_by_label("Mots").fill("merci")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Télécharger en CSV").click()
    path = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(path)
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    assert path.suffix == ".csv" and len(lines) == 60  # the header and 59 days


def test_contact_details_on_a_click(page: Page, theatre: Stage, complaints: list[str]) -> None:
    page.goto(theatre.address("rendez-vous"))
    expect(page.get_by_text("06 39 98 12 34")).to_have_count(0)
    page.get_by_role("button", name=re.compile("Afficher les coordonnées")).first.click()
    expect(page.get_by_role("link", name="06 39 98 12 34")).to_be_visible()
    assert violations(page) == []
    assert complaints == []
