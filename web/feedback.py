"""What a person thinks of an answer: useful or not, and why."""

from typing import Annotated, Literal
from uuid import UUID

from aiohttp import web
from pydantic import AfterValidator

from web.bodies import Body, read_body
from web.conversations.store import Feedback
from web.errors import NoConversation
from web.keys import CONVERSATIONS, SESSIONS

Reason = Literal["faux", "pas_clair", "trop_long", "ne_repond_pas"]

routes = web.RouteTableDef()


def _each_once(reasons: list[Reason]) -> list[Reason]:
    if len(set(reasons)) != len(reasons):
        raise ValueError("each reason once")
    return reasons


class Opinion(Body):
    """`{"message", "useful", "reasons"}`; reasons may be left out."""

    message: UUID
    useful: bool
    reasons: Annotated[list[Reason], AfterValidator(_each_once)] = []


@routes.post("/api/conversation/feedback")
async def give_feedback(request: web.Request) -> web.Response:
    """Keep an opinion on a message of the bot; the last one wins."""
    body = await read_body(request, Opinion)
    sessions = request.app[SESSIONS]
    conversation_id = sessions.read(request)
    if conversation_id is None:
        raise NoConversation
    feedback = Feedback(str(body.message), body.useful, tuple(body.reasons))
    await request.app[CONVERSATIONS].give_feedback(conversation_id, feedback)
    response = web.Response(status=204)
    sessions.issue(response, conversation_id)
    return response
