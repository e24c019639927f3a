"""All SQL of the knowledge tables."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, delete, insert, select

from actions.knowledge.models import (
    KnowledgeStateRow,
    PrecisionRow,
    ProcedureRow,
    ProcedureVersionRow,
)
from actions.knowledge.schema import NATIONAL, Precision, Procedure, Version

_STATE = str(select(KnowledgeStateRow.empreinte))


@dataclass(frozen=True)
class Found:
    """The version of a procedure that applies."""

    id: str
    titre: str
    urgence: bool
    version: Version


@dataclass(frozen=True)
class _Subject:
    """All that is known of a procedure: `versions` local first, the last first; precisions in
    the file's order."""

    versions: list[Found] = field(default_factory=list)
    precisions: list[Precision] = field(default_factory=list)


_NOTHING = _Subject()


class ProcedureRepository:
    """Looks procedures up. One connection per call, from the engine's pool.

    All that the tables hold is kept in memory, and read again when they hold something else.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._state: str | None = None
        self._subjects: dict[str, _Subject] = {}

    def close(self) -> None:
        """Close the pool's connections."""
        self._engine.dispose()

    def find(self, procedure_id: str, caf: str | None, date: dt.date) -> Found | None:
        """The version in force at `date` for that Caf: its own first, else the national one.

        Args:
            procedure_id: the subject, which is the intent's name.
            caf: département number (`52`), or None when unknown.
            date: reference date.
        """
        in_force = (
            found
            for found in self._subject(procedure_id).versions
            if found.version.territoire in {NATIONAL, caf} and found.version.en_vigueur.holds(date)
        )
        return next(in_force, None)

    def precisions(self, procedure_id: str, caf: str | None, date: dt.date) -> list[Precision]:
        """Answers in force about a subject, in the file's order, that Caf's before the national.

        When the Caf is unknown, those of every Caf are there: each names its place.
        """
        known = self._subject(procedure_id).precisions
        return for_caf([p for p in known if p.en_vigueur.holds(date)], caf)

    def _subject(self, procedure_id: str) -> _Subject:
        """The procedure as the tables now have it."""
        state = self._state_now()  # before the rows: what changes meanwhile is seen next time
        if state != self._state:
            with self._engine.connect() as connection:
                self._subjects, self._state = _read_all(connection), state
        return self._subjects.get(procedure_id, _NOTHING)

    def _state_now(self) -> str | None:
        """As `fingerprint`, asked of the driver itself: SQLAlchemy takes ten times as long."""
        with closing(self._engine.raw_connection()) as connection:
            cursor = connection.cursor()
            cursor.execute(_STATE)
            rows = cursor.fetchall()
        return rows[0][0] if rows else None


def _read_all(connection: Connection) -> dict[str, _Subject]:
    version, precision = ProcedureVersionRow, PrecisionRow
    versions = connection.execute(
        select(ProcedureRow.id, ProcedureRow.titre, version.contenu)
        .join(version, version.procedure_id == ProcedureRow.id)
        .order_by(version.territoire == NATIONAL, version.du.desc())
    )
    precisions = connection.execute(
        select(precision.procedure_id, precision.contenu).order_by(precision.rang)
    )
    subjects: defaultdict[str, _Subject] = defaultdict(_Subject)
    for row in versions:
        subjects[row.id].versions.append(_found(row.id, row.titre, dict(row.contenu)))
    for row in precisions:
        subjects[row.procedure_id].precisions.append(Precision.model_validate(row.contenu))
    return dict(subjects)


def _found(procedure_id: str, titre: str, content: dict[str, Any]) -> Found:
    urgence = content.pop("urgence")
    return Found(procedure_id, titre, urgence, Version.model_validate(content))


def for_caf(precisions: list[Precision], caf: str | None) -> list[Precision]:
    """Those of that Caf, in place of the national ones of the same name; all when it is unknown."""
    if caf is None:
        return precisions
    local = {precision.id for precision in precisions if precision.territoire == caf}
    wanted = [p for p in precisions if p.territoire in {NATIONAL, caf}]
    return [p for p in wanted if p.territoire == caf or p.id not in local]


def fingerprint(connection: Connection) -> str | None:
    """Which state of data/ the tables hold; None when nothing was ever loaded."""
    return connection.scalar(select(KnowledgeStateRow.empreinte))


def remember(connection: Connection, empreinte: str, now: dt.datetime) -> None:
    connection.execute(delete(KnowledgeStateRow))
    row = {"id": 1, "empreinte": empreinte, "charge_le": now}
    connection.execute(insert(KnowledgeStateRow).values(**row))


def replace_all(connection: Connection, procedures: Iterable[Procedure]) -> None:
    """Within the caller's transaction: the tables hold these procedures and no others."""
    connection.execute(delete(PrecisionRow))
    connection.execute(delete(ProcedureVersionRow))
    connection.execute(delete(ProcedureRow))
    for procedure in procedures:
        row = {"id": procedure.id, "titre": procedure.titre, "theme": procedure.theme}
        connection.execute(insert(ProcedureRow).values(**row))
        rows = [_version_row(procedure, version) for version in procedure.versions]
        connection.execute(insert(ProcedureVersionRow), rows)
        if answers := [_precision_row(procedure, i) for i in range(len(procedure.precisions))]:
            connection.execute(insert(PrecisionRow), answers)


def _precision_row(procedure: Procedure, rank: int) -> dict[str, object]:
    precision = procedure.precisions[rank]
    return {
        "procedure_id": procedure.id,
        "rang": rank,
        "territoire": precision.territoire,
        "du": precision.en_vigueur.du,
        "au": precision.en_vigueur.au,
        "contenu": precision.model_dump(mode="json"),
    }


def _version_row(procedure: Procedure, version: Version) -> dict[str, object]:
    return {
        "procedure_id": procedure.id,
        "territoire": version.territoire,
        "du": version.en_vigueur.du,
        "au": version.en_vigueur.au,
        "contenu": {**version.model_dump(mode="json"), "urgence": procedure.urgence},
        "verifie_le": version.verifie_le,
    }
