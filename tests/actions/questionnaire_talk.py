"""Talks through the questions of a rule, as tests/end_to_end/questionnaires says them."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from actions.action_commencer import ActionCommencer
from actions.action_corriger import ActionCorriger
from actions.action_decider import ActionDecider
from actions.action_demander import ActionDemander
from actions.action_recommencer import ActionRecommencer
from actions.action_repondre import ActionRepondre
from actions.forms import AWAITED, FORM, ValidateQuestionnaireForm
from actions.resources import Resources
from tests.actions import talk

TALKS = Path(__file__).parents[1] / "end_to_end" / "questionnaires"
INTENTS = {  # the first whose pattern is in the text
    "arreter": r"\bstop\b|j'arrête|j'arrete|arrêter les questions",
    "recommencer": r"recommence",
    "verifier_droit": r"^(?:v[ée]rifier|faire (?:le (?:test|questionn)|mon plan)|(?:on )?repren)",
    "corriger": r"\b(?:en fait|corrig|tromp|pardon|rectifi|erreur)",
    "mot_de_passe": r"mot de passe|mdp",
    "rembourser_dette": r"rembourse.* dette",
    "contacter_caf": r"horaires|ouvert",
    "rdv_telephonique": r"rendez-vous|rdv",
}
QUESTIONNAIRE = talk.Form(
    name=FORM,
    awaited=AWAITED,
    end="action_decider",
    stop="utter_arret",
    rules={
        "verifier_droit": "action_commencer",
        "corriger": "action_corriger",
        "recommencer": "action_recommencer",
    },
    starts=frozenset({"action_commencer"}),
)


def talks() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every talk: its rule, its behaviour, and what is said."""
    for path in sorted(TALKS.glob("*.yml")):
        for behaviour, said in YAML(typ="safe").load(path.read_text(encoding="utf-8")).items():
            yield path.stem, behaviour, said


class Talk(talk.Talk):
    """A conversation with the actions of the questionnaires."""

    def __init__(self, resources: Resources) -> None:
        made = [
            ActionCommencer(resources),
            ActionCorriger(resources),
            ActionDecider(resources),
            ActionDemander(resources),
            ActionRecommencer(resources),
            ActionRepondre(resources),
            ValidateQuestionnaireForm(resources),
        ]
        super().__init__(made, QUESTIONNAIRE, _intent)


def _intent(text: str) -> str:
    found = (name for name, words in INTENTS.items() if re.search(words, text.lower()))
    return next(found, "nlu_fallback")
