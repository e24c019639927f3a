"""Takes what is personal out of a text before it reaches Rasa.

A code of appointment is verified, a phone number given for a booking goes to the vault: Rasa
receives what stands for them, tokens worth nothing outside this conversation.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from actions.appointments.codes import Codes
from actions.appointments.phones import BadPhone, read_phone
from actions.appointments.vault import Coordonnees, Vault
from allobot.masking import DETECTORS, mask
from allobot.masking.words import tokens

CODE, PHONE = "code", "phone"  # kinds of masking
APPOINTMENT = "[rendez-vous:{token}]"
CONTACT = "[coordonnees:{token}]"
WRONG_CODE = "[code refusé]"
LOCKED_CODE = "[code bloqué]"
WRONG_PHONE = "[numéro refusé:{kind}]"
# As these are read back; a token is worth nothing outside its conversation.
_TOKEN = re.compile(r"\[(?P<kind>coordonnees|rendez-vous|numéro refusé):(?P<value>[\w-]+)\]")
# What stands for a token while the rest is masked: a character that nobody can type.
MARK = 0xE000
MARKS = re.compile("[\ue000-\uf8ff]")


@dataclass(frozen=True, slots=True)
class Tokens:
    """What was taken out of a text: tokens of the vault, and the kind of a number refused."""

    coordonnees: str | None = None
    rendez_vous: str | None = None
    numero_refuse: str | None = None


def read_tokens(text: str) -> Tokens:
    """Return what stands in a text for what was personal; the last of each kind."""
    found = {match["kind"]: match["value"] for match in _TOKEN.finditer(text)}
    return Tokens(found.get("coordonnees"), found.get("rendez-vous"), found.get("numéro refusé"))


@dataclass(frozen=True, slots=True)
class Taken:
    """A text without anything personal.

    `sent` is for Rasa, with tokens; `shown` for people and for what is kept, without any.
    `kinds` are what was masked and serves nothing here; `kept`: a number went to the vault.
    """

    sent: str
    shown: str
    kinds: tuple[str, ...]
    kept: bool


class Intake:
    """Reads texts for a vault and its codes. Thread-safe; may raise SQLAlchemyError."""

    def __init__(self, vault: Vault, codes: Codes) -> None:
        self._vault = vault
        self._codes = codes

    def take(self, text: str, *, conversation: str, now: dt.datetime, booking: bool) -> str:
        """Return what Rasa may receive of a text."""
        return self.read(text, conversation=conversation, now=now, booking=booking).sent

    def read(
        self,
        text: str,
        *,
        conversation: str,
        now: dt.datetime,
        booking: bool,
        verify: bool = True,
    ) -> Taken:
        """Mask a text; phone numbers are kept when it is said in a `booking`.

        Without `verify`, codes are not tried: those of who tried too many.
        """
        sent = MARKS.sub("", text)
        masked = mask(sent)
        useful = {CODE, PHONE} if booking else {CODE}
        taken: list[str] = []
        # As mask does, in the same order: the number within an IBAN is no phone number.
        for kind, find in DETECTORS.items():
            for start, end in sorted(find(sent), reverse=True):
                stands = tokens()[kind]
                if kind in useful:
                    stands = chr(MARK + len(taken))
                    written = sent[start:end]
                    if kind == PHONE:
                        taken.append(self._keep(written, conversation, now))
                    elif verify:
                        taken.append(self._verify(written, conversation, now))
                    else:
                        taken.append(LOCKED_CODE)
                sent = f"{sent[:start]}{stands}{sent[end:]}"
        return Taken(
            sent=MARKS.sub(lambda mark: taken[ord(mark.group()) - MARK], sent),
            shown=masked.text,
            kinds=tuple(kind for kind in masked.kinds if kind not in useful),
            kept=any(token.startswith(CONTACT.partition("{")[0]) for token in taken),
        )

    def _verify(self, written: str, conversation: str, now: dt.datetime) -> str:
        verified = self._codes.verify(written, now)
        if verified.locked:
            return LOCKED_CODE
        if verified.rdv_id is None:
            return WRONG_CODE
        token = self._vault.put_appointment(verified.rdv_id, conversation=conversation, now=now)
        return APPOINTMENT.format(token=token)

    def _keep(self, written: str, conversation: str, now: dt.datetime) -> str:
        try:
            telephone = read_phone(written)
        except BadPhone as error:
            return WRONG_PHONE.format(kind=error.kind)
        coordonnees = Coordonnees(nom=None, telephone=telephone)
        token = self._vault.put(coordonnees, conversation=conversation, now=now)
        return CONTACT.format(token=token)
