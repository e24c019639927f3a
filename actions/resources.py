"""What actions need, built once at start and handed to them."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from functools import cached_property

from actions.appointments.content import RendezVousContent
from actions.appointments.desk import Desk
from actions.cards import Cards
from actions.eligibility.content import RuleContent
from actions.eligibility.questions import Questionnaire, Reader
from actions.eligibility.rules import RULES
from actions.knowledge.directory import Directory
from actions.knowledge.loader import Knowledge, check
from actions.knowledge.parameters import Parameters
from actions.knowledge.repository import ProcedureRepository
from actions.knowledge.schema import Bouton, Evenement, Porte
from actions.reading import simplify
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
    questionnaires: dict[str, Questionnaire]
    sentences: Sentences
    territories: Territories
    directory: Directory
    agenda: dict[str, Evenement]
    portes: dict[str, Porte]
    rendez_vous: RendezVousContent

    @cached_property
    def desk(self) -> Desk:
        """Appointments; the key of their vault is made at first use."""
        engine = make_engine(self.settings.database_url)
        return Desk.open(self.settings, engine, self.rendez_vous)

    def today(self) -> dt.date:
        """The reference date of the deployment."""
        return self.settings.today()

    def reader(self) -> Reader:
        """What reads answers, as of today."""
        return Reader(self.today(), self.territories)

    def rule_named(self, text: str) -> str | None:
        """The rule whose name is said; the longest words win ("aide aux vacances" over "aide")."""
        plain = simplify(text)
        found = {
            name: match[0]
            for name, content in self.rules.items()
            if (match := re.search(content.noms, plain))
        }
        return max(found, key=lambda name: len(found[name]), default=None)

    def rules_of(self, subject: str | None) -> list[str]:
        """The rules that can be checked about a subject."""
        return [name for name, content in self.rules.items() if content.sujet == subject]

    def rule_button(self, name: str) -> Bouton:
        """What starts the questions of a rule."""
        content = self.rules[name]
        words = self.sentences.questionnaire
        label = content.bouton or words.bouton.format(nom=content.nom)
        return Bouton(libelle=label, intention="verifier_droit", regle=name)


def make_resources(settings: Settings, knowledge: Knowledge | None = None) -> Resources:
    """Read data/ if not given (raises InvalidData) and prepare the engine; connects to nothing."""
    knowledge = knowledge or check()
    return Resources(
        settings=settings,
        procedures=ProcedureRepository(make_engine(settings.database_url)),
        cards=Cards.of(knowledge),
        parameters=knowledge.parameters,
        rules=knowledge.rules,
        questionnaires={
            name: Questionnaire(RULES[name], content, knowledge.parameters)
            for name, content in knowledge.rules.items()
        },
        sentences=read_sentences(),
        territories=Territories(knowledge.departements, knowledge.communes),
        directory=Directory(knowledge.annuaires, knowledge.communes),
        agenda=knowledge.agenda,
        portes=knowledge.portes,
        rendez_vous=knowledge.rendez_vous,
    )
