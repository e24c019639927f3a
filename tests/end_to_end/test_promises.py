"""The promises that no change may break, on the running bot."""

import socket
from pathlib import Path

import pytest

from tests.end_to_end.conftest import System
from tests.end_to_end.person import Person, text

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
