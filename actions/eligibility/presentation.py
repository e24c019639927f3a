"""A decision as an answer card, with the sentences of its rule."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Literal

from actions.cards import Card, CardCondition, CardDecision, Cards, french_date, french_month
from actions.eligibility.content import EtapeContent, RuleContent
from actions.eligibility.decision import UNKNOWN_AT_DATE, Amount, Decision, Note
from actions.eligibility.recap import address
from actions.knowledge.parameters import euros
from actions.knowledge.schema import Lien
from actions.sentences import Sentences

DANGER = "danger"  # a note of that id makes the card one of danger, and is said first
EMERGENCY = ["police_17", "violences_3919"]


def decision_card(
    decision: Decision, content: RuleContent, cards: Cards, sentences: Sentences
) -> Card:
    """The card of an estimation: verdict, amount, each condition with its source, what to do."""
    unknown = any(note.id == UNKNOWN_AT_DATE for note in decision.notes)
    danger = any(note.id == DANGER for note in decision.notes)
    steps = [content.etapes[step] for step in decision.steps]
    verdict = decision.verdict.value
    return Card(
        kind="danger" if danger else _kind(decision),
        id=decision.rule,
        version=decision.date.isoformat(),
        territoire="national",
        title=content.titre,
        summary=sentences.questionnaire.inconnu_a_cette_date
        if unknown
        else cards.render(getattr(content.verdicts, verdict), decision.date),
        steps=[cards.render(step.texte, decision.date) for step in steps],
        contacts=cards.contacts(_contacts(content, steps, danger)),
        links=cards.links(list({lien.url: lien for lien in _links(content, steps)}.values())),
        sources=cards.sources(content.sources),
        verifie_le=content.verifie_le,
        falc=[cards.render(text, decision.date) for text in getattr(content.falc, verdict)],
        notices=[_note(n, content, cards, decision.date) for n in decision.notes if n.id == DANGER],
        page=_page(decision, content),
        decision=_decision(decision, content, cards) if decision.conditions else None,
    )


def _page(decision: Decision, content: RuleContent) -> str | None:
    """Where the steps can be printed: the address holds their codes only, nothing of answers."""
    if not content.recapitulatif:
        return None
    return address(decision.rule, decision.steps, content, decision.date)


def _kind(decision: Decision) -> Literal["decision", "plan"]:
    """Without conditions there is nothing to decide: only steps."""
    return "decision" if decision.conditions else "plan"


def _contacts(content: RuleContent, steps: list[EtapeContent], danger: bool) -> list[str]:
    of_steps = [contact for step in steps for contact in step.contacts]
    first = EMERGENCY if danger else []
    return list(dict.fromkeys([*first, *of_steps, *content.contacts]))


def _links(content: RuleContent, steps: list[EtapeContent]) -> list[Lien]:
    return [*(lien for step in steps for lien in step.liens), *content.liens]


def _decision(decision: Decision, content: RuleContent, cards: Cards) -> CardDecision:
    amount = _amount_text(decision.amount, content) if decision.amount else None
    said = [note for note in decision.notes if note.id != DANGER]
    return CardDecision(
        verdict=decision.verdict.value,
        words=_verdict_words(decision, content),
        date=decision.date,
        amount=amount,
        conditions=_conditions(decision, content, cards),
        missing=[content.questions[fact].champ for fact in decision.missing],
        notes=[_note(note, content, cards, decision.date) for note in said],
    )


def _verdict_words(decision: Decision, content: RuleContent) -> str | None:
    words = content.mots_verdict
    return str(getattr(words, decision.verdict.value)) if words else None


def _note(note: Note, content: RuleContent, cards: Cards, date: dt.date) -> str:
    values = {name: _value(value) for name, value in note.values.items()}
    return cards.render(content.notes[note.id], date).format(**values)


def _value(value: Decimal | dt.date | int | str) -> str:
    match value:
        case Decimal():
            return euros(value)
        case dt.date():
            return french_date(value)
        case _:
            return str(value)


def _amount_text(amount: Amount, content: RuleContent) -> dict[str, object]:
    template = content.montant if amount.up_to_date else content.montant_ancien
    low, high = euros(amount.min), euros(amount.max)
    number = high if amount.min == amount.max else f"{low} – {high}"
    return {
        "min": float(amount.min),
        "max": float(amount.max),
        "unit": amount.unit,
        "text": (template or "{montant}").format(montant=number, depuis=french_month(amount.since)),
    }


def _conditions(decision: Decision, content: RuleContent, cards: Cards) -> list[CardCondition]:
    return [
        CardCondition(
            id=condition.id,
            label=cards.render(content.conditions[condition.id].libelle, decision.date),
            status=condition.status.value,
            source=cards.source_line(content.conditions[condition.id].source),
        )
        for condition in decision.conditions
    ]
