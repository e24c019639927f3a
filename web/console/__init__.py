"""The analyst console: how the bot is doing, what to read first, and who may.

Why it is so: docs/decisions/0017-console.md.
"""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator

from aiohttp import web
from sqlalchemy import Engine

from allobot.settings import Settings


def setup(app: web.Application, engine: Engine, settings: Settings) -> None:
    """Add the pages of the console to the gateway, and what they use; opens no connection.

    The engine stays the caller's. Raises OSError or BadKey when a key cannot be made or read.
    """
    # Imported here: the pages import this package.
    from actions.appointments.desk import Desk
    from web.console import (
        admin,
        appointments_page,
        conversations,
        corrections,
        dashboard,
        export,
        queue,
        signin,
    )
    from web.console.access import csrf_key
    from web.console.keys import CONSOLE_USERS, CONVERSATION_LOG, CSRF_KEY, DESK
    from web.console.render import console_errors
    from web.console.users import Users
    from web.conversation_log.queries import ConversationLog

    async def desk(app: web.Application) -> AsyncIterator[None]:
        """Read data/ when the gateway starts, as nothing reads it before."""
        app[DESK] = await asyncio.to_thread(Desk.open, settings, engine)
        yield

    idle = dt.timedelta(minutes=settings.console_minutes)
    app[CONSOLE_USERS] = Users(engine, settings.vault_keys(), idle)
    app[CONVERSATION_LOG] = ConversationLog(engine)
    app[CSRF_KEY] = csrf_key(settings.signing_key())
    app.cleanup_ctx.append(desk)
    app.middlewares.insert(1, console_errors)  # inside json_errors, around everything else
    for module in (signin, admin, dashboard, queue, conversations, export, appointments_page):
        app.add_routes(module.routes)
    corrections.setup(app, engine, settings)
