"""The answer card: what an action sends to the widget, and its text for the shell."""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from babel.dates import format_date

from actions.knowledge.parameters import Parameters
from actions.knowledge.repository import Found
from actions.knowledge.schema import Contact, Lien, Precision, Source, SourceRef, Strict
from actions.sentences import CardLabels

if TYPE_CHECKING:
    from actions.knowledge.loader import Knowledge


class CardContact(Strict):
    id: str
    label: str
    value: str
    details: str | None
    href: str | None


class CardLink(Strict):
    label: str
    url: str


class CardSource(Strict):
    document: str
    section: str
    date: dt.date


class CardCondition(Strict):
    id: str
    label: str
    status: str
    source: str


class CardDecision(Strict):
    """`amount`: {min, max (numbers), unit, text}. `missing` and `notes` are sentences."""

    verdict: str
    words: str | None = None
    date: dt.date
    amount: dict[str, Any] | None
    conditions: list[CardCondition]
    missing: list[str]
    notes: list[str]


class CardAnswer(Strict):
    """What answers the person's very question."""

    id: str
    question: str
    sentences: list[str]


class Card(Strict):
    """An answer with its source and the date it was checked. Dates go out as ISO strings.

    `answers` come before the summary; `notices` say what the answer is not; `easy`: the person
    asked for the easy version; `page`: where it can be printed, a path of the gateway; `form`:
    what the person is asked for in a form; `file`: for one's calendar, a path of the gateway. A
    mere question states nothing: it has no source, and was never checked.
    """

    kind: Literal["procedure", "decision", "plan", "danger", "rendez_vous"]
    id: str
    version: str
    territoire: str
    title: str
    summary: str
    steps: list[str]
    contacts: list[CardContact]
    links: list[CardLink]
    sources: list[CardSource]
    verifie_le: dt.date | None
    falc: list[str]
    decision: CardDecision | None = None
    answers: list[CardAnswer] = []
    notices: list[str] = []
    places_title: str | None = None
    places: list[CardContact] = []
    events: list[str] = []
    easy: bool = False
    page: str | None = None
    form: Literal["coordonnees"] | None = None
    file: str | None = None


class Cards:
    """Makes cards from what the knowledge says."""

    def __init__(
        self, contacts: dict[str, Contact], sources: dict[str, Source], parameters: Parameters
    ) -> None:
        self._contacts = contacts
        self._sources = sources
        self.parameters = parameters

    @classmethod
    def of(cls, knowledge: Knowledge) -> Cards:
        """Those of all that data/ says."""
        return cls(knowledge.contacts, knowledge.sources, knowledge.parameters)

    def procedure(self, found: Found, date: dt.date) -> Card:
        """The card of a procedure's version, its figures those of `date`."""
        version = found.version
        return Card(
            kind="danger" if found.urgence else "procedure",
            id=found.id,
            version=version.en_vigueur.du.isoformat(),
            territoire=version.territoire,
            title=found.titre,
            summary=self.render(version.resume, date),
            steps=[self.render(step, date) for step in version.etapes],
            contacts=self.contacts(version.contacts),
            links=self.links(version.liens),
            sources=self.sources(version.sources),
            verifie_le=version.verifie_le,
            falc=[self.render(sentence, date) for sentence in version.falc],
        )

    def answered(self, card: Card, chosen: list[Precision], date: dt.date) -> Card:
        """The card with the answers to the person's question, and their sources."""
        answers = [
            CardAnswer(
                id=precision.id,
                question=precision.question,
                sentences=[self.render(sentence, date) for sentence in precision.reponse],
            )
            for precision in chosen
        ]
        sources = [*self.sources([precision.source for precision in chosen]), *card.sources]
        unique = list({(s.document, s.section): s for s in sources}.values())
        return card.model_copy(update={"answers": answers, "sources": unique})

    def render(self, text: str, date: dt.date) -> str:
        return self.parameters.render(text, date)

    def contacts(self, ids: list[str]) -> list[CardContact]:
        found = {name: self._contacts[name] for name in ids}
        return [
            CardContact(id=name, label=c.libelle, value=c.valeur, details=c.details, href=c.href)
            for name, c in found.items()
        ]

    def links(self, liens: list[Lien]) -> list[CardLink]:
        return [CardLink(label=lien.libelle, url=lien.url) for lien in liens]

    def sources(self, refs: list[SourceRef]) -> list[CardSource]:
        return [
            CardSource(
                document=self._sources[ref.document].titre,
                section=ref.section,
                date=self._sources[ref.document].date,
            )
            for ref in refs
        ]

    def source_line(self, ref: SourceRef) -> str:
        source = self._sources[ref.document]
        return f"{source.titre}, {french_date(source.date)}"


def card_text(card: Card, labels: CardLabels) -> str:
    """The card as plain text: complete on its own, for the shell and for any channel."""
    blocks = [" ".join(answer.sentences) for answer in card.answers]
    blocks += [*card.notices, *_explanation(card, labels)]
    blocks += _block(card.places_title or "", [_contact_line(place) for place in card.places])
    blocks += _block(labels.agenda, [f"- {line}" for line in card.events])
    blocks += _block(labels.contacts, [_contact_line(contact) for contact in card.contacts])
    blocks += _block(labels.liens, [f"- {link.label} : {link.url}" for link in card.links])
    sources = " ; ".join(
        labels.source.format(document=s.document, section=s.section, date=french_date(s.date))
        for s in card.sources
    )
    if card.verifie_le is not None:
        blocks.append(labels.verifie.format(sources=sources, date=french_date(card.verifie_le)))
    return "\n\n".join(blocks)


def _explanation(card: Card, labels: CardLabels) -> list[str]:
    """The subject as a whole: in easy words when the person asked for them."""
    if card.easy and card.falc:
        return ["\n".join([card.title, *card.falc])]
    steps = [f"{i}. {step}" for i, step in enumerate(card.steps, 1)]
    return [
        f"{card.title}\n{card.summary}",
        *_decision_blocks(card.decision, labels),
        *_block(labels.preparer if card.kind == "rendez_vous" else labels.etapes, steps),
    ]


@lru_cache(maxsize=4096)
def french_date(date: dt.date) -> str:
    """« 4 mai 2026 », « 1er avril 2025 »."""
    return re.sub(r"^1 ", "1er ", format_date(date, "d MMMM y", locale="fr_FR"))


def french_month(date: dt.date) -> str:
    """« avril 2025 »."""
    return format_date(date, "MMMM y", locale="fr_FR")


def _decision_blocks(decision: CardDecision | None, labels: CardLabels) -> list[str]:
    if decision is None:
        return []
    marks = labels.etats
    conditions = [
        f"- {getattr(marks, condition.status)} {condition.label}"
        for condition in decision.conditions
    ]
    amount = [str(decision.amount["text"])] if decision.amount else []
    return [
        *amount,
        *_block(labels.conditions, conditions),
        *_block(labels.manques, [f"- {sentence}" for sentence in decision.missing]),
        *_block(labels.notes, [f"- {sentence}" for sentence in decision.notes]),
    ]


def _block(title: str, lines: list[str]) -> list[str]:
    return ["\n".join([title, *lines])] if lines else []


def _contact_line(contact: CardContact) -> str:
    details = f" ({contact.details})" if contact.details else ""
    return f"- {contact.label} : {contact.value}{details}"
