"""Who may open what: every address of the console, for each role, against a table kept by hand.

The addresses come from the application: one that the table does not know fails, whoever added it.
"""

from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import web

from allobot.settings import Settings
from tests.web.console.conftest import Answer, Console, OpenConsole
from web.app import make_app
from web.console import setup
from web.console.keys import CONSOLE_USERS

SIGN_IN, REFUSED, OPEN = "connexion", "refuse", "ouvert"
WHO = ("", "agent", "analyste", "admin")


@dataclass(frozen=True)
class Row:
    """An address: what each of WHO gets, and the status of a page that opens (of a GET)."""

    example: str
    anonymous: str
    agent: str
    analyste: str
    admin: str
    status: int = 200

    def expected(self, who: str) -> str:
        return str(getattr(self, who or "anonymous"))


def everybody(example: str, status: int = 200) -> Row:
    """Open before anybody signs in."""
    return Row(example, OPEN, OPEN, OPEN, OPEN, status)


def signed_in(example: str, status: int = 200) -> Row:
    return Row(example, SIGN_IN, OPEN, OPEN, OPEN, status)


def analysts(example: str, status: int = 200) -> Row:
    return Row(example, SIGN_IN, REFUSED, OPEN, OPEN, status)


def agents(example: str, status: int = 200) -> Row:
    return Row(example, SIGN_IN, OPEN, REFUSED, OPEN, status)


def admins(example: str, status: int = 200) -> Row:
    return Row(example, SIGN_IN, REFUSED, REFUSED, OPEN, status)


C = "/console"
UNKNOWN = 404  # a page about something that is not there
TABLE = {
    ("GET", f"{C}/connexion"): everybody(f"{C}/connexion"),
    ("POST", f"{C}/connexion"): everybody(f"{C}/connexion"),
    ("GET", f"{C}/connexion/code"): everybody(f"{C}/connexion/code", 303),
    ("POST", f"{C}/connexion/code"): everybody(f"{C}/connexion/code"),
    ("POST", f"{C}/deconnexion"): signed_in(f"{C}/deconnexion"),
    ("GET", f"{C}/compte"): signed_in(f"{C}/compte"),
    ("POST", f"{C}/compte/mot-de-passe"): signed_in(f"{C}/compte/mot-de-passe"),
    ("POST", f"{C}/compte/code"): signed_in(f"{C}/compte/code"),
    ("POST", f"{C}/compte/code/activer"): signed_in(f"{C}/compte/code/activer"),
    ("POST", f"{C}/compte/code/retirer"): signed_in(f"{C}/compte/code/retirer"),
    ("GET", f"{C}/utilisateurs"): admins(f"{C}/utilisateurs"),
    ("POST", f"{C}/utilisateurs"): admins(f"{C}/utilisateurs"),
    ("POST", f"{C}/utilisateurs/{{id}}/{{what}}"): admins(f"{C}/utilisateurs/999/role"),
    ("GET", f"{C}/audit"): admins(f"{C}/audit"),
    ("GET", C): analysts(C),
    ("GET", f"{C}/a-lire"): analysts(f"{C}/a-lire"),
    ("POST", f"{C}/a-lire/{{turn}}"): analysts(f"{C}/a-lire/999"),
    ("GET", f"{C}/conversations"): analysts(f"{C}/conversations"),
    ("GET", f"{C}/conversations/{{conversation}}"): analysts(f"{C}/conversations/rien", UNKNOWN),
    ("GET", f"{C}/export"): analysts(f"{C}/export"),
    ("GET", f"{C}/rendez-vous"): agents(f"{C}/rendez-vous"),
    ("POST", f"{C}/rendez-vous/{{rdv}}/coordonnees"): agents(f"{C}/rendez-vous/x/coordonnees"),
    ("POST", f"{C}/rendez-vous/{{rdv}}/etat"): agents(f"{C}/rendez-vous/x/etat"),
    ("GET", f"{C}/corrections"): analysts(f"{C}/corrections"),
    ("GET", f"{C}/corrections/tour/{{turn}}"): analysts(f"{C}/corrections/tour/999", UNKNOWN),
    ("POST", f"{C}/corrections/tour/{{turn}}"): analysts(f"{C}/corrections/tour/999"),
    ("GET", f"{C}/corrections/groupe/{{turn}}"): analysts(f"{C}/corrections/groupe/999", UNKNOWN),
    ("POST", f"{C}/corrections/groupe/{{turn}}"): analysts(f"{C}/corrections/groupe/999"),
    ("POST", f"{C}/corrections/decision"): analysts(f"{C}/corrections/decision"),
    ("GET", f"{C}/corrections/patch"): analysts(f"{C}/corrections/patch"),
    ("GET", f"{C}/corrections/corrections.diff"): analysts(f"{C}/corrections/corrections.diff"),
    ("POST", f"{C}/corrections/exportees"): analysts(f"{C}/corrections/exportees"),
    ("GET", f"{C}/corrections/histoire/{{conversation}}.yml"): analysts(
        f"{C}/corrections/histoire/rien.yml", UNKNOWN
    ),
}
BEFORE_SIGNING_IN = {f"{C}/connexion", f"{C}/connexion/code"}


def addresses(app: web.Application) -> set[tuple[str, str]]:
    """Every method and address of the console, as the router knows them."""
    return {
        (route.method, route.resource.canonical)
        for route in app.router.routes()
        if route.resource is not None
        and (route.resource.canonical == C or route.resource.canonical.startswith(f"{C}/"))
    }


def outcome(answer: Answer, path: str) -> str:
    """What became of a request: sent to the sign-in page, refused for the role, or let in."""
    if answer.status == 303 and answer.location.startswith(f"{C}/connexion"):
        return SIGN_IN if path not in BEFORE_SIGNING_IN else OPEN
    return REFUSED if "Cette page est réservée" in answer.text else OPEN


def test_the_table_knows_every_address(app: web.Application) -> None:
    served = addresses(app)
    assert {method for method, _ in served} <= {"GET", "HEAD", "POST"}
    assert {key for key in served if key[0] != "HEAD"} == set(TABLE)
    assert {path for method, path in served if method == "HEAD"} == {
        path for method, path in TABLE if method == "GET"
    }


def test_an_address_added_tomorrow_is_missed(app: web.Application) -> None:
    async def page(_request: web.Request) -> web.Response:
        return web.Response()

    app.router.add_get(f"{C}/demain", page)
    assert addresses(app) - set(TABLE) >= {("GET", f"{C}/demain")}


def test_nothing_of_the_console_is_served_elsewhere(settings: Settings, engine: Any) -> None:
    """Each address is under /console, where the cookie goes: none is left out of the table."""
    bare = make_app(settings)
    known = {(route.method, route.handler) for route in bare.router.routes()}
    if CONSOLE_USERS in bare:
        known = {key for key in known if not key[1].__module__.startswith("web.console")}
    else:
        setup(bare, engine, settings)
    ours = [route for route in bare.router.routes() if (route.method, route.handler) not in known]
    assert ours
    for route in ours:
        assert route.resource is not None
        assert (route.resource.canonical + "/").startswith(f"{C}/")


@pytest.mark.parametrize("who", WHO)
async def test_reading(console: OpenConsole, who: str) -> None:
    browser = await console(who)
    found, wanted = {}, {}
    for (method, path), row in TABLE.items():
        if method != "GET":
            continue
        expected = row.expected(who)
        status = {SIGN_IN: 303, REFUSED: 403, OPEN: row.status}[expected]
        if who and path == f"{C}/connexion":
            status = 303  # signed in already
        wanted[path] = (expected, status, status)
        answer = await browser.get(row.example)
        head = await browser.request("HEAD", row.example)
        found[path] = (outcome(answer, path), answer.status, head.status)
    assert found == wanted


@pytest.mark.parametrize("who", WHO)
async def test_acting(console: OpenConsole, who: str) -> None:
    """A form without its token does nothing; with it, it is read by who may."""
    browser = await console(who)
    found, wanted = {}, {}
    for (method, path), row in TABLE.items():
        if method != "POST" or path == f"{C}/deconnexion":
            continue
        expected = row.expected(who)
        bare = await browser.request("POST", row.example, data={"a": "1"})
        sent = await browser.post_form(row.example, {"a": "1"})
        found[path] = (outcome(bare, path), stale(bare), outcome(sent, path), stale(sent))
        no_code_awaited = path == f"{C}/connexion/code"
        wanted[path] = (expected, expected == OPEN and not no_code_awaited, expected, False)
        assert sent.status < 500, (path, sent)
    assert found == wanted
    assert await still_there(browser) is bool(who)


@pytest.mark.parametrize("who", WHO[1:])
async def test_signing_out(console: OpenConsole, who: str) -> None:
    browser = await console(who)
    assert stale(await browser.request("POST", f"{C}/deconnexion", data={"a": "1"}))
    assert await still_there(browser)
    assert (await browser.post_form(f"{C}/deconnexion")).location.startswith(f"{C}/connexion")
    assert not await still_there(browser)


def stale(answer: Answer) -> bool:
    return answer.status == 403 and "restée ouverte trop longtemps" in answer.text


async def still_there(browser: Console) -> bool:
    return (await browser.get(f"{C}/compte")).status == 200
