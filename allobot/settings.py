"""Settings of a deployment, read from the environment and checked at start."""

import datetime as dt
import os
import re
import secrets
import tempfile
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from allobot.errors import ConfigurationError
from allobot.messages import say

PARIS = ZoneInfo("Europe/Paris")
SECRET_BYTES = 32
MIN_LETTERS = 10  # different ones in a secret worth the name; 32 random hex digits have 14
OBVIOUS = ("secret", "password", "changeme", "change-me", "change_me", "allobot", "default")
# https, or plain http on this very machine, to try; no path, no final slash.
ORIGIN = re.compile(r"(https://[a-z0-9.-]+|http://(localhost|127\.0\.0\.1))(:[0-9]{1,5})?")
REDIS = re.compile(r"(rediss?|redis\+unix)://\S+")
DEPARTEMENT = r"^(0[1-9]|[1-8][0-9]|9[0-5]|2[AB]|97[1-6])$"


class BadKey(ValueError):
    """The file of the key (its path is the text of the error) holds none: delete it."""


def _words(value: object) -> object:
    """Split the text of a variable at its blanks and commas."""
    return tuple(re.split(r"[\s,]+", value.strip())) if isinstance(value, str) else value


def _exact_origins(origins: tuple[str, ...]) -> tuple[str, ...]:
    if all(map(ORIGIN.fullmatch, origins)):
        return origins
    raise ValueError("https://www.example.fr https://example.org")


def _limit(value: str) -> str:
    from limits import parse_many  # only when one is set: it takes 0.2 s

    try:
        parse_many(value)
    except ValueError:
        raise ValueError("30/minute;300/hour") from None
    return value


def _redis_url(value: SecretStr) -> SecretStr:
    if REDIS.fullmatch(value.get_secret_value()):
        return value
    raise ValueError("redis://host:6379/0")


Origins = Annotated[
    tuple[str, ...], NoDecode, BeforeValidator(_words), AfterValidator(_exact_origins)
]
Networks = Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(_words)]
Limit = Annotated[str, AfterValidator(_limit)]
RedisUrl = Annotated[SecretStr, AfterValidator(_redis_url)]


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
    embed_origins: Origins = Field(
        default=(),
        description="Sites that may embed Allobot: exact origins, between blanks.",
    )
    production: bool = Field(
        default=False, description="Refuse to start unless what protects people is set."
    )
    public_url: str | None = Field(
        default=None,
        pattern=r"^https?://[a-z0-9.:\[\]-]+$",
        description="Address people open: https://allobot.example.",
    )
    trusted_proxies: Networks = Field(
        default=(),
        description="Networks of our proxies, whose X-Forwarded-* are believed: 10.0.0.0/8.",
    )
    limits_url: RedisUrl | None = Field(
        default=None,
        description="Redis where gateways share their limits; default: in memory.",
    )
    limit_messages: Limit = Field(default="30/minute", description="For one conversation.")
    limit_feedback: Limit = Field(default="30/minute", description="For one conversation.")
    limit_openings: Limit = Field(
        default="60/minute;600/hour", description="New conversations of one client address."
    )
    limit_requests: Limit = Field(
        default="240/minute", description="API requests of one client address."
    )
    limit_estimates: Limit = Field(
        default="60/minute", description="Eligibility API, for one client address."
    )
    limit_pages: Limit = Field(default="60/minute", description="Recap, for one client address.")
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
    retention_days: int = Field(
        default=30,
        ge=1,
        le=365,
        description="Days without use after which a conversation is erased.",
    )
    responsable: str | None = Field(
        default=None, max_length=200, description="Who answers for this site's personal data."
    )
    contact_dpo: str | None = Field(
        default=None,
        max_length=300,
        description="Where people ask for their rights: an e-mail or a postal address.",
    )

    @model_validator(mode="after")
    def _default_database(self) -> Self:
        if not self.database_url:
            path = (self.var / "allobot.sqlite").resolve()
            object.__setattr__(self, "database_url", f"sqlite:///{path}")
        return self

    @model_validator(mode="after")
    def _safe_production(self) -> Self:
        """Raise ConfigurationError, whose sentence says what to change."""
        if self.production:
            if self.secret is None:
                raise ConfigurationError(say("production_sans_secret"))
            if is_weak(self.secret.get_secret_value()):
                raise ConfigurationError(say("production_secret_faible"))
            if not self.cookie_secure:
                raise ConfigurationError(say("production_cookie"))
            if self.public_url and not self.public_url.startswith("https://"):
                raise ConfigurationError(say("production_adresse"))
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


def is_weak(secret: str) -> bool:
    """Tell whether a secret was not drawn at random: too short, too plain, a word, a repetition."""
    repeats = secret in (secret + secret)[1:-1]
    obvious = any(word in secret.lower() for word in OBVIOUS)
    return len(secret) < SECRET_BYTES or len(set(secret)) < MIN_LETTERS or obvious or repeats


def load_settings() -> Settings:
    """Read the settings from the environment.

    Raises pydantic.ValidationError, or ConfigurationError when production is not safe.
    """
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
