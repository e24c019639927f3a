"""Corrections, through the pages: proposed by one, agreed by another, exported."""

import datetime as dt
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from ruamel.yaml import YAML
from sqlalchemy import Engine, insert, select

from allobot.settings import Settings
from tests import databases
from tests.web.console.conftest import Console, OpenConsole
from web.console.corrections import CORRECTIONS
from web.console.corrections.models import CorrectionRow
from web.console.corrections.patch import Entity, write_files
from web.console.corrections.store import (
    Corrections,
    Etat,
    Nature,
    NotDecidable,
    SamePerson,
    Wanted,
)
from web.console.models import AuditRow
from web.conversation_log.models import LogConversationRow, LogTurnRow
from web.conversations.sql_store import naming_columns

NOW = dt.datetime(2026, 11, 21, 9, 30, tzinfo=dt.UTC)
TALK = "conversation-1"
MINE = Wanted(Nature.INTENT, "mot_de_passe")
NLU = {
    "compte.yml": (
        'version: "3.1"\n\n# Le compte.\nnlu:\n- intent: mot_de_passe\n  examples: |\n'
        "    - mdp perdu\n- intent: asf\n  examples: |\n    - toucher l'asf\n"
    ),
    "danger.yml": (
        'version: "3.1"\nnlu:\n- intent: violences_conjugales\n  examples: |\n    - il me frappe\n'
    ),
}
MESSAGES = [
    "jai pu mon mdp caf",
    "jai pu mon mot de passe caf",
    "g pu mon mdp de la caf",
    "quand est versé le rsa",
    "[violences_conjugales]",
    "/verifier_droit",
    "je suis <script>alert(1)</script> du 52",
]


def fill(engine: Engine, texts: list[str], conversation: str = TALK) -> list[int]:
    """Write turns into the log; return their ids."""
    conversations, turns = LogConversationRow.__table__, LogTurnRow.__table__
    ranking = [
        {"name": "rsa", "confidence": 0.41},
        {"name": "mot_de_passe", "confidence": 0.38},
        {"name": "inconnu_ici", "confidence": 0.1},
    ]
    ids: list[int] = []
    with engine.begin() as connection:
        connection.execute(
            insert(conversations).values(  # type: ignore[arg-type]
                conversation_id=conversation,
                started_at=NOW,
                last_at=NOW,
                turns=len(texts),
                channel="web",
                falc=False,
                outcome="incompris",
                last_event=100,
            )
        )
        for place, text in enumerate(texts):
            done = connection.execute(
                insert(turns).values(  # type: ignore[arg-type]
                    conversation_id=conversation,
                    event_id=10 + place,
                    at=NOW + dt.timedelta(seconds=place),
                    day=739000,
                    text=text,
                    intent="nlu_fallback",
                    confidence=0.59,
                    margin=0.03,
                    ranking=ranking,
                    entities=[],
                    band="incompris",
                    policy="RulePolicy",
                    action="action_incompris",
                    answer="Je n'ai pas compris.",
                    outcome="incompris",
                    reasons=[],
                    reformulation=False,
                    priority=1.0,
                    priority_reasons=[],
                )
            )
            ids.append(done.inserted_primary_key[0])  # type: ignore[index]
    return ids


# ---- the SQL, on both databases


database = databases.engine  # each kind of it in turn, not the console's


@pytest.fixture
def store(database: Engine, tmp_path: Path) -> Corrections:
    return Corrections(database, tmp_path / "rasa.sqlite")


def test_a_correction_goes_from_one_state_to_the_next(store: Corrections, database: Engine) -> None:
    ids = fill(database, MESSAGES)
    made = store.propose(ids[:2], MINE, "lea", NOW)
    assert list(made) == ids[:2]
    first = store.of_turn(ids[0])
    assert first is not None
    assert (first.etat, first.author, first.wanted) == (Etat.PROPOSED, "lea", MINE)
    assert first.proposed_at == NOW and first.text == MESSAGES[0]
    with pytest.raises(SamePerson):
        store.agree(first.id, "lea", NOW, two_people=True)
    store.agree(first.id, "noe", NOW, two_people=True)
    with pytest.raises(NotDecidable):
        store.agree(first.id, "noe", NOW, two_people=True)
    store.agree(made[ids[1]], "lea", NOW, two_people=False)
    assert [it.id for it in store.to_export()] == list(made.values())
    assert store.exported([first.id], NOW) == 1
    assert store.exported([first.id], NOW) == 0
    with pytest.raises(NotDecidable):
        store.reject(first.id, "noe", NOW, None)
    rejected = store.reject(made[ids[1]], "noe", NOW, "trop vague")
    assert rejected.wanted == MINE
    assert store.counts() == {
        Etat.PROPOSED: 0,
        Etat.AGREED: 0,
        Etat.EXPORTED: 1,
        Etat.REJECTED: 1,
    }
    [row] = store.page(Etat.REJECTED)
    assert (row.motif, row.decided_by, row.decided_at) == ("trop vague", "noe", NOW)


def test_another_correction_replaces_the_first_and_waits_again(
    store: Corrections, database: Engine
) -> None:
    [turn] = fill(database, MESSAGES[:1])
    made = store.propose([turn], MINE, "lea", NOW)
    store.agree(made[turn], "noe", NOW, two_people=True)
    again = Wanted(Nature.SKIP, reason="message de test")
    store.propose([turn], again, "noe", NOW)
    found = store.of_turn(turn)
    assert found is not None and found.wanted == again and found.etat is Etat.PROPOSED
    assert len(store.page(None)) == 1


def test_entities_are_kept(store: Corrections, database: Engine) -> None:
    [turn] = fill(database, ["je suis du 52"])
    entities = (Entity("52", "departement"), Entity("suis", "x", "être"))
    store.propose([turn], Wanted(Nature.INTENT, "asf", entities=entities), "lea", NOW)
    found = store.of_turn(turn)
    assert found is not None and found.example().entities == entities


def test_only_words_that_nobody_corrected_are_compared(
    store: Corrections, database: Engine
) -> None:
    ids = fill(database, MESSAGES)
    store.propose([ids[0]], MINE, "lea", NOW)
    kept = dict(store.uncorrected())
    assert set(kept) == {ids[1], ids[2], ids[3], ids[6]}
    assert next(iter(kept)) == ids[6]
    assert len(store.uncorrected(2)) == 2


def test_an_erased_message_is_corrected_no_more(store: Corrections, database: Engine) -> None:
    ids = fill(database, MESSAGES[:2])
    assert store.propose([*ids, 999], MINE, "lea", NOW).keys() == set(ids)
    assert store.turns([999]) == []
    with pytest.raises(NotDecidable):
        store.agree(999, "noe", NOW, two_people=False)


def test_corrections_go_with_their_conversation(database: Engine) -> None:
    with database.connect() as connection:
        tables = {column.table.name for column in naming_columns(connection)}
    assert CorrectionRow.__tablename__ in tables


def test_pages_of_corrections(store: Corrections, database: Engine) -> None:
    ids = fill(database, [f"message {number}" for number in range(5)])
    made = list(store.propose(ids, MINE, "lea", NOW).values())
    first = store.page(Etat.PROPOSED, limit=2)
    assert [it.id for it in first] == made[:2:-1]
    rest = store.page(Etat.PROPOSED, before=first[-1].id)
    assert [it.id for it in rest] == made[2::-1]


# ---- the pages


@pytest.fixture
def root(tmp_path: Path, app: web.Application) -> Path:
    """A repository of two files, of which the console makes patches."""
    folder = tmp_path / "depot"
    (folder / "data/nlu").mkdir(parents=True)
    (folder / "tests/understanding").mkdir(parents=True)
    for name, text in NLU.items():
        (folder / "data/nlu" / name).write_text(text)
    (folder / "tests/understanding/held_out.yml").write_text("asf:\n  - \"l'asf, c'est quoi\"\n")
    app[CORRECTIONS].root = folder
    return folder


@pytest.fixture
def turns(engine: Engine, root: Path) -> list[int]:
    return fill(engine, MESSAGES)


@pytest.fixture
async def analyst(console: OpenConsole, turns: list[int]) -> Console:
    return await console("analyste")


def audited(engine: Engine) -> list[tuple[str, str]]:
    with engine.connect() as connection:
        rows = connection.execute(select(AuditRow.action, AuditRow.object).order_by(AuditRow.id))
        return [(row.action, row.object) for row in rows if row.action.startswith("correction")]


async def test_two_clicks(
    analyst: Console, turns: list[int], app: web.Application, engine: Engine
) -> None:
    address = f"/console/corrections/tour/{turns[0]}"
    page = await analyst.get(address)
    assert page.status == 200
    assert 'name="intent" value="mot_de_passe"' in page.text
    assert 'value="inconnu_ici"' not in page.text  # no example anywhere: nothing to learn it with
    assert "Mon mot de passe" in page.said and MESSAGES[0] in page.said
    answer = await analyst.post_form(address, {"intent": "mot_de_passe"})
    assert (answer.status, answer.location) == (303, f"{address}?fait=proposee")
    found = app[CORRECTIONS].store.of_turn(turns[0])
    assert found is not None
    assert (found.author, found.wanted) == ("analyste", MINE)
    assert audited(engine) == [("correction_proposee", f"correction:{found.id}")]
    page = await analyst.get(answer.location)
    assert "Correction enregistrée" in page.said and "Correction proposée" in page.said
    assert 'value="valider"' not in page.text  # the author alone does not agree


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({"intent": "Mon mot de passe"}, MINE),
        ({"intent": "je subis DES violences"}, Wanted(Nature.INTENT, "violences_conjugales")),
        (
            {"nature": "nouveau_sujet", "intent": "La prime de Noël"},
            Wanted(Nature.NEW, "La prime de Noël"),
        ),
        (
            {"nature": "ne_pas_apprendre", "raison": "essai"},
            Wanted(Nature.SKIP, reason="essai"),
        ),
        (
            {"intent": "asf", "mots": "52", "entite": "departement", "valeur": ""},
            Wanted(Nature.INTENT, "asf", entities=(Entity("52", "departement"),)),
        ),
    ],
)
async def test_what_may_be_said_of_a_message(
    analyst: Console,
    turns: list[int],
    app: web.Application,
    fields: dict[str, str],
    wanted: Wanted,
) -> None:
    address = f"/console/corrections/tour/{turns[6]}"
    answer = await analyst.post_form(address, fields)
    assert answer.status == 303
    found = app[CORRECTIONS].store.of_turn(turns[6])
    assert found is not None and found.wanted == wanted


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "Choisissez un sujet"),
        ({"intent": "inconnu_ici"}, "Choisissez un sujet"),
        ({"nature": "nouveau_sujet", "intent": " "}, "Donnez un nom"),
        ({"nature": "nouveau_sujet", "intent": "mot_de_passe"}, "existe déjà"),
        ({"nature": "ne_pas_apprendre", "raison": ""}, "Dites pourquoi"),
        ({"intent": "asf", "mots": "44", "entite": "departement", "valeur": ""}, "recopier"),
        ({"intent": "asf", "mots": "52", "entite": "Departement!", "valeur": ""}, "recopier"),
    ],
)
async def test_what_may_not(
    analyst: Console,
    turns: list[int],
    app: web.Application,
    fields: dict[str, str],
    sentence: str,
) -> None:
    answer = await analyst.post_form(f"/console/corrections/tour/{turns[6]}", fields)
    assert answer.status == 400
    assert sentence in answer.said
    assert app[CORRECTIONS].store.of_turn(turns[6]) is None


async def test_hostile_words_are_shown_as_words(analyst: Console, turns: list[int]) -> None:
    for kind in ("tour", "groupe"):
        page = await analyst.get(f"/console/corrections/{kind}/{turns[6]}")
        assert "<script>alert" not in page.text
        assert "<script>alert(1)</script> du 52" in page.said


async def test_many_at_once_then_agreed_then_in_the_data(
    analyst: Console,
    console: OpenConsole,
    turns: list[int],
    app: web.Application,
    root: Path,
    engine: Engine,
) -> None:
    group = f"/console/corrections/groupe/{turns[0]}"
    page = await analyst.get(group)
    for turn in turns[:3]:
        assert f'name="tour" value="{turn}"' in page.text
    assert f'name="tour" value="{turns[3]}"' not in page.text
    ticked = [("tour", str(turn)) for turn in turns[:3]]
    answer = await analyst.post_form(group, [*ticked, ("intent", "mot_de_passe")])
    assert answer.status == 303

    ids = [it.id for it in app[CORRECTIONS].store.page(Etat.PROPOSED)]
    chosen = [("correction", str(key)) for key in ids]
    answer = await analyst.post_form(
        "/console/corrections/decision", [*chosen, ("faire", "valider")]
    )
    assert answer.location.endswith("fait=en_partie")
    assert app[CORRECTIONS].store.to_export() == []
    admin = await console("admin")
    page = await admin.get("/console/corrections?etat=proposee")
    assert page.text.count('name="correction"') == 3
    answer = await admin.post_form("/console/corrections/decision", [*chosen, ("faire", "valider")])
    assert answer.location.endswith("fait=decidees")

    page = await admin.get("/console/corrections/patch")
    assert "3 exemples à ajouter" in page.said
    diff = await admin.get("/console/corrections/corrections.diff")
    assert diff.headers["Content-Disposition"].startswith("attachment")
    assert diff.text.count("\n+    - ") == 3
    assert f"+    - {MESSAGES[0]}" in diff.text

    write_files(root, app[CORRECTIONS].patch())
    read = YAML(typ="safe").load(root / "data/nlu/compte.yml")["nlu"]
    assert read[0]["examples"].splitlines() == [
        "- mdp perdu",
        *(f"- {text}" for text in MESSAGES[:3]),
    ]
    assert (root / "data/nlu/danger.yml").read_text() == NLU["danger.yml"]
    answer = await admin.post_form("/console/corrections/exportees")
    assert answer.location.endswith("fait=exportees")
    assert app[CORRECTIONS].store.counts()[Etat.EXPORTED] == 3
    actions = [action for action, _ in audited(engine)]
    assert actions.count("correction_proposee") == 3
    assert actions.count("correction_validee") == 3
    assert actions[-1] == "corrections_exportees"


async def test_nothing_ticked_changes_nothing(
    analyst: Console, turns: list[int], app: web.Application
) -> None:
    group = await analyst.post_form(
        f"/console/corrections/groupe/{turns[0]}", {"intent": "mot_de_passe"}
    )
    assert group.status == 400 and "Cochez au moins un message" in group.said
    answer = await analyst.post_form("/console/corrections/decision", {"faire": "valider"})
    assert answer.location.endswith("fait=aucune")
    assert app[CORRECTIONS].store.page(None) == []


async def test_the_patch_says_what_it_leaves_out(
    analyst: Console, app: web.Application, engine: Engine
) -> None:
    ids = fill(engine, ["mdp perdu", "l'asf c'est quoi", "il me FRAPPE"], "conversation-2")
    store = app[CORRECTIONS].store
    made = [
        store.propose([turn], Wanted(Nature.INTENT, intent), "noe", NOW)[turn]
        for turn, intent in zip(ids, ("mot_de_passe", "asf", "asf"), strict=True)
    ]
    for key in made:
        store.agree(key, "lea", NOW, two_people=True)
    page = await analyst.get("/console/corrections/patch")
    assert "0 exemple à ajouter, 3 écartés" in page.said
    for sentence in ("déjà un exemple de ce sujet", "sert à mesurer", "d'un autre sujet"):
        assert sentence in page.said


async def test_a_file_that_does_not_read_is_told(analyst: Console, root: Path) -> None:
    (root / "data/nlu/compte.yml").write_text("nlu: [")
    page = await analyst.get("/console/corrections/patch")
    assert page.status == 200 and "ne se relit pas" in page.said
    assert (await analyst.get("/console/corrections/corrections.diff")).status == 404


@pytest.mark.parametrize("path", ["tour/999999", "groupe/999999", "histoire/rien.yml", "tour/x"])
async def test_what_is_not_there(analyst: Console, path: str) -> None:
    assert (await analyst.get(f"/console/corrections/{path}")).status == 404


@pytest.mark.parametrize("path", ["", "/tour/1", "/groupe/1", "/patch", "/corrections.diff"])
async def test_an_agent_reads_no_correction(console: OpenConsole, path: str) -> None:
    agent = await console("agent")
    assert (await agent.get(f"/console/corrections{path}")).status == 403


async def test_a_conversation_is_kept_as_a_test(
    analyst: Console, settings: Settings, app: web.Application, turns: list[int], engine: Engine
) -> None:
    lost = {"name": "nlu_fallback", "confidence": 0.6}
    events = [
        (10, {"event": "user", "text": MESSAGES[0], "parse_data": {"intent": lost}}),
        (11, {"event": "action", "name": "action_incompris"}),
        (12, {"event": "action", "name": "action_listen"}),
    ]
    with sqlite3.connect(settings.tracker_path) as rasa:
        rasa.execute("CREATE TABLE events (id INTEGER, sender_id TEXT, data TEXT)")
        rasa.executemany(
            "INSERT INTO events VALUES (?, ?, ?)",
            [(key, TALK, json.dumps(event)) for key, event in events],
        )
    rasa.close()
    address = f"/console/corrections/histoire/{TALK}.yml"
    assert steps(await analyst.get(address))[0]["intent"] == "nlu_fallback"
    store = app[CORRECTIONS].store
    store.agree(store.propose([turns[0]], MINE, "noe", NOW)[turns[0]], "lea", NOW, two_people=True)
    answer = await analyst.get(address)
    assert steps(answer) == [
        {"user": f"{MESSAGES[0]}\n", "intent": "mot_de_passe"},
        {"action": "action_repondre"},
    ]
    assert answer.headers["Content-Disposition"].endswith(
        "on_obtient_une_reponse_a_sa_question.yml"
    )


def steps(answer: Any) -> list[dict[str, Any]]:
    """The steps of the story that a page gives."""
    [story] = YAML(typ="safe").load(answer.text)["stories"]
    return story["steps"]  # type: ignore[no-any-return]
