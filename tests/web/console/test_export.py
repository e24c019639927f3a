"""The export: columns, formulas, limits, who may, and the dictionary that says it all."""

import csv
import datetime as dt
import io
import re
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from tests.web.console.conftest import OpenConsole
from tests.web.console.written_log import conversation, doubtful, keep, moment, turn
from web.console import export
from web.console.export import COLUMNS, DICTIONARY
from web.console.models import AuditRow
from web.console.tables import Column, CsvWriter, ParquetWriter, harmless
from web.conversation_log.queries import ConversationLog

FORMULAS = ["=1+1", "+33", "-2", "@SUM(A1)", "\t=1", "\r=1", "＝1", "＋1", "－1", "＠x", "﹦1"]


def read_csv(body: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline=""), delimiter=";"))


def read_parquet(body: bytes) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(io.BytesIO(body)).to_pylist()
    return rows


async def test_csv(console: OpenConsole, engine: Engine) -> None:
    at = moment(60)
    numbers = await keep(
        engine,
        une=conversation(
            turn("ma pension ; et\nla suite", at, feedback=False, reasons=["faux", "trop_long"]),
            doubtful("zzz", at + dt.timedelta(seconds=1)),
        ),
    )
    answer = await (await console("analyste")).get("/console/export?format=csv")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert re.fullmatch(
        r'attachment; filename="allobot-messages-\d{4}-\d\d-\d\d\.csv"',
        answer.headers["Content-Disposition"],
    )
    second, first = read_csv(answer.body)  # the newest first
    assert first["tour"] == str(numbers["ma pension ; et\nla suite"])
    assert first["texte"] == "ma pension ; et\nla suite"
    assert first["moment"] == at.isoformat()
    assert (first["confiance"], first["utile"], first["reformulation"]) == ("0,93", "0", "0")
    assert first["sujet"] == "L'allocation de soutien familial (ASF)"
    assert first["raisons"] == "faux, trop_long"
    assert (second["resultat"], second["raisons_priorite"]) == (
        "incompris",
        "incompris, confiance_faible",
    )
    assert first["conversation"] == second["conversation"] != "une"


async def test_parquet(console: OpenConsole, engine: Engine) -> None:
    at = moment(60)
    await keep(engine, une=conversation(turn("=1+1", at, feedback=True)))
    answer = await (await console("analyste")).get("/console/export?format=parquet")
    (row,) = read_parquet(answer.body)
    assert row["texte"] == "=1+1"  # nothing runs it there
    assert row["moment"] == at and row["utile"] is True and row["raisons"] == []
    assert row["confiance"] == pytest.approx(0.93)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
async def test_the_filters_hold(console: OpenConsole, engine: Engine, kind: str) -> None:
    await keep(engine, une=conversation(turn("oui"), doubtful("zzz", moment(50))))
    address = f"/console/export?format={kind}&resultat=incompris"
    body = (await (await console("analyste")).get(address)).body
    rows = read_csv(body) if kind == "csv" else read_parquet(body)
    assert [row["texte"] for row in rows] == ["zzz"]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
async def test_nothing_to_export(console: OpenConsole, kind: str) -> None:
    body = (await (await console("analyste")).get(f"/console/export?format={kind}")).body
    if kind == "csv":
        assert body.decode("utf-8-sig").strip().split(";") == [c.name for c, _ in COLUMNS]
    else:
        assert pq.read_table(io.BytesIO(body)).schema.names == [c.name for c, _ in COLUMNS]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
async def test_more_rows_than_a_batch(
    console: OpenConsole, engine: Engine, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(export, "BATCH", 3)
    texts = [f"message {n}" for n in range(8)]
    turns = [turn(text, moment(60 - n)) for n, text in enumerate(texts)]
    await keep(engine, une=conversation(*turns))
    body = (await (await console("analyste")).get(f"/console/export?format={kind}")).body
    rows = read_csv(body) if kind == "csv" else read_parquet(body)
    assert [row["texte"] for row in rows] == texts[::-1]


async def test_too_many_rows(
    console: OpenConsole, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "MAX_ROWS", 3)
    turns = [turn(f"message {n}", moment(60 - n)) for n in range(3)]
    await keep(engine, une=conversation(*turns, doubtful("zzz", moment(20))))
    analyst = await console("analyste")
    refused = await analyst.get("/console/export?format=csv")
    assert refused.status == 400
    assert "Trop de messages pour un seul fichier." in refused.text
    assert "message 1" not in refused.text
    narrower = await analyst.get("/console/export?format=csv&resultat=repondu")
    assert len(read_csv(narrower.body)) == 3


async def test_who_may(console: OpenConsole, engine: Engine) -> None:
    await keep(engine, une=conversation(turn("mes mots à moi")))
    for role, status in (("agent", 403), ("", 303), ("admin", 200)):
        answer = await (await console(role)).get("/console/export?format=csv")
        assert answer.status == status
        assert (b"mes mots" in answer.body) == (status == 200)


async def test_an_export_is_audited(console: OpenConsole, engine: Engine) -> None:
    await keep(engine, une=conversation(turn("pension")))
    await (await console("analyste")).get("/console/export?format=csv&texte=pension&caf=52")
    with engine.connect() as connection:
        statement = select(AuditRow).where(AuditRow.action.like("export%")).order_by(AuditRow.id)
        rows = [
            (row.login, row.action, row.object, row.detail) for row in connection.execute(statement)
        ]
    assert rows == [
        ("analyste", "export", "csv", "caf=52 texte"),
        ("analyste", "export_fini", "csv", "1 lignes"),
    ]


async def test_a_failure_is_never_taken_for_a_whole_file(
    console: OpenConsole, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "BATCH", 1)
    await keep(engine, une=conversation(turn("un", moment(9)), turn("deux", moment(8))))
    read, calls = ConversationLog.turns, []

    def fail_second(self: ConversationLog, *args: Any, **named: Any) -> Any:
        calls.append(args)
        if len(calls) > 1:
            raise OSError
        return read(self, *args, **named)

    monkeypatch.setattr(ConversationLog, "turns", fail_second)
    analyst = await console("analyste")
    with pytest.raises(Exception, match=r"(?i)payload|disconnect|transfer"):
        await analyst.get("/console/export?format=csv")
    assert len(calls) == 2


# ---- the dictionary


async def test_the_dictionary_is_served(console: OpenConsole) -> None:
    answer = await (await console("analyste")).get("/console/export?dictionnaire")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.text == DICTIONARY.read_text(encoding="utf-8")


def test_the_dictionary_says_every_column_in_order() -> None:
    text = DICTIONARY.read_text(encoding="utf-8").partition("## Résultats")[0]
    kinds = {
        "entier": "entier",
        "texte": "texte",
        "moment": "moment",
        "nombre": "nombre",
        "oui ou non": "oui_non",
        "liste": "liste",
    }
    told = [
        (name, kinds[kind]) for name, kind in re.findall(r"^\| `(\w+)` \| ([\w ]+) \|", text, re.M)
    ]
    assert told == [(column.name, column.kind) for column, _value in COLUMNS]


def test_the_dictionary_says_every_outcome() -> None:
    from web.conversation_log.turns import OUTCOMES

    text = DICTIONARY.read_text(encoding="utf-8").partition("## Résultats")[2]
    assert set(re.findall(r"^\| `(\w+)` \|", text, re.M)) == set(OUTCOMES)


# ---- harmless cells


@pytest.mark.parametrize("text", [*FORMULAS, "  =1", "\u200b=1", "\ufeff@x", "\x01+1", "\n=1"])
def test_formulas_are_defused(text: str) -> None:
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["bonjour", "a=b", "10 + 2", "", "   ", "c'est -5", "é@e"])
def test_plain_words_stay(text: str) -> None:
    assert harmless(text) == text


@given(st.lists(st.text(), min_size=1, max_size=5))
def test_no_cell_ever_begins_a_formula(texts: list[str]) -> None:
    writer = CsvWriter((Column("texte", "texte"),))
    body = (writer.write([text] for text in texts) + writer.end()).decode("utf-8-sig")
    _head, *rows = csv.reader(io.StringIO(body, newline=""), delimiter=";")
    cells = [row[0] if row else "" for row in rows]
    assert len(cells) == len(texts)
    assert not [cell for cell in cells if cell[:1] in set("=+-@\t\r＝＋－＠") and cell]


@given(st.lists(st.text(alphabet=st.characters(exclude_categories=["Cs"])), max_size=5))
def test_parquet_gives_back_the_same_words(texts: list[str]) -> None:
    writer = ParquetWriter((Column("texte", "texte"),))
    body = writer.write([[text] for text in texts]) + writer.end()
    assert [row["texte"] for row in read_parquet(body)] == texts


def test_half_a_character_does_not_stop_a_file() -> None:
    for writer in (CsvWriter((Column("t", "texte"),)), ParquetWriter((Column("t", "texte"),))):
        assert writer.write([["a\ud800b"]]) is not None
        assert writer.end() is not None


def test_memory_stays_small() -> None:
    """Rows leave as they come: the writer keeps no more than a batch."""
    writer = ParquetWriter((Column("t", "texte"),))
    sizes = [len(writer.write([[f"{n}-{i}" * 20] for i in range(500)])) for n in range(5)]
    assert min(sizes[1:]) > 500  # each batch comes out at once
