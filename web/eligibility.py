"""The rules without dialogue: facts in, an estimation out. Nothing is kept."""

import datetime as dt
from functools import partial
from typing import Any

from aiohttp import web
from pydantic import Field

from actions.eligibility.estimates import estimate
from actions.eligibility.rules import RULES, InvalidSituation
from web.bodies import Body, read_body
from web.errors import InvalidFacts, error_response
from web.keys import CONTENT, SETTINGS

PATH = "/api/eligibility/{rule}"


class Facts(Body):
    """`{"situation": {…}, "date": "2025-10-06"}`; the date is the day's when absent."""

    situation: dict[str, Any] = Field(max_length=40)
    date: dt.date | None = None


async def decide(request: web.Request, *, rule: str) -> web.Response:
    """Estimate a right."""
    body = await read_body(request, Facts)
    content = await request.app[CONTENT].get()
    date = body.date or request.app[SETTINGS].today()
    try:
        found = estimate(
            rule, body.situation, date, content.rules, content.cards, content.sentences
        )
    except InvalidSituation as error:
        return error_response(InvalidFacts, fields=error.fields)
    return web.json_response(found.public())


routes = [web.post(PATH.format(rule=name), partial(decide, rule=name)) for name in RULES]
