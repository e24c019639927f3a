"""A decision as an answer card, with the sentences of its rule."""

from __future__ import annotations

from actions.cards import Card, CardCondition, CardDecision, Cards, french_month
from actions.eligibility.content import RuleContent
from actions.eligibility.decision import Amount, Decision
from actions.knowledge.parameters import euros


def decision_card(decision: Decision, content: RuleContent, cards: Cards) -> Card:
    """The card of an estimation: verdict, amount, each condition with its source."""
    amount = _amount_text(decision.amount, content) if decision.amount else None
    return Card(
        kind="decision",
        id=decision.rule,
        version=decision.date.isoformat(),
        territoire="national",
        title=content.titre,
        summary=getattr(content.verdicts, decision.verdict.value),
        steps=[],
        contacts=cards.contacts(content.contacts),
        links=cards.links(content.liens),
        sources=cards.sources(content.sources),
        verifie_le=content.verifie_le,
        falc=[getattr(content.falc, decision.verdict.value)],
        decision=CardDecision(
            verdict=decision.verdict.value,
            date=decision.date,
            amount=amount,
            conditions=_conditions(decision, content, cards),
            missing=[content.manques[name] for name in decision.missing],
            notes=[cards.render(content.notes[name], decision.date) for name in decision.notes],
        ),
    )


def _amount_text(amount: Amount, content: RuleContent) -> dict[str, object]:
    template = content.montant if amount.up_to_date else content.montant_ancien
    low, high = euros(amount.min), euros(amount.max)
    number = high if amount.min == amount.max else f"{low} – {high}"
    return {
        "min": float(amount.min),
        "max": float(amount.max),
        "unit": amount.unit,
        "text": template.format(montant=number, depuis=french_month(amount.since)),
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
