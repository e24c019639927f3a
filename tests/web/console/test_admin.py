"""The pages of admins: people, and the audit trail."""

import re
from collections.abc import AsyncIterator

import pyotp
import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import BrowserContext, Page, async_playwright, expect

from tests.web.console.conftest import PASSWORD, Clock, Console, OpenConsole
from web.console import admin as module
from web.console.trail import AuditFilters
from web.console.users import Users

GIVEN = re.compile(r'<span class="code">([a-z2-9-]{23})</span>')
OTHER = "un-tout-autre-secret"


@pytest.fixture
async def boss(console: OpenConsole) -> Console:
    return await console("admin")


async def do(boss: Console, users: Users, login: str, what: str, **fields: str) -> str:
    """Press a button of a row; return where it leads."""
    address = f"/console/utilisateurs/{users.find(login).id}/{what}"
    answer = await boss.post_form(address, fields)
    assert answer.status == 303, answer
    page = await boss.get(answer.location)
    assert 'class="done"' in page.text
    return answer.location


async def test_a_person_added_signs_in_with_the_password_shown_once(
    boss: Console, console: OpenConsole, users: Users
) -> None:
    answer = await boss.post_form(
        "/console/utilisateurs", {"identifiant": " Lea.M ", "role": "analyste"}
    )
    given = GIVEN.search(answer.text)
    assert answer.status == 200 and given
    assert given[1] not in (await boss.get("/console/utilisateurs")).text
    user = users.find("lea.m")
    assert (user.role, user.active, user.must_change) == ("analyste", True, True)
    browser = await console("")
    answer = await browser.sign_in("lea.m", given[1])
    assert (answer.status, answer.location) == (303, "/console/compte")


@pytest.mark.parametrize(
    ("login", "said"),
    [("admin", "déjà pris"), ("ADMIN", "déjà pris"), ("é", "de 2 à 32"), ("<b>", "de 2 à 32")],
)
async def test_a_login_that_cannot_be_says_why(
    boss: Console, users: Users, login: str, said: str
) -> None:
    answer = await boss.post_form("/console/utilisateurs", {"identifiant": login, "role": "agent"})
    assert answer.status == 422
    assert said in answer.text
    assert "<b>" not in answer.text
    assert [user.login for user in users.all()] == ["admin"]


@pytest.mark.parametrize("role", ["", "chef", "Admin", "admin\x00"])
async def test_there_are_three_roles(boss: Console, users: Users, role: str) -> None:
    answer = await boss.post_form("/console/utilisateurs", {"identifiant": "lea", "role": role})
    assert answer.status == 400
    address = f"/console/utilisateurs/{users.find('admin').id}/role"
    assert (await boss.post_form(address, {"role": role})).status == 400
    assert [(user.login, user.role) for user in users.all()] == [("admin", "admin")]


async def test_a_role_changes_at_once(boss: Console, console: OpenConsole, users: Users) -> None:
    analyst = await console("analyste")
    await do(boss, users, "analyste", "role", role="agent")
    assert (await analyst.get("/console/compte")).status == 303
    await analyst.sign_in("analyste")
    assert (await analyst.get("/console/corrections")).status == 403


async def test_disabling_puts_out_at_once(
    boss: Console, console: OpenConsole, users: Users
) -> None:
    analyst = await console("analyste")
    await do(boss, users, "analyste", "etat", etat="inactif")
    assert (await analyst.get("/console/compte")).status == 303
    assert (await analyst.sign_in("analyste")).status == 401
    assert "désactivé" in (await boss.get("/console/utilisateurs")).text
    await do(boss, users, "analyste", "etat", etat="actif")
    assert (await analyst.sign_in("analyste")).status == 303


async def test_unlocking(boss: Console, console: OpenConsole, users: Users) -> None:
    users.add("lea", "agent", PASSWORD, "essai")
    for _ in range(5):
        users.sign_in("lea", OTHER)
    page = await boss.get("/console/utilisateurs")
    assert "bloqué" in page.text and "Débloquer" in page.text
    await do(boss, users, "lea", "deblocage")
    assert "Débloquer" not in (await boss.get("/console/utilisateurs")).text
    assert users.sign_in("lea", PASSWORD) is not None


async def test_another_password_is_shown_once_and_must_be_changed(
    boss: Console, console: OpenConsole, users: Users
) -> None:
    analyst = await console("analyste")
    address = f"/console/utilisateurs/{users.find('analyste').id}/mot-de-passe"
    answer = await boss.post_form(address)
    given = GIVEN.search(answer.text)
    assert given
    assert (await analyst.get("/console/compte")).status == 303
    assert (await analyst.sign_in("analyste")).status == 401
    assert (await analyst.sign_in("analyste", given[1])).location == "/console/compte"


async def test_the_second_factor_of_a_lost_phone_is_taken_off(
    boss: Console, users: Users, monkeypatch: pytest.MonkeyPatch
) -> None:
    users.add("lea", "agent", PASSWORD, "essai")
    monkeypatch.setattr(users._second_factor, "_step_of", lambda _secret, _code: 1)
    users.enable_second_factor("lea", users.propose_second_factor("lea").sealed, "000000", "lea")
    assert "Retirer le code" in (await boss.get("/console/utilisateurs")).text
    await do(boss, users, "lea", "code")
    assert not users.find("lea").two_factors


@pytest.mark.parametrize(("what", "fields"), [("role", {"role": "agent"}), ("etat", {})])
async def test_the_last_admin_stays(
    boss: Console, users: Users, what: str, fields: dict[str, str]
) -> None:
    answer = await boss.post_form(f"/console/utilisateurs/{users.find('admin').id}/{what}", fields)
    assert answer.status == 422
    assert "dernière personne qui administre" in answer.text
    assert users.find("admin").role == "admin"
    assert (await boss.get("/console/utilisateurs")).status == 200


@pytest.mark.parametrize("what", ["role", "etat", "deblocage", "mot-de-passe", "code"])
async def test_nobody_is_changed_under_an_unknown_number(boss: Console, what: str) -> None:
    for number in ("0", "999999999"):
        answer = await boss.post_form(f"/console/utilisateurs/{number}/{what}", {"role": "agent"})
        assert answer.status == 404
    assert (await boss.post_form("/console/utilisateurs/1/autre")).status == 404
    assert (await boss.post_form("/console/utilisateurs/9999999999/code")).status == 404


async def test_every_action_is_in_the_trail_under_the_admin(
    boss: Console, console: OpenConsole, users: Users
) -> None:
    await console("analyste")
    await do(boss, users, "analyste", "role", role="agent")
    await do(boss, users, "analyste", "etat", etat="inactif")
    await do(boss, users, "analyste", "etat", etat="actif")
    await do(boss, users, "analyste", "deblocage")
    await do(boss, users, "analyste", "code")
    address = f"/console/utilisateurs/{users.find('analyste').id}/mot-de-passe"
    await boss.post_form(address)
    await boss.post_form("/console/utilisateurs", {"identifiant": "lea", "role": "agent"})
    lines = users.trail(AuditFilters(login="admin"))
    assert [(line.action, line.on) for line in reversed(lines)] == [
        ("connexion", ""),
        ("role", "analyste"),
        ("desactive", "analyste"),
        ("active", "analyste"),
        ("debloque", "analyste"),
        ("double_retire", "analyste"),
        ("mot_de_passe_donne", "analyste"),
        ("utilisateur_ajoute", "lea"),
    ]
    page = await boss.get("/console/audit")
    for said in ("a changé le rôle de", "a désactivé", "a donné un nouveau mot de passe à"):
        assert said in page.text


# ---- the trail


def shown(page: str) -> list[str]:
    """What lines are about, in order."""
    return re.findall(r"conversation \d+", page)


async def test_the_trail_is_read_page_after_page(
    boss: Console, users: Users, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LINES", 10)
    for number in range(25):
        users.note("lea", "conversation_lue", f"conversation {number}")
    address, seen, pages = "/console/audit?qui=lea", [], 0
    while address:
        page = await boss.get(address)
        assert page.status == 200
        seen += shown(page.text)
        pages += 1
        further = re.search(r'href="([^"]+)">Plus anciennes', page.text)
        address = further[1].replace("&amp;", "&") if further else ""
    assert seen == [f"conversation {number}" for number in reversed(range(25))]
    assert pages == 3
    assert "Les plus récentes" in page.text


async def test_the_trail_is_filtered(boss: Console, users: Users) -> None:
    users.note("lea", "conversation_lue", "conversation 1")
    users.note("tom", "conversation_lue", "conversation 2")
    users.note("lea", "export", "conversation 3")
    for query, expected in {
        "qui=lea": ["conversation 3", "conversation 1"],
        "qui=LEA&action=export": ["conversation 3"],
        "action=conversation_lue": ["conversation 2", "conversation 1"],
        "depuis=2000-01-01&action=export": ["conversation 3"],
        "jusque=2000-01-01": [],
        "depuis=2999-01-01": [],
        "qui=personne": [],
    }.items():
        page = await boss.get(f"/console/audit?{query}")
        assert shown(page.text) == expected, query
        assert ("Aucune ligne" in page.text) is (not expected)


@pytest.mark.parametrize(
    "query",
    [
        "avant=abc",
        "avant=-1",
        "avant=99999999999999999999",
        "avant=9999999999",
        "avant=٣",
        "depuis=hier&jusque=9999-12-31",
        "depuis=0001-01-01",
        "qui=%00&action=%00",
        "qui=%27+or+1%3D1",
        "qui=" + "a" * 2000,
        "action=%3Cscript%3Ealert(1)%3C/script%3E",
        "qui=%22%3E%3Cb%3E",
    ],
)
async def test_an_address_of_no_sense_breaks_nothing(boss: Console, query: str) -> None:
    page = await boss.get(f"/console/audit?{query}")
    assert page.status == 200
    assert "<script>" not in page.text and "<b>" not in page.text


async def test_what_is_in_the_trail_is_shown_as_text(boss: Console, users: Users) -> None:
    users.note("lea", "<script>", "<img src=x>", "<b>gras</b>")
    page = await boss.get("/console/audit")
    assert "&lt;img src=x&gt;" in page.text
    assert "<img" not in page.text and "<b>gras" not in page.text


async def test_reading_the_trail_changes_nothing_in_it(boss: Console, users: Users) -> None:
    before = users.trail(AuditFilters())
    await boss.get("/console/audit")
    assert users.trail(AuditFilters()) == before


# ---- in a real browser


CHROMIUM = "/usr/bin/chromium"
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SIDEWAYS = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


@pytest.fixture(params=["light", "dark"])
async def screen(request: pytest.FixtureRequest) -> AsyncIterator[BrowserContext]:
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        context = await chromium.new_context(
            locale="fr-FR", color_scheme=request.param, reduced_motion="reduce"
        )
        await context.add_init_script(
            "window.broken = []; document.addEventListener('securitypolicyviolation',"
            " (event) => window.broken.push(event.violatedDirective));"
        )
        yield context
        await chromium.close()


async def check(page: Page) -> None:
    """No rule broken; on a telephone, nothing to scroll sideways but tables."""
    found = await Axe().run(page, options={"runOnly": WCAG})
    assert found.response["violations"] == [], page.url
    await page.set_viewport_size({"width": 320, "height": 800})
    assert not await page.evaluate(SIDEWAYS), page.url
    await page.set_viewport_size({"width": 1280, "height": 800})
    assert await page.evaluate("window.broken") == []


async def test_every_page_is_for_everybody_and_works_from_the_keyboard(
    boss: Console, users: Users, clock: Clock, screen: BrowserContext
) -> None:
    users.add("lea", "analyste", PASSWORD, "essai")
    users.add("tom", "agent", PASSWORD, "essai")
    users.set_active("tom", False, "admin")
    for _ in range(5):
        users.sign_in("lea", OTHER)
    page = await screen.new_page()
    await page.goto(str(boss.client.make_url("/console/audit?qui=lea")))
    assert "/console/connexion" in page.url
    await check(page)
    await page.keyboard.type("admin")
    await page.keyboard.press("Tab")
    await page.keyboard.type("pas-le-bon-mot")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_be_visible()
    await check(page)
    await page.keyboard.type("admin")
    await page.keyboard.press("Tab")
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Audit")).to_be_visible()
    assert page.url.endswith("/console/audit?qui=lea")
    await check(page)

    await page.get_by_role("link", name="Utilisateurs").click()
    await check(page)
    await page.get_by_label("Identifiant").fill("nouvelle")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status")).to_contain_text("nouvelle")
    await check(page)
    await page.get_by_role("button", name="Débloquer lea").click()
    await expect(page.get_by_role("status")).to_contain_text("débloqué")
    await page.get_by_role("button", name="Désactiver admin").click()
    await expect(page.get_by_role("alert")).to_contain_text("dernière personne")
    await check(page)

    await page.get_by_role("link", name="mon compte").click()
    await check(page)
    section = page.locator("section", has=page.get_by_role("heading", name="Code à la connexion"))
    await section.get_by_label("Mot de passe actuel").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.locator(".qr svg")).to_be_visible()
    await check(page)
    secret = await page.locator(".code").inner_text()
    await page.get_by_label("Le code à 6 chiffres").fill(pyotp.TOTP(secret).at(clock.now))
    await page.keyboard.press("Enter")
    await expect(page.locator("main li .code")).to_have_count(8)
    await check(page)
    await page.goto(str(boss.client.make_url("/console/rien")))
    await check(page)

    await page.get_by_role("button", name="Se déconnecter").click()
    await expect(page.get_by_role("status")).to_contain_text("déconnecté")
    clock.advance(seconds=60)
    await page.get_by_label("Identifiant").fill("admin")
    await page.get_by_label("Mot de passe").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Votre code")).to_be_visible()
    await check(page)
    await page.keyboard.type(pyotp.TOTP(secret).at(clock.now))
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/console")


async def test_the_page_of_another_role_is_for_everybody_too(
    console: OpenConsole, screen: BrowserContext
) -> None:
    agent = await console("agent")
    page = await screen.new_page()
    url = str(agent.client.make_url("/console"))
    await screen.add_cookies([{"name": "allobot_console", "value": agent.token, "url": url}])
    await page.goto(f"{url}/audit")
    await expect(page.get_by_role("heading", name="Cette page est réservée")).to_be_visible()
    await check(page)
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Aller au contenu")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("main")).to_be_focused()
