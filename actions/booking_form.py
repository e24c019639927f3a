"""Books, moves or cancels an appointment: reads each answer, and chooses the next question.

The same manners as the questionnaires (`actions.forms`): danger and other subjects first, then
the question comes back; what is not understood is explained, and a person is soon offered.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import re
from dataclasses import dataclass

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.appointments.booking import MODE, CreneauPris, RendezVous
from actions.appointments.content import SUBJECT
from actions.appointments.demande import Demande, Etape, Operation
from actions.appointments.desk import Desk
from actions.appointments.intake import LOCKED_CODE, WRONG_CODE, read_tokens
from actions.appointments.phones import BadPhone, read_phone
from actions.appointments.souhaits import Souhait, read_souhait, wants
from actions.buttons import ANSWER_ENTITY
from actions.forms import NOT_A_SUBJECT, REFUSALS, REQUESTED, is_doubtful, is_reply
from actions.memory import entity, intent_of, text_of
from actions.reading import is_question, read_choice, read_yes_no, simplify
from actions.resources import Resources
from actions.safe_action import SafeAction
from actions.saying import SHELL
from allobot.dangers import DANGERS
from allobot.settings import PARIS

FORM, AWAITED, SLOT = "rendez_vous_form", "rdv_attendu", "rendez_vous"
RDV_ENTITY, TOKEN_ENTITY = "rdv", "jeton"
WRONG_CODES = 3  # in one request, after which a person is the way

_RANKS = (r"\b(?:premiere?|1er|1ere|n ?1)\b", r"\b(?:deuxieme|seconde?|2e|n ?2)\b")
_THIRD_OR_LAST = r"\b(?:troisieme|3e|n ?3|derniere?)\b"
_NUMBER = re.compile(r"\+?[0-9][0-9 .-]{2,18}[0-9]")
_MORE = re.compile(r"\b(?:aut(?:re|res)|plus tard|aucun|suivants?|encore)\b")


@dataclass(frozen=True)
class _Understood:
    """The request after an answer, and what must be said of it first."""

    demande: Demande
    remarque: str | None = None


class ValidateRendezVousForm(SafeAction):
    """Rasa runs it at each turn of the form."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def name(self) -> str:
        return f"validate_{FORM}"

    async def answer(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        demande = Demande.read(tracker.get_slot(SLOT))
        if demande.etape and is_reply(tracker, FORM):
            understood = await _Turn(self._resources, tracker, demande).understand()
            if is_other_subject(tracker, demande, understood=understood is not None):
                return []  # Rasa takes it as a refusal, and its rules answer
            if understood is None:
                demande = self._explain(dispatcher, demande)
            else:
                demande = understood.demande.avec(refus=0)
                if understood.remarque:
                    dispatcher.utter_message(text=understood.remarque)
        demande = self._with_only_mode(demande)
        demande = demande.avec(etape=demande.manque())
        return [
            SlotSet(SLOT, demande.slot()),
            SlotSet(REQUESTED, AWAITED if demande.etape else None),
        ]

    def _with_only_mode(self, demande: Demande) -> Demande:
        """Nobody is asked how to meet when there is one way only."""
        if demande.bureau is None or demande.mode is not None:
            return demande
        modes = list(self._resources.desk.content.open_modes(demande.bureau))
        return demande.avec(mode=modes[0]) if len(modes) == 1 else demande

    def _explain(self, dispatcher: CollectingDispatcher, demande: Demande) -> Demande:
        words = self._resources.sentences.rendez_vous
        refus = demande.refus + 1
        assert demande.etape
        dispatcher.utter_message(
            text=words.difficile if refus >= REFUSALS else words.explications[demande.etape]
        )
        return demande.avec(refus=refus % REFUSALS)


def is_other_subject(tracker: Tracker, demande: Demande, *, understood: bool) -> bool:
    """Whether the message is for Rasa's rules, not an answer; a danger always is."""
    intent, text = intent_of(tracker), text_of(tracker)
    if intent in DANGERS:
        return not understood or not is_doubtful(tracker)
    if any(entity(tracker, name) for name in (ANSWER_ENTITY, TOKEN_ENTITY, RDV_ENTITY)):
        return not understood
    if wants(text) not in (None, demande.operation):
        return True
    if intent in NOT_A_SUBJECT:
        return intent == "nlu_fallback" and not understood and is_question(text)
    if intent == SUBJECT and understood:
        return False
    return not understood or is_question(text)


async def discreet_text(tracker: Tracker, desk: Desk) -> str:
    """What was written, without code nor phone number: tokens stand for them.

    The gateway did it already; in a terminal nobody else can.
    """
    text = text_of(tracker)
    if tracker.get_latest_input_channel() != SHELL:
        return text
    return await asyncio.to_thread(
        desk.intake.take, text, conversation=tracker.sender_id, now=desk.now(), booking=True
    )


class _Turn:
    """An answer to the question now asked."""

    def __init__(self, resources: Resources, tracker: Tracker, demande: Demande) -> None:
        self._resources, self._desk = resources, resources.desk
        self._tracker, self._demande = tracker, demande
        self._words = resources.sentences.rendez_vous
        self._sender = tracker.sender_id
        self._text = text_of(tracker)
        self._button = entity(tracker, ANSWER_ENTITY)

    async def understand(self) -> _Understood | None:
        """None when nothing in the answer is understood."""
        self._text = await discreet_text(self._tracker, self._desk)
        if found := await self._tokens():
            return found
        if self._button:
            return await self._pressed(self._button)
        match self._demande.etape:
            case Etape.BUREAU:
                return self._office()
            case Etape.MODE:
                return self._mode() or self._other_moment()
            case Etape.MOTIF:
                return self._reason() or self._other_moment()
            case Etape.CODE:
                return None
            case Etape.CRENEAU:
                return await self._moment()
            case Etape.CONFIRMATION:
                return self._agreement() or self._other_moment()
            case _:
                return self._bad_number() or self._other_moment()

    def _with(self, remarque: str | None = None, **changes: object) -> _Understood:
        return _Understood(self._demande.avec(**changes), remarque)

    async def _tokens(self) -> _Understood | None:
        """What the gateway took out of the text."""
        if given := entity(self._tracker, TOKEN_ENTITY):
            return self._with(jeton=given)
        if self._demande.etape is Etape.CODE and LOCKED_CODE in self._text:
            return self._with(fin="code_bloque")
        if self._demande.etape is Etape.CODE and WRONG_CODE in self._text:
            essais = self._demande.essais + 1
            if essais >= WRONG_CODES:
                return self._with(fin="code_trop", essais=essais)
            return self._with(self._words.code_refuse, essais=essais)
        found = read_tokens(self._text)
        if found.rendez_vous:
            return await self._opened(found.rendez_vous)
        if self._demande.operation is Operation.PRENDRE and found.coordonnees:
            return self._with(jeton=found.coordonnees)
        if kind := found.numero_refuse:
            return self._with(self._words.numero.get(kind, self._words.numero["illisible"]))
        return None

    async def _opened(self, token: str) -> _Understood | None:
        """The appointment that a right code opens."""
        ancien = await appointment_of(self._desk, token, self._sender)
        if ancien is None:
            return None
        if self._demande.operation is Operation.PRENDRE:
            return self._with()
        found = await changeable(self._desk, ancien)
        return _Understood(self._demande.sur(found)) if found else self._with(fin="rien_a_changer")

    async def _pressed(self, button: str) -> _Understood | None:
        content = self._desk.content
        match button:
            case "plus_tot":
                return _Understood(self._demande.precise(Souhait(au_plus_tot=True)))
            case "autres":
                return self._with(proposes=())
            case "autre_jour" | "heure":
                return self._with(creneau=None, souhait=None, vus=(), proposes=())
            case "numero":
                return self._with(jeton=None)
            case "garder":
                return self._with(fin="garde")
            case "sans_code":
                return self._with(fin="sans_code")
            case "autre":
                return self._with(fin="autre_caf")
            case _ if button in content.bureaux:
                return self._with(bureau=button)
            case _ if button in content.modes:
                return self._with(mode=button)
            case _ if button in content.motifs:
                return self._with(motif=button)
        return await self._choose(dt.datetime.fromisoformat(button))

    def _office(self) -> _Understood | None:
        spotted = self._resources.territories.spot(self._text)
        if spotted is None:
            return None
        if spotted.departement in self._desk.content.bureaux:
            return self._with(bureau=spotted.departement)
        return self._with(fin="autre_caf")

    def _mode(self) -> _Understood | None:
        assert self._demande.bureau
        modes = self._desk.content.open_modes(self._demande.bureau).items()
        reading = read_choice(self._text, {name: mode.mots for name, mode in modes})
        return self._with(mode=reading.value) if reading else None

    def _reason(self) -> _Understood | None:
        motifs = self._desk.content.motifs.items()
        reading = read_choice(self._text, {name: motif.mots for name, motif in motifs})
        return self._with(motif=reading.value) if reading else None

    def _bad_number(self) -> _Understood | None:
        """A number that is nobody's own, and so was left in the text (3230, 0800…)."""
        number = _NUMBER.search(self._text)
        try:
            read_phone(number[0] if number else "")
        except BadPhone as error:
            bad = number and error.kind != "illisible"
            return self._with(self._words.numero[error.kind]) if bad else None
        return None

    async def _moment(self) -> _Understood | None:
        proposes = self._demande.proposes
        wish = read_souhait(self._text, self._desk.now().date())
        if chosen := _among(proposes, self._text, wish):
            return await self._choose(chosen)
        if wish:
            return _Understood(self._demande.precise(wish))
        if proposes and (_MORE.search(simplify(self._text)) or self._says("non")):
            return self._with(proposes=())
        return None

    async def _choose(self, debut: dt.datetime) -> _Understood:
        demande = self._demande
        assert demande.bureau and demande.motif
        try:
            held = await asyncio.to_thread(
                self._desk.booking.hold,
                demande.bureau,
                debut,
                demande.motif,
                conversation=self._sender,
                now=self._desk.now(),
                remplace=demande.ancien,
                mode=demande.mode or MODE,
            )
        except CreneauPris:
            return self._with(self._words.pris, proposes=())
        return self._with(creneau=debut.astimezone(PARIS), rendez_vous=held, proposes=())

    def _agreement(self) -> _Understood | None:
        if entity(self._tracker, RDV_ENTITY) == "confirmer" or self._says("oui"):
            return self._with(accepte=True)
        if not self._says("non"):
            return None
        if self._demande.operation is Operation.ANNULER:
            return self._with(fin="garde")
        return self._with(self._words.que_changer)

    def _says(self, word: str) -> bool:
        """Whether the answer is « oui », or « non », and nothing else."""
        reading = read_yes_no(self._text)
        return bool(reading and reading.value == word and reading.sure)

    def _other_moment(self) -> _Understood | None:
        """Another day or hour, said at any step of a booking."""
        wish = read_souhait(self._text, self._desk.now().date())
        if wish is None or self._demande.operation is Operation.ANNULER:
            return None
        return _Understood(self._demande.precise(wish))


def _among(
    proposes: tuple[dt.datetime, ...], text: str, wish: Souhait | None
) -> dt.datetime | None:
    """The slot chosen in words: its rank, its hour, or a plain yes to the only one."""
    if not proposes:
        return None
    plain = simplify(text)
    ranks = [i for i, pattern in enumerate(_RANKS) if re.search(pattern, plain)]
    if re.search(_THIRD_OR_LAST, plain):
        ranks.append(len(proposes) - 1)
    if len(ranks) == 1 and ranks[0] < len(proposes):
        return proposes[ranks[0]]
    if wish and wish.a:
        same = [debut for debut in proposes if debut.time() == wish.a and wish.accepte(debut)]
        return same[0] if len(same) == 1 else None
    reading = read_yes_no(text)
    agreed = reading is not None and reading.value == "oui" and wish is None
    return proposes[0] if agreed and len(proposes) == 1 else None


async def appointment_of(desk: Desk, token: str, conversation: str) -> str | None:
    """The appointment that a pass given by the gateway opens, in this conversation only."""
    return await asyncio.to_thread(
        desk.vault.appointment, token, conversation=conversation, now=desk.now()
    )


async def changeable(desk: Desk, rdv_id: str) -> RendezVous | None:
    """The appointment, if it is confirmed and still to come."""
    found = await asyncio.to_thread(desk.booking.find, rdv_id)
    is_ahead = found is not None and found.etat == "confirme" and found.debut > desk.now()
    return found if is_ahead else None
