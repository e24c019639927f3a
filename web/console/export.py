"""A filtered set of messages as a file: CSV or Parquet, written and sent a batch at a time."""

import asyncio
import datetime as dt
import hashlib
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any

from aiohttp import hdrs, web
from sqlalchemy.exc import SQLAlchemyError

from web.console.access import allowed, audit
from web.console.conversations import choices_of_filters, used
from web.console.filters import fields, read_filters
from web.console.keys import CONVERSATION_LOG
from web.console.labels import subject
from web.console.periods import OLDEST
from web.console.render import render
from web.console.showing import helpers
from web.console.tables import Column, CsvWriter, ParquetWriter, Row, Writer
from web.conversation_log.queries import ConversationLog, Filters, TurnRow
from web.keys import SETTINGS
from web.logs import LOGGER, describe

PATH = "/console/export"
DICTIONARY = Path(__file__).parents[2] / "docs" / "dictionnaire-des-donnees.md"
MAX_ROWS = 200_000
BATCH = 2_000
PSEUDONYM = 16  # hexadecimal digits

FORMATS: dict[str, tuple[Callable[[tuple[Column, ...]], Writer], str]] = {
    "csv": (CsvWriter, "text/csv"),
    "parquet": (ParquetWriter, "application/vnd.apache.parquet"),
}

COLUMNS: tuple[tuple[Column, Callable[[TurnRow], Any]], ...] = (
    (Column("tour", "entier"), lambda turn: turn.id),
    (Column("conversation", "texte"), lambda turn: pseudonym(turn.conversation_id)),
    (Column("moment", "moment"), lambda turn: _utc(turn.at)),
    (Column("texte", "texte"), lambda turn: turn.text),
    (Column("intention", "texte"), lambda turn: turn.intent),
    (Column("sujet", "texte"), lambda turn: subject(turn.intent)),
    (Column("confiance", "nombre"), lambda turn: turn.confidence),
    (Column("marge", "nombre"), lambda turn: turn.margin),
    (Column("bande", "texte"), lambda turn: turn.band),
    (Column("resultat", "texte"), lambda turn: turn.outcome),
    (Column("procedure", "texte"), lambda turn: turn.procedure),
    (Column("caf", "texte"), lambda turn: turn.caf),
    (Column("utile", "oui_non"), lambda turn: turn.feedback),
    (Column("raisons", "liste"), lambda turn: turn.reasons),
    (Column("reformulation", "oui_non"), lambda turn: turn.reformulation),
    (Column("priorite", "nombre"), lambda turn: turn.priority),
    (Column("raisons_priorite", "liste"), lambda turn: turn.priority_reasons),
    (Column("etat", "texte"), lambda turn: turn.etat),
    (Column("etiquettes", "liste"), lambda turn: turn.tags),
)

routes = web.RouteTableDef()


@routes.get(PATH)
@allowed("analyste", "admin")
async def export(request: web.Request) -> web.StreamResponse:
    """Give the form, the data dictionary (`?dictionnaire`) or the file (`?format=`)."""
    if "dictionnaire" in request.query:
        text = await asyncio.to_thread(DICTIONARY.read_text, encoding="utf-8")
        return web.Response(text=text, content_type="text/plain", charset="utf-8")
    filters = read_filters(request.query)
    if request.query.get("format") not in FORMATS:
        return await _form(request, filters)
    log = request.app[CONVERSATION_LOG]
    if await asyncio.to_thread(_too_many, log, filters, request.app[SETTINGS].today()):
        return await _form(request, filters, HTTPStatus.BAD_REQUEST)
    return await _file(request, filters, request.query["format"])


def pseudonym(conversation_id: str) -> str:
    """Return what tells conversations apart in a file, and leads to none of them."""
    return hashlib.sha256(conversation_id.encode()).hexdigest()[:PSEUDONYM]


async def _form(
    request: web.Request, filters: Filters, status: int = HTTPStatus.OK
) -> web.Response:
    values: dict[str, Any] = {
        **helpers(),
        **choices_of_filters(),
        "chosen": fields(filters),
        "known_tags": await asyncio.to_thread(request.app[CONVERSATION_LOG].tags),
        "max_rows": MAX_ROWS,
        "too_many": status != HTTPStatus.OK,
        "format": request.query.get("format", ""),
        "columns": [column.name for column, _value in COLUMNS],
    }
    return await render(request, "console_export.html", values, status)


async def _file(request: web.Request, filters: Filters, kind: str) -> web.StreamResponse:
    """Send the file; one that fails half-way is cut short, so that nobody takes it for whole."""
    make, content_type = FORMATS[kind]
    await audit(request, "export", kind, used(filters))
    name = f"allobot-messages-{request.app[SETTINGS].today()}.{kind}"
    response = web.StreamResponse(
        headers={
            hdrs.CONTENT_TYPE: content_type + ("; charset=utf-8" if kind == "csv" else ""),
            hdrs.CONTENT_DISPOSITION: f'attachment; filename="{name}"',
        }
    )
    await response.prepare(request)
    if request.method == hdrs.METH_HEAD:
        return response
    try:
        rows = await _send(response, request.app[CONVERSATION_LOG], filters, make)
    except (SQLAlchemyError, OSError) as error:
        LOGGER.error("export: %s", describe(error))
        if request.transport is not None:
            request.transport.close()
        return response
    await audit(request, "export_fini", kind, f"{rows} lignes")
    await response.write_eof()
    return response


async def _send(
    response: web.StreamResponse,
    log: ConversationLog,
    filters: Filters,
    make: Callable[[tuple[Column, ...]], Writer],
) -> int:
    """Write the rows, the newest first; return how many."""
    writer = make(tuple(column for column, _value in COLUMNS))
    sent, cursor = 0, None
    while True:
        page = await asyncio.to_thread(log.turns, filters, cursor, min(BATCH, MAX_ROWS - sent))
        chunk = await asyncio.to_thread(lambda turns: writer.write(map(_row, turns)), page.rows)
        if chunk:
            await response.write(chunk)
        sent += len(page.rows)
        cursor = page.next
        if cursor is None or sent >= MAX_ROWS:
            break
    await response.write(await asyncio.to_thread(writer.end))
    return sent


def _row(turn: TurnRow) -> Row:
    return [value(turn) for _column, value in COLUMNS]


def _too_many(log: ConversationLog, filters: Filters, today: dt.date) -> bool:
    """Tell whether the file would be too long; counts one by one only when it may be."""
    tomorrow = today + dt.timedelta(days=1)
    most = log.dashboard(filters.depuis or OLDEST, filters.jusque or tomorrow).turns
    if most <= MAX_ROWS:
        return False
    found, cursor = 0, None
    while found <= MAX_ROWS:
        page = log.turns(filters, cursor, BATCH)
        found, cursor = found + len(page.rows), page.next
        if cursor is None:
            return found > MAX_ROWS
    return True


def _utc(moment: dt.datetime) -> dt.datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
