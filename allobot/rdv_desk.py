"""The calendar as the commands of `allobot rdv` use it, the database open."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from actions.appointments.booking import Booking, RendezVous
from actions.appointments.content import RendezVousContent, read_rendez_vous
from actions.appointments.vault import Vault
from allobot.cli import _project
from allobot.database import make_engine
from allobot.errors import ConfigurationError, DatabaseError, UsageError
from allobot.messages import say
from allobot.preparation import data_errors, prepare_database
from allobot.rdv_texts import bare, phone_text, plain
from allobot.settings import BadKey, Settings

FEWEST = 4  # characters of an id that may be typed
AROUND = dt.timedelta(days=3660)  # every appointment kept is nearer than that


@dataclass(frozen=True)
class Desk:
    """What data/ says of the offices, and what the database holds of their appointments."""

    settings: Settings
    content: RendezVousContent
    engine: Engine
    booking: Booking

    @property
    def now(self) -> dt.datetime:
        """The present moment in Paris, on the reference date."""
        return self.settings.now()

    @cached_property
    def vault(self) -> Vault:
        """Opened for who asks for contact details only. Raises ConfigurationError."""
        try:
            return Vault(self.engine, self.settings.vault_keys())
        except (OSError, BadKey, ValueError) as error:
            raise ConfigurationError(say("rdv_cle")) from error

    def bureau(self, given: str | None) -> str | None:
        """The office asked for; None: all. Raises UsageError."""
        if given is not None and given not in self.content.bureaux:
            known = ", ".join(sorted(self.content.bureaux))
            raise UsageError(say("rdv_bureau_inconnu", bureau=given, bureaux=known))
        return given

    def one_bureau(self, given: str | None) -> str:
        """The office asked for, else the deployment's, else the only one. Raises UsageError."""
        known = sorted(self.content.bureaux)
        if given is None and self.settings.caf in known:
            given = self.settings.caf
        if given is None and len(known) > 1:
            raise UsageError(say("rdv_bureau_requis", bureaux=", ".join(known)))
        return self.bureau(given) or known[0]

    def nom(self, bureau: str) -> str:
        """The name of an office, even of one that data/ no longer holds."""
        known = self.content.bureaux.get(bureau)
        return known.nom if known else bureau

    def motif(self, rdv: RendezVous) -> str:
        """Why the person wants to be called."""
        known = self.content.motifs.get(rdv.motif)
        return known.libelle if known else rdv.motif

    def mode(self, rdv: RendezVous) -> str:
        """How they meet."""
        known = self.content.modes.get(rdv.mode)
        return known.libelle if known else rdv.mode

    def find(self, ident: str) -> RendezVous:
        """The only appointment whose id begins so. Raises UsageError."""
        typed, today = bare(ident), self.now.date()
        if len(typed) < FEWEST:
            raise UsageError(say("rdv_id_court", id=ident, nombre=FEWEST))
        kept = self.booking.of_days(None, today - AROUND, today + AROUND)
        found = [rdv for rdv in kept if bare(rdv.id).startswith(typed)]
        if not found:
            raise UsageError(say("rdv_id_inconnu", id=ident))
        if len(found) > 1:
            raise UsageError(say("rdv_id_ambigu", id=ident, nombre=len(found)))
        return found[0]

    def contact(self, rdv: RendezVous) -> tuple[str, str]:
        """The phone number to call and the name; empty once erased."""
        found = self.vault.of_appointment(rdv.id)
        if found is not None:
            return phone_text(found.telephone), plain(found.nom or "")
        return (say("rdv_illisible") if rdv.etat == "confirme" else ""), ""


@contextlib.contextmanager
def open_desk() -> Iterator[Desk]:
    """Open the calendar, its tables up to date.

    Raises ConfigurationError, DataError, DatabaseError.
    """
    project = _project()
    with data_errors():
        content = read_rendez_vous()
    with contextlib.redirect_stdout(io.StringIO()):  # only what is asked for is printed
        prepare_database(project)
    engine = make_engine(project.settings.database_url)
    try:
        yield Desk(project.settings, content, engine, Booking(engine, content))
    except SQLAlchemyError as error:
        raise DatabaseError(say("rdv_base")) from error
    finally:
        engine.dispose()
