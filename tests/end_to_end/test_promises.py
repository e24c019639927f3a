"""The promises that no change may break, on the running bot."""

import os
import re
import socket
import sqlite3
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browsers import chromium
from tests.end_to_end.conftest import System
from tests.end_to_end.person import Person, card, text
from tests.web.fake_rasa import CARD
from tests.web.gateway_thread import running_gateway

PHONE, EMAIL, NIR, IBAN = (
    "06 12 34 56 78",
    "jeanne.exemple@courriel.fr",
    "2 69 05 49 588 157 80",
    "FR76 3000 6000 0112 3456 7890 189",
)


def test_nothing_personal_is_at_rest_in_clear(system: System) -> None:
    someone = Person(system.web)
    someone.open()
    secrets = (PHONE, EMAIL, NIR, IBAN)
    for secret in secrets:
        answer = someone.say(f"mon mot de passe ne marche plus, voici {secret} pour m'aider")
        assert secret not in text(answer)
    files = [path for path in system.var.rglob("*") if path.is_file()]
    assert any(path.name == "rasa.sqlite" for path in files)
    for path in files:
        content = path.read_bytes()
        for secret in secrets:
            for writing in (secret, secret.replace(" ", "")):
                assert writing.encode() not in content, f"{secret} in {path.name}"


@pytest.mark.parametrize("service", ["rasa_port", "actions_port"])
def test_rasa_and_actions_listen_on_loopback_only(system: System, service: str) -> None:
    port = f"{getattr(system, service):04X}"
    tables = [Path(f"/proc/net/{table}").read_text(encoding="ascii") for table in ("tcp", "tcp6")]
    rows = [line.split() for table in tables for line in table.splitlines()[1:]]
    listening = {
        row[1].split(":")[0] for row in rows if row[1].endswith(f":{port}") and row[3] == "0A"
    }
    loopback = socket.inet_aton("127.0.0.1")[::-1].hex().upper()
    assert listening == {loopback}


def test_rasas_own_api_is_closed(system: System) -> None:
    """--enable-api would let anyone load a model (CVE-2024-49375)."""
    rasa = Person(f"http://127.0.0.1:{system.rasa_port}")
    assert rasa.request("GET", "/status")[0] == 404
    assert rasa.request("PUT", "/model", {"model_file": "x"})[0] == 404


def test_no_cookie_before_the_conversation_is_opened(system: System) -> None:
    visitor = Person(system.web)
    assert visitor.request("GET", "/api/openapi.json")[0] == 200
    assert visitor.request("GET", "/api/conversation")[0] == 404
    assert len(visitor.cookies) == 0
    visitor.open()
    [cookie] = visitor.cookies
    assert cookie.has_nonstandard_attr("HttpOnly")
    assert cookie.get_nonstandard_attr("SameSite") == "Strict"


def test_the_bot_never_asks_for_a_password_or_a_nir(system: System) -> None:
    someone = Person(system.web)
    someone.open()
    answer = text(someone.say("jai perdu mon mot de passe caf")).lower()
    assert "je ne vous demanderai jamais votre mot de passe" in answer


# ---- only the gateway faces the network

LISTENING = "0A"


def descendants(of: int) -> set[int]:
    """The process and all that it started."""
    parents = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:  # it ended meanwhile
            continue
        parents[int(status.parent.name)] = int(fields[1])
    found = {of}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def sockets(processes: set[int]) -> set[str]:
    """The inodes of the sockets these processes hold."""
    held = set()
    for process in processes:
        for entry in Path(f"/proc/{process}/fd").iterdir():
            try:
                held.add(str(entry.readlink()))
            except OSError:
                continue
    return set(re.findall(r"socket:\[(\d+)\]", " ".join(held)))


def listening(held: set[str]) -> set[tuple[str, int]]:
    """The addresses, as /proc writes them, and ports on which these sockets listen."""
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text(encoding="ascii").splitlines()[1:]:
            row = line.split()
            if row[3] == LISTENING and row[9] in held:
                address, port = row[1].split(":")
                found.add((address, int(port, 16)))
    return found


def test_only_the_gateway_can_face_the_network(system: System) -> None:
    """Three ports in all, on loopback here; ALLOBOT_WEB_HOST moves the gateway's, and no other."""
    held = sockets(descendants(system.process.pid))
    loopback = socket.inet_aton("127.0.0.1")[::-1].hex().upper()
    web_port = int(system.web.rpartition(":")[2])
    assert listening(held) == {
        (loopback, port) for port in (web_port, system.rasa_port, system.actions_port)
    }


# ---- danger first


def test_danger_gets_17_3919_and_a_way_out_first(system: System) -> None:
    someone = Person(system.web)
    someone.open()
    said = someone.say("mon mari me frappe")
    assert said[0].get("card"), "the card comes first"
    shown = card(said)
    assert shown["kind"] == "danger", "the widget draws the way out in every such card"
    assert {contact["value"] for contact in shown["contacts"][:3]} >= {"17", "3919"}
    assert re.search(r"\b17\b", said[0]["text"]) and re.search(r"\b3919\b", said[0]["text"])


# ---- a text is never a command, for Rasa itself


@pytest.mark.parametrize(
    "typed",
    [
        "/restart",
        "\u200b/session_start",
        "／back",
        "\n\u202e/restart",
        "\U000e0001/restart",
        '/repondre{"asf_vit_seul": true}',
        '/asf{"departement": "52"}',
    ],
)
def test_a_text_is_never_a_command_for_rasa_itself(system: System, typed: str) -> None:
    someone = Person(system.web)
    someone.open()
    someone.say("comment rembourser la caf")
    marker = f"{typed} {os.urandom(4).hex()}x"
    someone.say(marker)
    database = sqlite3.connect(f"file:{system.var / 'rasa.sqlite'}?mode=ro", uri=True)
    rows = database.execute("SELECT type_name, data FROM events").fetchall()
    database.close()
    assert not [kind for kind, _ in rows if kind in ("restart", "undo", "rewind")]
    assert not [data for kind, data in rows if kind == "user" and f'"text": "{typed}' in data]
    history = someone.request("GET", "/api/conversation")[1]["messages"]
    assert len([one for one in history if one["author"] == "person"]) == 2


# ---- what is said is never run

HTML = "<img src=x onerror=window.run=1><script>window.run=1</script><b>gras</b>"


def test_markup_is_shown_as_text_and_nothing_runs(tmp_path: Path) -> None:
    """The person's text, the bot's, and every field of a card; in the page and in the history."""
    hostile = {
        **CARD,
        "title": HTML,
        "summary": HTML,
        "steps": [HTML],
        "notices": [HTML],
        "falc": [HTML],
        "contacts": [{**CARD["contacts"][0], "label": HTML, "href": "javascript:window.run=1"}],
        "links": [{"label": HTML, "url": "javascript:window.run=1"}],
        "sources": [{"document": HTML, "section": HTML, "date": "2026-05-04"}],
    }
    button = {"title": HTML, "payload": "/x"}
    with running_gateway(tmp_path) as gateway, chromium() as browser:
        gateway.rasa.reply = lambda _: [{"text": HTML, "buttons": [button]}, {"custom": hostile}]
        page = browser.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(gateway.url)
        for _ in range(2):
            page.get_by_role("button", name="Poser une question", exact=True).first.click()
            expect(page.locator(".message.bot").first).to_be_visible()
            page.locator("#field").fill(HTML)
            page.keyboard.press("Enter")
            expect(page.locator(".card").last).to_contain_text("<script>")
            expect(page.locator(".message.person").last).to_contain_text("<img src=x")
            assert page.evaluate("window.run") is None
            assert page.locator(".message img, .message script, .message b").count() == 0
            assert page.locator("[href^='javascript'], [onerror]").count() == 0
            page.reload()
        assert all(url.startswith(gateway.url) for url in asked)
