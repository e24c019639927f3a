"""Pages of HTML, made from the templates."""

import asyncio
import datetime as dt
import re
from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from pathlib import Path
from types import MappingProxyType
from typing import Any

from aiohttp import hdrs, web
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from actions.cards import french_date

TEMPLATES = Path(__file__).parent / "templates"
HEADERS = MappingProxyType({hdrs.CACHE_CONTROL: "no-store", "X-Robots-Tag": "noindex"})
BEFORE_MARKS = re.compile(r" (?=[:;?!»%€])")
PHONES = re.compile(r"\b(3230|3919)\b(?!\s*€)")  # "3230", but not "3230 €"


async def page(name: str, values: Mapping[str, Any], status: int = HTTPStatus.OK) -> web.Response:
    """Return the page of a template."""
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
    environment.filters["with_phones"] = with_phones
    environment.filters["french_date"] = _long_date
    return environment


def typeset(text: str) -> str:
    """Return the text with the no-break spaces of French typography."""
    return BEFORE_MARKS.sub("\u00a0", text).replace("« ", "«\u00a0")


def with_phones(text: str) -> Markup:
    """Return the text, typeset and escaped, whose short phone numbers can be called."""
    return Markup(PHONES.sub(r'<a href="tel:\1">\1</a>', str(escape(typeset(text)))))


def _long_date(date: dt.date | str) -> str:
    """« 1er mai 2026 », with no break between the number and the month; a date may be ISO text."""
    known = dt.date.fromisoformat(date) if isinstance(date, str) else date
    day, rest = french_date(known).split(" ", 1)
    return f"{day}\u00a0{rest}"
