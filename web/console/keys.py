"""What the console holds in the application, under typed keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from web.console.people import User
from web.console.users import Users

if TYPE_CHECKING:
    from actions.appointments.desk import Desk
    from web.conversation_log.queries import ConversationLog

CONSOLE_USERS = web.AppKey("console_users", Users)
CONVERSATION_LOG: web.AppKey[ConversationLog] = web.AppKey("conversation_log")
DESK: web.AppKey[Desk] = web.AppKey("console_desk")
CSRF_KEY = web.AppKey("console_csrf_key", bytes)
SIGNED_IN = web.RequestKey("console_signed_in", User)
