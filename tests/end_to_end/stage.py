"""The real gateway in front of a stand-in for Rasa: the widget's states, at will and at once."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web

from allobot.settings import Settings
from tests.web.fake_rasa import CARD, DANGER, GREETING, FakeRasa
from web.app import make_app
from web.conversations.store import MemoryStore

SECONDS = 30

DECISION: dict[str, Any] = {
    **CARD,
    "id": "asf",
    "title": "Avez-vous droit à l'allocation de soutien familial (ASF) ?",
    "summary": "Estimation : ce n'est pas une décision. Seule la Caf décide, avec vos documents.",
    "steps": ["Demandez l'ASF dans Mon Compte, sur caf.fr.", "Gardez le jugement, s'il y en a un."],
    "answers": [],
    "decision": {
        "verdict": "oui",
        "words": "Probablement oui",
        "amount": {
            "text": "265,50 € par mois, pour 2 enfants",
            "min": 265.5,
            "max": 265.5,
            "unit": "EUR/mois",
        },
        "conditions": [
            {"id": "a", "label": "Vous vivez seul(e)", "status": "satisfied", "source": "L. 523-1"},
            {"id": "b", "label": "La pension est payée", "status": "not_satisfied"},
            {"id": "c", "label": "L'enfant a moins de 20 ans", "status": "unknown"},
        ],
        "missing": ["L'âge de votre enfant"],
        "notes": ["Le montant change au 1er avril."],
        "date": "2026-11-21",
    },
}
PLAN: dict[str, Any] = {
    **CARD,
    "kind": "plan",
    "id": "separation",
    "title": "Je me sépare : votre plan, dans l'ordre",
    "summary": "Voici, d'après vos réponses, ce que vous pouvez faire, dans l'ordre.",
    "steps": [
        "Déclarez la séparation à la Caf : Mon Compte, « Déclarer un changement ».",
        "Vérifiez vos droits : RSA, prime d'activité, aides au logement.",
        "Demandez à l'Aripa de récupérer la pension non payée : 32 38.",
        "Prenez un rendez-vous avec la Caf.",
    ],
    "answers": [],
    "page": "/recapitulatif?r=separation&e=1",
}
PROCEDURE: dict[str, Any] = {
    **CARD,
    "title": "J'ai oublié mon mot de passe",
    "summary": "Vous recevez un nouveau mot de passe par SMS ou par e-mail.",
    "steps": [
        "Ouvrez caf.fr et cliquez sur « Mon Compte ».",
        "Cliquez sur « Mot de passe oublié », puis donnez votre numéro de Sécurité sociale "
        "et votre date de naissance sur le site de la Caf.",
        "Suivez le lien reçu : il marche 24 heures.",
    ],
    "answers": [{"id": "x", "question": "Combien ?", "sentences": ["Le lien marche 24 heures."]}],
    "falc": ["Vous avez perdu votre mot de passe.", "La Caf vous en donne un autre."],
}
IN_DANGER: dict[str, Any] = {
    **DANGER,
    "title": "Vous êtes en danger : appelez",
    "summary": "Ces numéros sont gratuits. Vous pouvez parler, ou envoyer un SMS au 114.",
    "steps": [],
    "answers": [],
    "notices": [],
    "events": [],
    "falc": [],
    "contacts": [
        {"id": "a", "label": "Police", "value": "17", "details": "en urgence", "href": "tel:17"},
        {
            "id": "b",
            "label": "Violences Femmes Info",
            "value": "3919",
            "details": "nuit et jour, anonyme",
            "href": "tel:3919",
        },
        {"id": "c", "label": "Téléphone", "value": "3230", "details": None, "href": "tel:3230"},
    ],
}
CARDS = {
    "procedure": PROCEDURE,
    "decision": DECISION,
    "plan": PLAN,
    "danger": IN_DANGER,
    "facile": {**PROCEDURE, "easy": True},
}
CHOICES = ["Oui", "Non", "Je ne sais pas"]


def play(message: str) -> Any:
    """Answer with the card the message names, with buttons, or with its own words."""
    said = message.strip().lower()
    if said == "/salutation":
        return GREETING
    if said in CARDS:
        card = CARDS[said]
        return [{"recipient_id": "x", "text": card["title"], "custom": card}]
    if said == "boutons":
        buttons = [{"title": label, "payload": f"/{label}"} for label in CHOICES]
        return [{"recipient_id": "x", "text": "Vivez-vous seul ?", "buttons": buttons}]
    return [{"recipient_id": "x", "text": f"Vous avez dit « {message} »."}]


@dataclass
class Stage:
    """Where the page is, and the bot to steer."""

    web: str
    rasa: FakeRasa


@contextmanager
def stage(var: Path) -> Iterator[Stage]:
    """Run both servers in a thread until the end of the block."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def run(work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(SECONDS)

    rasa = FakeRasa()
    rasa.reply = play
    runners: list[web.AppRunner] = []

    async def serve(app: web.Application) -> int:
        runner = web.AppRunner(app)
        runners.append(runner)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return int(runner.addresses[0][1])

    async def finish() -> None:
        for runner in reversed(runners):
            await runner.cleanup()

    try:
        rasa.port = run(serve(rasa.app()))
        settings = Settings(
            var=var, rasa_port=rasa.port, actions_port=rasa.port, secret="s" * 32, rasa_timeout=8.0
        )
        yield Stage(f"http://127.0.0.1:{run(serve(make_app(settings, MemoryStore())))}", rasa)
    finally:
        run(finish())
        loop.call_soon_threadsafe(loop.stop)
        thread.join(SECONDS)
        loop.close()
