"""`python -m actions`: the action server, on loopback only."""

from __future__ import annotations

import logging

from rasa_sdk import Action
from rasa_sdk.endpoint import create_app
from rasa_sdk.executor import ActionExecutor

from actions.action_commencer import ActionCommencer
from actions.action_corriger import ActionCorriger
from actions.action_decider import ActionDecider
from actions.action_demander import ActionDemander
from actions.action_hors_sujet import ActionHorsSujet
from actions.action_incompris import ActionIncompris
from actions.action_mon_territoire import ActionMonTerritoire
from actions.action_oui import ActionOui
from actions.action_plus_simple import ActionPlusSimple
from actions.action_question_suivante import ActionQuestionSuivante
from actions.action_recommencer import ActionRecommencer
from actions.action_repondre import ActionRepondre
from actions.forms import ValidateQuestionnaireForm
from actions.resources import Resources, make_resources
from allobot.masking.logs import mask_logs
from allobot.settings import load_settings

LOOPBACK = "127.0.0.1"


def make_actions(resources: Resources) -> list[Action]:
    """Every action of domain.yml."""
    return [
        ActionRepondre(resources),
        ActionQuestionSuivante(resources),
        ActionPlusSimple(resources),
        ActionMonTerritoire(resources),
        ActionHorsSujet(resources),
        ActionIncompris(resources),
        ActionCommencer(resources),
        ActionOui(resources),
        ValidateQuestionnaireForm(resources),
        ActionDemander(resources),
        ActionDecider(resources),
        ActionCorriger(resources),
        ActionRecommencer(resources),
    ]


def main() -> None:
    mask_logs()
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    settings = load_settings()
    executor = ActionExecutor()
    for action in make_actions(make_resources(settings)):
        executor.register_action(action)
    app = create_app(executor, cors_origins=[])
    app.run(
        host=LOOPBACK,
        port=settings.actions_port,
        single_process=True,
        access_log=False,
        motd=False,
    )


if __name__ == "__main__":
    main()
