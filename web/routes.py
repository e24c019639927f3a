"""Handlers of the conversation API."""

from collections.abc import Iterable

from aiohttp import web

from web.bodies import NewConversation, NewMessage, read_body
from web.errors import NoConversation
from web.keys import CONVERSATIONS, SESSIONS, SETTINGS
from web.limits import limit_client
from web.messages import Message
from web.privacy import information

routes = web.RouteTableDef()


@routes.post("/api/conversation")
async def open_conversation(request: web.Request) -> web.Response:
    """Open a conversation and greet; or give back the one the cookie names."""
    await read_body(request, NewConversation)
    conversations = request.app[CONVERSATIONS]
    conversation_id = request.app[SESSIONS].read(request)
    told = information(request.app[SETTINGS])
    if conversation_id is not None:
        try:
            history = await conversations.history(conversation_id)
        except NoConversation:
            pass
        else:
            return _answer(request, conversation_id, history, information=told)
    await limit_client(request, "openings")
    conversation_id, greeting = await conversations.open()
    return _answer(request, conversation_id, greeting, status=201, information=told)


@routes.get("/api/conversation")
async def read_conversation(request: web.Request) -> web.Response:
    """Give the whole history."""
    conversation_id = _session(request)
    history = await request.app[CONVERSATIONS].history(conversation_id)
    return _answer(request, conversation_id, history)


@routes.delete("/api/conversation")
async def erase_conversation(request: web.Request) -> web.Response:
    """Erase the conversation and the cookie; 204 too when there is nothing to erase."""
    conversation_id = request.app[SESSIONS].read(request)
    if conversation_id is not None:
        await request.app[CONVERSATIONS].erase(conversation_id)
    response = web.Response(status=204)
    request.app[SESSIONS].clear(response)
    return response


@routes.post("/api/conversation/messages")
async def say(request: web.Request) -> web.Response:
    """Take a message of the person and give the bot's answer."""
    body = await read_body(request, NewMessage)
    conversation_id = _session(request)
    answer = await request.app[CONVERSATIONS].answer(conversation_id, body.question())
    return _answer(request, conversation_id, answer)


def _session(request: web.Request) -> str:
    conversation_id = request.app[SESSIONS].read(request)
    if conversation_id is None:
        raise NoConversation
    return conversation_id


def _answer(
    request: web.Request,
    conversation_id: str,
    messages: Iterable[Message],
    status: int = 200,
    **more: str,
) -> web.Response:
    body = {"messages": [message.public() for message in messages], **more}
    response = web.json_response(body, status=status)
    request.app[SESSIONS].issue(response, conversation_id)
    return response
