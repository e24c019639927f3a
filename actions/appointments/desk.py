"""All that appointments need, made once from the settings."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import Engine

from actions.appointments.booking import Booking
from actions.appointments.codes import Codes
from actions.appointments.content import RendezVousContent, read_rendez_vous
from actions.appointments.intake import Intake
from actions.appointments.vault import Vault
from allobot.settings import Settings


@dataclass(frozen=True)
class Desk:
    """The calendar, the codes and the vault of one deployment."""

    settings: Settings
    content: RendezVousContent
    booking: Booking
    vault: Vault
    codes: Codes
    intake: Intake

    @classmethod
    def open(
        cls, settings: Settings, engine: Engine, content: RendezVousContent | None = None
    ) -> Desk:
        """Connect to nothing; the key of the vault is made when there is none.

        Raises InvalidData for the content, OSError or BadKey for the key.
        """
        content = content or read_rendez_vous()
        vault, codes = Vault(engine, settings.vault_keys()), Codes(engine)
        return cls(settings, content, Booking(engine, content), vault, codes, Intake(vault, codes))

    @property
    def is_open(self) -> bool:
        """Whether people may book here, for real or to try."""
        return self.settings.booking != "ferme"

    @property
    def is_trial(self) -> bool:
        """Whether no Caf reads the calendar."""
        return self.settings.booking == "essai"

    def now(self) -> dt.datetime:
        """The present moment in Paris, on the reference date."""
        return self.settings.now()
