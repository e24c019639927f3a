"""What a list keeps, read from the address and written back into it."""

import re
from collections.abc import Mapping
from urllib.parse import urlencode

from web.console.labels import labels, subjects
from web.console.periods import read_date
from web.conversation_log.queries import Filters

CAF = re.compile(r"(0[1-9]|[1-8][0-9]|9[0-5]|2[AB]|97[1-6])")
NOT_READ = "non"
MAX_TAG = 40
MAX_WORDS = 200
MAX_FIELD = 64
HUNDRED = 100
THUMBS = {"utile": True, "pas_utile": False}


def read_filters(query: Mapping[str, str]) -> Filters:
    """Return the filters of an address; a field that cannot be is left out."""
    known, states = labels(), (NOT_READ, *labels().etats)
    depuis, jusque = read_date(query.get("depuis")), read_date(query.get("jusque"))
    if depuis and jusque and depuis > jusque:
        depuis, jusque = jusque, depuis
    caf = (query.get("caf") or "").strip().upper()
    return Filters(
        depuis=depuis,
        jusque=jusque,
        outcome=_one_of(query.get("resultat"), known.resultats),
        sujet=_one_of(query.get("sujet"), {**subjects(), **known.intentions}),
        confiance_max=_share(query.get("confiance")),
        caf=caf if CAF.fullmatch(caf) else None,
        tag=words(query.get("etiquette"), MAX_TAG),
        texte=words(query.get("texte"), MAX_WORDS),
        vus=_one_of(query.get("lu"), states),
        pouce=THUMBS.get(query.get("avis") or ""),
    )


def fields(filters: Filters) -> dict[str, str]:
    """Return the fields of an address that gives these filters."""
    thumbs = {useful: name for name, useful in THUMBS.items()}
    confiance = filters.confiance_max
    values = {
        "depuis": filters.depuis and str(filters.depuis),
        "jusque": filters.jusque and str(filters.jusque),
        "resultat": filters.outcome,
        "sujet": filters.sujet,
        "confiance": None if confiance is None else str(round(confiance * HUNDRED)),
        "caf": filters.caf,
        "etiquette": filters.tag,
        "texte": filters.texte,
        "lu": filters.vus,
        "avis": None if filters.pouce is None else thumbs[filters.pouce],
    }
    return {name: value for name, value in values.items() if value}


def address(path: str, *groups: Mapping[str, str]) -> str:
    """Return a path and its query."""
    query = urlencode({name: value for group in groups for name, value in group.items()})
    return f"{path}?{query}" if query else path


def words(text: str | None, limit: int) -> str | None:
    """Return the words of a field in one line; None when there are none.

    Without what a database refuses: NUL, half of a character.
    """
    plain = (text or "").replace("\x00", " ").encode("utf-8", "ignore").decode("utf-8")
    return " ".join(plain.split())[:limit] or None


def _one_of(value: str | None, known: Mapping[str, object] | tuple[str, ...]) -> str | None:
    return value if value in known else None


def _share(text: str | None) -> float | None:
    """Return the share of a percentage from 0 to 100."""
    value = (text or "").strip()
    if not re.fullmatch(r"[0-9]{1,3}", value):
        return None
    return min(int(value), HUNDRED) / HUNDRED
