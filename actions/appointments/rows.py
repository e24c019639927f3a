"""What is read from and written to the tables of appointments, in the caller's transaction."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Connection, Delete, Row, Select, and_, delete, func, or_, select, update

from actions.appointments.creneaux import DAY, HoraireExceptionnel, midnight, paris, utc
from actions.appointments.models import CoordonneesRow, ExceptionRow, RendezVousRow
from actions.appointments.rendez_vous import RendezVous, RendezVousInconnu
from actions.appointments.vault import CONTACT

R = RendezVousRow
COLUMNS = (R.id, R.bureau, R.debut, R.minutes, R.motif, R.mode, R.etat, R.jeton, R.remplace)
LINE: Select[*tuple[Any, ...]] = select(
    *COLUMNS, R.cree_le, R.place, R.conversation_id, R.expire_le
)
Line = Row[*tuple[Any, ...]]


def find_line(connection: Connection, rdv_id: str) -> Line | None:
    """An appointment with what only the database knows of it."""
    return connection.execute(LINE.where(R.id == rdv_id)).one_or_none()


def known_line(connection: Connection, rdv_id: str) -> Line:
    """The same; raises RendezVousInconnu."""
    found = find_line(connection, rdv_id)
    if found is None:
        raise RendezVousInconnu
    return found


def rendez_vous(line: Line) -> RendezVous:
    """What others see of it."""
    return RendezVous(
        id=line.id,
        bureau=line.bureau,
        debut=paris(line.debut),
        minutes=line.minutes,
        motif=line.motif,
        mode=line.mode,
        etat=line.etat,
        jeton=line.jeton,
        remplace=line.remplace,
        cree_le=paris(line.cree_le),
    )


def is_of(line: Line, bureau: str, debut: dt.datetime) -> bool:
    """Whether it is in that slot."""
    return bool(line.bureau == bureau and line.debut == utc(debut))


def attach(
    connection: Connection, line: Line, former: Line | None, jeton: str | None, now: dt.datetime
) -> str | None:
    """Make contact details those of an appointment; return their token, None when there are none.

    Those of the token; without token, those of the appointment it takes the place of. What else
    the conversation gave is erased.
    """
    row = CoordonneesRow
    if jeton is not None:
        pending = and_(row.conversation_id == line.conversation_id, row.expire_le > now)
        wanted = and_(row.jeton == jeton, row.nature == CONTACT, pending)
    elif former is not None:
        wanted = row.rdv_id == former.id
        jeton = former.jeton
    else:
        return None
    own = update(row).where(wanted)
    if not connection.execute(
        own.values(rdv_id=line.id, conversation_id=None, expire_le=None)
    ).rowcount:
        return None
    others = and_(row.conversation_id == line.conversation_id, row.nature == CONTACT)
    connection.execute(delete(row).where(others))
    return jeton


def end(connection: Connection, rdv_id: str) -> None:
    """Cancel an appointment: its place is free, its contact details are erased."""
    connection.execute(delete(CoordonneesRow).where(CoordonneesRow.rdv_id == rdv_id))
    nothing = dict.fromkeys(("place", "jeton", "conversation_id", "expire_le"))
    connection.execute(update(R).where(R.id == rdv_id).values(etat="annule", **nothing))


def taken(
    connection: Connection,
    bureau: str,
    premier: dt.date,
    dernier: dt.date,
    now: dt.datetime | None,
) -> dict[dt.datetime, int]:
    """Places taken, by slot (UTC), from a day to another; with `now`, those held at that time."""
    alive = R.etat != "tenu"
    if now is not None:
        alive = or_(alive, R.expire_le > now)
    query = (
        select(R.debut, func.count())
        .where(R.bureau == bureau, *between(R.debut, premier, dernier))
        .where(R.place.is_not(None), alive)
        .group_by(R.debut)
    )
    return {debut: int(number) for debut, number in connection.execute(query)}


def exceptions(
    connection: Connection,
    bureau: str,
    premier: dt.date | None = None,
    dernier: dt.date | None = None,
) -> list[HoraireExceptionnel]:
    """Exceptions of an office, those that touch these days, in the order they were set."""
    row = ExceptionRow
    query = select(row.debut, row.fin, row.capacite).where(row.bureau == bureau)
    if premier is not None and dernier is not None:
        query = query.where(row.fin > midnight(premier), row.debut < midnight(dernier + DAY))
    return [
        HoraireExceptionnel(paris(debut), paris(fin), capacite)
        for debut, fin, capacite in connection.execute(query.order_by(row.position))
    ]


def without_exception(bureau: str, debut: dt.datetime, fin: dt.datetime) -> Delete:
    """Deletes the exception of exactly that span."""
    row = ExceptionRow
    return delete(row).where(row.bureau == bureau, row.debut == debut, row.fin == fin)


def between(column: Any, premier: dt.date, dernier: dt.date) -> tuple[Any, Any]:
    """Conditions: from the first minute of a day to the last of another, in Paris."""
    return column >= midnight(premier), column < midnight(dernier + DAY)
