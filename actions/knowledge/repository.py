"""All SQL of the knowledge tables."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, delete, insert, or_, select

from actions.knowledge.models import (
    KnowledgeStateRow,
    PrecisionRow,
    ProcedureRow,
    ProcedureVersionRow,
)
from actions.knowledge.schema import NATIONAL, Precision, Procedure, Version


@dataclass(frozen=True)
class Found:
    """The version of a procedure that applies."""

    id: str
    titre: str
    urgence: bool
    version: Version


class ProcedureRepository:
    """Looks procedures up. One connection per call, from the engine's pool."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

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
        version = ProcedureVersionRow
        query = (
            select(ProcedureRow.id, ProcedureRow.titre, version.contenu)
            .join(version, version.procedure_id == ProcedureRow.id)
            .where(
                ProcedureRow.id == procedure_id,
                version.territoire.in_([NATIONAL, caf or NATIONAL]),
                version.du <= date,
                or_(version.au.is_(None), version.au >= date),
            )
            .order_by(version.territoire == NATIONAL, version.du.desc())
            .limit(1)
        )
        with self._engine.connect() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            return None
        content = dict(row.contenu)
        urgence = content.pop("urgence")
        return Found(row.id, row.titre, urgence, Version.model_validate(content))

    def precisions(self, procedure_id: str, caf: str | None, date: dt.date) -> list[Precision]:
        """Answers in force about a subject, in the file's order, that Caf's before the national.

        When the Caf is unknown, those of every Caf are there: each names its place.
        """
        row = PrecisionRow
        query = (
            select(row.contenu)
            .where(row.procedure_id == procedure_id, row.du <= date)
            .where(or_(row.au.is_(None), row.au >= date))
            .order_by(row.rang)
        )
        with self._engine.connect() as connection:
            found = [Precision.model_validate(c) for c in connection.scalars(query)]
        return for_caf(found, caf)


def for_caf(precisions: list[Precision], caf: str | None) -> list[Precision]:
    """Those of that Caf, in place of the national ones of the same name; all when it is unknown."""
    if caf is None:
        return precisions
    local = {precision.id for precision in precisions if precision.territoire == caf}
    wanted = [p for p in precisions if p.territoire in {NATIONAL, caf}]
    return [p for p in wanted if p.territoire == caf or p.id not in local]


def fingerprint(connection: Connection) -> str | None:
    return connection.execute(select(KnowledgeStateRow.empreinte)).scalar_one_or_none()


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
