"""What the application holds, under typed keys."""

from aiohttp import ClientSession, web

from allobot.settings import Settings
from web.conversations.service import Conversations, Reception
from web.conversations.store import ConversationStore
from web.knowledge import LazyContent
from web.session import Sessions

SETTINGS = web.AppKey("settings", Settings)
SESSIONS = web.AppKey("sessions", Sessions)
STORE = web.AppKey("store", ConversationStore)
HTTP_CLIENT = web.AppKey("http_client", ClientSession)
CONVERSATIONS = web.AppKey("conversations", Conversations)
RECEPTION = web.AppKey("reception", Reception)
CONTENT = web.AppKey("content", LazyContent)
