"""Serves the description of the API, written by hand in openapi.yml, as JSON."""

from functools import cache
from pathlib import Path
from typing import Any

from aiohttp import web
from ruamel.yaml import YAML

FILE = Path(__file__).with_name("openapi.yml")

routes = web.RouteTableDef()


@cache
def description() -> dict[str, Any]:
    """Return the description, read once."""
    document: dict[str, Any] = YAML(typ="safe", pure=True).load(FILE)
    return document


@routes.get("/api/openapi.json")
async def openapi(_request: web.Request) -> web.Response:
    """Give the description."""
    return web.json_response(description())
