"""Settings of a deployment, read from the environment and checked at start."""

import datetime as dt
import os
import secrets
import tempfile
from pathlib import Path
from typing import Self
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PARIS = ZoneInfo("Europe/Paris")
SECRET_BYTES = 32
DEPARTEMENT = r"^(0[1-9]|[1-8][0-9]|9[0-5]|2[AB]|97[1-6])$"


class BadKey(ValueError):
    """The file of the key (its path is the text of the error) holds none: delete it."""


class Settings(BaseSettings):
    """Every setting, listed once. Variables: ALLOBOT_<NAME>, and DATABASE_URL.

    Raises pydantic.ValidationError when a value does not fit; the message never repeats the value.
    """

    model_config = SettingsConfigDict(
        env_prefix="ALLOBOT_",
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        populate_by_name=True,
    )

    var: Path = Field(default=Path("var"), description="Folder of the generated files.")
    database_url: str = Field(
        default="",
        validation_alias="DATABASE_URL",
        repr=False,
        description="SQLAlchemy URL of the database; default: a SQLite file in `var`.",
    )
    web_host: str = Field(
        default="127.0.0.1", min_length=1, description="Address the gateway listens on."
    )
    web_port: int = Field(
        default=8080, ge=0, le=65535, description="Port of the gateway; 0: any free one."
    )
    rasa_port: int = Field(
        default=5005, ge=1, le=65535, description="Port of Rasa, always on 127.0.0.1."
    )
    actions_port: int = Field(
        default=5055, ge=1, le=65535, description="Port of the action server."
    )
    secret: SecretStr | None = Field(
        default=None,
        min_length=32,
        description="Signs the cookie; default: made once in `var/secret.key`.",
    )
    cookie_secure: bool = Field(default=False, description="The site is served over https.")
    caf: str | None = Field(
        default=None, pattern=DEPARTEMENT, description="Département of the Caf: 52."
    )
    date: dt.date | None = Field(
        default=None, description="Reference date; default: today in Paris."
    )
    rasa_timeout: float = Field(
        default=10.0, gt=0, le=120, description="Seconds Rasa has to answer."
    )
    session_minutes: int = Field(
        default=60,
        ge=1,
        le=1440,
        description="Minutes without use after which a conversation closes.",
    )

    @model_validator(mode="after")
    def _default_database(self) -> Self:
        if not self.database_url:
            path = (self.var / "allobot.sqlite").resolve()
            object.__setattr__(self, "database_url", f"sqlite:///{path}")
        return self

    @property
    def tracker_path(self) -> Path:
        """SQLite file of Rasa's tracker store."""
        return self.var / "rasa.sqlite"

    def today(self) -> dt.date:
        """Reference date: the one set, else today in France."""
        return self.date or dt.datetime.now(PARIS).date()

    def signing_key(self) -> str:
        """Return the key that signs cookies, made once in `var/secret.key` when none is set.

        Raises OSError or BadKey when the file cannot be made or read.
        """
        if self.secret is not None:
            return self.secret.get_secret_value()
        path = self.var / "secret.key"
        if not path.exists():
            _make_key(path)
        key = path.read_text(encoding="ascii").strip()
        if len(key) < SECRET_BYTES:
            raise BadKey(path)
        return key


def load_settings() -> Settings:
    """Read the settings from the environment."""
    return Settings()


def _make_key(path: Path) -> None:
    """Write a new key, whole from the first instant; the first of two processes wins."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=".secret-")  # mode 600
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(SECRET_BYTES))
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        Path(draft).unlink()
