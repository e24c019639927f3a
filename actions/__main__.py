"""`python -m actions`: the action server, on loopback unless its command says otherwise."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence

from rasa_sdk import Action
from rasa_sdk.endpoint import create_app

from actions.action_commencer import ActionCommencer
from actions.action_conclure_rendez_vous import ActionConclureRendezVous
from actions.action_corriger import ActionCorriger
from actions.action_decider import ActionDecider
from actions.action_demander import ActionDemander
from actions.action_demander_rendez_vous import ActionDemanderRendezVous
from actions.action_hors_sujet import ActionHorsSujet
from actions.action_incompris import ActionIncompris
from actions.action_liberer_rendez_vous import ActionLibererRendezVous
from actions.action_mon_territoire import ActionMonTerritoire
from actions.action_oui import ActionOui
from actions.action_plus_simple import ActionPlusSimple
from actions.action_question_suivante import ActionQuestionSuivante
from actions.action_recommencer import ActionRecommencer
from actions.action_rendez_vous import ActionRendezVous
from actions.action_repondre import ActionRepondre
from actions.appointments.souhaits import read_souhait
from actions.booking_form import ValidateRendezVousForm
from actions.forms import ValidateQuestionnaireForm
from actions.metrics import MeasuredExecutor, add_metrics
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
        ActionRendezVous(resources),
        ValidateRendezVousForm(resources),
        ActionDemanderRendezVous(resources),
        ActionConclureRendezVous(resources),
        ActionLibererRendezVous(resources),
    ]


def _warm_up(resources: Resources) -> None:
    """Do at start what the first person would wait for: keys, and the reader of dates."""
    if resources.desk.is_open:
        read_souhait("demain", resources.today())


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m actions")
    parser.add_argument("--interface", default=LOOPBACK)  # elsewhere: a container's network
    interface = parser.parse_args(arguments).interface
    mask_logs()
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    settings = load_settings()
    executor = MeasuredExecutor()
    resources = make_resources(settings)
    _warm_up(resources)
    for action in make_actions(resources):
        executor.register_action(action)
    app = create_app(executor, cors_origins=[])
    add_metrics(app, executor)
    app.run(
        host=interface,
        port=settings.actions_port,
        single_process=True,
        access_log=False,
        motd=False,
    )


if __name__ == "__main__":
    main()
