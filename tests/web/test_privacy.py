"""What people are told of their messages: by the gateway, from the settings alone."""

import re
from collections.abc import Awaitable, Callable

import pytest

from allobot.settings import Settings
from tests.web.api_client import Api
from web.security import HEADERS

OpenGateway = Callable[..., Awaitable[Api]]
PATH = "/confidentialite"
WHO = "Caf de l'Exemple & associés"


def words(html: bytes) -> str:
    """The text of a page, its blanks as plain ones."""
    shown = re.sub(r"<[^>]+>", "", html.decode().partition("<main>")[2])
    return " ".join(
        shown.replace("&nbsp;", " ").replace("&#39;", "'").replace("&amp;", "&").split()
    )


async def page(start: OpenGateway, settings: Settings, **changes: object) -> str:
    api = await start(settings.model_copy(update=changes))
    answer = await api.request("GET", PATH)
    assert answer.status == 200
    return answer.body.decode()


async def test_the_retention_told_is_the_one_applied(
    settings: Settings, open_gateway: OpenGateway
) -> None:
    for days, said in ((30, "30 jours"), (1, "1 jour"), (90, "90 jours")):
        changes = {"retention_days": days, "rdv_retention_days": days}
        api = await open_gateway(settings.model_copy(update=changes))
        told = (await api.open()).json["information"].replace("\u00a0", " ")
        assert f"{said} après le dernier" in told
        text = words((await api.request("GET", PATH)).body)
        assert f"{said} après le dernier message" in text
        assert set(re.findall(r"\d+ jours?", text)) == {said}


async def test_opening_tells_who_keeps_the_messages_and_how_to_erase_them(
    settings: Settings, open_gateway: OpenGateway
) -> None:
    named = await open_gateway(settings.model_copy(update={"responsable": WHO}))
    first = await named.open()
    assert (first.status, first.json["information"].partition(" garde ")[0]) == (201, WHO)
    again = await named.open()
    assert (again.status, again.json["information"]) == (200, first.json["information"])
    assert "« Effacer »" in first.json["information"]
    nobody = await open_gateway()
    assert (await nobody.open()).json["information"].startswith("Ce site garde")


async def test_the_page_tells_who_why_how_long_and_the_rights(
    settings: Settings, open_gateway: OpenGateway
) -> None:
    text = words((await page(open_gateway, settings)).encode())
    for promise in (
        "Qui en est responsable",
        "À quoi ils servent",
        "article 6.1.f du RGPD",
        "Combien de temps",
        "Qui peut les lire",
        "Effacer",
        "Vous opposer, rectifier, limiter",
        "Cnil",
        "un seul cookie",
        "60 minutes après votre dernier message",
    ):
        assert promise in text


async def test_the_controller_and_the_contact_are_shown_escaped(
    settings: Settings, open_gateway: OpenGateway
) -> None:
    html = await page(open_gateway, settings, responsable=WHO, contact_dpo="dpo@exemple.fr")
    assert "Caf de l&#39;Exemple &amp; associés." in html
    assert '<a href="mailto:dpo@exemple.fr">dpo@exemple.fr</a>' in html
    letter = await page(open_gateway, settings, contact_dpo="DPO, 1 rue <b>X</b>, 52000 Chaumont")
    assert "DPO, 1 rue &lt;b&gt;X&lt;/b&gt;, 52000 Chaumont" in letter
    assert "mailto:" not in letter


async def test_a_site_that_names_nobody_says_so(
    settings: Settings, open_gateway: OpenGateway
) -> None:
    text = words((await page(open_gateway, settings)).encode())
    assert "n'a pas indiqué son nom : c'est sans doute un essai" in text
    assert "Aucun contact n'est indiqué sur ce site" in text


@pytest.mark.parametrize(
    "contact", ["dpo@exemple.fr?subject=x&body=y", "javascript:alert(1)@x.fr", "a@b", "x @y.fr"]
)
async def test_what_is_not_a_plain_address_is_no_link(
    settings: Settings, open_gateway: OpenGateway, contact: str
) -> None:
    assert "mailto:" not in await page(open_gateway, settings, contact_dpo=contact)


async def test_no_cookie_is_set_and_the_headers_are_those_of_every_page(opened: Api) -> None:
    with_cookie = await opened.request("GET", PATH)
    opened.client.session.cookie_jar.clear()
    without = await opened.request("GET", PATH)
    assert with_cookie.body == without.body
    for answer in (with_cookie, without):
        assert "Set-Cookie" not in answer.headers
        assert {name: answer.headers[name] for name in HEADERS} == dict(HEADERS)


async def test_nothing_is_inline_and_french_typography_holds(api: Api) -> None:
    html = (await api.request("GET", PATH)).body.decode()
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?! type=\"module\" src=)", html)
    body = re.sub(r"<[^>]+>", "", html.partition("<main>")[2]).replace("&nbsp;", "\u00a0")
    assert re.findall(r"\S* [:;?!»]", body) == []
    assert "<title>Ce que deviennent vos messages</title>" in html


async def test_the_demo_page_leads_to_it(api: Api) -> None:
    assert f'href="{PATH}"' in (await api.request("GET", "/")).body.decode()
