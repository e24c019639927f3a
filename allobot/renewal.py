"""Asks each Rasa that runs to take the trained model, one after the other; nobody is cut off.

A Rasa that refuses it (bot/renewal.py says when) stops all: the model of before is put back in
its place, in every Rasa and on the disk, so that a restart is good too.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request

from allobot import processes, training
from allobot.errors import NotRunning, Refused
from allobot.local_http import opener
from allobot.messages import say
from allobot.project import Project

ANSWER_AFTER = 90.0  # seconds a Rasa has to load a model: about two, on a machine at rest
BUSY = "occupe"


class _ModelRefused(Refused):
    """A Rasa keeps its model: ours is damaged, or does not understand the questions."""


def renew(project: Project) -> None:
    """Have every Rasa answer with models/allobot.tar.gz, and say so.

    Raises:
        NotRunning: no Rasa answers.
        Refused: one refused the model, was busy, or did not say; or a restart is needed, as the
            code changed too. `str` tells what was done.
        TrainingError: a training, or another renewal, is under way.
    """
    addresses = processes.rasa_addresses(project)
    with training.alone(project):
        if training.made_by_other_code(project):
            raise Refused(say("renouvellement_code"))
        try:
            renewed = [_renew(address) for address in addresses]
        except _ModelRefused as error:
            raise Refused(f"{error}\n{_step_back(project, addresses)}") from error
    if not any(renewed):
        raise NotRunning(say("renouvellement_personne", adresses=", ".join(addresses)))


def _step_back(project: Project, addresses: Iterable[str]) -> str:
    """Put the model of before everywhere; return the sentence that says what was done."""
    if project.settings.rasa_urls:
        return say("renouvellement_ailleurs")
    if not training.put_back(project):
        return say("renouvellement_sans_precedent")
    file = training.refused_model(project)
    without = [address for address in addresses if not _takes_back(address)]
    if without:
        return say("renouvellement_remis_sans", fichier=file, adresses=", ".join(without))
    return say("renouvellement_remis", fichier=file)


def _takes_back(address: str) -> bool:
    """Whether a Rasa has the model of before, or will have it when it starts."""
    try:
        _renew(address)
    except Refused:
        return False
    return True


def _renew(address: str) -> bool:
    """Have one Rasa take the model, and say so. False when nobody listens there.

    Raises Refused, or _ModelRefused when the model is at fault.
    """
    begun = time.monotonic()
    status, content = _post(address)
    if status is None:
        print(say("renouvellement_absent", adresse=address), flush=True)
        return False
    if status == HTTPStatus.CONFLICT:
        raise _refusal(address, content)
    if status != HTTPStatus.OK:
        raise Refused(say("renouvellement_echec", adresse=address, raison=status))
    seconds = round(time.monotonic() - begun)
    print(
        say(
            "renouvellement_fait",
            adresse=address,
            modele=content["modele"][:8],
            questions=content["questions"],
            secondes=seconds,
        ),
        flush=True,
    )
    return True


def _post(address: str) -> tuple[int | None, Any]:
    """POST /modele: the status and the content; no status when nobody listens there."""
    request = Request(f"{address}/modele", b"", method="POST")
    try:
        with opener().open(request, timeout=ANSWER_AFTER) as answer:
            return answer.status, json.load(answer)
    except HTTPError as error:
        with error:
            return error.code, json.load(error) if error.code == HTTPStatus.CONFLICT else None
    except URLError as error:
        if isinstance(error.reason, ConnectionRefusedError):
            return None, None
        raise Refused(say("renouvellement_echec", adresse=address, raison=error.reason)) from error
    except (TimeoutError, ConnectionError, ValueError) as error:
        reason = type(error).__name__
        raise Refused(say("renouvellement_echec", adresse=address, raison=reason)) from error


def _refusal(address: str, content: dict[str, Any]) -> Refused:
    if content["raison"] == BUSY:
        return Refused(say("renouvellement_occupe", adresse=address))
    wrong = [say("renouvellement_question", **one) for one in content["ratees"]]
    if wrong:
        reason = say("renouvellement_questions", nombre=len(wrong), questions=" ; ".join(wrong))
    else:
        reason = say("renouvellement_illisible", erreur=content["erreur"])
    return _ModelRefused(say("renouvellement_refuse", adresse=address, raison=reason))
