"""Reads data/, checks it whole, and puts the procedures into the database in one transaction."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from actions.appointments.content import RendezVousContent, read_rendez_vous
from actions.eligibility.content import SHARED_QUESTIONS, QuestionContent, RuleContent
from actions.eligibility.rules import RULES
from actions.knowledge import repository
from actions.knowledge.errors import InvalidData
from actions.knowledge.parameters import Parameters
from actions.knowledge.schema import (
    Annuaire,
    Commune,
    Communes,
    Contact,
    Departements,
    Evenement,
    Porte,
    Precision,
    Procedure,
    Source,
    SourceRef,
    Version,
)
from actions.knowledge.yaml_files import read, read_map
from allobot.database import for_writing, make_engine
from allobot.settings import Settings

DATA = Path(__file__).parents[2] / "data"
GEOGRAPHY = {"communes", "departements"}


@dataclass(frozen=True)
class Knowledge:
    """All that data/ says, read and checked."""

    procedures: dict[str, Procedure]
    contacts: dict[str, Contact]
    sources: dict[str, Source]
    parameters: Parameters
    rules: dict[str, RuleContent]
    annuaires: list[Annuaire]
    communes: list[Commune]
    departements: Departements
    agenda: dict[str, Evenement]
    portes: dict[str, Porte]
    rendez_vous: RendezVousContent


@dataclass(frozen=True)
class Loaded:
    """What a load did: how many procedures there are, and whether the tables changed."""

    procedures: int
    changed: bool


def check(data: Path = DATA) -> Knowledge:
    """Read every knowledge file below `data`.

    Raises:
        InvalidData: names the first file that does not fit, its field and the reason.
    """
    knowledge = Knowledge(
        procedures={p.stem: _procedure(p) for p in sorted((data / "procedures").glob("*.yml"))},
        contacts=read_map(data / "contacts.yml", Contact),
        sources=read_map(data / "sources.yml", Source),
        parameters=Parameters.read(data / "parameters"),
        rules=read_rules(data),
        annuaires=[
            read(p, Annuaire)
            for p in sorted((data / "directory").glob("*.yml"))
            if p.stem not in GEOGRAPHY
        ],
        communes=read(data / "directory" / "communes.yml", Communes).communes,
        departements=read(data / "directory" / "departements.yml", Departements),
        agenda=read_map(data / "agenda.yml", Evenement),
        portes=read_map(data / "portes.yml", Porte),
        rendez_vous=read_rendez_vous(data / "rendez_vous.yml"),
    )
    _check_references(knowledge)
    return knowledge


def read_rules(data: Path = DATA) -> dict[str, RuleContent]:
    """The content of every rule, with the questions that several share.

    Raises:
        InvalidData: a file does not fit.
    """
    shared = read_map(data / "questions.yml", QuestionContent)
    context = {SHARED_QUESTIONS: shared}
    paths = sorted((data / "eligibility").glob("*.yml"))
    return {path.stem: read(path, RuleContent, context) for path in paths}


def load(settings: Settings, data: Path = DATA) -> Loaded:
    """Put the procedures of `data` into the database, if they are not there already.

    Raises:
        InvalidData: a file does not fit; the tables stay as they were.
    """
    knowledge = check(data)
    engine = make_engine(settings.database_url)
    try:
        changed = _store(engine, knowledge, _fingerprint(data))
    finally:
        engine.dispose()
    return Loaded(len(knowledge.procedures), changed)


def _store(engine: Engine, knowledge: Knowledge, fingerprint: str) -> bool:
    with for_writing(engine).begin() as connection:
        if repository.fingerprint(connection) == fingerprint:
            return False
        repository.replace_all(connection, knowledge.procedures.values())
        repository.remember(connection, fingerprint, dt.datetime.now(dt.UTC))
    return True


def _procedure(path: Path) -> Procedure:
    procedure = read(path, Procedure)
    if procedure.id != path.stem:
        raise InvalidData(f"{path}: id: « {procedure.id} » doit être le nom du fichier")
    return procedure


def _fingerprint(data: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted((data / "procedures").glob("*.yml")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _check_references(knowledge: Knowledge) -> None:
    used: set[str] = set()
    for procedure in knowledge.procedures.values():
        for version in procedure.versions:
            _check_version(procedure.id, version, knowledge)
        for precision in procedure.precisions:
            _check_precision(procedure.id, precision, knowledge)
        used |= procedure.parameters()
    for name, contact in knowledge.contacts.items():
        _check_sources(f"data/contacts.yml: {name}", contact.sources, knowledge)
    _check_directory(knowledge)
    for name, event in knowledge.agenda.items():
        _check_sources(f"data/agenda.yml: {name}", event.sources, knowledge)
        _require(event.sujets, knowledge.procedures, f"data/agenda.yml: {name}: sujets")
    _check_appointments(knowledge)
    for name, rule in knowledge.rules.items():
        _check_rule(name, rule, knowledge)
        used |= set(rule.parametres)
    for name in knowledge.parameters.names():
        _require(knowledge.parameters.documents(name), knowledge.sources, f"paramètre {name}")
    if orphans := knowledge.parameters.names() - used:
        raise InvalidData(f"data/parameters: jamais cités: {', '.join(sorted(orphans))}")


def _check_version(name: str, version: Version, knowledge: Knowledge) -> None:
    where = f"data/procedures/{name}.yml (du {version.en_vigueur.du}, {version.territoire})"
    _require(version.contacts, knowledge.contacts, f"{where}: contacts")
    _require(version.parameters(), knowledge.parameters.names(), f"{where}: paramètres")
    _check_sources(where, version.sources, knowledge)
    for parameter in version.parameters():
        knowledge.parameters.at(parameter, version.en_vigueur.au or version.verifie_le)


def _check_precision(name: str, precision: Precision, knowledge: Knowledge) -> None:
    where = f"data/procedures/{name}.yml: précision {precision.id} (du {precision.en_vigueur.du})"
    _require(precision.parameters(), knowledge.parameters.names(), f"{where}: paramètres")
    _check_sources(where, [precision.source], knowledge)
    for parameter in precision.parameters():
        knowledge.parameters.at(parameter, precision.en_vigueur.du)


def _check_directory(knowledge: Knowledge) -> None:
    communes = [commune.nom for commune in knowledge.communes]
    for annuaire in knowledge.annuaires:
        where = f"data/directory: « {annuaire.titre} »"
        _check_sources(where, annuaire.sources, knowledge)
        _require(annuaire.sujets, knowledge.procedures, f"{where}: sujets")
        _require([lieu.commune for lieu in annuaire.lieux], communes, f"{where}: communes")


def _check_appointments(knowledge: Knowledge) -> None:
    where, content = "data/rendez_vous.yml", knowledge.rendez_vous
    sources = [motif.source for motif in content.motifs.values()]
    sources += [bureau.source for bureau in content.bureaux.values()]
    _check_sources(where, [*content.sources, *sources], knowledge)
    procedures = [mode.procedure for mode in content.modes.values() if mode.procedure]
    _require(procedures, knowledge.procedures, f"{where}: modes")


def _check_rule(name: str, rule: RuleContent, knowledge: Knowledge) -> None:
    where = f"data/eligibility/{name}.yml"
    _require([name], RULES, where)
    _require(rule.parametres, knowledge.parameters.names(), f"{where}: parametres")
    _require([rule.sujet], knowledge.procedures, f"{where}: sujet")
    _require(rule.contacts, knowledge.contacts, f"{where}: contacts")
    for step, etape in rule.etapes.items():
        _require(etape.contacts, knowledge.contacts, f"{where}: étape {step}: contacts")
    conditions = [condition.source for condition in rule.conditions.values()]
    _check_sources(where, [*rule.sources, *conditions], knowledge)


def _check_sources(where: str, sources: list[SourceRef], knowledge: Knowledge) -> None:
    _require([source.document for source in sources], knowledge.sources, f"{where}: sources")


def _require(names: object, known: object, where: str) -> None:
    missing = sorted(set(names) - set(known))  # type: ignore[call-overload]
    if missing:
        raise InvalidData(f"{where}: inconnu: {', '.join(missing)}; ajoutez-le ou corrigez le nom")
