"""Signing in, the cookie, the token of the forms, one's own account: as a browser does."""

import logging
import re
from ipaddress import ip_network

import pyotp
import pytest
from sqlalchemy import text

from allobot.settings import Settings
from tests.web.console.conftest import PASSWORD, Answer, Clock, Console, OpenConsole
from web.console.access import next_page
from web.console.trail import AuditFilters
from web.console.users import Users
from web.security import HEADERS

OTHER = "un-tout-autre-secret"
SECRET = re.compile(r'<span class="code">([A-Z2-7]{32})</span>')
SEALED = re.compile(r'name="secret" value="([^"]+)"')
RECOVERY = re.compile(r'<span class="code">([A-Z2-7]{4}(?:-[A-Z2-7]{4}){3})</span>')


@pytest.fixture
def settings(request: pytest.FixtureRequest, settings: Settings) -> Settings:
    """The usual ones; `@pytest.mark.parametrize("settings", [{…}], indirect=True)` changes some."""
    return settings.model_copy(update=getattr(request, "param", {}))


async def turn_on_code(person: Console, clock: Clock) -> tuple[str, list[str]]:
    """Turn the second factor on, as a browser does; return the secret and the recovery codes."""
    await person.get("/console/compte")
    page = await person.post_form("/console/compte/code", {"present": PASSWORD})
    secret, sealed = SECRET.search(page.text), SEALED.search(page.text)
    assert secret and sealed, page
    fields = {"secret": sealed[1], "code": pyotp.TOTP(secret[1]).at(clock.now)}
    page = await person.post_form("/console/compte/code/activer", fields)
    assert page.status == 200
    clock.advance(seconds=60)
    return secret[1], RECOVERY.findall(page.text)


# ---- signing in


@pytest.mark.parametrize(
    ("role", "first"),
    [("analyste", "/console"), ("admin", "/console"), ("agent", "/console/rendez-vous")],
)
async def test_each_role_arrives_on_its_first_page(
    console: OpenConsole, users: Users, role: str, first: str
) -> None:
    users.add("lea", role, PASSWORD, "essai")  # type: ignore[arg-type]
    browser = await console("")
    answer = await browser.sign_in("lea")
    assert (answer.status, answer.location) == (303, first)


async def test_nobody_signed_in_is_led_back_to_the_page_they_wanted(
    console: OpenConsole, users: Users
) -> None:
    users.add("lea", "admin", PASSWORD, "essai")
    browser = await console("")
    answer = await browser.get("/console/audit?qui=lea&depuis=2026-01-01")
    assert answer.status == 303
    assert answer.location.startswith("/console/connexion?suite=/console/audit%3Fqui%3Dlea%26")
    page = await browser.get(answer.location)
    hidden = re.search(r'name="suite" value="([^"]*)"', page.text)
    assert hidden
    wanted = hidden[1].replace("&amp;", "&")
    answer = await browser.post_form(
        "/console/connexion", {"identifiant": "lea", "mot_de_passe": PASSWORD, "suite": wanted}
    )
    assert answer.location == "/console/audit?qui=lea&depuis=2026-01-01"


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "/console@evil.example",
        "/consoles",
        "/console/../../evil",
        "/console/\\evil",
        "/console/a\r\nLocation: x",
        "/console/é",
        "/console/#x",
        "javascript:alert(1)",
        "/",
        "",
        "console",
        "/console/connexion",
        "/console/deconnexion",
        "/console/" + "a" * 500,
    ],
)
async def test_no_other_page_can_be_the_next(
    console: OpenConsole, users: Users, wanted: str
) -> None:
    users.add("lea", "analyste", PASSWORD, "essai")
    browser = await console("")
    assert next_page(wanted) is None
    answer = await browser.sign_in("lea", suite=wanted)
    assert (answer.status, answer.location) == (303, "/console")


async def test_an_action_is_not_done_again_after_signing_in(console: OpenConsole) -> None:
    browser = await console("")
    answer = await browser.post_form("/console/compte/mot-de-passe", {"present": "x"})
    assert (answer.status, answer.location) == (303, "/console/connexion")


async def test_one_sentence_for_every_refusal(console: OpenConsole, users: Users) -> None:
    users.add("lea", "analyste", PASSWORD, "essai")
    users.add("parti", "analyste", PASSWORD, "essai")
    users.add("bloque", "analyste", PASSWORD, "essai")
    users.add("chef", "admin", PASSWORD, "essai")
    users.set_active("parti", False, "chef")
    for _ in range(5):
        users.sign_in("bloque", OTHER)
    browser = await console("")
    pages = {}
    for login, password in (
        ("lea", OTHER),
        ("lea", ""),
        ("personne", PASSWORD),
        ("parti", PASSWORD),
        ("bloque", PASSWORD),
        ("", ""),
        ("\x00\ud800é" * 50, "\x00" * 5000),
    ):
        await browser.get("/console/connexion")
        fields = {"identifiant": login, "mot_de_passe": password}
        sent = [(name, value.encode("utf-8", "replace").decode()) for name, value in fields.items()]
        answer = await browser.post_form("/console/connexion", sent)
        pages[login, password] = (answer.status, answer.body)
    assert len(set(pages.values())) == 1
    assert next(iter(pages.values()))[0] == 401


async def test_whoever_is_signed_in_needs_not_sign_in(console: OpenConsole) -> None:
    analyst = await console("analyste")
    assert (await analyst.get("/console/connexion")).location == "/console"
    answer = await analyst.get("/console/connexion?suite=/console/corrections")
    assert answer.location == "/console/corrections"


PROXIED = {"limit_signins": "3/minute", "trusted_proxies": (ip_network("127.0.0.0/8"),)}


@pytest.mark.parametrize("settings", [PROXIED], indirect=True)
async def test_tries_of_one_address_are_limited(console: OpenConsole, users: Users) -> None:
    users.add("lea", "analyste", PASSWORD, "essai")
    browser = await console("")
    fields = {"identifiant": "lea", "mot_de_passe": PASSWORD}

    async def sign_in(address: str, fields: dict[str, str]) -> Answer:
        headers = {"X-Forwarded-For": address}
        return await browser.post_form("/console/connexion", fields, headers=headers)

    wrong = {"identifiant": "lea", "mot_de_passe": OTHER}
    answers = [await sign_in("203.0.113.7", wrong) for _ in range(3)]
    refused = await sign_in("203.0.113.7", fields)
    assert [answer.status for answer in answers] == [401, 401, 401]
    assert refused.status == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert "text/html" in refused.headers["Content-Type"]
    assert (await sign_in("203.0.113.8", fields)).status == 303


# ---- the cookie


async def test_the_cookie_is_for_the_console_only_and_out_of_reach(
    console: OpenConsole, users: Users
) -> None:
    users.add("lea", "analyste", PASSWORD, "essai")
    browser = await console("")
    answer = await browser.sign_in("lea")
    name, _, rest = answer.headers["Set-Cookie"].partition("=")
    parts = {part.strip() for part in rest.split(";")[1:]}
    assert name == "allobot_console"
    assert parts == {"HttpOnly", "Max-Age=43200", "Path=/console", "SameSite=Strict"}


@pytest.mark.parametrize("settings", [{"cookie_secure": True}], indirect=True)
async def test_the_cookie_is_secure_behind_https(console: OpenConsole) -> None:
    browser = await console("")
    browser.client.session.cookie_jar.clear()
    answer = await browser.get("/console/connexion")
    assert "; Secure" in answer.headers["Set-Cookie"]


async def test_signing_in_changes_the_cookie(console: OpenConsole, users: Users) -> None:
    users.add("lea", "analyste", PASSWORD, "essai")
    browser = await console("")
    before = browser.token
    await browser.sign_in("lea")
    assert before and browser.token and browser.token != before
    assert users.who(before) is None


@pytest.mark.parametrize("value", ["", "x", "é", "a" * 5000, "a" * 43, "../..", "%00"])
async def test_a_forged_cookie_opens_nothing(console: OpenConsole, value: str) -> None:
    await console("analyste")
    browser = await console("")
    browser.client.session.cookie_jar.clear()
    headers = {"Cookie": f"allobot_console={value}"}
    answer = await browser.get("/console/compte", headers=headers)
    assert (answer.status, answer.location) == (303, "/console/connexion?suite=/console/compte")


async def test_a_session_ends_without_use_and_after_12_hours(
    console: OpenConsole, clock: Clock
) -> None:
    analyst = await console("analyste")
    clock.advance(minutes=29)
    assert (await analyst.get("/console/compte")).status == 200
    clock.advance(minutes=30)
    assert (await analyst.get("/console/compte")).status == 303
    await analyst.sign_in("analyste")
    for _ in range(24):
        clock.advance(minutes=29)
        assert (await analyst.get("/console/compte")).status == 200
    clock.advance(minutes=29)
    assert (await analyst.get("/console/compte")).status == 303


async def test_signing_out_ends_the_session_on_the_server(console: OpenConsole) -> None:
    analyst = await console("analyste")
    token = analyst.token
    answer = await analyst.post_form("/console/deconnexion")
    assert answer.location == "/console/connexion?fait=deconnexion"
    assert analyst.token == ""
    headers = {"Cookie": f"allobot_console={token}"}
    assert (await analyst.get("/console/compte", headers=headers)).status == 303


async def test_signing_out_is_no_link(console: OpenConsole) -> None:
    analyst = await console("analyste")
    assert (await analyst.get("/console/deconnexion")).status == 405
    assert (await analyst.get("/console/compte")).status == 200


# ---- the token of the forms


async def test_a_form_without_the_token_of_its_session_changes_nothing(
    console: OpenConsole, users: Users
) -> None:
    admin, analyst = await console("admin"), await console("analyste")
    stranger = await console("")
    ours = admin.csrf
    fields = {"identifiant": "intrus", "role": "admin"}
    for given in ("", "x", ours[:-1], ours.upper(), ours + "0", analyst.csrf, stranger.csrf, "é"):
        admin.csrf = given
        answer = await admin.post_form("/console/utilisateurs", fields)
        assert answer.status == 403, given
        assert "Rien n'a été changé" in answer.said
    answer = await admin.request("POST", "/console/utilisateurs", data=fields)
    assert answer.status == 403
    assert {user.login for user in users.all()} == {"admin", "analyste"}
    admin.csrf = ours
    assert (await admin.post_form("/console/utilisateurs", fields)).status == 200


async def test_the_token_in_the_address_is_worth_nothing(console: OpenConsole) -> None:
    admin = await console("admin")
    fields = {"identifiant": "intrus", "role": "admin"}
    answer = await admin.request("POST", f"/console/utilisateurs?csrf={admin.csrf}", data=fields)
    assert answer.status == 403


async def test_the_sign_in_page_has_its_token_too(console: OpenConsole, users: Users) -> None:
    users.add("lea", "analyste", PASSWORD, "essai")
    fields = {"identifiant": "lea", "mot_de_passe": PASSWORD}
    browser, other = await console(""), await console("")
    for given in ("", "0" * 64, other.csrf):
        answer = await browser.request("POST", "/console/connexion", data={**fields, "csrf": given})
        assert answer.status == 403
    ours = browser.csrf
    browser.client.session.cookie_jar.clear()
    answer = await browser.request("POST", "/console/connexion", data={**fields, "csrf": ours})
    assert answer.status == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_another_site_cannot_post_even_with_the_token(
    console: OpenConsole, users: Users, headers: dict[str, str]
) -> None:
    admin = await console("admin")
    fields = {"identifiant": "intrus", "role": "admin"}
    answer = await admin.post_form("/console/utilisateurs", fields, headers=headers)
    assert answer.status == 403
    assert "autre site" in answer.text
    assert [user.login for user in users.all()] == ["admin"]


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "multipart/form-data", ""])
async def test_only_forms_are_read(console: OpenConsole, kind: str) -> None:
    analyst = await console("analyste")
    answer = await analyst.request(
        "POST", "/console/deconnexion", data=b"{}", headers={"Content-Type": kind}
    )
    assert answer.status == 415
    assert (await analyst.get("/console/compte")).status == 200


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"csrf=" + b"a" * 65_536, "", 413),
        (b"&".join(b"a=1" for _ in range(201)), "", 400),
        (b"csrf=%ff%fe", "", 403),
        (b"csrf=\xff", "", 400),
        (b"csrf=a", "; charset=nothing", 400),
    ],
)
async def test_a_form_of_no_sense_is_refused(
    console: OpenConsole, body: bytes, kind: str, status: int
) -> None:
    analyst = await console("analyste")
    headers = {"Content-Type": f"application/x-www-form-urlencoded{kind}"}
    answer = await analyst.request("POST", "/console/deconnexion", data=body, headers=headers)
    assert answer.status == status
    assert "text/html" in answer.headers["Content-Type"]


# ---- headers and errors


@pytest.mark.parametrize("path", ["/console/connexion", "/console/compte", "/console/rien"])
async def test_pages_allow_their_forms_and_no_frame(console: OpenConsole, path: str) -> None:
    analyst = await console("analyste")
    answer = await analyst.get(path)
    if path == "/console/connexion":
        answer = await (await console("")).get(path)
    policy = answer.headers["Content-Security-Policy"]
    assert "form-action 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script-src 'self';" in policy and "trusted-types 'none'" in policy
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Robots-Tag"] == "noindex"
    assert set(HEADERS) <= set(answer.headers)
    assert not re.search(r"<[^>]+\s(style|on[a-z]+)=|<style|<script(?![^>]*\bsrc=)", answer.text)


async def test_errors_of_the_console_are_pages_and_the_others_stay_json(
    console: OpenConsole,
) -> None:
    browser = await console("")
    missing = await browser.get("/console/rien")
    assert (missing.status, missing.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
    wrong = await browser.request("DELETE", "/console/compte")
    assert wrong.status == 405 and "GET" in wrong.headers["Allow"]
    for path in ("/consoles", "/api/rien"):
        assert "json" in (await browser.get(path)).headers["Content-Type"]


async def test_a_database_that_is_down_is_said_and_nothing_more(
    console: OpenConsole, users: Users, caplog: pytest.LogCaptureFixture
) -> None:
    analyst = await console("analyste")
    caplog.set_level(logging.DEBUG)
    token = analyst.token
    with users._engine.begin() as connection:
        connection.execute(text("ALTER TABLE console_session RENAME TO gone"))
    answer = await analyst.get("/console/compte")
    assert answer.status == 503
    assert "La base de données ne répond pas" in answer.text
    assert token not in caplog.text and "SELECT" not in answer.text


async def test_logs_hold_neither_login_nor_password(
    console: OpenConsole, users: Users, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    browser = await console("")
    await browser.sign_in("quelqu-un", "mot-secret-tape")
    assert "quelqu-un" not in caplog.text and "mot-secret-tape" not in caplog.text


# ---- one's own account


async def test_a_given_password_must_be_changed_first(console: OpenConsole, users: Users) -> None:
    users.add("lea", "admin", PASSWORD, "essai", must_change=True)
    browser = await console("")
    answer = await browser.sign_in("lea", suite="/console/audit")
    assert answer.location == "/console/compte"
    for path in ("/console", "/console/audit", "/console/utilisateurs"):
        assert (await browser.get(path)).location == "/console/compte"
    answer = await browser.post_form("/console/compte/code", {"present": PASSWORD})
    assert answer.location == "/console/compte"
    page = await browser.get("/console/compte")
    assert "choisissez le vôtre" in page.text and "/console/audit" not in page.text
    answer = await change(browser, PASSWORD, OTHER, OTHER)
    assert answer.location == "/console/compte?fait=mot_de_passe"
    assert (await browser.get("/console/audit")).status == 200
    assert users.sign_in("lea", OTHER) is not None


async def change(browser: Console, present: str, new: str, again: str) -> object:
    fields = {"present": present, "nouveau": new, "encore": again}
    return await browser.post_form("/console/compte/mot-de-passe", fields)


async def test_changing_ones_password_keeps_this_browser_and_no_other(
    console: OpenConsole,
) -> None:
    here, elsewhere = await console("analyste"), await console("analyste")
    answer = await here.post_form(
        "/console/compte/mot-de-passe",
        {"present": PASSWORD, "nouveau": OTHER, "encore": OTHER},
    )
    assert answer.status == 303
    page = await here.get(answer.location)
    assert "Vos autres connexions sont fermées" in page.text
    assert (await elsewhere.get("/console/compte")).status == 303
    assert (await elsewhere.sign_in("analyste", PASSWORD)).status == 401
    assert (await elsewhere.sign_in("analyste", OTHER)).status == 303


@pytest.mark.parametrize(
    ("present", "new", "again", "said"),
    [
        (OTHER, "a-b-c-d-e-f-g-h", "a-b-c-d-e-f-g-h", "mot de passe actuel ne convient pas"),
        (PASSWORD, "trop-court", "trop-court", "trop court"),
        (PASSWORD, "xy" * 65, "xy" * 65, "trop long"),
        (PASSWORD, "motdepasse123", "motdepasse123", "trop facile"),
        (PASSWORD, PASSWORD, PASSWORD, "le même qu'avant"),
        (PASSWORD, OTHER, OTHER + "x", "ne sont pas les mêmes"),
    ],
)
async def test_a_change_that_cannot_be_says_why(
    console: OpenConsole, users: Users, present: str, new: str, again: str, said: str
) -> None:
    analyst = await console("analyste")
    fields = {"present": present, "nouveau": new, "encore": again}
    answer = await analyst.post_form("/console/compte/mot-de-passe", fields)
    assert answer.status == 422
    assert said in answer.said
    assert new not in answer.text
    assert users.sign_in("analyste", PASSWORD) is not None


async def test_the_second_factor_from_end_to_end(
    console: OpenConsole, users: Users, clock: Clock
) -> None:
    analyst = await console("analyste")
    secret, codes = await turn_on_code(analyst, clock)
    assert len(codes) == 8
    assert "Codes de secours restants&nbsp;: 8" in (await analyst.get("/console/compte")).text

    browser = await console("")
    answer = await browser.sign_in("analyste", suite="/console/corrections")
    assert answer.location == "/console/connexion/code?suite=/console/corrections"
    assert (await browser.get("/console/compte")).status == 303  # the password alone opens nothing
    page = await browser.get(answer.location)
    assert page.status == 200
    wrong = await browser.post_form("/console/connexion/code", {"code": "000000"})
    assert wrong.status == 401
    given = {"code": pyotp.TOTP(secret).at(clock.now), "suite": "/console/corrections"}
    answer = await browser.post_form("/console/connexion/code", given)
    assert (answer.status, answer.location) == (303, "/console/corrections")
    assert (await browser.get("/console/compte")).status == 200

    other = await console("")
    await other.sign_in("analyste")
    await other.get("/console/connexion/code")
    answer = await other.post_form("/console/connexion/code", given)
    assert answer.status == 401  # used once already
    answer = await other.post_form("/console/connexion/code", {"code": codes[0]})
    assert answer.status == 303

    await other.get("/console/compte")
    refused = await other.post_form("/console/compte/code/retirer", {"present": OTHER})
    assert refused.status == 422 and users.find("analyste").two_factors
    answer = await other.post_form("/console/compte/code/retirer", {"present": PASSWORD})
    assert answer.location == "/console/compte?fait=double_retire"
    assert not users.find("analyste").two_factors


async def test_a_wrong_code_shows_the_same_key_again(
    console: OpenConsole, users: Users, clock: Clock
) -> None:
    analyst = await console("analyste")
    page = await analyst.post_form("/console/compte/code", {"present": PASSWORD})
    secret, sealed = SECRET.search(page.text), SEALED.search(page.text)
    assert secret and sealed and "<svg" in page.text
    again = await analyst.post_form(
        "/console/compte/code/activer", {"secret": sealed[1], "code": "000000"}
    )
    assert again.status == 422 and secret[1] in again.text
    forged = await analyst.post_form(
        "/console/compte/code/activer", {"secret": "gAAAAforged", "code": "000000"}
    )
    assert forged.status == 422 and "recommencez" in forged.text
    assert not users.find("analyste").two_factors


async def test_the_key_is_proposed_to_who_knows_the_password(console: OpenConsole) -> None:
    analyst = await console("analyste")
    answer = await analyst.post_form("/console/compte/code", {"present": OTHER})
    assert answer.status == 422 and not SECRET.search(answer.text)


async def test_the_code_page_is_for_who_gave_a_password(console: OpenConsole) -> None:
    browser = await console("")
    assert (await browser.get("/console/connexion/code")).location == "/console/connexion"
    answer = await browser.post_form("/console/connexion/code", {"code": "000000"})
    assert (answer.status, answer.location) == (303, "/console/connexion")


# ---- who did what


async def test_the_trail_says_who_signed_in_and_who_was_refused(
    console: OpenConsole, users: Users
) -> None:
    agent = await console("agent")
    assert (await agent.get("/console/audit")).status == 403
    await agent.post_form("/console/deconnexion")
    lines = [(line.login, line.action, line.on) for line in reversed(users.trail(AuditFilters()))]
    assert lines == [
        ("essai", "utilisateur_ajoute", "agent"),
        ("agent", "connexion", ""),
        ("agent", "acces_refuse", "/console/audit"),
        ("agent", "deconnexion", ""),
    ]
