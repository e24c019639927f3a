"""Secrets come from the environment, production refuses weak ones, and only the gateway is seen."""

import os
import secrets
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from allobot.errors import ConfigurationError
from allobot.ports import free_port
from allobot.processes import action_server, rasa_command
from allobot.project import Project
from allobot.settings import Settings, is_weak

ROOT = Path(__file__).parents[2]
STRONG = secrets.token_urlsafe(32)
SAFE = {
    "ALLOBOT_PRODUCTION": "true",
    "ALLOBOT_SECRET": STRONG,
    "ALLOBOT_COOKIE_SECURE": "true",
    "ALLOBOT_PUBLIC_URL": "https://allobot.example",
}
# Whatever could make a server listen elsewhere, had it its way.
HOSTILE = {
    "ALLOBOT_WEB_HOST": "0.0.0.0",
    "HOST": "0.0.0.0",
    "SANIC_HOST": "0.0.0.0",
    "SANIC_SERVER_NAME": "0.0.0.0",
    "SANIC_MOTD": "true",
    "ACTION_SERVER_HOST": "0.0.0.0",
    "RASA_INTERFACE": "0.0.0.0",
}

Set = Callable[..., None]


@pytest.fixture
def set_environment(monkeypatch: pytest.MonkeyPatch) -> Set:
    """Sets a safe production, then what the test changes; None takes a variable away."""

    def change(**values: str | None) -> None:
        for name, value in (SAFE | values).items():
            if value is None:
                monkeypatch.delenv(name, raising=False)
            else:
                monkeypatch.setenv(name, value)

    return change


# ---- production


def test_a_safe_production_starts(set_environment: Set) -> None:
    set_environment()
    settings = Settings()
    assert settings.production
    assert settings.signing_key() == STRONG


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ALLOBOT_SECRET", None),
        ("ALLOBOT_SECRET", ""),
        ("ALLOBOT_SECRET", "s" * 40),
        ("ALLOBOT_SECRET", "changeme-changeme-changeme-1234567890"),
        ("ALLOBOT_SECRET", "Secret-de-production-2026-abcdefghij"),
        ("ALLOBOT_SECRET", "0123456789abcdef0123456789abcdef"),
        ("ALLOBOT_COOKIE_SECURE", None),
        ("ALLOBOT_COOKIE_SECURE", "false"),
        ("ALLOBOT_PUBLIC_URL", "http://allobot.example"),
    ],
)
def test_production_refuses_what_does_not_protect_and_names_the_variable(
    set_environment: Set, name: str, value: str | None
) -> None:
    set_environment(**{name: value})
    with pytest.raises(ConfigurationError) as caught:
        Settings()
    sentence = str(caught.value)
    assert name in sentence
    assert len(sentence.splitlines()) == 1
    assert not value or name != "ALLOBOT_SECRET" or value not in sentence


def test_a_key_file_left_by_development_does_not_do_in_production(
    set_environment: Set, tmp_path: Path
) -> None:
    Settings(var=tmp_path).signing_key()
    set_environment(ALLOBOT_SECRET=None, ALLOBOT_VAR=str(tmp_path))
    with pytest.raises(ConfigurationError):
        Settings()


@pytest.mark.parametrize("change", ["secret", "cookie_secure", "public_url"])
def test_development_asks_for_nothing(change: str, tmp_path: Path) -> None:
    given = {"secret": "s" * 32, "cookie_secure": False, "public_url": "http://localhost:8080"}
    settings = Settings(var=tmp_path, **{change: given[change]})  # type: ignore[arg-type]
    assert not settings.production


@pytest.mark.parametrize("value", ["allobot.example", "https://x.example/chemin", "ftp://x"])
def test_a_public_address_is_a_scheme_and_a_host(set_environment: Set, value: str) -> None:
    set_environment(ALLOBOT_PUBLIC_URL=value)
    with pytest.raises(ValidationError):
        Settings()


@pytest.mark.parametrize("draw", [secrets.token_urlsafe, secrets.token_hex])
def test_a_secret_drawn_at_random_is_never_called_weak(draw: Callable[[int], str]) -> None:
    assert not any(is_weak(draw(32)) for _ in range(500))


# ---- what the operator sees


def start(*command: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-W", "error", *command],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **settings},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("command", [("-m", "web"), ("-m", "allobot", "run")])
def test_a_refusal_to_start_is_one_sentence(command: tuple[str, ...], tmp_path: Path) -> None:
    refused = start(*command, **SAFE | {"ALLOBOT_SECRET": "x" * 32, "ALLOBOT_VAR": str(tmp_path)})
    assert refused.returncode == 1
    [sentence] = refused.stderr.splitlines()
    assert "ALLOBOT_SECRET" in sentence
    assert "openssl rand" in sentence
    assert "x" * 32 not in sentence


def test_a_short_secret_is_refused_with_the_way_to_make_one(tmp_path: Path) -> None:
    refused = start("-m", "web", ALLOBOT_SECRET="tropcourt", ALLOBOT_VAR=str(tmp_path))
    [sentence] = refused.stderr.splitlines()
    assert "ALLOBOT_SECRET" in sentence
    assert "openssl rand" in sentence
    assert "tropcourt" not in sentence


# ---- development


def test_development_makes_a_key_keeps_it_and_shows_it_to_nobody(tmp_path: Path) -> None:
    settings = Settings(var=tmp_path / "var")
    key = settings.signing_key()
    assert not is_weak(key)
    assert Settings(var=tmp_path / "var").signing_key() == key
    assert stat.S_IMODE((tmp_path / "var" / "secret.key").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "var").stat().st_mode) == 0o700


# ---- Rasa and the action server listen on loopback only


@pytest.fixture
def hostile(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Project:
    for name, value in HOSTILE.items():
        monkeypatch.setenv(name, value)
    return Project(Settings(var=tmp_path, actions_port=free_port(), rasa_port=free_port()))


def test_no_setting_makes_rasa_listen_beyond_loopback(hostile: Project) -> None:
    command = rasa_command(hostile)
    assert [command[i + 1] for i, word in enumerate(command) if word in ("-i", "--interface")] == [
        "127.0.0.1"
    ]
    assert "0.0.0.0" not in " ".join(command)
    assert not {"--enable-api", "--cors", "--remote-storage"} & set(command)


def test_there_is_no_setting_for_the_address_of_rasa_or_of_the_actions() -> None:
    hosts = [name for name in Settings.model_fields if "host" in name or "interface" in name]
    assert hosts == ["web_host"]


@pytest.fixture
def actions(hostile: Project) -> Iterator[int]:
    """The real action server in the hostile environment; gives its port."""
    service = action_server(hostile)
    port = hostile.settings.actions_port
    with subprocess.Popen(
        service.command,
        cwd=ROOT,
        env=service.env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        deadline = time.monotonic() + 60
        while not listening(port):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.1)
        yield port
        process.kill()


def listening(port: int) -> set[str]:
    """Return the addresses, in the words of /proc, where someone listens on a port."""
    rows = [
        line.split()
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{table}").read_text(encoding="ascii").splitlines()[1:]
    ]
    return {
        row[1].split(":")[0]
        for row in rows
        if row[1].endswith(f":{port:04X}") and row[3] == "0A"  # LISTEN
    }


def test_no_setting_makes_the_actions_listen_beyond_loopback(actions: int) -> None:
    assert listening(actions) == {socket.inet_aton("127.0.0.1")[::-1].hex().upper()}
