"""The gateway's application, made from its settings."""

import asyncio
from collections.abc import AsyncIterator

from aiohttp import ClientSession, DummyCookieJar, TCPConnector, web
from sqlalchemy import Engine

from allobot.database import make_engine, upgrade
from allobot.masking.logs import mask_logs
from allobot.settings import Settings
from web import (
    appointments,
    assistant,
    console,
    eligibility,
    feedback,
    files,
    health,
    metrics,
    openapi,
    privacy,
    recap,
    routes,
)
from web.appointments import DatabaseReception
from web.assistant import FORM_TOKENS, FormTokens, pages
from web.bodies import MAX_BYTES
from web.conversation_log.following import follow
from web.conversations.service import Conversations
from web.conversations.sql_store import SqlStore
from web.conversations.store import ConversationStore
from web.conversations.tracker_events import has_heard
from web.embed import answer_preflight
from web.errors import json_errors
from web.keys import CONTENT, CONVERSATIONS, HTTP_CLIENT, RECEPTION, SESSIONS, SETTINGS, STORE
from web.knowledge import LazyContent
from web.limits import LIMITS, Limits, limit
from web.rasa_client import RasaClient
from web.retention import retention
from web.security import add_headers, guard
from web.sentences import sentences
from web.session import Sessions


def make_app(
    settings: Settings,
    store: ConversationStore | None = None,
    content: LazyContent | None = None,
) -> web.Application:
    """Return the application. Opens no connection and reads nothing of data/.

    `store` replaces the database, and `content` what data/ says (tests).

    Raises pydantic.ValidationError when sentences.yml does not fit, OSError or ValueError when
    the signing key cannot be made or read.
    """
    sentences()
    mask_logs()
    app = web.Application(
        middlewares=[json_errors, pages, answer_preflight, limit, guard], client_max_size=MAX_BYTES
    )
    app[SETTINGS] = settings
    key = settings.signing_key()
    app[LIMITS] = Limits(settings, key)
    app.on_cleanup.append(app[LIMITS].close)
    app[SESSIONS] = Sessions(
        key,
        settings.session_minutes,
        secure=settings.cookie_secure,
        embedded=bool(settings.embed_origins),
    )
    app[FORM_TOKENS] = FormTokens(key, settings.session_minutes)
    app[CONTENT] = content or LazyContent()
    engine = make_engine(settings.database_url)
    if store is None:
        app.cleanup_ctx.append(lambda app: _database(app, engine))
    else:
        app[STORE] = store
    app.cleanup_ctx.append(_rasa)
    app.cleanup_ctx.append(retention)
    app.cleanup_ctx.append(follow)
    app.on_response_prepare.append(add_headers)
    for module in (
        routes,
        appointments,
        feedback,
        assistant,
        recap,
        health,
        openapi,
        files,
        eligibility,
        privacy,
    ):
        app.add_routes(module.routes)
    console.setup(app, engine, settings)
    token = settings.metrics_token
    metrics.setup(app, token.get_secret_value() if token else None)
    return app


async def _database(app: web.Application, engine: Engine) -> AsyncIterator[None]:
    """Bring the schema up to date, then use the engine while the gateway runs."""
    await asyncio.to_thread(upgrade, app[SETTINGS].database_url)
    app[STORE] = SqlStore(engine)
    app[RECEPTION] = await asyncio.to_thread(DatabaseReception, engine, app[SETTINGS], app[LIMITS])
    yield
    await asyncio.to_thread(engine.dispose)


async def _rasa(app: web.Application) -> AsyncIterator[None]:
    """Hold the client session; one connection a message, as Rasa closes the idle ones in 5 s."""
    settings = app[SETTINGS]
    tracker = settings.tracker

    async def heard(sender: str, message: str | None) -> bool:
        return await asyncio.to_thread(has_heard, tracker, sender, message)

    connector = TCPConnector(force_close=True, limit=0)
    async with ClientSession(connector=connector, cookie_jar=DummyCookieJar()) as session:
        app[HTTP_CLIENT] = session
        rasa = RasaClient(session, settings.rasa_addresses, settings.rasa_timeout, heard)
        bot = metrics.MeasuredBot(rasa, app[metrics.METRICS])
        conversations = Conversations(app[STORE], bot, tracker, app.get(RECEPTION))
        app[CONVERSATIONS] = conversations
        yield
        await conversations.close()
