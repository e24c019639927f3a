"""The conversations: a filtered list, then one of them with what was understood and why."""

import asyncio
import re
from collections.abc import Callable
from typing import Any

from aiohttp import web

from web.console.access import allowed, audit, see
from web.console.filters import HUNDRED, MAX_WORDS, address, fields, read_filters
from web.console.keys import CONVERSATION_LOG
from web.console.labels import labels, subjects
from web.console.queue import MAX_NOTE, MAX_TAG
from web.console.render import render
from web.console.showing import helpers
from web.conversation_log.queries import BadCursor, Filters, Page
from web.errors import NotFound

PATH = "/console/conversations"
SHOWN = 50
TRAIL = "."  # between the cursors of the pages already seen
MAX_TRAIL = 30  # pages one can go back through
MESSAGES = "messages"  # the other list: one line a message
IDS = re.compile(r"[!-~]{1,255}")

routes = web.RouteTableDef()


@routes.get(PATH)
@allowed("analyste", "admin")
async def show_list(request: web.Request) -> web.Response:
    """Give a page of the conversations, or of the messages, that the address asks for."""
    filters, log = read_filters(request.query), request.app[CONVERSATION_LOG]
    by_message = request.query.get("vue") == MESSAGES
    kept = {**fields(filters), **({"vue": MESSAGES} if by_message else {})}
    cursor, trail = request.query.get("suite") or None, _trail(request)
    read: Callable[..., Page[Any]] = log.turns if by_message else log.conversations
    try:
        page = await asyncio.to_thread(read, filters, cursor, SHOWN)
    except BadCursor:
        return see(address(PATH, kept))
    await audit(request, "liste_lue", MESSAGES if by_message else "conversations", used(filters))
    values: dict[str, Any] = {
        **helpers(),
        **choices_of_filters(),
        "filters": filters,
        "chosen": fields(filters),
        "by_message": by_message,
        "rows": page.rows,
        "known_tags": await asyncio.to_thread(log.tags),
        "as_messages": address(PATH, {**fields(filters), "vue": MESSAGES}),
        "as_conversations": address(PATH, fields(filters)),
        "export": address("/console/export", fields(filters)),
        "newer": _newer(kept, cursor, trail),
        "older": _older(kept, cursor, trail, page.next),
    }
    return await render(request, "console_conversations.html", values)


@routes.get(PATH + "/{conversation}")
@allowed("analyste", "admin")
async def show_one(request: web.Request) -> web.Response:
    """Give a conversation; who read it is in the audit trail."""
    conversation_id = request.match_info["conversation"]
    if not IDS.fullmatch(conversation_id):
        raise NotFound
    log = request.app[CONVERSATION_LOG]
    conversation = await asyncio.to_thread(log.conversation, conversation_id)
    if conversation is None:
        raise NotFound
    await audit(request, "conversation_lue", conversation_id[:200])
    values: dict[str, Any] = {
        **helpers(),
        "conversation": conversation,
        "known_tags": await asyncio.to_thread(log.tags),
        "max_tag": MAX_TAG,
        "max_note": MAX_NOTE,
    }
    return await render(request, "console_conversation.html", values)


def choices_of_filters() -> dict[str, Any]:
    """Return what the lists of a filter form offer."""
    known = labels()
    names = sorted({**subjects(), **known.intentions}.items(), key=lambda item: item[1].casefold())
    return {
        "subject_choices": names,
        "state_choices": known.lectures.items(),
        "thumb_choices": known.avis.items(),
        "max_words": MAX_WORDS,
        "max_tag": MAX_TAG,
        "hundred": HUNDRED,
    }


def used(filters: Filters) -> str:
    """Return the filters in use, for the audit trail; never the words looked for."""
    shown = {name: value for name, value in fields(filters).items() if name != "texte"}
    words = ["texte"] if filters.texte else []
    return " ".join([*(f"{name}={value}" for name, value in shown.items()), *words])[:500]


# ---- pages: a cursor only goes to older rows, the trail holds those of the pages before


def _trail(request: web.Request) -> list[str]:
    return [cursor for cursor in request.query.get("avant", "").split(TRAIL) if cursor]


def _newer(kept: dict[str, str], cursor: str | None, trail: list[str]) -> str | None:
    """Return the address of the page before; the first when the trail is lost."""
    if cursor is None:
        return None
    if not trail:
        return address(PATH, kept)
    back = {"suite": trail[-1], "avant": TRAIL.join(trail[:-1])}
    return address(PATH, kept, {name: value for name, value in back.items() if value})


def _older(
    kept: dict[str, str], cursor: str | None, trail: list[str], following: str | None
) -> str | None:
    if following is None:
        return None
    seen = [*trail, cursor][-MAX_TRAIL:] if cursor else []
    onward = {"suite": following, "avant": TRAIL.join(seen)}
    return address(PATH, kept, {name: value for name, value in onward.items() if value})
