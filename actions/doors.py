"""The right door when a question is not for the Caf: data/portes.yml. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from actions.knowledge.schema import Porte
from actions.reading import simplify


def door(text: str, portes: Mapping[str, Porte]) -> Porte | None:
    """The first organisation one of whose words begins a word of `text`."""
    plain = simplify(text)
    for porte in portes.values():
        if any(re.search(rf"\b{re.escape(mot)}", plain) for mot in porte.mots):
            return porte
    return None
