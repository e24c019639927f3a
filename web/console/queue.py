"""What to read first, one analyst at a time.

Showing a turn claims it for 15 minutes: another analyst's page leaves it out.
"""

import asyncio
import datetime as dt
import re
from typing import Any
from urllib.parse import quote, urlencode

from aiohttp import web
from multidict import MultiMapping

from web.console.access import allowed, audit, current_user, form, now, see
from web.console.keys import CONVERSATION_LOG
from web.console.render import render
from web.console.showing import helpers
from web.conversation_log.queries import BadCursor, ConversationLog, QueueRow, Turn
from web.conversation_log.reviews import CLAIM, Etat
from web.errors import InvalidMessage, NotFound

PATH = "/console/a-lire"
CONVERSATIONS = "/console/conversations"
SHOWN = 10
LOOKED_AT = 5  # pages of the queue, when others claim faster than it is read
MAX_TAG = 40
MAX_NOTE = 2000
NUMBER = re.compile(r"[0-9]{1,9}")  # of a turn
STATES: tuple[Etat, ...] = ("vu", "plus_tard", "signale")

routes = web.RouteTableDef()


@routes.get(PATH)
@allowed("analyste", "admin")
async def show(request: web.Request) -> web.Response:
    """Give the first turns to read, now claimed, and say what was just done."""
    log, reviewer, moment = request.app[CONVERSATION_LOG], current_user(request).login, now()
    cursor = request.query.get("suite") or None
    try:
        rows, following = await asyncio.to_thread(_claimed, log, cursor, reviewer, moment)
    except BadCursor:
        return see(PATH)
    if rows:
        numbers = " ".join(str(row.id) for row in rows)
        await audit(request, "file_lue", f"{len(rows)} tours", numbers[:500])
    values: dict[str, Any] = {
        **helpers(),
        "rows": rows,
        "following": f"{PATH}?{urlencode({'suite': following})}" if following else None,
        "begun": cursor is not None,
        "suite": cursor or "",
        "claimed_until": moment + CLAIM,
        "known_tags": await asyncio.to_thread(log.tags),
        "max_tag": MAX_TAG,
        "max_note": MAX_NOTE,
        "done": await _done(request),
    }
    return await render(request, "console_queue.html", values)


@routes.post(PATH + "/{turn:[0-9]{1,9}}")
@allowed("analyste", "admin")
async def review(request: web.Request) -> web.Response:
    """Do what a button of a turn says: a state, a tag, a note; then back to where it was."""
    fields = await form(request)
    turn_id = int(request.match_info["turn"])
    if not await asyncio.to_thread(_do, request, turn_id, fields.get("faire"), fields):
        raise NotFound
    done = str(fields.get("faire"))
    await audit(request, f"tour_{done}", str(turn_id))
    return see(_way_back(fields, turn_id, done))


def _claimed(
    log: ConversationLog, cursor: str | None, reviewer: str, moment: dt.datetime
) -> tuple[list[QueueRow], str | None]:
    """Return the turns that are this analyst's from now on, and the cursor of those after."""
    rows: list[QueueRow] = []
    for _ in range(LOOKED_AT):
        page = log.queue(cursor, SHOWN - len(rows), reviewer=reviewer, now=moment)
        rows += [row for row in page.rows if log.claim(row.id, reviewer, moment)]
        cursor = page.next
        if cursor is None or len(rows) >= SHOWN:
            break
    return rows, cursor


def _do(request: web.Request, turn_id: int, wanted: str | None, fields: MultiMapping[str]) -> bool:
    """Write what is asked; False when the turn is no more. Raises InvalidMessage."""
    log, user, moment = request.app[CONVERSATION_LOG], current_user(request).login, now()
    state = next((state for state in STATES if state == wanted), None)
    if state is not None:
        return log.review(turn_id, user, state, moment)
    tag = " ".join(_plain(fields.get("tag", "")).split())
    note = _plain(fields.get("note", "")).strip()
    if wanted == "etiquette" and 0 < len(tag) <= MAX_TAG:
        return log.tag(turn_id, tag, user, moment)
    if wanted == "retire" and 0 < len(tag) <= MAX_TAG:
        return log.untag(turn_id, tag) or log.turn(turn_id) is not None
    if wanted == "note" and 0 < len(note) <= MAX_NOTE:
        return log.note(turn_id, user, note, moment)
    raise InvalidMessage


def _plain(text: str) -> str:
    """Return a text without what a database refuses: NUL, half of a character."""
    return text.replace("\x00", "").replace("\r\n", "\n").encode("utf-8", "ignore").decode("utf-8")


def _way_back(fields: MultiMapping[str], turn_id: int, done: str) -> str:
    """Return the page the form was on: the queue, or the turn's conversation."""
    conversation = fields.get("conversation", "")
    if conversation:
        return f"{CONVERSATIONS}/{quote(conversation, safe='')}?fait={done}#tour-{turn_id}"
    asked = {"fait": done, "tour": str(turn_id)}
    if fields.get("suite"):
        asked["suite"] = fields["suite"]
    return f"{PATH}?{urlencode(asked)}" + ("" if done in STATES else f"#tour-{turn_id}")


async def _done(request: web.Request) -> Turn | None:
    """Return the turn that was just put aside, so that a slip of the hand can be mended."""
    number = request.query.get("tour", "")
    if request.query.get("fait") not in STATES or not NUMBER.fullmatch(number):
        return None
    return await asyncio.to_thread(request.app[CONVERSATION_LOG].turn, int(number))
