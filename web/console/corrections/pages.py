"""The pages of corrections: one message, those like it, the list, the patch, a test of Rasa."""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from aiohttp import hdrs, web

from web.console.access import allowed, audit, current_user, form, now, see
from web.console.corrections.desk import Desk
from web.console.corrections.forms import KEY, BadField, read_keys, read_wanted
from web.console.corrections.patch import Patch, PatchError, Refusal
from web.console.corrections.store import (
    Correction,
    Etat,
    Nature,
    NotDecidable,
    SamePerson,
    Turn,
    Wanted,
)
from web.console.corrections.stories import story_of
from web.console.labels import subjects
from web.console.render import render
from web.console.showing import helpers
from web.errors import NotFound

LIST = "/console/corrections"
ONE_CLICK = 6  # subjects of the ranking offered as buttons
PAGE = 50
IN_A_GROUP = 150  # boxes: a form of the console holds 200 fields
ALIKE = 0.6  # ticked from this cosine on
MAX_MOTIF = 500

CORRECTIONS = web.AppKey("corrections", Desk)

routes = web.RouteTableDef()


@routes.get(LIST)
@allowed("analyste", "admin")
async def show_list(request: web.Request) -> web.Response:
    """Give the corrections of a state, the last first."""
    desk = request.app[CORRECTIONS]
    etat = next((it for it in Etat if it == request.query.get("etat")), None)
    before = request.query.get("avant", "")
    rows = await asyncio.to_thread(
        desk.store.page, etat, before=int(before) if KEY.fullmatch(before) else None, limit=PAGE + 1
    )
    values = {
        "rows": rows[:PAGE],
        "older": rows[PAGE - 1].id if len(rows) > PAGE else None,
        "etat": etat,
        "counts": await asyncio.to_thread(desk.store.counts),
    }
    return await render(request, "console_corrections.html", _values(values))


@routes.get(LIST + r"/tour/{turn:\d{1,18}}")
@allowed("analyste", "admin")
async def show_turn(request: web.Request) -> web.Response:
    """Give a message, what was understood, and what to say of it."""
    turn = await _turn(request)
    await audit(request, "lire_tour", f"tour:{turn.id}")
    return await _turn_page(request, turn)


@routes.post(LIST + r"/tour/{turn:\d{1,18}}")
@allowed("analyste", "admin")
async def correct(request: web.Request) -> web.Response:
    """Keep what an analyst says of a message."""
    desk, fields = request.app[CORRECTIONS], await form(request)
    turn = await _turn(request)
    intents = await asyncio.to_thread(desk.intents)
    try:
        wanted = read_wanted(fields, intents, turn.text)
    except BadField as error:
        return await _turn_page(request, turn, error.code, HTTPStatus.BAD_REQUEST)
    made = await _propose(request, [turn.id], wanted)
    return see(f"{LIST}/tour/{turn.id}?fait={'proposee' if made else 'efface'}")


@routes.get(LIST + r"/groupe/{turn:\d{1,18}}")
@allowed("analyste", "admin")
async def show_group(request: web.Request) -> web.Response:
    """Give the messages that nobody corrected and that are like one."""
    turn = await _turn(request)
    await audit(request, "lire_groupe", f"tour:{turn.id}")
    return await _group_page(request, turn)


@routes.post(LIST + r"/groupe/{turn:\d{1,18}}")
@allowed("analyste", "admin")
async def correct_group(request: web.Request) -> web.Response:
    """Say the same of every message that is ticked."""
    desk, fields = request.app[CORRECTIONS], await form(request)
    turn = await _turn(request)
    intents = await asyncio.to_thread(desk.intents)
    ids = read_keys(fields.getall("tour", []))
    try:
        wanted = read_wanted(fields, intents, "")
        if not ids:
            raise BadField("aucun")
    except BadField as error:
        return await _group_page(request, turn, error.code, HTTPStatus.BAD_REQUEST)
    await _propose(request, ids, wanted)
    return see(f"{LIST}?etat={Etat.PROPOSED}&fait=proposees")


@routes.post(LIST + "/decision")
@allowed("analyste", "admin")
async def decide(request: web.Request) -> web.Response:
    """Agree to the corrections that are ticked, or reject them."""
    fields = await form(request)
    ids = read_keys(fields.getall("correction", []))
    motif = fields.get("motif", "").strip()[:MAX_MOTIF] or None
    done = refused = 0
    for correction_id in ids:
        try:
            await _decide(request, correction_id, agree=fields.get("faire") == "valider", why=motif)
            done += 1
        except (SamePerson, NotDecidable):
            refused += 1
    told = "aucune" if not ids else "en_partie" if refused else "decidees"
    return see(f"{LIST}?etat={Etat.PROPOSED}&fait={told}")


@routes.get(LIST + "/patch")
@allowed("analyste", "admin")
async def show_patch(request: web.Request) -> web.Response:
    """Give what the agreed corrections change in the training data."""
    patch = await _patch(request)
    values = {
        "patch": patch,
        "diff": patch.diff().split("\n") if patch else [],
        "counts": patch.counts() if patch else {},
        "Refusal": Refusal,
        "new": [
            row
            for row in await asyncio.to_thread(request.app[CORRECTIONS].store.page, Etat.AGREED)
            if row.wanted.nature is Nature.NEW
        ],
    }
    return await render(request, "console_patch.html", _values(values))


@routes.get(LIST + "/corrections.diff")
@allowed("analyste", "admin")
async def download_patch(request: web.Request) -> web.Response:
    """Give the patch as a file."""
    patch = await _patch(request)
    if patch is None:
        raise NotFound
    await audit(request, "telecharger_corrections", "data/nlu", f"{len(patch.added)} exemples")
    return _file(patch.diff(), "corrections.diff", "text/x-diff")


@routes.post(LIST + "/exportees")
@allowed("analyste", "admin")
async def note_exported(request: web.Request) -> web.Response:
    """Note as exported the corrections that the training data already holds."""
    patch = await _patch(request)
    there = patch.there() if patch else []
    count = await asyncio.to_thread(request.app[CORRECTIONS].store.exported, there, now())
    await audit(request, "corrections_exportees", "data/nlu", f"{count} corrections")
    return see(f"{LIST}/patch?fait={'exportees' if count else 'rien'}")


@routes.get(LIST + "/histoire/{conversation}.yml")
@allowed("analyste", "admin")
async def download_story(request: web.Request) -> web.Response:
    """Give a conversation as a test of Rasa."""
    conversation = request.match_info["conversation"]
    found = await asyncio.to_thread(request.app[CORRECTIONS].store.events, conversation)
    story = story_of(found.events, found.corrected, subjects=frozenset(subjects()))
    if story is None:
        raise NotFound
    await audit(request, "conversation_en_test", conversation[:200])
    return _file(story.yaml, story.file.rpartition("/")[2], "application/yaml")


async def _propose(request: web.Request, ids: list[int], wanted: Wanted) -> dict[int, int]:
    login = current_user(request).login
    made = await asyncio.to_thread(
        request.app[CORRECTIONS].store.propose, ids, wanted, login, now()
    )
    for turn_id, correction_id in made.items():
        detail = f"tour:{turn_id} {wanted.nature} {wanted.intent or ''}".strip()
        await audit(request, "correction_proposee", f"correction:{correction_id}", detail)
    return made


async def _decide(request: web.Request, key: int, *, agree: bool, why: str | None) -> None:
    """Agree or reject. Raises SamePerson, NotDecidable."""
    desk, login = request.app[CORRECTIONS], current_user(request).login
    if agree:
        known = await asyncio.to_thread(
            lambda: desk.store.agree(key, login, now(), two_people=desk.two_people)
        )
    else:
        known = await asyncio.to_thread(desk.store.reject, key, login, now(), why)
    action = "correction_validee" if agree else "correction_rejetee"
    await audit(request, action, f"correction:{key}", f"tour:{known.turn_id}")


def _may_agree(request: web.Request, row: Correction) -> bool:
    alone = request.app[CORRECTIONS].two_people and row.author == current_user(request).login
    return row.etat is Etat.PROPOSED and not alone


async def _turn(request: web.Request) -> Turn:
    """Return the message of the address. Raises NotFound."""
    turn_id = int(request.match_info["turn"])
    turn = await asyncio.to_thread(request.app[CORRECTIONS].store.turn, turn_id)
    if turn is None:
        raise NotFound
    return turn


async def _turn_page(
    request: web.Request, turn: Turn, error: str = "", status: int = HTTPStatus.OK
) -> web.Response:
    desk = request.app[CORRECTIONS]
    correction = await asyncio.to_thread(desk.store.of_turn, turn.id)
    intents = await asyncio.to_thread(desk.intents)
    values = {
        "turn": turn,
        "correction": correction,
        "may_agree": correction is not None and _may_agree(request, correction),
        "offered": [(name, sure) for name, sure in turn.ranking if name in intents][:ONE_CLICK],
        "intents": intents,
        "entities": correction.wanted.entities if correction else turn.entities,
        "error": error,
    }
    return await render(request, "console_correction.html", _values(values), status)


async def _group_page(
    request: web.Request, turn: Turn, error: str = "", status: int = HTTPStatus.OK
) -> web.Response:
    desk = request.app[CORRECTIONS]
    found = await asyncio.to_thread(desk.similar, turn.text)
    scores = {it.key: it.score for it in found[:IN_A_GROUP]}
    scores.setdefault(turn.id, 1.0)
    ids = sorted(scores, key=lambda key: (key != turn.id, -scores[key]))
    rows = await asyncio.to_thread(desk.store.turns, ids[:IN_A_GROUP])
    values = {
        "turn": turn,
        "rows": [(row, scores[row.id], scores[row.id] >= ALIKE) for row in rows],
        "offered": turn.ranking[:ONE_CLICK],
        "intents": await asyncio.to_thread(desk.intents),
        "error": error,
    }
    return await render(request, "console_group.html", _values(values), status)


async def _patch(request: web.Request) -> Patch | None:
    """Return the patch; None when a file of data/nlu cannot be changed safely."""
    try:
        return await asyncio.to_thread(request.app[CORRECTIONS].patch)
    except PatchError:
        return None


def _values(values: Mapping[str, Any]) -> dict[str, Any]:
    return {**helpers(), "Nature": Nature, "Etat": Etat, **values}


def _file(text: str, name: str, kind: str) -> web.Response:
    return web.Response(
        body=text.encode("utf-8"),
        content_type=kind,
        charset="utf-8",
        headers={hdrs.CONTENT_DISPOSITION: f"attachment; filename*=UTF-8''{quote(name)}"},
    )
