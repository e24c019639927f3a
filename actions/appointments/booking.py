"""Books appointments: all the SQL of the calendar. Synchronous, thread-safe, short transactions.

The database decides who has a place: UNIQUE (bureau, debut, place). Those that take or free one
go one at a time (a few milliseconds each), so that none waits for another in a circle.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

from sqlalchemy import Connection, Engine, and_, delete, func, insert, or_, select, text, update
from sqlalchemy.exc import IntegrityError

from actions.appointments import rows
from actions.appointments.content import RendezVousContent
from actions.appointments.creneaux import DAY, Creneau, HoraireExceptionnel, creneaux, paris, utc
from actions.appointments.models import CodeRow, CoordonneesRow, ExceptionRow
from actions.appointments.refus import Calendar, Raison, why_none
from actions.appointments.rendez_vous import (
    BookingError,
    CoordonneesAbsentes,
    CreneauPris,
    Etat,
    MarqueImpossible,
    RendezVous,
    RendezVousInconnu,
    TenueExpiree,
)
from actions.appointments.rows import LINE, Line, R
from actions.appointments.souhaits import Souhait
from allobot.database import for_writing

__all__ = [
    "Booking",
    "BookingError",
    "CoordonneesAbsentes",
    "CreneauPris",
    "Etat",
    "MarqueImpossible",
    "Raison",
    "RendezVous",
    "RendezVousInconnu",
    "TenueExpiree",
]

ID_BYTES = 24
LOCK = 0x52445621  # any number, the same in every process: PostgreSQL's advisory lock
MODE = "telephone"


class Booking:
    """The calendar of every office. The engine stays the caller's.

    `now` is aware everywhere. An unknown office or reason is a KeyError.
    """

    def __init__(self, engine: Engine, content: RendezVousContent) -> None:
        self._engine = engine
        self._writing = for_writing(engine)
        self._content = content

    def free(
        self,
        bureau: str,
        souhait: Souhait,
        now: dt.datetime,
        *,
        limit: int = 3,
        after: dt.datetime | None = None,
        sauf: Collection[dt.datetime] = (),
    ) -> list[Creneau]:
        """Return the first free slots that fit the wish: in time order, or nearest to its time.

        Those that start after `after`, and at none of `sauf`. From the notice to the horizon.
        """
        premier, dernier = self._horizon(now)
        with self._engine.connect() as connection:
            offered = self._slots(connection, bureau, premier, dernier)
            taken = rows.taken(connection, bureau, premier, dernier, now)
        earliest = self._earliest(now)
        refused = {utc(debut) for debut in sauf}
        found = (
            creneau
            for creneau in offered
            if souhait.accepte(creneau.debut)
            and earliest <= (debut := utc(creneau.debut))
            and (after is None or debut > utc(after))
            and taken.get(debut, 0) < creneau.capacite
            and debut not in refused
        )
        return _first(found, souhait, limit)

    def why_none(self, bureau: str, souhait: Souhait, now: dt.datetime) -> Raison:
        """Say why no slot fits the wish: of several reasons, the nearest to a free slot."""
        premier, dernier = self._horizon(now)
        with self._engine.connect() as connection:
            offered = list(self._slots(connection, bureau, premier, dernier))
        ouvertures = self._content.bureaux[bureau].ouvertures
        calendar = Calendar(premier, dernier, offered, ouvertures, bureau)
        return why_none(calendar, souhait, now, self._earliest(now))

    def hold(
        self,
        bureau: str,
        debut: dt.datetime,
        motif: str,
        *,
        conversation: str,
        now: dt.datetime,
        remplace: str | None = None,
        mode: str = MODE,
    ) -> str:
        """Hold a place of a slot for `tenue_minutes`; return the id of the appointment to be.

        A conversation holds one: the former is released, or is the answer when it is of this very
        slot. `remplace`: the id of the appointment that this one will take the place of.

        Raises:
            CreneauPris: the slot is full or not offered, or not in that mode; the former hold
                stays.
        """
        if motif not in self._content.motifs:
            raise KeyError(motif)
        if not self._content.opens(bureau, mode):
            raise CreneauPris
        with self._alone() as connection:
            held = and_(R.conversation_id == conversation, R.etat == "tenu")
            former = connection.execute(LINE.where(held)).all()
            same = next((line for line in former if rows.is_of(line, bureau, debut)), None)
            rdv_id = secrets.token_urlsafe(ID_BYTES) if same is None else str(same.id)
            connection.execute(delete(R).where(held, R.id != rdv_id))
            taken = self._take(connection, bureau, debut, now, own=same)
            if taken is None:
                raise CreneauPris
            values = {
                "minutes": taken.minutes,
                "place": taken.place,
                "motif": motif,
                "mode": mode,
                "remplace": remplace,
                "expire_le": self._expiry(now),
            }
            if same is not None:
                connection.execute(update(R).where(R.id == rdv_id).values(**values))
            else:
                slot = {"bureau": bureau, "debut": debut}
                state = {"etat": "tenu", "conversation_id": conversation, "cree_le": now}
                connection.execute(insert(R).values(id=rdv_id, **slot, **state, **values))
            return rdv_id

    def release(self, rdv_id: str) -> None:
        """Free the place of a hold; does nothing to a confirmed appointment."""
        with self._alone() as connection:
            connection.execute(delete(R).where(R.id == rdv_id, R.etat == "tenu"))

    def confirm(
        self, rdv_id: str, jeton: str | None, *, conversation: str, now: dt.datetime
    ) -> RendezVous:
        """Confirm a hold: it is the person's for good, with the contact details of the token.

        Confirmed already: returned as it is. One that takes the place of another cancels it, takes
        its codes, and its contact details when `jeton` is None. All of it happens, or nothing.

        Raises:
            TenueExpiree: the hold is over and its place taken; when nobody took it, it is renewed.
            CoordonneesAbsentes: the token is unknown or expired, or there is none; the hold is
                renewed, so that they can be given again.
        """
        with self._alone() as connection:
            line = rows.find_line(connection, rdv_id)
            if line is not None and line.etat not in ("tenu", "annule"):
                return rows.rendez_vous(line)
            if line is None or line.etat == "annule" or line.conversation_id != conversation:
                raise TenueExpiree
            taken = self._take(connection, line.bureau, line.debut, now, own=line)
            if taken is None:
                raise TenueExpiree
            former = rows.find_line(connection, line.remplace) if line.remplace else None
            if former is not None and former.etat != "confirme":
                former = None
            # Contact details first, as an erasure does: neither waits for the other in a circle.
            kept = rows.attach(connection, line, former, jeton, now)
            values: dict[str, Any] = {"expire_le": self._expiry(now)}
            if kept is not None:
                values = {"etat": "confirme", "jeton": kept, "expire_le": None}
                values["conversation_id"] = None
                if former is not None:
                    rows.end(connection, former.id)
                    moved = update(CodeRow).where(CodeRow.rdv_id == former.id)
                    connection.execute(moved.values(rdv_id=rdv_id))
            still_held = update(R).where(R.id == rdv_id, R.etat == "tenu")
            if not connection.execute(still_held.values(place=taken.place, **values)).rowcount:
                raise TenueExpiree  # erased with its conversation, this very moment
            confirmed = rows.find_line(connection, rdv_id)
        if kept is None or confirmed is None:
            raise CoordonneesAbsentes
        return rows.rendez_vous(confirmed)

    def cancel(self, rdv_id: str, now: dt.datetime) -> RendezVous:
        """Free the place of an appointment and erase its contact details; again, nothing more.

        One that was honoured or missed stays so. Raises RendezVousInconnu.
        """
        with self._alone() as connection:
            line = rows.known_line(connection, rdv_id)
            if line.etat in ("tenu", "confirme"):
                rows.end(connection, rdv_id)
            return rows.rendez_vous(rows.known_line(connection, rdv_id))

    def find(self, rdv_id: str) -> RendezVous | None:
        """Return an appointment, whatever its state."""
        with self._engine.connect() as connection:
            line = rows.find_line(connection, rdv_id)
        return None if line is None else rows.rendez_vous(line)

    # ---- the Caf's side

    def of_days(self, bureau: str | None, premier: dt.date, dernier: dt.date) -> list[RendezVous]:
        """Return the appointments of these days (both included), in time order, without holds.

        The cancelled ones too. `bureau` None: of every office.
        """
        query = LINE.where(*rows.between(R.debut, premier, dernier), R.etat != "tenu")
        if bureau is not None:
            query = query.where(R.bureau == bureau)
        with self._engine.connect() as connection:
            lines = connection.execute(query.order_by(R.debut, R.bureau, R.cree_le, R.id)).all()
        return [rows.rendez_vous(line) for line in lines]

    def occupancy(
        self, bureau: str, jour: dt.date, now: dt.datetime | None = None
    ) -> list[tuple[Creneau, int]]:
        """Return each slot of a day with the number of its places taken, holds when `now` is given.

        A slot closed after it was booked is there with its appointments, and capacity 0.
        """
        with self._engine.connect() as connection:
            offered = list(self._slots(connection, bureau, jour, jour))
            taken = rows.taken(connection, bureau, jour, jour, now)
            minutes = select(R.debut, func.max(R.minutes)).where(R.bureau == bureau)
            lasting = dict(
                connection.execute(
                    minutes.where(*rows.between(R.debut, jour, jour)).group_by(R.debut)
                ).all()
            )
        known = {utc(creneau.debut) for creneau in offered}
        offered += [Creneau(paris(debut), lasting[debut], 0) for debut in taken.keys() - known]
        offered.sort(key=lambda creneau: utc(creneau.debut))
        return [(creneau, taken.get(utc(creneau.debut), 0)) for creneau in offered]

    def set_exception(
        self, bureau: str, debut: dt.datetime, fin: dt.datetime, capacite: int
    ) -> None:
        """Close a span (`capacite` 0), open it or change its capacity: see `creneaux`.

        Appointments already taken there stay. Raises ValueError when `fin` is not after `debut`.
        """
        if utc(fin) <= utc(debut) or capacite < 0:
            raise ValueError("a span that ends before it begins, or a capacity below 0")
        values = {"bureau": self._known_office(bureau), "debut": debut, "fin": fin}
        with self._alone() as connection:
            connection.execute(rows.without_exception(bureau, debut, fin))
            connection.execute(insert(ExceptionRow).values(**values, capacite=capacite))

    def remove_exception(self, bureau: str, debut: dt.datetime, fin: dt.datetime) -> bool:
        """Forget the exception of exactly that span; False when there is none."""
        with self._alone() as connection:
            return bool(connection.execute(rows.without_exception(bureau, debut, fin)).rowcount)

    def exceptions(self, bureau: str) -> list[HoraireExceptionnel]:
        """Return every exception of an office, in the order they were set."""
        with self._engine.connect() as connection:
            return rows.exceptions(connection, bureau)

    def mark(self, rdv_id: str, etat: Literal["honore", "manque"], now: dt.datetime) -> RendezVous:
        """Say that a person answered, or not; may be changed later.

        Raises:
            RendezVousInconnu: there is none.
            MarqueImpossible: it has not begun, or it was never confirmed, or was cancelled.
        """
        with self._alone() as connection:
            line = rows.known_line(connection, rdv_id)
            if line.etat in ("tenu", "annule") or utc(now) < line.debut:
                raise MarqueImpossible
            connection.execute(update(R).where(R.id == rdv_id).values(etat=etat))
            return rows.rendez_vous(rows.known_line(connection, rdv_id))

    def purge(self, before: dt.datetime, *, now: dt.datetime | None = None) -> dict[str, int]:
        """Erase what began before `before`, with its codes and contact details; count by table.

        And the holds and tokens expired at `now` (by default, at `before`).
        """
        now = now or before
        over = or_(R.debut < before, and_(R.etat == "tenu", R.expire_le <= now))
        gone = select(R.id).where(over).scalar_subquery()
        contacts = or_(CoordonneesRow.rdv_id.in_(gone), CoordonneesRow.expire_le <= now)
        statements = {
            CodeRow: delete(CodeRow).where(CodeRow.rdv_id.in_(gone)),
            CoordonneesRow: delete(CoordonneesRow).where(contacts),
            R: delete(R).where(over),
            ExceptionRow: delete(ExceptionRow).where(ExceptionRow.fin < before),
        }
        with self._alone() as connection:
            return {
                row.__tablename__: connection.execute(statement).rowcount
                for row, statement in statements.items()
            }

    # ---- inside a transaction

    @contextmanager
    def _alone(self) -> Iterator[Connection]:
        """Yield a connection in a transaction that no other of these can enter before its end.

        Raises CreneauPris when the database refuses a place all the same.
        """
        try:
            with self._writing.begin() as connection:
                if connection.dialect.name == "postgresql":
                    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
                yield connection
        except IntegrityError as error:
            raise CreneauPris from error

    def _take(
        self,
        connection: Connection,
        bureau: str,
        debut: dt.datetime,
        now: dt.datetime,
        *,
        own: Line | None,
    ) -> _Taken | None:
        """Return a place to write in the line, its own while it is held; None: none is left.

        Expired holds of the slot lose theirs.
        """
        if own is not None and own.place is not None and utc(now) < own.expire_le:
            return _Taken(own.place, own.minutes)
        slot = and_(R.bureau == bureau, R.debut == debut)
        expired = update(R).where(slot, R.etat == "tenu", R.expire_le <= now)
        connection.execute(expired.values(place=None))
        creneau = self._offered(connection, bureau, debut, now)
        if creneau is None:
            return None
        taken = set(connection.scalars(select(R.place).where(slot, R.place.is_not(None))))
        if len(taken) >= creneau.capacite:
            return None
        place = min(set(range(creneau.capacite)) - taken)
        return _Taken(place, creneau.minutes)

    def _offered(
        self, connection: Connection, bureau: str, debut: dt.datetime, now: dt.datetime
    ) -> Creneau | None:
        """The slot that starts then, if it is to come and within the horizon.

        The notice does not count: who was offered a slot has time to answer.
        """
        jour = paris(debut).date()
        if utc(debut) <= utc(now) or jour > self._horizon(now)[1]:
            return None
        slots = self._slots(connection, bureau, jour, jour)
        return next((slot for slot in slots if utc(slot.debut) == utc(debut)), None)

    def _slots(
        self, connection: Connection, bureau: str, premier: dt.date, dernier: dt.date
    ) -> Iterator[Creneau]:
        ouvertures = self._content.bureaux[bureau].ouvertures
        exceptions = rows.exceptions(connection, bureau, premier, dernier)
        return creneaux(ouvertures, exceptions, premier, dernier, bureau)

    def _known_office(self, bureau: str) -> str:
        if bureau not in self._content.bureaux:
            raise KeyError(bureau)
        return bureau

    def _horizon(self, now: dt.datetime) -> tuple[dt.date, dt.date]:
        """First and last day offered."""
        today = paris(now).date()
        return today, today + self._content.horizon_jours * DAY

    def _earliest(self, now: dt.datetime) -> dt.datetime:
        """The first moment offered, in UTC."""
        return utc(now) + dt.timedelta(minutes=self._content.preavis_minutes)

    def _expiry(self, now: dt.datetime) -> dt.datetime:
        return utc(now) + dt.timedelta(minutes=self._content.tenue_minutes)


@dataclass(frozen=True, slots=True)
class _Taken:
    place: int
    minutes: int


def _first(found: Iterable[Creneau], souhait: Souhait, limit: int) -> list[Creneau]:
    """The first ones; when a time was wished, the nearest to it."""
    wished = souhait.a
    if wished is None or souhait.au_plus_tot:
        return list(islice(found, limit))
    minutes = wished.hour * 60 + wished.minute

    def distance(creneau: Creneau) -> int:
        return abs(creneau.debut.hour * 60 + creneau.debut.minute - minutes)

    return sorted(found, key=distance)[:limit]  # of two as near, the first in time
