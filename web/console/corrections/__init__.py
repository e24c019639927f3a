"""Corrections: an analyst says what should have been understood, another agrees, it is exported.

`setup` adds the pages to the console. Nothing here writes in data/: the pages show a patch, and
`allobot corrections export --apply` makes it.
"""

from aiohttp import web
from sqlalchemy import Engine

from allobot.settings import Settings
from web.console.corrections.desk import Desk
from web.console.corrections.pages import CORRECTIONS, routes
from web.console.corrections.store import Corrections

__all__ = ["CORRECTIONS", "routes", "setup"]


def setup(app: web.Application, engine: Engine, settings: Settings) -> None:
    """Add the pages and what they use; opens no connection."""
    app[CORRECTIONS] = Desk(Corrections(engine, settings.tracker), settings.two_people)
    app.add_routes(routes)
