"""Whether a sentence asks to book, move or cancel an appointment, now. Pure.

A question about how it works ("comment prendre un rdv ?", "est-ce que je peux être rappelé ?") is
no request, unless it names a moment: "est-ce que quelqu'un peut me rappeler jeudi ?".
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Literal

from actions.appointments.souhaits_heures import pieces_of_times
from actions.appointments.souhaits_jours import pieces_of_days
from actions.appointments.souhaits_mots import WEEKDAY, clear

Demande = Literal["prendre", "deplacer", "annuler"]

_ANY_DAY = dt.date(2024, 1, 1)  # whether a moment is named does not depend on the day

RDV = r"(?:rdvs?|r d v|rendez ?vous|rendez? ?vs|rende ?vous|rdvous)"
_CALL = r"(?:rapp?el|appel|entretien|creneau)s?"
_MEETING = rf"(?:{RDV}|{_CALL})\b"
_OF_MINE = r"(?:(?:mon|mes|le|les|l|ce|cet|un|une|notre|de|du|d|heure|horaire|date|jour) ?)*"
# Endings are lost in typing: "rapeler moi", "je veux annulé".
_VERB = r"(?:er|ez|e|es|ee|ais|ai)\b"
_RING = rf"(?:r ?(?:e )?app?el+|rapel+|app?el+|ape+l+|(?:re)?contact|(?:re)?telephon|joindr){_VERB}"
_RINGS = r"(?:rapp?el+e?|app?el+e?|contacte|recontacte|telephone|joigne)(?:nt|r|z)?\b"
_ME = r"(?:me |m ?|nous )"
_WILL = (
    r"\b(?:(?:je?|on|nous|j) ?)?(?:ve(?:u[xt]?|ut?)|voulons|voudr\w+|vouldr\w+|souhait\w+|souhet\w+"
    r"|aim(?:e|erai\w*|erions)\b|desire\w*|prefer\w*|(?<!me )(?<!m )demande\b|dois|doit|besoin"
    r"|faut|faudrait"
    r"|merci|possible|possibilite|envie|tiens a)"
)
_CAN_YOU = r"\b(?:(?:pouve[zr]|pouv[ea]z|pourri?[ea]z|pouriez|peu[xt]|pourrait|pourrais)\b)"
_NOT = (
    r"(?:(?:veu[xt]?|voudrais?|souhaite|desire|ai|prefere|est|besoin|envie|faut|vais)\s)?"
    r"(?<!viendrai )(?<!serai )(?<!suis )pas "
)

_TIME_WORD = (
    rf"(?:{WEEKDAY}|[0-9]|semaine|sem\b|matin|soir|midi|apre|ap |aprem|mois|plus|plutot|jour|we"
    r"|prems)"
)
_REMIND = re.compile(  # "rappelez-moi le montant": not a call
    rf"rapp?el+{_VERB} (?:moi|nous) (?:(?:les?|la|l|mon|ma|mes|vos|votre|un|une|des)"
    rf" (?!{_TIME_WORD})|ce qu|qu|quel|combien|si\b|comment|ou\b|c est)"
)
_TAKE = (
    r"(?:pren(?:dre|ds|d|dr)|obtenir|avoir|reserve\w*|bloque\w*|fixe\w*|caler?\w*|planifi\w*"
    r"|programm\w*|poser?|demander?|solliciter?|mettre|mettez moi|organis\w*)"
)
_SOME = r"(?:(?:un|une|le|1|mon|de|d|plutot|nouveau|autre|bien|moi|nous|petit|prems|prochain) ?)*"

_BOOK = (
    rf"\b(?:mette[zr]|donne[zr]|fixe[zr]|reserve[zr]|pren(?:ez|dre)|bloque[zr]|cale[zr]"
    rf"|trouve[zr]|propose[zr])"
    rf" (?:moi|nous) {_SOME}{_MEETING}",
    rf"\b(?:r ?app?el+|rapel+|ap+el+){_VERB} (?:moi|nous)\b|\b(?:(?:re)?contacte[rz]?"
    rf"|telephone[rz]?) (?:moi|nous)\b",
    rf"{_WILL}.{{0,40}}\bqu (?:on|un|une|il|elle)\b.{{0,40}}\b(?:{_ME})?{_RINGS}",
    rf"{_WILL}.{{0,40}}\bque (?:quelqu un|qqun|qqn|la caf|vous|l agent|la conseillere"
    rf"|le conseiller)"
    rf"\b.{{0,30}}\b(?:{_ME})?{_RINGS}",
    rf"{_WILL}.{{0,25}}\b(?:etre|etr|me faire) {_RING}",
    rf"\bmerci (?:de|d) {_ME}{_RING}|^(?:bonjour )?qu on {_ME}{_RINGS}|\bfaites moi {_RING}",
    rf"{_CAN_YOU}(?: vous| tu| on| il| elle)?.{{0,30}}\b{_ME}{_RING}",
    rf"\b(?:peu[xt]|pourrai[st]?|puis)(?: je| on)?.{{0,20}}\b(?:etre|me faire) {_RING}",
    rf"\b(?:peu[xt]|pourrai[st]?|puis)(?: je| on)?.{{0,20}}\b{_TAKE} {_SOME}{_MEETING}",
    rf"\bpossible (?:d etre|qu on|que).{{0,30}}(?:{_RING}|{_RINGS})",
    rf"{_WILL}.{{0,30}}\b{_TAKE} {_SOME}{_MEETING}",
    rf"{_WILL}(?: (?:que|avec|juste|bien|absolument|vraiment|urgence|avoir))* {_SOME}(?:{RDV}"
    rf"|rapp?el\b|entretien)\b",
    rf"^(?:bonjour |bjr |bonsoir |slt |salut |svp |je )*(?:reserve[rz]?|prendre|prends"
    rf"|demande(?: de)?|fixe[rz]?)"
    rf"(?: moi)? {_SOME}{_MEETING}",
)
_MOVE_VERB = (
    rf"(?:deplac|decal|report|repouss|avanc|chang|modif(?:i|y)|reprogramm|remplac|recul){_VERB}"
)
_MOVE = (
    rf"\b{_MEETING}.{{0,90}}\b(?:vouloir|voudr\w+|ve(?:ux|ut)|souhait\w+"
    rf"|aimerai\w*) (?:bien )?(?:les?|l)"
    rf" {_MOVE_VERB}",
    rf"\b{_MEETING}.{{0,90}}\b(?:possible de|on peut|peut on|pouvez vous|voudr\w+) les? mettre\b",
    rf"(?:{_WILL}|{_CAN_YOU}).{{0,30}}\b{_MOVE_VERB} {_OF_MINE}{_MEETING}",
    rf"^(?:bonjour |bjr |bonsoir |slt |salut |svp |je |merci de "
    rf"|merci d )*{_MOVE_VERB} {_OF_MINE}{_MEETING}",
    rf"\b(?:peux|pourrai|peut|serai|suis|viendrai|saurai|pourrais)s? (?:pas|plus"
    rf"|pas du tout)\b.{{0,40}}\b(?:mon|au|le|ce) {RDV}\b",
    rf"\b(?:peux|pourrai|peut)s? plus .{{0,20}}\b(?:mon|le|au) {_MEETING}",
)
_CANCEL_VERB = rf"(?:an+ul+|suprim|supprim){_VERB}"
_CANCEL = (
    rf"\b(?:(?:veu[xt]?|souhaite|voudrais) plus |plus besoin d )(?:etre {_RING}|qu on m\w* )",
    rf"(?:{_WILL}|{_CAN_YOU}).{{0,30}}\b{_CANCEL_VERB} {_OF_MINE}{_MEETING}",
    rf"^(?:bonjour |bjr |bonsoir |slt |salut |svp |je |j |merci de "
    rf"|merci d )*{_CANCEL_VERB} {_OF_MINE}{_MEETING}",
    rf"\ban+ul+ez {_OF_MINE}{_MEETING}",
    rf"^(?:bonjour |bjr |je )*(?:demande (?:d )?)?an+ul+ation {_OF_MINE}{_MEETING}",
    rf"\b(?:veu[xt]?|souhaite|voudrais) plus (?:de |d )?(?:mon|ce|le|du) {_MEETING}",
    rf"\bplus besoin (?:de |d |du )?(?:mon|ce|le|cet|l)? ?{_MEETING}",
)
_PATTERNS: tuple[tuple[Demande, re.Pattern[str]], ...] = (
    ("annuler", re.compile("|".join(_CANCEL))),
    ("deplacer", re.compile("|".join(_MOVE))),
    ("prendre", re.compile("|".join(_BOOK))),
)

_CALL_ME = re.compile("|".join(_BOOK[:6]))  # said outright, even beside a question

# A meeting and a moment, and hardly a word more: "rdv tel jeudi svp".
_SHORT = re.compile(
    rf"^(?:(?:bonjour|bonsoir|bjr|slt|salut|coucou|hello|svp|un|une|pour|petit) )*"
    rf"(?:{RDV}|rapp?el)(?: (?:par |au )?(?:tel\w*|phone))?\b"
)
_HOW = re.compile(
    r"\b(?:comment|coment|kom+ent|cmt|pourquoi|pk|pourkoi|combien|quels?|quelles?|quand est ce"
    r"|quand allez"
    r"|kan|kand|savoir|c est quoi|quand$|fais (?:quoi|koi)|quoi faire|qui (?:appelle|rappelle)"
    r"|c est (?:gratuit|payant)|a quoi"
    r"|(?<!me )(?<!m )faut|dois je|jdois|jdoi|horaires?|confirm\w*)\b"
    r"|(?:^|\. |, |bonjour |bjr |bonsoir )ou (?!plutot|bien|alors|sinon)"
    r"|\bou (?:est|sont|se trouve|annuler|prendre|puis|peut|dois|je|cocher|voir|faut)\b"
    r"|je reserve ou\b"
)
# A polite question: a request once it names a moment.
_MAY = re.compile(
    r"\b(?:est ce qu|esque|es ce qu|puis je|peut on|on peut|(?:est il|c est|serait il) possible"
    r"|(?:je peux|jpeux|jpeu)(?! pas| plus)|peux je|quelqu un peut|possible$|possible \.)"
)
_WISHES = re.compile(
    r"\b(?:voudr\w+|souhait\w+|aimerai\w*|veu[xt]|svp|stp|s il vous plai\w*|merci)\b"
)
_REFUSES = re.compile(
    rf"\b{_NOT}(?:besoin |envie )?(?:(?:de|d|du|un|une|mon|qu|que|on|me|m|etre|vous|a|la caf"
    rf"|prendre|annuler|deplacer"
    rf"|changer|avoir) ?)*(?:{_MEETING}|{_RING}|{_RINGS}|{_CANCEL_VERB}|{_MOVE_VERB})"
    rf"|\b(?:ne |n )(?:(?:me|m|nous) ?)?(?:{_RING}|{_RINGS}|{_CANCEL_VERB}|{_MOVE_VERB})"
    rf"|\b(?:(?:{_CANCEL_VERB}|{_MOVE_VERB})|(?:rappel|appel){_VERB}) (?:moi )?(?:surtout )?pas\b"
    rf"|^(?:bonjour |non )*(?:pas (?:besoin )?de |sans ){_MEETING}"
)
# What was done, or is told: "vous deviez m'appeler", "j'ai annulé", "la caf a décalé mon rdv".
_TOLD = re.compile(
    rf"\bj ?ai (?:deja |bien )?demande\b|"
    rf"\b(?:ai|as|a|avez|ont|avait|avaient|aviez|ete|etes|est|etait)"
    rf" (?:(?:deja|pas|jamais|ete|bien|me|m|encore|toujours) )*(?:{_CANCEL_VERB}|{_MOVE_VERB}"
    rf"|{_RING}|pris\b)"
    rf"|\b(?:dev(?:ait|iez|aient)|m a|ma|m avez|m ont)\b.{{0,20}}\b{_RING}"
    r"|\bai (?:deja )?(?:eu |pris |un |mon |1 )+rdv|\bai (?:un |mon )?rendez ?vous"
    r"|\bcode\b.*\bmarche pas"
    rf"|\bvous {_RING}"
)
# Elsewhere than on the telephone: nothing is booked here.
_ELSEWHERE = re.compile(
    r"\b(?:sur place|agences?|guichets?|au bureau|accueil|visio\w*|lsf|langue des signes|mairie"
    r"|prefecture"
    r"|medecin|docteur|hopital|assistante? sociale?|france travail|pole emploi|cpam|en vrai"
    r"|physique)\b"
)
_BY_PHONE = re.compile(r"(?<!pas au )(?<!pas par )\b(?:tel\b|telephon\w*|r?app?el\w*|mappel\w*)")
_SENTENCE = re.compile(r"\.+")
_CLAUSE = re.compile(r",+|\b(?:car|parce qu[e ]|mais|puisqu[e ]|vu que|pcq)\b")


def wants(text: str) -> Demande | None:
    """What is asked for; None for a question about how it works, a refusal, or a story told."""
    for sentence in _SENTENCE.split(clear(text)):
        asks = bool(_HOW.search(sentence))
        for clause in (sentence, *_CLAUSE.split(sentence)):
            wanted = _wanted(" ".join(clause.split()))
            if wanted is not None and not (
                asks and wanted == "prendre" and not _CALL_ME.search(clause)
            ):
                return wanted
    return None


def _wanted(clause: str) -> Demande | None:
    """What one clause asks for."""
    if any(pattern.search(clause) for pattern in (_HOW, _REFUSES, _REMIND, _TOLD)):
        return None
    if _MAY.search(clause) and not _WISHES.search(clause) and not _names_a_moment(clause):
        return None
    if _ELSEWHERE.search(clause) and not _BY_PHONE.search(clause):
        return None
    for wanted, pattern in _PATTERNS:
        if pattern.search(clause):
            return wanted
    return "prendre" if _SHORT.search(clause) and _names_a_moment(clause) else None


def _names_a_moment(plain: str) -> bool:
    """Whether a day or a time is said."""
    return any(pieces_of_days(plain, _ANY_DAY)) or any(pieces_of_times(plain))
