"""A calendar of an office in a scratch database, of each kind in turn."""

import datetime as dt

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import Engine

from actions.appointments.booking import Booking
from actions.appointments.codes import Codes
from actions.appointments.content import RendezVousContent, read_rendez_vous
from actions.appointments.vault import Vault
from allobot.settings import PARIS
from tests import databases

sqlite_url, postgres_url = databases.sqlite_url, databases.postgres_url
database_url, engine = databases.database_url, databases.engine


@pytest.fixture(scope="session")
def rendez_vous_content() -> RendezVousContent:
    return read_rendez_vous()


@pytest.fixture
def content() -> RendezVousContent:
    """An office of the tests' own: Monday to Friday, 9:00 to 12:00, 2 calls at once."""
    source = {"document": "essai", "section": "essai"}
    return RendezVousContent.model_validate(
        {
            "numero_affiche": "+33 32 30",
            "preavis_minutes": 30,
            "horizon_jours": 30,
            "tenue_minutes": 10,
            "motifs": {
                name: {
                    "libelle": name,
                    "mots": name,
                    "preparer": ["Un papier."],
                    "source": source,
                }
                for name in ("dossier", "dette")
            },
            "bureaux": {
                "52": {
                    "nom": "Caf des essais",
                    "ouvertures": [
                        {
                            "jours": [0, 1, 2, 3, 4],
                            "de": "09:00",
                            "a": "12:00",
                            "minutes": 10,
                            "capacite": 2,
                        }
                    ],
                    "source": source,
                }
            },
            "modes": {"telephone": {"libelle": "Par téléphone", "mots": "tel", "ouvert": True}},
            "sources": [source],
            "verifie_le": dt.date(2026, 11, 21),
        }
    )


@pytest.fixture
def now() -> dt.datetime:
    """A Monday, before opening."""
    return dt.datetime(2026, 11, 23, 8, 0, tzinfo=PARIS)


@pytest.fixture
def keys() -> list[str]:
    return [Fernet.generate_key().decode()]


@pytest.fixture
def booking(engine: Engine, content: RendezVousContent) -> Booking:
    return Booking(engine, content)


@pytest.fixture
def vault(engine: Engine, keys: list[str]) -> Vault:
    return Vault(engine, keys)


@pytest.fixture
def codes(engine: Engine) -> Codes:
    return Codes(engine)
