"""A talk about appointments, with the real actions and the real calendar."""

import re

from actions.action_conclure_rendez_vous import ActionConclureRendezVous
from actions.action_demander_rendez_vous import ActionDemanderRendezVous
from actions.action_liberer_rendez_vous import ActionLibererRendezVous
from actions.action_rendez_vous import ActionRendezVous
from actions.action_repondre import ActionRepondre
from actions.appointments.vault import Coordonnees
from actions.booking_form import AWAITED, FORM, ValidateRendezVousForm
from actions.resources import Resources
from tests.actions.talk import Form, Talk

INTENTS = {  # the first whose pattern is in the text
    "violences_conjugales": r"me frappe",
    "arreter": r"\bstop\b",
    "mot_de_passe": r"mot de passe",
    "rdv_telephonique": r"rendez-vous|rdv|rappel|créneau",
    "affirmer": r"^oui",
    "refuser": r"^non",
}
BOOKING = Form(
    name=FORM,
    awaited=AWAITED,
    end="action_conclure_rendez_vous",
    stop="action_liberer_rendez_vous",
    rules={"rdv_telephonique": "action_rendez_vous"},
)
CODE = re.compile(r"RDV(?:-[0-9A-Z]{4}){3}")
MOMENT = re.compile(r" à [0-9]+ h")
SENDER = "test"  # of tests.actions.conversation


class BookingTalk(Talk):
    """What is typed has been through the gateway: tokens stand for codes and numbers."""

    def __init__(self, resources: Resources) -> None:
        made = [
            ActionRendezVous(resources),
            ValidateRendezVousForm(resources),
            ActionDemanderRendezVous(resources),
            ActionConclureRendezVous(resources),
            ActionLibererRendezVous(resources),
            ActionRepondre(resources),
        ]
        super().__init__(made, BOOKING, _intent)
        self._desk = resources.desk

    async def say(self, text: str) -> str:
        through = text
        if not text.startswith("@"):
            through = self._desk.intake.take(
                text, conversation=SENDER, now=self._desk.now(), booking=True
            )
        return await super().say(through)

    async def give_details(self, phone: str = "+33639980012") -> str:
        """Send the form of the widget."""
        details = Coordonnees("Aïcha Exemple", phone)
        token = self._desk.vault.put(details, conversation=SENDER, now=self._desk.now())
        return await self.send(f'/repondre{{"jeton": "{token}"}}')

    def moments(self) -> list[str]:
        """The moments now proposed."""
        return [label for label in self.labels() if MOMENT.search(label)]

    async def book(self, wish: str = "je voudrais qu'on me rappelle jeudi matin") -> str:
        """Book to the end; return the code."""
        await self.say(wish)
        await self.say("@Caf de la Haute-Marne")
        await self.say("@Où en est mon dossier")
        await self.say("@" + self.moments()[0])
        await self.give_details()
        said = await self.say("@Oui, je confirme")
        found = CODE.search(said)
        assert found, said
        return found[0]


def _intent(text: str) -> str:
    found = (name for name, words in INTENTS.items() if re.search(words, text.lower()))
    return next(found, "nlu_fallback")
