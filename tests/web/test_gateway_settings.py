"""The settings: read from the environment, checked, secrets hidden."""

import datetime as dt
import threading
from pathlib import Path

import pytest
from pydantic import ValidationError

from allobot.settings import BadKey, Settings, load_settings


def test_defaults() -> None:
    settings = load_settings()
    assert settings.database_url == f"sqlite:///{Path('var/allobot.sqlite').resolve()}"
    assert settings.tracker_path == Path("var/rasa.sqlite")
    assert (settings.web_host, settings.web_port) == ("127.0.0.1", 8080)
    assert (settings.rasa_port, settings.actions_port) == (5005, 5055)
    assert (settings.rasa_timeout, settings.session_minutes) == (10.0, 60)
    assert settings.secret is settings.caf is settings.date is None
    assert settings.cookie_secure is False


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    values = {
        "ALLOBOT_VAR": str(tmp_path),
        "DATABASE_URL": "postgresql://x/y",
        "ALLOBOT_WEB_PORT": "9000",
        "ALLOBOT_COOKIE_SECURE": "true",
        "ALLOBOT_CAF": "2A",
        "ALLOBOT_DATE": "2026-04-01",
        "ALLOBOT_SECRET": "x" * 32,
        "ALLOBOT_RASA_TIMEOUT": "",
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    assert settings.var == tmp_path
    assert settings.database_url == "postgresql://x/y"
    assert (settings.web_port, settings.cookie_secure, settings.caf) == (9000, True, "2A")
    assert settings.today() == dt.date(2026, 4, 1)
    assert settings.signing_key() == "x" * 32
    assert settings.rasa_timeout == 10.0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ALLOBOT_WEB_PORT", "70000"),
        ("ALLOBOT_WEB_PORT", "x"),
        ("ALLOBOT_CAF", "99"),
        ("ALLOBOT_CAF", "1"),
        ("ALLOBOT_DATE", "21/11/2026"),
        ("ALLOBOT_SECRET", "court"),
        ("ALLOBOT_RASA_TIMEOUT", "0"),
        ("ALLOBOT_SESSION_MINUTES", "0"),
        ("ALLOBOT_RETENTION_DAYS", "0"),
        ("ALLOBOT_RETENTION_DAYS", "400"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_without_being_repeated(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError) as caught:
        load_settings()
    assert name.removeprefix("ALLOBOT_").lower() in str(caught.value)
    assert "input_value" not in str(caught.value)


def test_secrets_are_hidden() -> None:
    settings = Settings(secret="s" * 32, database_url="postgresql://me:pass@x/y")
    assert "s" * 32 not in repr(settings)
    assert "pass" not in repr(settings)


def test_a_setting_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValidationError):
        Settings(web_prot=1)  # type: ignore[call-arg]


def test_today_is_the_day_in_france() -> None:
    assert abs((load_settings().today() - dt.datetime.now(dt.UTC).date()).days) <= 1


def test_processes_that_start_together_share_one_key(tmp_path: Path) -> None:
    keys: list[str] = []
    settings = Settings(var=tmp_path)
    threads = [
        threading.Thread(target=lambda: keys.append(settings.signing_key())) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 8
    assert len(set(keys)) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["secret.key"]


def test_an_empty_key_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret.key").write_text("")
    with pytest.raises(BadKey):
        Settings(var=tmp_path).signing_key()
