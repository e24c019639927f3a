"""Rows written as CSV or Parquet, a batch at a time, so that a large file never fills the memory.

The CSV is the one French spreadsheets open with a double click: UTF-8 with its mark, semicolons,
decimal commas. There, a text that a spreadsheet would run as a formula gets an apostrophe in
front; Parquet keeps texts as they are, as nothing runs them.
"""

import csv
import datetime as dt
import io
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

# What begins a formula, its full-width and small twins, and what hides the next character.
FORMULAS = frozenset("=+-@\t\r\n＝＋－＠﹦﹢﹣﹫")
BLANK = ("Zs", "Zl", "Zp", "Cc", "Cf")
MARK = "\ufeff"
DELIMITER = ";"

Row = Sequence[Any]


@dataclass(frozen=True)
class Column:
    """A column of a file; `kind` is one of KINDS."""

    name: str
    kind: str


KINDS = {
    "texte": pa.string(),
    "entier": pa.int64(),
    "nombre": pa.float64(),
    "oui_non": pa.bool_(),
    "moment": pa.timestamp("ms", tz="UTC"),
    "liste": pa.list_(pa.string()),
}
YES, NO = "1", "0"


class Writer(Protocol):
    """Turns batches of rows into the bytes of a file."""

    def write(self, rows: Iterable[Row]) -> bytes:
        """Return the next bytes."""

    def end(self) -> bytes:
        """Return the last bytes."""


def harmless(text: str) -> str:
    """Return the text as no spreadsheet takes it for a formula."""
    if text[:1] in FORMULAS:
        return f"'{text}"
    seen = next((c for c in text if unicodedata.category(c) not in BLANK), "")
    return f"'{text}" if seen in FORMULAS and seen else text


class CsvWriter:
    """The bytes of a CSV file, its header first."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = columns
        self._begun = False

    def write(self, rows: Iterable[Row]) -> bytes:
        """Return the lines of these rows."""
        sink = io.StringIO()
        lines = csv.writer(sink, delimiter=DELIMITER, quoting=csv.QUOTE_MINIMAL)
        if not self._begun:
            self._begun = True
            sink.write(MARK)
            lines.writerow(column.name for column in self._columns)
        lines.writerows(
            [_cell(value, column.kind) for value, column in zip(row, self._columns, strict=True)]
            for row in rows
        )
        return sink.getvalue().encode("utf-8", "replace")

    def end(self) -> bytes:
        """Return the header of a file without a row."""
        return b"" if self._begun else self.write(())


class ParquetWriter:
    """The bytes of a Parquet file (zstd), one row group a batch."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._schema = pa.schema([(column.name, KINDS[column.kind]) for column in columns])
        self._sink = _Sink()
        self._writer = pq.ParquetWriter(self._sink, self._schema, compression="zstd")

    def write(self, rows: Iterable[Row]) -> bytes:
        """Return the bytes of a row group, with those of the header before the first."""
        columns = list(zip(*rows, strict=True))
        if columns:
            arrays = [
                pa.array([_whole(value) for value in column], field.type)
                for column, field in zip(columns, self._schema, strict=True)
            ]
            self._writer.write_table(pa.Table.from_arrays(arrays, schema=self._schema))
        return self._sink.take()

    def end(self) -> bytes:
        """Return the footer."""
        self._writer.close()
        return self._sink.take()


class _Sink(io.RawIOBase):
    """A file that only goes forward; what is written is taken away at once."""

    def __init__(self) -> None:
        super().__init__()
        self._chunks: list[bytes] = []
        self._position = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def write(self, data: Any) -> int:
        chunk = bytes(data)
        self._chunks.append(chunk)
        self._position += len(chunk)
        return len(chunk)

    def take(self) -> bytes:
        taken = b"".join(self._chunks)
        self._chunks.clear()
        return taken


def _cell(value: Any, kind: str) -> str:
    if value is None:
        return ""
    if kind == "texte":
        return harmless(str(value).replace("\x00", "\N{REPLACEMENT CHARACTER}"))
    if kind == "oui_non":
        return YES if value else NO
    if kind == "moment":
        moment: dt.datetime = value
        return moment.isoformat(timespec="seconds")
    if kind == "liste":
        return harmless(", ".join(map(str, value)))
    if kind == "nombre":
        return f"{value:.6f}".rstrip("0").rstrip(".").replace(".", ",")
    return str(value)


def _whole(value: Any) -> Any:
    """Return a text without a lone surrogate, which UTF-8 cannot hold."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    return value
