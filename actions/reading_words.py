"""Answers in words: yes or no, a choice, not knowing, skipping a question, asking why. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

UNKNOWN = "inconnu"
SHORT = 4  # words: a short "oui, bien sûr" is nothing but an answer


@dataclass(frozen=True)
class Reading:
    """What was read; `sure` when the text holds nothing else."""

    value: str
    sure: bool = True


_DOES_NOT_KNOW = re.compile(
    r"\b(?:sais (?:pas|plus)|aucune idee|jsp|ch?ais (?:pas|plus)|pas (?:sure?|certaine?)"
    r"|ignore|peux pas (?:vous )?dire|inconnu)\b"
)

# Words that come before an answer without changing it ("ah ben malheureusement").
_LEAD = re.compile(
    r"^(?:(?:j(?:e |)(?:ne )?(?:crois|pense|suppose)(?: bien)? que|j(?:e |)dirais?(?: que)?"
    r"|il me semble(?: bien)? que|(?:mal)?heureusement|helas|normalement|en principe|a priori"
    r"|plutot|(?:bien sur|evidemment|surement|certainement) que(?= oui| non)|la reponse est"
    r"|pour moi|c est(?= oui| non)|mais|alors|ben|bah|bin|euh|heu|ah|oh|eh|he|hum|donc|bon|enfin)"
    r"(?: |,|\.)+)+"
)
_OUI = r"(?:ou+i+|oua+i+s?|oue+|ou?ai?[ps]|ouep|voui|w?oe|we|yess?|yep|yeah?|wi+|ui+|oki?|dacc?)"
_NON = r"(?:n+o+n+|nan+|no|nn|nop+e?|niet)"
_BOTH = re.compile(
    rf"^{_OUI}\W+(?:\w+ ){{0,2}}{_NON}$|^{_NON}\W+(?:\w+ ){{0,2}}{_OUI}$"
    rf"|^{_OUI}\W+{_NON}\b|\bni oui ni non\b|\boui ou non\b"
)
_NO = re.compile(
    rf"^(?:{_NON}|n$|negatif|jamais|jms|faux|c est faux|aucune?(?! idee)"
    r"|(?:toujours|tjr?s|absolument|certainement|surement|surtout|carrement|clairement|vraiment)"
    r" pas(?! (?:sure?|certaine?)\b)"
    r"|pas (?:vraiment|encore|du tout|tellement|trop|tout a fait|exactement|specialement|le cas"
    r"|a ma connaissance|que je sache|pour l instant|pour le moment|actuellement|en ce moment)"
    r"|plus (?:maintenant|du tout)|c est pas le cas|ce n est pas le cas"
    r"|j(?:e |)(?:ne )?(?:crois|pense) pas)\b"
)
_YES = re.compile(
    rf"^(?:{_OUI}|[oy]$|exact(?:ement)?|tout a fait|bien sur|carrement|vrai|en effet|absolument"
    r"|(?:c est|c) (?:ca|exact|vrai|bon|le cas)|effectivement|affirmatif|d ?accord(?! avec)"
    r"|certainement|parfaitement|completement|clairement|evidemment|toujours|tjr?s|voila"
    r"|bien entendu|bien ?sure?"
    r"|je confirme|si(?= si\b|,|\.|$))(?!\w)"
    r"|^j(?:e |)(?:crois|pense)(?: bien)?\W*$"
)
_YES_SIGN, _NO_SIGN = re.compile("[👍✅✔☑🆗]"), re.compile("[👎❌✖🚫]")

_PLEASE = r"(?: (?:svp|stp|s il (?:vous|te) plait|merci))?"
_SKIP = re.compile(
    r"(?:(?:je|on|j|non) )?(?:(?:peux|peut|veux|prefere|voudrais|vais) )?"
    r"(?:pass(?:e|er|ez|ons)|saut(?:e|er|ez|ons)|skip|ignorer)"
    rf"(?: (?:a )?(?:la|cette|celle la)(?: question)?(?: suivante)?)?{_PLEASE}"
    rf"|joker|next|(?:la )?(?:question )?suivante?s?{_PLEASE}|(?:la )?prochaine question{_PLEASE}"
    r"|(?:non )?(?:j(?:e |)(?:ne |n )?)?(?:(?:prefere|prefererais) (?:ne )?pas"
    r"|(?:veux|souhaite|desire|tiens a|vais) pas|ai pas envie de?|pas envie de?|refuse de)"
    r"(?: vous)? (?:y )?(?:repondre?|(?:le |en )?(?:dire|parler|preciser))"
    r"(?: a (?:cette|la) question| a ca| la dessus)?"
    r"|(?:je )?(?:ne )?(?:reponds pas|souhaite pas repondre|se prononce pas)|j(?:e |)prefere pas"
    r"|(?:je )?(?:prefere )?(?:garder?) ca pour moi|(?:je )?passe mon tour"
    rf"|(?:on passe a )?(?:la )?suite{_PLEASE}|sans reponse|pas de reponse|sans commentaire"
    r"|no comment|nsp"
)
_THAT = r"(?:ca|cela|sa|cette question|cette info(?:rmation)?|ces questions?)"
_YOU = r"(?:vous|tu|on|te|t)"
_WHY = r"(?:pourquoi|pourkoi|pour quoi|pk|pq|pkoi|prk|pourqoi)"
_ASKS_WHY = re.compile(
    rf"(?:(?:mais|et|euh|ben|bah|ah|non) )*(?:{_WHY}(?: (?:donc|faire))?"
    rf"|{_WHY} (?:est ce que )?{_YOU} (?:me |m )?(?:demand\w+|pos\w+|voul\w+|veu[xt])"
    rf"(?: (?:me )?(?:savoir|demander))?(?: {_THAT})?(?: a moi)?"
    rf"|{_WHY} (?:me )?(?:demand\w+|voulez|veux) (?:vous|tu)(?: savoir)?(?: {_THAT})?"
    rf"|{_WHY} (?:est ce que )?{_YOU} (?:voul\w+|veux) (?:savoir|connaitre)"
    r" (?:mon|ma|mes|l|le|la|si|combien|quand)(?: \w+){1,4}"
    rf"|{_WHY} (?:demander )?{_THAT}|{_YOU} (?:me )?demand\w+ {_THAT} {_WHY}"
    rf"|(?:c est|c) {_WHY}(?: faire)?|pour quelle raison"
    rf"|a quoi (?:{_THAT} sert|sert {_THAT})|{_THAT} sert a quoi|dans quel but|quel(?: est le)? but"
    rf"|{_THAT} (?:ne )?(?:vous|te) (?:regarde|concerne) (?:pas|en rien)"
    rf"|en quoi (?:{_THAT} )?(?:vous|te) (?:regarde|concerne)"
    rf"|en quoi {_THAT} (?:vous |te )?(?:regarde|concerne|interesse)|{_THAT} change quoi"
    r"|(?:c est|c) (?:prive|personnel|indiscret|obligatoire|quoi cette question|quoi ca)"
    r"|(?:je suis|on est|c est) obligee?s?(?: de repondre)?"
    rf"|qu est ce que {_THAT} (?:veut dire|change|signifie)|{_THAT} veut dire quoi(?: \w+){{0,3}}"
    r"|(?:c est )?pas (?:vos|tes) (?:affaires|oignons)|de quoi je me mele"
    r"|qu entendez vous par la|expliquez?(?: moi)?"
    r"|(?:c est|c) a dire|que voulez vous dire|(?:vous voulez|tu veux) dire quoi"
    r"|(?:je?|on) ?(?:ne )?comprends? (?:pas|rien)(?: bien| tout)?(?: a)?"
    r"(?: (?:la|cette) question)?"
    r"|(?:j |je )?(?:n )?(?:ai )?(?:pas|rien)(?: bien| tout)? compris(?: (?:la|cette) question)?"
    r"|(?:je? ?(?:ne )?vois pas|quel(?: est)?|(?:c est|c) quoi) (?:le )?rapport"
    r"|comment(?: ca)?|hein|quoi|pardon|kezako)(?: (?:svp|au juste|exactement|en fait))?"
)

_CORRECTION = re.compile(
    r"\b(?:en fait|(?:me|m) (?:suis|etais) tromp\w*|erreur|pardon|finalement|corrig\w*|modifi\w*"
    r"|non mais|plutot|je voulais dire|rectif\w*|mal repondu)\b"
)
_QUESTION = re.compile(
    r"^(?:(?:et|mais|au fait|sinon|bonjour|dites? moi|svp) )*(?:comment|quand|combien|pourquoi|qui"
    r"|quel(?:le)?s?|est ce|qu est|puis je|peut on|c est quoi|ou (?:est|sont|en|puis|dois|se))\b"
)


def simplify(text: str) -> str:
    """Lower case, no accents, apostrophes and dashes as spaces."""
    text = unicodedata.normalize("NFKC", text).lower().replace("œ", "oe")
    decomposed = unicodedata.normalize("NFD", text)
    text = "".join(char for char in decomposed if not unicodedata.combining(char))
    return " ".join(re.sub(r"['’‘`´\-_!?;:()\"«»]", " ", text).split())


def read_unknown(text: str) -> Reading | None:
    """The person does not know."""
    plain = simplify(text)
    if not _DOES_NOT_KNOW.search(plain):
        return None
    return Reading(UNKNOWN, len(plain.split()) <= 2 * SHORT)


def read_skip(text: str) -> Reading | None:
    """The person prefers not to answer: the whole text says it."""
    return Reading(UNKNOWN) if _SKIP.fullmatch(_bare(text)) else None


def asks_why(text: str) -> bool:
    """The person questions the question: why it is asked, what it means. Short messages only."""
    plain = _bare(text)
    if not plain:
        return "?" in text
    return bool(_ASKS_WHY.fullmatch(plain))


def is_correction(text: str) -> bool:
    """The text takes back something said before."""
    return bool(_CORRECTION.search(simplify(text)))


def is_question(text: str) -> bool:
    """The text asks something, rather than answers."""
    return "?" in text or bool(_QUESTION.search(simplify(text)))


def read_yes_no(text: str) -> Reading | None:
    """`oui` or `non`."""
    plain = simplify(text)
    yes, no = bool(_YES_SIGN.search(plain)), bool(_NO_SIGN.search(plain))
    if yes != no and not re.search(r"[a-z]", plain):
        return Reading("oui" if yes else "non")
    plain = re.sub(r"([a-z])\1{2,}", r"\1", _LEAD.sub("", plain).rstrip(" .,"))
    if _BOTH.search(plain):
        return None
    sure = len(plain.split()) <= SHORT and not re.search(r"\bmais\b", plain)
    if _NO.search(plain):
        if _DOES_NOT_KNOW.search(plain):
            return None  # "non je sais pas trop"
        return Reading("non", sure)
    if _YES.search(plain):
        return Reading("oui", sure)
    return None


def find_choices(text: str, patterns: Mapping[str, str]) -> list[str]:
    """Every value whose pattern (written for simplified text) is found, in their order."""
    plain = simplify(text)
    return [value for value, pattern in patterns.items() if re.search(pattern, plain)]


def read_choice(text: str, patterns: Mapping[str, str]) -> Reading | None:
    """The first value of `find_choices`."""
    found = find_choices(text, patterns)
    return Reading(found[0]) if found else None


def _bare(text: str) -> str:
    """Simplified, without the punctuation that `simplify` leaves."""
    return " ".join(re.sub(r"[.,…/*]", " ", simplify(text)).split())
