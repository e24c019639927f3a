"""Appointments as people live them, with the real calendar. It is Saturday 21 November, noon."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from actions.appointments.booking import CreneauPris
from actions.appointments.demande import Demande
from actions.booking_form import SLOT, ValidateRendezVousForm
from actions.knowledge.loader import Knowledge
from actions.resources import Resources, make_resources
from allobot.settings import PARIS, Settings
from tests.actions.booking_talk import CODE, SENDER, BookingTalk
from tests.actions.conversation import run, tracker, user

NOW = dt.datetime(2026, 11, 21, 12, tzinfo=PARIS)
REASON = "@Où en est mon dossier"


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> list[dt.datetime]:
    """The moment it is; a test moves it by changing its only item."""
    moment = [NOW]
    monkeypatch.setattr(Settings, "now", lambda _: moment[0])
    return moment


@pytest.fixture
def talk(resources: Resources) -> BookingTalk:
    return BookingTalk(resources)


def confirmed(resources: Resources) -> list[dt.datetime]:
    days = resources.desk.booking.of_days("52", NOW.date(), NOW.date() + dt.timedelta(days=40))
    return [rdv.debut for rdv in days if rdv.etat == "confirme"]


async def to_details(talk: BookingTalk, wish: str = "rappelez-moi jeudi matin") -> str:
    await talk.say(wish)
    await talk.say("@Caf de la Haute-Marne")
    await talk.say(REASON)
    return await talk.say("@" + talk.moments()[0])


async def test_from_the_first_words_to_the_code(talk: BookingTalk, resources: Resources) -> None:
    said = await talk.say("je voudrais qu'on me rappelle jeudi matin")
    assert "Essai" in said  # no Caf reads this calendar, and it is said first
    await talk.say("@Caf de la Haute-Marne")
    await talk.say("c'est pour savoir où en est mon dossier")
    assert talk.moments() == [
        "Jeudi 26 novembre à 9 h",
        "Jeudi 26 novembre à 9 h 10",
        "Jeudi 26 novembre à 9 h 20",
    ]
    asked = await talk.say("la deuxième")
    assert "jeudi 26 novembre à 9 h 10" in asked
    assert talk.card()["form"] == "coordonnees"
    summary = await talk.give_details()
    assert "termine par 12" in summary
    assert not confirmed(resources)
    done = await talk.say("oui")
    assert CODE.search(done)
    assert "+33 32 30" in done
    assert talk.card()["file"] == "/rendez-vous/20261126T0910.ics?m=10"
    assert confirmed(resources) == [dt.datetime(2026, 11, 26, 9, 10, tzinfo=PARIS)]
    assert talk.card()["sources"]
    assert talk.card()["verifie_le"]


async def test_neither_code_nor_number_is_in_the_slots(talk: BookingTalk) -> None:
    code = await talk.book()
    kept = str(talk.slot(SLOT))
    assert code not in kept
    assert "639980012" not in kept


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("mardi prochain", "Mardi 24 novembre à 9 h"),
        ("après 14h", "Lundi 23 novembre à 14 h"),
        ("le plus tôt possible", "Lundi 23 novembre à 9 h"),
        ("le 3", "Jeudi 3 décembre à 9 h"),
        ("pas le lundi", "Mardi 24 novembre à 9 h"),
        ("mercredi en fin de journée", "Mercredi 25 novembre à 15 h"),
        ("vendredi vers 10h30", "Vendredi 27 novembre à 10 h 30"),
    ],
)
async def test_the_moment_in_free_words(talk: BookingTalk, words: str, first: str) -> None:
    await talk.say("je veux réserver un rdv téléphonique")
    await talk.say("@Caf de la Haute-Marne")
    await talk.say(REASON)
    await talk.say(words)
    assert talk.moments()[0] == first


async def test_wishes_add_up_and_more_is_shown(talk: BookingTalk) -> None:
    await talk.say("rappelez-moi mardi")
    await talk.say("@Caf de la Haute-Marne")
    await talk.say(REASON)
    await talk.say("plutôt l'après-midi")
    seen = talk.moments()
    assert seen[0] == "Mardi 24 novembre à 12 h"
    await talk.say("d'autres horaires")
    assert talk.moments()[0] == "Mardi 24 novembre à 12 h 30"
    await talk.say("@Un autre jour")
    assert not talk.moments()
    await talk.say("jeudi à 9h20")
    await talk.say("9h20")
    assert talk.card()["form"] == "coordonnees"


async def test_a_place_just_taken_leads_to_others(talk: BookingTalk, resources: Resources) -> None:
    await talk.say("rappelez-moi jeudi matin")
    await talk.say("@Caf de la Haute-Marne")
    await talk.say(REASON)
    nine = dt.datetime(2026, 11, 26, 9, tzinfo=PARIS)
    for other in ("a", "b"):
        resources.desk.booking.hold("52", nine, "dette", conversation=other, now=NOW)
    said = await talk.say("@Jeudi 26 novembre à 9 h")
    assert "vient d'être pris" in said
    assert "Jeudi 26 novembre à 9 h" not in talk.moments()
    assert len(talk.moments()) == 3


async def test_who_confirms_too_late_keeps_the_place_if_nobody_took_it(
    talk: BookingTalk, resources: Resources, clock: list[dt.datetime]
) -> None:
    await to_details(talk)
    await talk.give_details()
    clock[0] = NOW + dt.timedelta(minutes=30)
    assert CODE.search(await talk.say("@Oui, je confirme"))
    assert len(confirmed(resources)) == 1


async def test_who_confirms_too_late_chooses_again_when_it_was_taken(
    talk: BookingTalk, resources: Resources, clock: list[dt.datetime]
) -> None:
    await to_details(talk)
    await talk.give_details()
    clock[0] = NOW + dt.timedelta(minutes=30)
    nine = dt.datetime(2026, 11, 26, 9, tzinfo=PARIS)
    for other in ("a", "b"):
        resources.desk.booking.hold("52", nine, "dette", conversation=other, now=clock[0])
    said = await talk.say("@Oui, je confirme")
    assert "pris par quelqu'un d'autre" in said
    await talk.say("@" + talk.moments()[0])
    assert CODE.search(await talk.say("oui"))  # the number is still known


async def test_details_that_expired_are_asked_again(
    talk: BookingTalk, resources: Resources, clock: list[dt.datetime]
) -> None:
    await to_details(talk)
    await talk.give_details()
    clock[0] = NOW + dt.timedelta(hours=2)
    said = await talk.say("@Oui, je confirme")
    assert "numéro" in said
    assert talk.card()["form"] == "coordonnees"
    await talk.give_details()
    assert CODE.search(await talk.say("@Oui, je confirme"))
    assert len(confirmed(resources)) == 1


async def test_confirming_again_says_the_same(talk: BookingTalk, resources: Resources) -> None:
    await talk.book()
    moment = confirmed(resources)
    said = await talk.send('/rdv_telephonique{"rdv": "confirmer"}')
    assert "Rendez-vous pris" in said
    assert not CODE.search(said)
    assert confirmed(resources) == moment


async def test_an_agreement_that_got_no_answer_is_taken_up(
    talk: BookingTalk, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The action server died between the agreement and its answer: the same button works."""
    await to_details(talk)
    await talk.give_details()
    with monkeypatch.context() as broken:
        broken.setattr(type(resources.desk.booking), "confirm", lambda *_, **__: 1 / 0)
        assert "problème technique" in await talk.say("oui")
    said = await talk.send('/rdv_telephonique{"rdv": "confirmer"}')
    assert CODE.search(said)
    assert len(confirmed(resources)) == 1


async def test_stopping_gives_the_place_back(talk: BookingTalk, resources: Resources) -> None:
    nine = dt.datetime(2026, 11, 26, 9, tzinfo=PARIS)
    resources.desk.booking.hold("52", nine, "dette", conversation="a", now=NOW)
    await to_details(talk)  # the second place of that moment, and the last
    with pytest.raises(CreneauPris):
        resources.desk.booking.hold("52", nine, "dette", conversation="b", now=NOW)
    assert "aucun rendez-vous" in await talk.say("stop")
    assert resources.desk.booking.hold("52", nine, "dette", conversation="b", now=NOW)
    assert talk.slot(SLOT) is None


async def test_a_number_in_the_talk(talk: BookingTalk, resources: Resources) -> None:
    await to_details(talk)
    assert "français" in await talk.say("mon numéro c'est le +32 470 12 34 56")
    assert "service" in await talk.say("appelez le 0800 12 34 56")
    assert "termine par 12" in await talk.say("06 39 98 00 12")


async def test_changing_the_hour_or_the_number_at_the_end(talk: BookingTalk) -> None:
    await to_details(talk)
    await talk.give_details()
    await talk.say("@Changer le numéro")
    assert talk.card()["form"] == "coordonnees"
    assert "termine par 34" in await talk.give_details("+33639980034")
    await talk.say("@Changer l'heure")
    await talk.say("lundi à 11h")
    await talk.say("@Lundi 23 novembre à 11 h")
    assert "lundi 23 novembre à 11 h" in await talk.say("non")  # what to change is asked
    assert CODE.search(await talk.say("oui"))


async def test_an_unsure_answer_books_nothing(talk: BookingTalk, resources: Resources) -> None:
    await to_details(talk)
    await talk.give_details()
    for words in ("peut-être", "je ne sais pas", "oui mais pas tout de suite"):
        assert not CODE.search(await talk.say(words))
    assert not confirmed(resources)


async def test_another_subject_then_the_same_question(talk: BookingTalk) -> None:
    await talk.say("rappelez-moi jeudi matin")
    await talk.say("@Caf de la Haute-Marne")
    said = await talk.say("j'ai oublié mon mot de passe")
    assert "mot de passe" in said
    assert "De quoi voulez-vous parler" in said


async def test_what_is_not_understood_is_explained_then_a_person_offered(
    talk: BookingTalk,
) -> None:
    await talk.say("rappelez-moi jeudi matin")
    await talk.say("@Caf de la Haute-Marne")
    assert "Choisissez un motif" in await talk.say("blablabla")
    await talk.say("blebleble")
    assert "3230" in await talk.say("bliblibli")


async def test_moving_with_the_code_keeps_it(talk: BookingTalk, resources: Resources) -> None:
    code = await talk.book()
    other = BookingTalk(resources)
    await other.say("je veux déplacer mon rendez-vous téléphonique")
    assert "Quel jour" in await other.say(code)
    await other.say("mardi après 14h")
    await other.say("@Mardi 24 novembre à 14 h")
    assert "déplacé" in await other.say("oui")
    assert confirmed(resources) == [dt.datetime(2026, 11, 24, 14, tzinfo=PARIS)]
    third = BookingTalk(resources)
    assert "mardi 24 novembre à 14 h" in await third.say(f"annuler mon rdv tel, code {code}")
    assert "annulé" in await third.say("@Oui, annuler")
    assert not confirmed(resources)


async def test_what_was_just_booked_is_cancelled_without_code(
    talk: BookingTalk, resources: Resources
) -> None:
    await talk.book()
    assert "Voulez-vous l'annuler" in await talk.say("@Annuler mon rendez-vous")
    assert "rien ne change" in await talk.say("non")
    assert len(confirmed(resources)) == 1


async def test_three_wrong_codes(talk: BookingTalk) -> None:
    await talk.say("je veux annuler mon rendez-vous téléphonique")
    assert "n'ouvre aucun" in await talk.say("RDV-K7M2-9QXP-4T8W")
    assert "n'ouvre aucun" in await talk.say("rdv k7m2 9qxp 4t8z")
    assert "3230" in await talk.say("k7m29qxp4t8v")
    assert talk.slot(SLOT) is None


async def test_a_lost_code_leads_to_a_person(talk: BookingTalk) -> None:
    await talk.say("je veux annuler mon rendez-vous téléphonique")
    assert "3230" in await talk.say("@Je n'ai plus mon code")


async def test_a_token_of_another_conversation_is_worth_nothing(
    talk: BookingTalk, resources: Resources
) -> None:
    await talk.book()
    rdv_id = str(talk.slot(SLOT)["rendez_vous"])
    stolen = resources.desk.vault.put_appointment(rdv_id, conversation="other", now=NOW)
    other = BookingTalk(resources)
    await other.say("je veux annuler mon rendez-vous téléphonique")
    said = await other.say(f"[rendez-vous:{stolen}]")
    assert "annuler ?" not in said
    assert len(confirmed(resources)) == 1


async def test_a_past_appointment_cannot_be_changed(
    talk: BookingTalk, resources: Resources, clock: list[dt.datetime]
) -> None:
    code = await talk.book()
    clock[0] = dt.datetime(2026, 11, 27, 9, tzinfo=PARIS)
    other = BookingTalk(resources)
    await other.say("je veux annuler mon rendez-vous téléphonique")
    assert "plus rien à changer" in await other.say(code)


async def test_in_a_terminal_the_action_masks_by_itself(resources: Resources) -> None:
    """Nothing stands between the agent and Rasa: a typed number goes to the vault all the same."""
    held = resources.desk.booking.hold(
        "52",
        dt.datetime(2026, 11, 26, 9, tzinfo=PARIS),
        "dossier",
        conversation=SENDER,
        now=NOW,
    )
    demande = Demande(
        etape="coordonnees",
        bureau="52",
        motif="dossier",
        creneau=dt.datetime(2026, 11, 26, 9, tzinfo=PARIS),
        rendez_vous=held,
    )
    on = tracker(user("06 39 98 00 12", "nlu_fallback"), {SLOT: demande.slot()}, channel="cmdline")
    _, events = await run(ValidateRendezVousForm(resources), on)
    [kept] = [event["value"] for event in events if event.get("name") == SLOT]
    details = resources.desk.vault.read(kept["jeton"], conversation=SENDER, now=NOW)
    assert details is not None
    assert details.telephone == "+33639980012"
    assert "0012" not in str(events)


@pytest.mark.parametrize("mode", ["essai", "ouvert", "ferme"])
async def test_the_modes(mode: str, tmp_path: Path, knowledge: Knowledge, loaded: Path) -> None:
    settings = Settings(var=tmp_path, date=NOW.date(), rendez_vous=mode)
    (tmp_path / "allobot.sqlite").write_bytes(loaded.read_bytes())
    made = make_resources(settings, knowledge)
    talk = BookingTalk(made)
    said = await talk.say("rappelez-moi jeudi matin")
    assert ("Essai" in said) == (mode == "essai")
    assert ("@Caf de la Haute-Marne"[1:] in talk.labels()) == (mode != "ferme")
    if mode == "ferme":
        assert talk.card()["id"] == "rdv_telephonique"
        assert "Réserver un appel de la Caf" not in talk.labels()
    made.procedures.close()


async def test_a_caf_may_open_another_way_to_meet(
    settings: Settings, knowledge: Knowledge, loaded: Path
) -> None:
    """Only then is the way asked; otherwise the procedure of caf.fr explains it."""
    office = knowledge.rendez_vous.bureaux["52"].model_copy(update={"modes": ["accueil"]})
    content = knowledge.rendez_vous.model_copy(update={"bureaux": {"52": office}})
    (settings.var / "allobot.sqlite").write_bytes(loaded.read_bytes())
    made = make_resources(settings, replace(knowledge, rendez_vous=content))
    talk = BookingTalk(made)
    await talk.say("rappelez-moi jeudi matin")
    said = await talk.say("@Caf de la Haute-Marne")
    assert "Comment voulez-vous parler" in said
    assert talk.labels() == ["Par téléphone", "Sur place"]
    assert "De quoi voulez-vous" in await talk.say("je préfère venir au guichet")
    await talk.say(REASON)
    assert "vous joindre" in await talk.say("@" + talk.moments()[0])
    assert "sur place" in await talk.give_details()
    done = await talk.say("oui")
    assert CODE.search(done)
    assert "sur place" in done
    assert "La Caf vous appelle" not in done
    [rdv] = made.desk.booking.of_days("52", dt.date(2026, 11, 26), dt.date(2026, 11, 26))
    assert rdv.mode == "accueil"
    made.procedures.close()


def test_production_is_closed_unless_said(tmp_path: Path) -> None:
    safe = {"production": True, "secret": "Zk3v9Qw7Lr2Xt8Ub5Nc1Hp6Jd4Fg0Ys_", "cookie_secure": True}
    assert Settings(var=tmp_path, **safe).booking == "ferme"
    assert Settings(var=tmp_path, rendez_vous="ouvert", **safe).booking == "ouvert"
    assert Settings(var=tmp_path).booking == "essai"


async def test_the_caf_already_said_is_not_asked(talk: BookingTalk, resources: Resources) -> None:
    assert "De quoi voulez-vous parler" in await talk.say(
        "rappelez-moi jeudi matin, j'habite Chaumont en Haute-Marne"
    )
    away = BookingTalk(resources)
    said = await away.say("rappelez-moi jeudi matin, j'habite Nantes")
    assert "Je ne peux réserver que pour : Caf de la Haute-Marne" in said
    assert away.card()["id"] == "rdv_telephonique"


async def test_questions_about_appointments_are_answered(talk: BookingTalk) -> None:
    for words in ("comment annuler un rdv téléphonique", "quel numéro s'affiche pour le rappel ?"):
        await talk.say(words)
        assert talk.card()["kind"] == "procedure"
        assert "Réserver un appel de la Caf" in talk.labels()
