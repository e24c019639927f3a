"""Settings of a deployment, read from the environment and checked at start."""

import base64
import datetime as dt
import os
import re
import secrets
import tempfile
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, ip_address
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from allobot.errors import ConfigurationError
from allobot.messages import say

PARIS = ZoneInfo("Europe/Paris")
LOOPBACK = "127.0.0.1"
SECRET_BYTES = 32
MIN_LETTERS = 10  # different ones in a secret worth the name; 32 random hex digits have 14
OBVIOUS = ("secret", "password", "changeme", "change-me", "change_me", "allobot", "default")
# https, or plain http on this very machine, to try; no path, no final slash.
ORIGIN = re.compile(r"(https://[a-z0-9.-]+|http://(localhost|127\.0\.0\.1))(:[0-9]{1,5})?")
REDIS = re.compile(r"(rediss?|redis\+unix)://\S+")
# Another process of ours: plain http, so on a network that nobody else reaches.
SERVICE = re.compile(r"http://(?P<host>[a-z0-9.-]+|\[[0-9a-f:]+\]):[0-9]{1,5}")
CLUSTER = (".svc", ".svc.cluster.local", ".internal", ".local")  # names of no public machine
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


def _service_urls(urls: tuple[str, ...]) -> tuple[str, ...]:
    matches = [SERVICE.fullmatch(url) for url in urls]
    if all(match and _is_ours(match["host"].strip("[]")) for match in matches):
        return urls
    raise ValueError("http://10.0.0.2:5005 http://rasa-1:5005")


def _is_ours(host: str) -> bool:
    """Tell whether a host cannot be one of the Internet: a private address, a cluster's name."""
    try:
        return ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith(CLUSTER)


def _database_url(value: str) -> str:
    if not value or re.match(r"(sqlite|postgres(ql)?)(\+\w+)?://", value):
        return value
    raise ValueError("postgresql://allobot@host/allobot")


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
Services = Annotated[
    tuple[str, ...], NoDecode, BeforeValidator(_words), AfterValidator(_service_urls)
]
TrackerUrl = Annotated[str, AfterValidator(_database_url)]
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
    tracker_url: TrackerUrl = Field(
        default="",
        repr=False,
        description="SQLAlchemy URL of what Rasa keeps; default: DATABASE_URL when it is "
        "PostgreSQL (in a schema of its own), else a SQLite file in `var`.",
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
    replicas: int = Field(
        default=1,
        ge=1,
        le=8,
        description="Pairs of Rasa and action server that `make run` starts on this machine.",
    )
    rasa_urls: Services = Field(
        default=(),
        description="Every Rasa, when they run elsewhere: http://10.0.0.2:5005, between blanks.",
    )
    actions_urls: Services = Field(
        default=(),
        description="Every action server, when they run elsewhere: http://10.0.0.2:5055.",
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
    redis_url: RedisUrl | None = Field(
        default=None,
        description="Redis where several Rasas take turns, and gateways share their limits.",
    )
    limits_url: RedisUrl | None = Field(
        default=None,
        description="Redis where gateways share their limits; default: `redis_url`, or memory.",
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
    limit_codes: Limit = Field(
        default="10/hour", description="Codes of appointments tried by one client address."
    )
    limit_signins: Limit = Field(
        default="20/minute;100/hour", description="Sign-ins to the console of one client address."
    )
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
    rendez_vous: Literal["essai", "ouvert", "ferme"] | None = Field(
        default=None,
        description="Booking: essai (no Caf reads it, and Allobot says so), ouvert, ferme; "
        "default: essai, ferme in production.",
    )
    rdv_retention_days: int = Field(
        default=30, ge=1, le=365, description="Days after which a past appointment is erased."
    )
    vault_key: SecretStr | None = Field(
        default=None,
        description="Fernet keys of contact details, between blanks, the current one first; "
        "default: made once in `var/vault.key`.",
    )
    metrics_token: SecretStr | None = Field(
        default=None,
        min_length=32,
        description="Opens /metrics to another machine; default: to this one only.",
    )
    console_minutes: int = Field(
        default=30, ge=1, le=720, description="Minutes without use that end a console session."
    )
    two_people: bool = Field(
        default=True, description="A correction is exported once another analyst agreed."
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
    def _shared_stores(self) -> Self:
        """One Redis serves both uses, unless told otherwise; a file is of one machine.

        Raise ConfigurationError, whose sentence says what to change.
        """
        if self.limits_url is None:
            object.__setattr__(self, "limits_url", self.redis_url)
        elsewhere = any("//127.0.0.1:" not in url for url in self.rasa_urls)
        if elsewhere and self.tracker.startswith("sqlite"):
            example = "postgresql://allobot@host/allobot"
            raise ConfigurationError(say("reglage", champ="ALLOBOT_TRACKER_URL", raison=example))
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
        """SQLite file of Rasa's tracker store, unless it is a server's."""
        return self.var / "rasa.sqlite"

    @property
    def tracker(self) -> str:
        """SQLAlchemy URL of Rasa's tracker store; may hold a password."""
        if self.tracker_url:
            return self.tracker_url
        if not self.database_url.startswith("sqlite"):
            return self.database_url
        return f"sqlite:///{self.tracker_path.resolve()}"

    @property
    def rasa_addresses(self) -> tuple[str, ...]:
        """Every Rasa, as the gateway reaches it."""
        return self.rasa_urls or (f"http://{LOOPBACK}:{self.rasa_port}",)

    @property
    def actions_addresses(self) -> tuple[str, ...]:
        """Every action server, as Rasa reaches it."""
        return self.actions_urls or (f"http://{LOOPBACK}:{self.actions_port}",)

    @property
    def lock_url(self) -> SecretStr | None:
        """Redis where several Rasas take turns."""
        return self.redis_url or self.limits_url

    def today(self) -> dt.date:
        """Reference date: the one set, else today in France."""
        return self.date or dt.datetime.now(PARIS).date()

    def now(self) -> dt.datetime:
        """The present moment in France, on the reference date."""
        now = dt.datetime.now(PARIS)
        return dt.datetime.combine(self.today(), now.time(), PARIS)

    @property
    def booking(self) -> Literal["essai", "ouvert", "ferme"]:
        """What becomes of appointments here."""
        return self.rendez_vous or ("ferme" if self.production else "essai")

    def signing_key(self) -> str:
        """Return the key that signs cookies, made once in `var/secret.key` when none is set.

        Raises OSError or BadKey when the file cannot be made or read.
        """
        if self.secret is not None:
            return self.secret.get_secret_value()
        return _kept_key(self.var / "secret.key", lambda: secrets.token_urlsafe(SECRET_BYTES))

    def vault_keys(self) -> list[str]:
        """Return the Fernet keys of the vault, one made once in `var/vault.key` when none is set.

        The first encrypts, all decrypt. Raises OSError or BadKey as `signing_key`.
        """
        if self.vault_key is not None:
            return self.vault_key.get_secret_value().split()
        return [_kept_key(self.var / "vault.key", _fernet_key)]


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


def _fernet_key() -> str:
    """32 random bytes, as Fernet wants them."""
    return base64.urlsafe_b64encode(secrets.token_bytes(SECRET_BYTES)).decode("ascii")


def _kept_key(path: Path, make: Callable[[], str]) -> str:
    """Return the key of a file, made when it is not there."""
    if not path.exists():
        _keep_key(path, make())
    key = path.read_text(encoding="ascii").strip()
    if len(key) < SECRET_BYTES:
        raise BadKey(path)
    return key


def _keep_key(path: Path, key: str) -> None:
    """Write a new key, whole from the first instant; the first of two processes wins."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=".key-")  # mode 600
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(key)
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        Path(draft).unlink()
