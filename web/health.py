"""Health: is the gateway alive, and can it serve."""

import asyncio
from collections.abc import Sequence

import aiohttp
from aiohttp import ClientTimeout, web

from web.errors import StoreUnavailable
from web.keys import HTTP_CLIENT, SETTINGS, STORE

SECONDS = 2.0
BEGINNINGS = {"rasa": "Hello from Rasa", "actions": ""}  # of what each part answers

routes = web.RouteTableDef()


@routes.get("/health/live")
async def live(_request: web.Request) -> web.Response:
    """Answer, which is the proof."""
    return web.json_response({"status": "ok"})


@routes.get("/health/ready")
async def ready(request: web.Request) -> web.Response:
    """Ask every Rasa, every action server and the database together, 2 s each at most.

    One of each is enough to serve; with several, `replicas` names those that do not answer.
    """
    settings = request.app[SETTINGS]
    asked = {
        **_named("rasa", [f"{url}/" for url in settings.rasa_addresses]),
        **_named("actions", [f"{url}/health" for url in settings.actions_addresses]),
    }
    database, *answers = await asyncio.gather(
        _database_answers(request),
        *(_answers(request, url, BEGINNINGS[part]) for part, url in asked.values()),
    )
    replicas = dict(zip(asked, answers, strict=True))
    parts = {
        part: any(replicas[name] for name, (its, _) in asked.items() if its == part)
        for part in BEGINNINGS
    }
    body: dict[str, object] = {**parts, "database": database}
    if len(replicas) > len(BEGINNINGS):
        body["replicas"] = replicas
    return web.json_response(body, status=200 if all(parts.values()) and database else 503)


def _named(part: str, urls: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Return the part and the URL of each replica, under a name that tells no address."""
    return {f"{part}-{number}": (part, url) for number, url in enumerate(urls, start=1)}


async def _answers(request: web.Request, url: str, beginning: str) -> bool:
    session = request.app[HTTP_CLIENT]
    try:
        async with session.get(
            url, timeout=ClientTimeout(total=SECONDS), allow_redirects=False
        ) as response:
            text = await response.text(errors="replace")
            return response.status == 200 and text.startswith(beginning)
    except (aiohttp.ClientError, TimeoutError):
        return False


async def _database_answers(request: web.Request) -> bool:
    try:
        await asyncio.wait_for(request.app[STORE].ping(), SECONDS)
    except (StoreUnavailable, TimeoutError):
        return False
    return True
