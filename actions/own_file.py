"""Does the person ask about his or her own file, which Allobot cannot see? Pure."""

from __future__ import annotations

import re

from actions.reading import simplify

_OWN = re.compile(
    r"\bpourquoi (?:est ce qu|on|vous|ils?|elle|la caf|ma|mon|mes|j|je)"
    r"|\b(?:on|vous|ils|la caf|caf) (?:m|me|nous) (?:a|ont|avez|retire|retient|prend|enleve)\b"
    r"|\b(?:mon|ma|mes) (?:dossier|demande|paiement|versement|virement|trop percu|dette|droits)\b"
    r"|\b(?:j ai|jai|ai|avons) (?:pas|rien|toujours pas|toujours rien|plus rien)? ?recu\b"
    r"|\bcombien (?:je|vais je|est ce que je|vous me)\b"
    r"|\b(?:je touche|je n ai pas touche|j attends|ou en est)\b"
)


def asks_own_file(text: str) -> bool:
    """Whether the words are about the person's own file, payments or debts."""
    return bool(_OWN.search(simplify(text)))
