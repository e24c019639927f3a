"""The page of a plan, to print or to share: made from codes alone, it knows nobody.

No cookie is read or set, and no value of the address is shown: only our own texts are.
"""

import datetime as dt
from http import HTTPStatus
from typing import Annotated, Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from actions.eligibility.recap import PATH, UnknownStep, decode, find_rule
from actions.knowledge.errors import KnowledgeError, UnknownAtDate
from web.errors import TooManyRequests
from web.keys import CONTENT, SETTINGS
from web.knowledge import Content
from web.limits import limit_client
from web.logs import LOGGER, describe
from web.pages import page

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
        await limit_client(request, "pages")
        asked = _Asked.model_validate(dict(request.query))
        today = request.app[SETTINGS].today()
        plan = _plan(asked, await request.app[CONTENT].get(), today)
    except (ValidationError, _NoSuchPlan):
        return await page("recap_missing.html", {"failed": False}, HTTPStatus.NOT_FOUND)
    except TooManyRequests as error:
        later = await page("recap_missing.html", {"failed": True}, HTTPStatus.TOO_MANY_REQUESTS)
        later.headers["Retry-After"] = str(error.seconds)
        return later
    except KnowledgeError as error:
        LOGGER.error("recap: %s", describe(error))
        return await page("recap_missing.html", {"failed": True}, HTTPStatus.SERVICE_UNAVAILABLE)
    return await page("recap.html", plan, HTTPStatus.OK)


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
