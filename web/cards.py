"""The answer card as the browser receives it: known fields only, safe addresses only."""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from web.logs import LOGGER

# One "/" only, no "\\" nor ":": never another site. 300 characters at most.
OWN_PAGE = re.compile(r"/(?!/)[A-Za-z0-9/._~?=&%+,-]{0,299}")
SCHEMES = ("https://", "http://", "tel:", "mailto:")


def _safe_address(address: str | None) -> str | None:
    """Return the address when a browser may open it, else None."""
    return address if address and address.startswith(SCHEMES) else None


Address = Annotated[str | None, AfterValidator(_safe_address)]


def _own_page(path: str | None) -> str | None:
    """Return the path when it can only be a page of this site, else None."""
    return path if path and OWN_PAGE.fullmatch(path) else None


Page = Annotated[str | None, AfterValidator(_own_page)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Contact(_Part):
    """A way to reach a person."""

    id: str
    label: str
    value: str
    details: str | None = None
    href: Address = None


class Answer(_Part):
    """What answers the person's very question."""

    id: str
    question: str
    sentences: list[str]


class Link(_Part):
    """A page to read."""

    label: str
    url: Address


class Source(_Part):
    """Where the answer comes from; `date` is ISO."""

    document: str
    section: str | None = None
    date: str | None = None


class Amount(_Part):
    """A range of money, with its unit and its French writing."""

    min: float
    max: float
    unit: str
    text: str


class Condition(_Part):
    """One condition of a right."""

    id: str
    label: str
    status: Literal["satisfied", "not_satisfied", "unknown"]
    source: str | None = None


class Decision(_Part):
    """An estimation."""

    verdict: Literal["oui", "non", "a_preciser"]
    words: str | None = None
    date: str
    amount: Amount | None = None
    conditions: list[Condition] = Field(default_factory=list)
    missing: list[str] = Field(default_factory=list)
    notes: list[str] = Field(default_factory=list)


def _openable(links: list[Link]) -> list[Link]:
    return [link for link in links if link.url]


class Card(_Part):
    """The card of an answer."""

    kind: Literal["procedure", "decision", "danger", "plan", "rendez_vous"]
    id: str
    version: str | None = None
    territoire: str | None = None
    title: str
    summary: str
    steps: list[str] = Field(default_factory=list)
    contacts: list[Contact] = Field(default_factory=list)
    links: Annotated[list[Link], AfterValidator(_openable)] = Field(default_factory=list)
    sources: list[Source] = Field(default_factory=list)
    verifie_le: str | None = None
    falc: list[str] = Field(default_factory=list)
    answers: list[Answer] = Field(default_factory=list)
    notices: list[str] = Field(default_factory=list)
    places_title: str | None = None
    places: list[Contact] = Field(default_factory=list)
    events: list[str] = Field(default_factory=list)
    easy: bool = False
    decision: Decision | None = None
    page: Page = None
    form: Literal["coordonnees"] | None = None
    file: Page = None


def read_card(custom: object) -> dict[str, Any] | None:
    """Return the card an action sent, checked; None (and a log line) when it is not one."""
    try:
        return Card.model_validate(custom).model_dump(mode="json")
    except ValidationError as error:
        fields = sorted({".".join(map(str, item["loc"])) for item in error.errors()})
        LOGGER.warning("card dropped: %s", ", ".join(fields) or "not an object")
        return None
