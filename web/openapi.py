"""Serves the description of the API, written by hand in openapi.yml, as JSON."""

from functools import cache
from pathlib import Path
from typing import Any

from aiohttp import web
from ruamel.yaml import YAML

from actions.eligibility.rules import RULES, Rule
from web.eligibility import PATH as ELIGIBILITY

FILE = Path(__file__).with_name("openapi.yml")

routes = web.RouteTableDef()


@cache
def description() -> dict[str, Any]:
    """Return the description, read once, with one path for each rule."""
    document: dict[str, Any] = YAML(typ="safe", pure=True).load(FILE)
    common = document["paths"].pop(ELIGIBILITY)["post"]
    schemas = document["components"]["schemas"]
    for name, rule in RULES.items():
        document["paths"][ELIGIBILITY.format(rule=name)] = {"post": _estimate(common, rule)}
        situation = rule.schema(f"#/components/schemas/{name}.{{model}}")
        definitions = situation.pop("$defs", {})
        schemas |= {f"{name}.{model}": shape for model, shape in definitions.items()}
        facts = schemas["Facts"]
        schemas[name] = {**facts, "properties": {**facts["properties"], "situation": situation}}
    return document


def _estimate(common: dict[str, Any], rule: Rule) -> dict[str, Any]:
    reference = {"$ref": f"#/components/schemas/{rule.name}"}
    content = {"application/json": {"schema": reference}}
    body = {**common["requestBody"], "content": content}
    return {**common, "operationId": f"estimate_{rule.name}", "requestBody": body}


@routes.get("/api/openapi.json")
async def openapi(_request: web.Request) -> web.Response:
    """Give the description."""
    return web.json_response(description())
