"""What `allobot kb` shows: the state of the knowledge, an answer, what changed."""

from __future__ import annotations

import datetime as dt
import difflib
import itertools
from pathlib import Path

from actions.cards import Cards, card_text
from actions.knowledge.errors import InvalidData
from actions.knowledge.loader import DATA, Knowledge, check
from actions.knowledge.repository import Found, for_caf
from actions.knowledge.schema import NATIONAL, Procedure, Version
from actions.sentences import read_sentences

OLD = 365  # days after which a check is due again, by default


def too_old(knowledge: Knowledge, today: dt.date, days: int = OLD) -> list[str]:
    """Procedures in force and figures not checked for more than `days` days."""
    limit = today - dt.timedelta(days=days)
    old = [
        f"{procedure.id} ({version.territoire}) : {version.verifie_le}"
        for procedure in knowledge.procedures.values()
        for version in procedure.versions
        if version.en_vigueur.au is None and version.verifie_le < limit
    ]
    return [*old, *(f"{n} : {day}" for n, day in knowledge.parameters.checked() if day < limit)]


def missing(knowledge: Knowledge, subjects: list[str]) -> list[str]:
    """Subjects that have no procedure."""
    return [name for name in subjects if name not in knowledge.procedures]


def show(name: str, date: dt.date, caf: str | None, data: Path = DATA) -> str | None:
    """The answer as it would be said at `date` for `caf`, with every precise answer after it.

    Returns None when nothing is known at that date. Raises InvalidData for an unknown subject.
    """
    knowledge, sentences = check(data), read_sentences()
    procedure = _procedure(knowledge, name)
    version = _in_force(procedure, date, caf)
    if version is None:
        return None
    cards = Cards.of(knowledge)
    card = cards.procedure(Found(name, procedure.titre, procedure.urgence, version), date)
    return "\n\n".join([card_text(card, sentences.carte), *_answers(procedure, date, caf, cards)])


def diff(name: str, data: Path = DATA) -> str:
    """What changed from each version to the next, by territory. Raises as `show`."""
    procedure = _procedure(check(data), name)
    lines: list[str] = []
    for territoire in dict.fromkeys(version.territoire for version in procedure.versions):
        versions = [v for v in procedure.versions if v.territoire == territoire]
        for before, after in itertools.pairwise(versions):
            old, new = (f"{territoire}, {v.en_vigueur.du}" for v in (before, after))
            lines += difflib.unified_diff(before.texts(), after.texts(), old, new, n=0, lineterm="")
    return "\n".join(lines)


def _procedure(knowledge: Knowledge, name: str) -> Procedure:
    if name not in knowledge.procedures:
        near = difflib.get_close_matches(name, knowledge.procedures, n=3)
        raise InvalidData(f"data/procedures: « {name} » : inconnu ; proches : {', '.join(near)}")
    return knowledge.procedures[name]


def _in_force(procedure: Procedure, date: dt.date, caf: str | None) -> Version | None:
    for territoire in (caf, NATIONAL):
        for version in procedure.versions:
            if version.territoire == territoire and version.en_vigueur.holds(date):
                return version
    return None


def _answers(procedure: Procedure, date: dt.date, caf: str | None, cards: Cards) -> list[str]:
    in_force = [p for p in procedure.precisions if p.en_vigueur.holds(date)]
    return [
        f"[{p.territoire}] {p.question}\n"
        + " ".join(cards.render(sentence, date) for sentence in p.reponse)
        for p in for_caf(in_force, caf)
    ]
