"""From Rasa's events to turns and outcomes."""

import datetime as dt
import math

import pytest
from ruamel.yaml import YAML

from allobot.project import ROOT
from tests.web.conversation_log.talks import (
    START,
    action,
    answered,
    bot,
    card,
    events,
    listen,
    lost,
    opening,
    pressed,
    slot,
    user,
)
from web.conversation_log import counts
from web.conversation_log.turns import ReadConversation, ReadTurn, Said, clean, read

SOON = dt.datetime.fromtimestamp(START + 60, dt.UTC)
LATER = SOON + dt.timedelta(hours=2)


def talk(*turns, now=SOON, said=None) -> ReadConversation:
    found = read(events(*turns), said or {}, now)
    assert found is not None
    return found


def only(*turns, **more) -> ReadTurn:
    [turn] = talk(*turns, **more).turns
    return turn


def asked(text="vérifier mon droit", intent="verifier_droit"):
    """A form that asks."""
    return [
        user(text, intent, 0.98, 0.01),
        action("questionnaire_form"),
        slot("requested_slot", "reponse_attendue"),
        bot("Vivez-vous seul(e) ?"),
        listen(),
    ]


def test_a_turn_says_what_was_understood_and_answered() -> None:
    metadata = {"message": "m1", "device": "telephone", "received": START - 0.05}
    turn = only(answered("mon rsa svp", "rsa", 0.8, metadata=metadata))
    assert (turn.text, turn.intent, turn.confidence) == ("mon rsa svp", "rsa", 0.8)
    assert turn.margin == pytest.approx(0.7)
    assert [item["name"] for item in turn.ranking] == ["rsa", "asf"]
    assert (turn.band, turn.policy, turn.action) == ("repondre", "RulePolicy", "action_repondre")
    assert (turn.procedure, turn.version) == ("rsa", "2026-01-01")
    assert (turn.answer, turn.outcome) == ("Voici pour rsa", "repondu")
    assert (turn.action_ms, turn.reply_ms, turn.gateway_ms) == (10, 30, 80)
    assert turn.message == "m1"


def test_a_conversation_tells_where_and_how_it_was_held() -> None:
    found = talk(
        answered("bonjour rsa", "rsa", metadata={"device": "tablette"}, channel="cmdline"),
        [*answered("52000", "mon_territoire", channel="cmdline")[:-1], slot("caf", "52"), listen()],
        [
            *answered("plus simple", "plus_simple", channel="cmdline")[:-1],
            slot("facile", True),
            listen(),
        ],
    )
    assert (found.channel, found.device, found.caf, found.falc) == ("shell", "tablette", "52", True)
    assert [turn.caf for turn in found.turns] == [None, "52", "52"]
    assert (found.last_at - found.started_at).total_seconds() == 40


def test_opening_the_window_is_not_a_turn() -> None:
    assert read(events(opening()), {}, SOON) is None
    assert [turn.text for turn in talk(opening(), answered("rsa", "rsa")).turns] == ["rsa"]


@pytest.mark.parametrize(
    ("turn", "outcome"),
    [
        (answered("rsa", "rsa"), "repondu"),
        ([user("x", "violences_conjugales", 0.9, 0.1), *answered("", "rsa")[1:]], "danger"),
        ([user("x", "rsa", 0.9, 0.1, autre_sujet="enfant_en_danger"), bot("a")], "danger"),
        (
            [user("x", "rsa", 0.9, 0.1), bot("a", card=card("idees_suicidaires", "danger"))],
            "danger",
        ),
        ([user("x", "rsa", 0.9, 0.1), action("a"), bot("!", "utter_erreur_technique")], "erreur"),
        ([user("x", "rsa", 0.9, 0.1), action("action_repondre"), listen()], "erreur"),
        ([user("x", "rsa", 0.9, 0.1), bot("ok", card=card("rdv", "rendez_vous"))], "rendez_vous"),
        (asked(), "question"),
        ([user("x", "hors_sujet", 0.9, 0.1), bot("a", "utter_autre_porte")], "hors_sujet"),
        ([user("x", "rsa", 0.9, 0.1), bot("a", card=card("rsa", notices=("n",)))], "dossier"),
        (answered("x", "parler_humain"), "personne"),
        (
            [
                *lost("x", utter="utter_vers_une_personne")[:-1],
                bot("a", card=card("parler_humain")),
            ],
            "personne",
        ),
        (lost("x"), "incompris"),
        # What fits in what was just spoken of is an answer, whoever gives it.
        (
            [
                user("x", "nlu_fallback", 0.4, 0.3),
                action("action_incompris"),
                bot("a", card=card("rsa")),
            ],
            "repondu",
        ),
    ],
)
def test_outcomes(turn, outcome) -> None:
    assert only(turn).outcome == outcome


def test_a_question_that_was_answered_is_no_question() -> None:
    end = [
        user("non", "refuser", 0.9, 0.1),
        action("questionnaire_form"),
        slot("requested_slot", "reponse_attendue"),
        slot("requested_slot", None),
        action("action_decider"),
        bot("Estimation", card=card("asf", "decision")),
        listen(),
    ]
    turns = talk(asked(), end).turns
    assert [turn.outcome for turn in turns] == ["question", "repondu"]
    assert turns[1].action == "action_decider"


def test_of_danger_only_the_category_is_kept() -> None:
    words = [{"entity": "ville", "value": "Chaumont"}]
    message = user("il me menace", "violences_conjugales", 0.9, 0.1, entities=words)
    turn = only([message, action("action_repondre"), bot("Appelez le 17"), listen()], now=LATER)
    assert turn.text == "[violences_conjugales]"
    assert (turn.ranking, turn.entities, turn.answer) == ([], [], "")
    assert (turn.priority, turn.priority_reasons) == (0.0, ())


def test_a_choice_after_proposals_makes_it_clear() -> None:
    turns = talk(lost("la prime"), pressed("prime_activite")).turns
    assert [turn.outcome for turn in turns] == ["precise", "repondu"]
    typed = talk(lost("la prime"), answered("prime d'activité", "prime_activite")).turns
    assert typed[0].outcome == "incompris"
    person = talk(lost("la prime"), pressed("parler_humain")).turns
    assert person[0].outcome == "incompris"


def test_a_button_is_read_by_its_label() -> None:
    turn = pressed("rsa")
    turn[0]["metadata"] = {"message": "m1"}
    assert only(turn).text == "/rsa"
    assert only(turn, said={"m1": Said("Le RSA")}).text == "Le RSA"


def test_opinions() -> None:
    message = {"message": "m1"}
    bad = only(answered("rsa", "rsa", metadata=message), said={"m1": Said("rsa", False, ("faux",))})
    assert (bad.feedback, bad.reasons, bad.priority_reasons) == (False, ["faux"], ("pouce_bas",))
    good = only(answered("rsa", "rsa", metadata=message), said={"m1": Said("rsa", True)})
    assert (good.feedback, good.reasons, good.priority) == (True, [], 0.0)


@pytest.mark.parametrize(
    ("first", "second", "again"),
    [
        ("quand arrive mon paiement", "mon paiement arrive quand svp", True),
        ("quand arrive mon paiement", "quand arrivent mes paiements", True),
        ("quand arrive mon paiement", "comment faire une réclamation", False),
        ("merci", "merci", False),
    ],
)
def test_saying_again(first, second, again) -> None:
    turns = talk(answered(first, "paiement_date"), answered(second, "paiement_date")).turns
    assert [turn.reformulation for turn in turns] == [False, again]


def test_what_is_typed_after_an_incomprehension_says_it_again() -> None:
    assert talk(lost("zut"), answered("le rsa", "rsa")).turns[1].reformulation
    assert not talk(lost("zut"), pressed("rsa")).turns[1].reformulation
    assert not talk(lost("zut"), answered("merci", "remerciement")).turns[1].reformulation


def test_a_doubtful_turn_comes_before_a_sure_one() -> None:
    sure = only(answered("rsa", "rsa", 0.99))
    close = only([user("rsa", "rsa", 0.45, 0.4), *answered("", "rsa")[1:]])
    assert (sure.priority, sure.priority_reasons) == (0.0, ())
    assert close.priority_reasons == ("confiance_faible", "marge_faible")
    assert close.priority == pytest.approx(2 * 0.55 + 1)


def test_an_abandoned_form_is_worth_reading_once_it_is() -> None:
    assert talk(asked(), now=SOON).turns[0].priority == 0.0
    left = talk(asked(), now=LATER)
    assert left.turns[0].priority_reasons == ("question_abandonnee",)
    assert left.outcome == "question"
    answered_later = talk(asked(), answered("autre chose", "rsa"), now=LATER)
    assert answered_later.turns[0].priority == 0.0


def test_the_words_of_an_answer_to_a_form_are_not_doubts() -> None:
    reply = [user("80 à peu près", "nlu_fallback", 0.2, 0.19), *asked()[1:]]
    assert talk(asked(), reply, now=SOON).turns[1].priority == 0.0


def test_an_error_comes_first() -> None:
    failed = only([user("rsa", "rsa", 0.99, 0.01), bot("!", "utter_erreur_technique")])
    others = [only(lost("zut", 0.3, 0.29)), only(answered("rsa", "rsa", 0.5))]
    assert failed.priority_reasons == ("erreur",)
    assert failed.priority > max(turn.priority for turn in others)


@pytest.mark.parametrize(
    ("turns", "outcome"),
    [
        (
            [answered("a", "rsa"), answered("b", "violences_conjugales"), answered("c", "rsa")],
            "danger",
        ),
        ([answered("a", "rsa"), answered("b", "parler_humain"), answered("c", "rsa")], "personne"),
        ([answered("a", "rsa"), lost("b")], "incompris"),
        ([lost("b"), answered("a", "rsa")], "repondu"),
        ([asked()], "question"),
        (
            [
                answered("bonjour", "salutation"),
                [user("x", "hors_sujet", 0.9), bot("a", "utter_hors_sujet")],
            ],
            "hors_sujet",
        ),
    ],
)
def test_the_outcome_of_a_whole_conversation(turns, outcome) -> None:
    assert talk(*turns).outcome == outcome


def test_hostile_events_are_read_without_harm() -> None:
    text = "<script>alert(1)</script> =SOMME(A1) \x00\x1b \ud800 " + "é" * 500
    data = user(
        text, "x" * 500, math.nan, math.inf, entities=[None, 3, {"entity": "e\x00", "value": [1]}]
    )
    data["metadata"] = {"message": 3, "device": "<b>", "received": "hier"}
    turn = only([data, bot("réponse\x00" + "z" * 9000), listen()])
    assert "\x00" not in turn.text and "\ud800" not in turn.text and "<script>" in turn.text
    assert (turn.confidence, turn.margin, turn.ranking) == (None, None, [])
    assert len(turn.answer) == 4000
    assert turn.intent is not None and len(turn.intent) == 64
    assert (turn.message, turn.gateway_ms) == (None, None)
    assert turn.entities == [{"entity": "e ", "value": "[1]"}]
    for shape in (None, [], "x", 3):
        data = user("a", "rsa")
        data |= {"parse_data": shape, "metadata": shape}
        assert (
            only([data, {"event": "bot", "text": shape, "data": shape, "metadata": shape}]).text
            == "a"
        )


def test_clean_keeps_lines() -> None:
    assert clean("a\nb\tc\x07d") == "a\nb\tc d"


def test_intents_of_the_dialogue_are_those_without_an_answer() -> None:
    intents = set(YAML(typ="safe").load(ROOT / "domain.yml")["intents"]) | {"nlu_fallback"}
    answers = {path.stem for path in (ROOT / "data" / "procedures").glob("*.yml")}
    forms = {"verifier_droit"}
    assert intents >= counts.DIALOGUE
    assert not counts.DIALOGUE & (answers | forms)


@pytest.mark.parametrize("milliseconds", [1, 7, 48, 300, 1234, 60_000])
def test_classes_of_durations_are_near_the_truth(milliseconds: int) -> None:
    near = counts.latency_of(counts.latency_class(milliseconds))
    assert abs(near - milliseconds) <= max(1, 0.05 * milliseconds)


def test_percentiles() -> None:
    durations = range(1, 1001)
    classes: dict[int, int] = {}
    for duration in durations:
        name = counts.latency_class(duration)
        classes[name] = classes.get(name, 0) + 1
    for share in (0.5, 0.95, 0.99):
        assert counts.percentile(classes, share) == pytest.approx(1000 * share, rel=0.06)
    assert counts.percentile({}, 0.5) is None
