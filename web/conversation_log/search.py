"""Full text, in each kind of database: FTS5 of SQLite, tsvector of PostgreSQL.

Words lose accents and case, and are compared by their stem. Only what the person wrote is
searched. A trigger (SQLite) or a foreign key (PostgreSQL) removes the words with the turn; those
that SQLite's index keeps until its next merge are merged away by `forget`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

import snowballstemmer
from sqlalchemy import Connection, Select, column, literal_column, select, table, text
from sqlalchemy.sql.elements import ColumnElement

LONGEST = 64  # letters of a word; the rest changes nothing
MOST = 12  # words of a search
MERGE_PAGES = 500
# Words that say nothing of the subject, without accents.
STOP = frozenset(
    re.findall(
        r"\w+",
        """
        a ai aie au aux avec c ca ce ces cet cette d dans de des du elle elles en es est et etc eu
        eux il ils j je l la le les leur lui m ma mais me mes moi mon n ne nos notre nous on ont ou
        par pas pour qu que qui s sa sans se ses si son sont sur t ta te tes toi ton tu un une vos
        votre vous y
        """,
    )
)
_WORD = re.compile(r"[a-z0-9]+")
_ACCENTS = re.compile("[\u0300-\u036f]+")
_LETTERS = str.maketrans({"œ": "oe", "æ": "ae", "ß": "ss"})
_STEMMER = snowballstemmer.stemmer("french")
_TABLE = {"sqlite": ("log_text", "rowid"), "postgresql": ("log_text", "turn_id")}


def words(said: str) -> list[str]:
    """The words that count, without accents, in order."""
    plain = said.casefold()
    if not plain.isascii():
        plain = unicodedata.normalize("NFKD", plain.translate(_LETTERS)).casefold()
        plain = _ACCENTS.sub("", plain)
    return [_singular(word)[:LONGEST] for word in _WORD.findall(plain) if word not in STOP]


def _singular(word: str) -> str:
    """Without the plural that the stemmers leave: « revenus », « indus »."""
    return word[:-1] if len(word) > 4 and word.endswith("us") else word


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """The stem of a word without accents."""
    return str(_STEMMER.stemWord(word))


def stems(said: str) -> list[str]:
    """The stems of the words that count."""
    return [stem(word) for word in words(said)]


def index(connection: Connection, turns: Iterable[tuple[int, str]]) -> None:
    """Put the words of new turns (id, text) into the index."""
    if connection.dialect.name == "sqlite":
        statement = "INSERT INTO log_text (rowid, words) VALUES (:id, :words)"
        rows = [{"id": turn, "words": " ".join(stems(said))} for turn, said in turns]
    else:
        statement = (
            "INSERT INTO log_text (turn_id, words) VALUES (:id, to_tsvector('french', :words))"
        )
        rows = [{"id": turn, "words": " ".join(words(said))} for turn, said in turns]
    if rows:
        connection.execute(text(statement), rows)


def remove(connection: Connection, turns: Iterable[int]) -> None:
    """Take turns out of the index."""
    name, key = _TABLE[connection.dialect.name]
    rows = [{"id": turn} for turn in turns]
    if rows:
        connection.execute(text(f"DELETE FROM {name} WHERE {key} = :id"), rows)


def found(dialect: str, said: str) -> tuple[Select[int], ColumnElement[int]] | None:
    """A selection of the ids of the turns that hold every word, and its column, to go on from.

    None when there is no word to look for.
    """
    wanted = list(dict.fromkeys(words(said)))[:MOST]
    if not wanted:
        return None
    name, key = _TABLE[dialect]
    source = table(name, column(key))
    if dialect == "sqlite":
        # Quoted: letters and digits only, never FTS5's own syntax.
        value = " AND ".join(f'"{stem(word)}"' for word in wanted)
        condition = text("log_text MATCH :wanted").bindparams(wanted=value)
    else:
        value = " & ".join(wanted)
        condition = text("words @@ to_tsquery('french', :wanted)").bindparams(wanted=value)
    identity: ColumnElement[int] = literal_column(f"log_text.{key}")
    return select(identity.label("id")).select_from(source).where(condition), identity


def forget(connection: Connection) -> None:
    """Rewrite SQLite's index, in which what was removed stays until its parts are merged."""
    if connection.dialect.name != "sqlite":
        return
    driver = connection.connection.driver_connection
    assert driver is not None
    while True:
        before = driver.total_changes
        connection.exec_driver_sql(
            f"INSERT INTO log_text (log_text, rank) VALUES ('merge', -{MERGE_PAGES})"
        )
        if driver.total_changes - before < 2:
            return
