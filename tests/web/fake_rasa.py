"""Stand-ins for Rasa and the action server: tiny aiohttp servers the tests steer."""

import asyncio
from collections.abc import Callable
from typing import Any

from aiohttp import web

GREETING = [
    {
        "recipient_id": "x",
        "text": "Bonjour, je suis Allobot.",
        "buttons": [{"title": "Prendre rendez-vous", "payload": "/rdv_telephonique"}],
    }
]
CARD: dict[str, Any] = {
    "kind": "procedure",
    "id": "mot_de_passe",
    "version": "2026-05-04",
    "territoire": "national",
    "title": "Mot de passe perdu",
    "summary": "Vous pouvez en recevoir un autre.",
    "steps": ["Ouvrez caf.fr", "Cliquez sur « Mon Compte »"],
    "contacts": [
        {
            "id": "telephone_3230",
            "label": "Téléphone",
            "value": "3230",
            "details": None,
            "href": "tel:3230",
        }
    ],
    "links": [{"label": "caf.fr", "url": "https://www.caf.fr"}],
    "sources": [{"document": "Webinaire", "section": "Compte", "date": "2026-05-04"}],
    "verifie_le": "2026-11-21",
    "falc": ["Vous avez perdu votre mot de passe."],
    "answers": [{"id": "x", "question": "Combien ?", "sentences": ["Un euro."]}],
    "notices": ["Je ne vois pas votre dossier."],
    "places_title": "Lieux",
    "places": [],
    "events": ["Passé : un atelier."],
    "easy": False,
    "decision": None,
    "page": None,
    "form": None,
    "file": None,
}
DANGER: dict[str, Any] = {
    **CARD,
    "kind": "danger",
    "id": "violences_conjugales",
    "title": "Vous êtes en danger",
    "summary": "Appelez.",
    "contacts": [
        {"id": "police", "label": "Police", "value": "17", "details": None, "href": "tel:17"}
    ],
}


class FakeRasa:
    """Answers like Rasa's REST channel; every knob may be turned during a test."""

    def __init__(self) -> None:
        self.received: list[dict[str, Any]] = []
        self.reply: Callable[[str], Any] = self.echo
        self.delay = 0.0
        self.status = 200
        self.raw: bytes | None = None
        self.root = "Hello from Rasa: 3.6.21"
        self.running: dict[str, int] = {}
        self.most_running = 0
        self.port = 0

    @staticmethod
    def echo(message: str) -> Any:
        """Greet, or say that the message arrived."""
        if message == "/salutation":
            return GREETING
        return [{"recipient_id": "x", "text": f"Reçu {len(message)} signes."}]

    def messages(self) -> list[str]:
        """What was received after the greetings."""
        return [item["message"] for item in self.received if item["message"] != "/salutation"]

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/", self._hello)
        app.router.add_get("/health", self._hello)
        app.router.add_post("/webhooks/rest/webhook", self._webhook)
        return app

    async def _hello(self, _request: web.Request) -> web.Response:
        await asyncio.sleep(self.delay)
        return web.Response(text=self.root, status=self.status)

    async def _webhook(self, request: web.Request) -> web.Response:
        body = await request.json()
        sender = body["sender"]
        self.received.append(body)
        self.running[sender] = self.running.get(sender, 0) + 1
        self.most_running = max(self.most_running, self.running[sender])
        try:
            await asyncio.sleep(self.delay)
        finally:
            self.running[sender] -= 1
        if self.raw is not None:
            return web.Response(body=self.raw, status=self.status)
        return web.json_response(self.reply(body["message"]), status=self.status)
