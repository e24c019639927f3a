"""The page of a plan, to print or to share: made from codes alone, it knows nobody.

No cookie is read or set, and no value of the address is shown: only our own texts are.
"""

import asyncio
import datetime as dt
import re
from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

from aiohttp import hdrs, web
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from actions.cards import french_date
from actions.eligibility.recap import PATH, UnknownStep, decode, find_rule
from actions.knowledge.errors import KnowledgeError, UnknownAtDate
from web.keys import CONTENT, SETTINGS
from web.knowledge import Content
from web.logs import LOGGER, describe

TEMPLATES = Path(__file__).parent / "templates"
HEADERS = MappingProxyType({hdrs.CACHE_CONTROL: "no-store", "X-Robots-Tag": "noindex"})
BEFORE_MARKS = re.compile(r" (?=[:;?!»%€])")

routes = web.RouteTableDef()


class _Asked(BaseModel):
    """The query: a rule (its code or its name), the codes of its steps, the date of its figures."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    r: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{1,64}$")]
    e: Annotated[str, StringConstraints(pattern=r"^[1-9a-z]{1,35}$")]
    d: Annotated[str, StringConstraints(pattern=r"^20[0-9]{2}-[0-9]{2}-[0-9]{2}$")] | None = None


class _NoSuchPlan(Exception):
    """Nothing to show at this address."""


@routes.get(PATH)
async def recap(request: web.Request) -> web.Response:
    """Give the page of a plan, or one that says kindly that there is none."""
    try:
        asked = _Asked.model_validate(dict(request.query))
        today = request.app[SETTINGS].today()
        plan = _plan(asked, await request.app[CONTENT].get(), today)
    except (ValidationError, _NoSuchPlan):
        return await _page("recap_missing.html", {"failed": False}, HTTPStatus.NOT_FOUND)
    except KnowledgeError as error:
        LOGGER.error("recap: %s", describe(error))
        return await _page("recap_missing.html", {"failed": True}, HTTPStatus.SERVICE_UNAVAILABLE)
    return await _page("recap.html", plan, HTTPStatus.OK)


def _plan(asked: _Asked, content: Content, today: dt.date) -> dict[str, Any]:
    """Return what the page shows. Raises _NoSuchPlan."""
    name = find_rule(asked.r, content.rules)
    if name is None:
        raise _NoSuchPlan
    rule, cards = content.rules[name], content.cards
    try:
        date = dt.date.fromisoformat(asked.d) if asked.d else today
        steps = [
            {
                "text": cards.render(step.texte, date),
                "contacts": cards.contacts(step.contacts),
                "links": cards.links(step.liens),
            }
            for step in (rule.etapes[id_] for id_ in decode(asked.e, rule))
        ]
    except (ValueError, UnknownStep, UnknownAtDate):
        raise _NoSuchPlan from None
    return {
        "steps": steps,
        "sources": cards.sources(rule.sources),
        "checked": rule.verifie_le,
        "date": date,
    }


async def _page(name: str, values: Mapping[str, Any], status: HTTPStatus) -> web.Response:
    html = await asyncio.to_thread(lambda: _templates().get_template(name).render(values))
    return web.Response(
        text=html, status=status, content_type="text/html", charset="utf-8", headers=HEADERS
    )


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["typeset"] = typeset
    environment.filters["french_date"] = _long_date
    return environment


def typeset(text: str) -> str:
    """Return the text with the no-break spaces of French typography."""
    return BEFORE_MARKS.sub("\u00a0", text).replace("« ", "«\u00a0")


def _long_date(date: dt.date) -> str:
    """« 1er mai 2026 », with no break between the number and the month."""
    day, rest = french_date(date).split(" ", 1)
    return f"{'1er' if day == '1' else day}\u00a0{rest}"
