"""What actions need, built once at start and handed to them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from actions.cards import Cards
from actions.eligibility.content import RuleContent
from actions.knowledge.directory import Directory
from actions.knowledge.loader import check
from actions.knowledge.parameters import Parameters
from actions.knowledge.repository import ProcedureRepository
from actions.knowledge.schema import Evenement, Porte
from actions.sentences import Sentences, read_sentences
from actions.territory import Territories
from allobot.database import make_engine
from allobot.settings import Settings


@dataclass(frozen=True)
class Resources:
    """Knowledge, sentences and the deployment's settings."""

    settings: Settings
    procedures: ProcedureRepository
    cards: Cards
    parameters: Parameters
    rules: dict[str, RuleContent]
    sentences: Sentences
    territories: Territories
    directory: Directory
    agenda: dict[str, Evenement]
    portes: dict[str, Porte]

    def today(self) -> dt.date:
        """The reference date of the deployment."""
        return self.settings.today()


def make_resources(settings: Settings) -> Resources:
    """Read data/ (raises InvalidData) and prepare the database engine; connects to nothing yet."""
    knowledge = check()
    return Resources(
        settings=settings,
        procedures=ProcedureRepository(make_engine(settings.database_url)),
        cards=Cards(knowledge.contacts, knowledge.sources, knowledge.parameters),
        parameters=knowledge.parameters,
        rules=knowledge.rules,
        sentences=read_sentences(),
        territories=Territories(knowledge.departements, knowledge.communes),
        directory=Directory(knowledge.annuaires, knowledge.communes),
        agenda=knowledge.agenda,
        portes=knowledge.portes,
    )
