"""Health: is the gateway alive, and can it serve."""

import asyncio

import aiohttp
from aiohttp import ClientTimeout, web

from web.errors import StoreUnavailable
from web.keys import HTTP_CLIENT, SETTINGS, STORE

SECONDS = 2.0
RASA_GREETING = "Hello from Rasa"

routes = web.RouteTableDef()


@routes.get("/health/live")
async def live(_request: web.Request) -> web.Response:
    """Answer, which is the proof."""
    return web.json_response({"status": "ok"})


@routes.get("/health/ready")
async def ready(request: web.Request) -> web.Response:
    """Ask Rasa, the action server and the database together, 2 s each at most."""
    settings = request.app[SETTINGS]
    rasa, actions, database = await asyncio.gather(
        _answers(request, f"http://127.0.0.1:{settings.rasa_port}/", RASA_GREETING),
        _answers(request, f"http://127.0.0.1:{settings.actions_port}/health", ""),
        _database_answers(request),
    )
    body = {"rasa": rasa, "actions": actions, "database": database}
    return web.json_response(body, status=200 if all(body.values()) else 503)


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
