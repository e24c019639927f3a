"""The questions of the ASF, and the situation that their answers make."""

from __future__ import annotations

import re
from decimal import Decimal

from actions.eligibility.asf import AutreParent, Lien, Situation
from actions.forms import Answers, GuidedForm, Question
from actions.reading import (
    UNKNOWN,
    Reading,
    read_age,
    read_amount,
    read_choice,
    read_yes_no,
    simplify,
    spot_age,
    spot_amount,
)

LIEN: dict[str, str] = {
    Lien.RECUEILLANT: r"recueill|grands? ?(?:pere|mere|parent)|\b(?:tante|oncle|tut(?:eur|rice)"
    r"|neveu|niece|petits? (?:fils|enfants?)|petite fille|famille d accueil|un proche)\b",
    Lien.PARENT: r"\b(?:son pere|sa mere|pere|mere|maman|papa|parents?|mon fils|ma fille"
    r"|mes enfants|mon enfant|mes (?:fils|filles)|c est moi|moi)\b",
}
COUPLE = (
    r"(?<!plus )(?<!pas )\ben couple\b|(?:mariee?s?|pacsee?s?|concubin\w*|remariee?s?|en menage"
    r"|avec (?:mon|ma|un|une) (?:conjointe?|compagn\w+|copine?|copain|ami|amie|mari|femme"
    r"|cherie?|nouveau|nouvelle)\w*|pas (?:toute? )?seule?|plus (?:toute? )?seule?"
    r"|(?:vi[st]|vivons|vivre|est|sommes) a deux|vie commune)\b"
)
SEUL = (
    r"\b(?:(?<!pas )(?<!plus )(?<!pas tout )(?<!pas toute )(?<!plus tout )(?<!plus toute )seule?"
    r"|celibataire|divorcee?|separee?|veu(?:f|ve)|solo|sans conjointe?|(?:plus|pas) en couple"
    r"|monoparent\w*)\b"
)
AUTRE_PARENT: dict[str, str] = {
    AutreParent.VIOLENCES: r"violen|frapp|battu|menac",
    AutreParent.DECEDE: r"\b(?:decedee?|mort\w*|disparue?|orpheline?)\b|\best decede",
    AutreParent.NON_RECONNU: r"pas reconnu|jamais reconnu|non reconnu|reconnu(?:e)? par personne"
    r"|pere inconnu",
    AutreParent.NE_PEUT_PAS: r"(?:ne )?(?:peut|peux|pas les moyens)\w* (?:pas )?(?:de )?payer"
    r"|insolvable|en prison|incarcer|au rsa|au chomage|pas les moyens|sans revenu",
    AutreParent.PENSION_NON_FIXEE: r"(?:pas|aucune|jamais|non|sans|rien)\b.{0,25}\b(?:fixe|jugement"
    r"|decision|juge)|(?:pas|aucune|jamais eu|sans) (?:de )?pension\b(?! n| est| payee)",
    AutreParent.PAIE_EN_PARTIE: r"en partie|partiel|pas tout|un mois sur deux|de temps en temps"
    r"|irreguli|quelquefois|parfois|la moitie|moins que|pas toujours|quand (?:il|elle) veut",
    AutreParent.NE_PAIE_PAS: r"(?:pas|jamais|plus|rien|aucun)\b.{0,20}\b(?:payee?|paye|paie|verse"
    r"|donne|recue?|touche)|(?:paie|paye|verse|donne|recois|touche)\w* (?:pas|rien|jamais|plus)"
    r"|impayee?|\b(?:rien|jamais)\b",
    AutreParent.PAIE_TOUT: r"(?:paie|paye|verse|donne|regle)\w*\b.{0,25}(?:tout|bien|normal|regul"
    r"|chaque|tous les|enti|oui)|entier|en totalite|regulierement|payee entierement"
    r"|^(?:oui )?(?:il|elle) (?:la )?(?:paie|paye|verse)|payee tous les mois",
}
ABOUT_PENSION = (
    r"pension|\bpa(?:ie|ye)|verse|reconnu|deced|\bmort|orphelin|violen|prison|insolvable"
)
YES_NO = {"oui": True, "non": False}


def read_seul(text: str) -> Reading | None:
    """`oui` when the person lives alone; words for both ("mariée mais séparée") are unclear."""
    plain = simplify(text)
    alone, couple = bool(re.search(SEUL, plain)), bool(re.search(COUPLE, plain))
    if alone and couple:
        return None
    if alone or couple:
        return Reading("oui" if alone else "non")
    return read_yes_no(text)


def spot_seul(text: str) -> str | None:
    said = re.search(f"{SEUL}|{COUPLE}", simplify(text))
    reading = read_seul(text) if said else None
    return reading.value if reading else None


def read_autre_parent(text: str) -> Reading | None:
    return read_choice(text, AUTRE_PARENT)


def spot_autre_parent(text: str) -> str | None:
    """ "Jamais" or "rien" say something of the pension only beside a word for it."""
    reading = read_autre_parent(text) if re.search(ABOUT_PENSION, simplify(text)) else None
    return reading.value if reading else None


def read_lien(text: str) -> Reading | None:
    return read_choice(text, LIEN)


def _parent(answers: Answers) -> bool:
    return answers.get("asf_lien") == Lien.PARENT


def _other_is(answers: Answers, *values: AutreParent) -> bool:
    return _parent(answers) and answers.get("asf_autre_parent") in values


QUESTIONS = (
    Question("asf_lien", read_lien),
    Question("asf_vit_seul", read_seul, spot_seul, _parent),
    Question("asf_age_enfant", read_age, spot_age),
    Question("asf_residence", read_yes_no),
    Question("asf_autre_parent", read_autre_parent, spot_autre_parent, _parent),
    Question(
        "asf_pension_recue",
        read_amount,
        spot_amount,
        lambda answers: _other_is(answers, AutreParent.PAIE_TOUT, AutreParent.PAIE_EN_PARTIE),
    ),
    Question(
        "asf_demarche",
        read_yes_no,
        simplify,
        asked=lambda answers: _other_is(answers, AutreParent.PENSION_NON_FIXEE),
    ),
    Question(
        "asf_document_violences",
        read_yes_no,
        simplify,
        asked=lambda answers: _other_is(answers, AutreParent.VIOLENCES),
    ),
)
SLOTS = tuple(question.slot for question in QUESTIONS)


class ValidateAsfForm(GuidedForm):
    """`validate_asf_form`."""

    form = "asf_form"
    subject = "asf"
    questions = QUESTIONS


def situation(answers: Answers) -> Situation:
    """The typed situation; an answer "inconnu" or absent is None."""
    known = {slot: value for slot, value in answers.items() if value != UNKNOWN}
    age, pension = known.get("asf_age_enfant"), known.get("asf_pension_recue")
    other = known.get("asf_autre_parent")
    lien = known.get("asf_lien")
    return Situation(
        lien=Lien(lien) if lien else None,
        vit_seul=_fact(known, "asf_vit_seul"),
        age_enfant=int(age) if age else None,
        residence_stable=_fact(known, "asf_residence"),
        autre_parent=AutreParent(other) if other else None,
        pension_recue=Decimal(pension) if pension else None,
        demarche_engagee=_fact(known, "asf_demarche"),
        document_violences=_fact(known, "asf_document_violences"),
    )


def _fact(answers: Answers, slot: str) -> bool | None:
    return YES_NO.get(answers.get(slot, ""))
