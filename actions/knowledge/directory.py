"""Places by subject and commune: data/directory. Pure once read."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from actions.knowledge.schema import NATIONAL, Annuaire, Commune, Lieu
from actions.territory import kilometres


@dataclass(frozen=True)
class Places:
    """What is known for a subject. `near`: km to the nearest, when none is in the commune."""

    annuaire: Annuaire
    lieux: list[Lieu]
    commune: Commune | None = None
    near: float | None = None

    def past(self, date: dt.date) -> bool:
        """Whether the list is of a period that is over."""
        end = self.annuaire.en_vigueur.au
        return end is not None and end < date


class Directory:
    """All lists of places."""

    def __init__(self, annuaires: list[Annuaire], communes: list[Commune]) -> None:
        self._annuaires = annuaires
        self._communes = {commune.nom: commune for commune in communes}

    def find(
        self, sujet: str, caf: str | None, commune: Commune | None, date: dt.date
    ) -> Places | None:
        """Places for `sujet`: those of the commune, else the nearest ones, else all.

        Args:
            caf: département number; a list of another Caf is not given.
            commune: where the person is, or None.
            date: reference date; the last list that had begun by then is taken.
        """
        for annuaire in reversed(self._annuaires):
            if sujet not in annuaire.sujets or annuaire.en_vigueur.du > date:
                continue
            if caf is not None and annuaire.territoire not in {caf, NATIONAL}:
                continue
            return self._choose(annuaire, commune)
        return None

    def _choose(self, annuaire: Annuaire, commune: Commune | None) -> Places:
        if commune is None:
            return Places(annuaire, annuaire.lieux)
        here = [lieu for lieu in annuaire.lieux if lieu.commune == commune.nom]
        if here:
            return Places(annuaire, here, commune)
        distances = {
            lieu.commune: kilometres(commune, self._communes[lieu.commune])
            for lieu in annuaire.lieux
        }
        nearest = min(distances, key=distances.__getitem__)
        lieux = [lieu for lieu in annuaire.lieux if lieu.commune == nearest]
        return Places(annuaire, lieux, commune, distances[nearest])
