"""What to read first: the order, the reasons, one analyst at a time."""

import asyncio
import re

import pytest
from sqlalchemy import Engine, select

from tests.web.console.conftest import OpenConsole
from tests.web.console.written_log import HOSTILE, conversation, doubtful, keep, moment, turn
from web.console.models import AuditRow
from web.console.queue import MAX_NOTE, MAX_TAG, SHOWN
from web.conversation_log.queries import ConversationLog

ITEM = re.compile(r'<li class="turn-row" id="tour-(\d+)"')


def shown(html: str) -> list[int]:
    return [int(number) for number in ITEM.findall(html)]


def actions(engine: Engine) -> list[tuple[str, str, str]]:
    with engine.connect() as connection:
        rows = connection.execute(select(AuditRow).order_by(AuditRow.id)).all()
    return [(row.login, row.action, row.object) for row in rows]


async def test_the_most_doubtful_first_with_its_reasons(
    console: OpenConsole, engine: Engine
) -> None:
    ids = await keep(
        engine,
        one=conversation(
            doubtful("peu grave", moment(60), 1.0, priority_reasons=("marge_faible",)),
            doubtful("très grave", moment(59), 5.0, priority_reasons=("erreur", "pouce_bas")),
            turn("sans souci", moment(58)),
        ),
    )
    html = (await (await console("analyste")).get("/console/a-lire")).text
    assert shown(html) == [ids["très grave"], ids["peu grave"]]
    assert "Allobot n&#39;a pas pu répondre" in html
    assert "La personne a dit que la réponse n&#39;est pas utile" in html
    assert "Allobot hésitait entre deux sujets" in html
    for key in "jkvpso":
        assert f"<kbd>{key}</kbd>" in html


async def test_two_analysts_never_get_the_same(console: OpenConsole, engine: Engine) -> None:
    turns = [doubtful(f"message {n}", moment(90 - n), 3.0 + n / 100) for n in range(SHOWN + 3)]
    await keep(engine, one=conversation(*turns))
    one, two = await console("analyste"), await console("admin")
    first, second = await asyncio.gather(one.get("/console/a-lire"), two.get("/console/a-lire"))
    mine, theirs = set(shown(first.text)), set(shown(second.text))
    assert mine and theirs and not mine & theirs
    again = await one.get("/console/a-lire")
    assert set(shown(again.text)) == mine  # still one's own, not ten more


@pytest.mark.parametrize(
    ("faire", "etat"), [("vu", "vu"), ("plus_tard", "plus_tard"), ("signale", "signale")]
)
async def test_a_review_leaves_the_queue(
    console: OpenConsole, engine: Engine, faire: str, etat: str
) -> None:
    ids = await keep(engine, one=conversation(doubtful("à lire")))
    number = ids["à lire"]
    analyst = await console("analyste")
    await analyst.get("/console/a-lire")
    answer = await analyst.post_form(f"/console/a-lire/{number}", {"faire": faire})
    assert answer.status == 303
    after = await analyst.get(answer.location)
    assert shown(after.text) == [] and "Rien à lire" in after.text
    assert f"/console/conversations/one#tour-{number}" in after.text  # to mend a slip
    found = await asyncio.to_thread(ConversationLog(engine).turn, number)
    assert found is not None and (found.etat, found.reviewer) == (etat, "analyste")
    assert ("analyste", f"tour_{faire}", str(number)) in actions(engine)
    assert ("analyste", "file_lue", "1 tours") in actions(engine)


async def test_tags_and_notes(console: OpenConsole, engine: Engine) -> None:
    number = (await keep(engine, one=conversation(doubtful("à lire"))))["à lire"]
    analyst = await console("analyste")
    await analyst.get("/console/a-lire")
    address = f"/console/a-lire/{number}"
    added = await analyst.post_form(address, {"faire": "etiquette", "tag": "  apl   2026 "})
    assert (added.status, added.location.rpartition("#")[2]) == (303, f"tour-{number}")
    note = "fiche à revoir\nvoir <b>avec</b> l'équipe"
    await analyst.post_form(address, {"faire": "note", "note": note})
    html = (await analyst.get("/console/a-lire")).text
    assert "apl 2026" in html and '<option value="apl 2026">' in html
    assert "voir &lt;b&gt;avec&lt;/b&gt; l&#39;équipe" in html
    await analyst.post_form(address, {"faire": "retire", "tag": "apl 2026"})
    assert "apl 2026" not in (await analyst.get("/console/a-lire")).text


@pytest.mark.parametrize(
    "fields",
    [
        {"faire": "effacer"},
        {},
        {"faire": "etiquette", "tag": "   "},
        {"faire": "etiquette", "tag": "x" * (MAX_TAG + 1)},
        {"faire": "note", "note": ""},
        {"faire": "note", "note": "x" * (MAX_NOTE + 1)},
    ],
)
async def test_what_cannot_be_done(
    console: OpenConsole, engine: Engine, fields: dict[str, str]
) -> None:
    number = (await keep(engine, one=conversation(doubtful("à lire"))))["à lire"]
    analyst = await console("analyste")
    await analyst.get("/console/a-lire")
    answer = await analyst.post_form(f"/console/a-lire/{number}", fields)
    assert answer.status == 400


async def test_a_tag_holds_no_nul(console: OpenConsole, engine: Engine) -> None:
    number = (await keep(engine, one=conversation(doubtful("à lire"))))["à lire"]
    analyst = await console("analyste")
    await analyst.get("/console/a-lire")
    answer = await analyst.post_form(
        f"/console/a-lire/{number}", {"faire": "etiquette", "tag": "a\x00b"}
    )
    assert answer.status == 303
    found = await asyncio.to_thread(ConversationLog(engine).turn, number)
    assert found is not None and found.tags == ["ab"]


async def test_a_turn_that_is_no_more(console: OpenConsole, engine: Engine) -> None:
    await keep(engine, one=conversation(doubtful("à lire")))
    analyst = await console("analyste")
    await analyst.get("/console/a-lire")
    for number in ("999999999", "0"):
        answer = await analyst.post_form(f"/console/a-lire/{number}", {"faire": "vu"})
        assert answer.status == 404
    too_long = await analyst.post_form("/console/a-lire/" + "9" * 30, {"faire": "vu"})
    assert too_long.status in (404, 405)


async def test_a_form_of_another_site(console: OpenConsole, engine: Engine) -> None:
    number = (await keep(engine, one=conversation(doubtful("à lire"))))["à lire"]
    analyst = await console("analyste")
    address = f"/console/a-lire/{number}"
    forged = await analyst.request("POST", address, data={"faire": "vu", "csrf": "0" * 64})
    assert forged.status == 403
    found = await asyncio.to_thread(ConversationLog(engine).turn, number)
    assert found is not None and found.etat is None


async def test_agents_read_no_message(console: OpenConsole, engine: Engine) -> None:
    number = (await keep(engine, one=conversation(doubtful("secret"))))["secret"]
    agent = await console("agent")
    page = await agent.get("/console/a-lire")
    assert page.status == 403 and "secret" not in page.text
    await agent.get("/console/rendez-vous")
    assert (await agent.post_form(f"/console/a-lire/{number}", {"faire": "vu"})).status == 403


async def test_hostile_words_do_nothing(console: OpenConsole, engine: Engine) -> None:
    turns = [doubtful(text, moment(60 - n), answer=text) for n, text in enumerate(HOSTILE)]
    await keep(engine, one=conversation(*turns))
    html = (await (await console("analyste")).get("/console/a-lire")).text
    assert "<script>alert" not in html and "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert not set("\u202e\u202c\u200b\x07") & set(html)
    for name in ("U+202E", "U+202C", "U+200B", "U+0007"):
        assert f'<span class="unseen">{name}</span>' in html


async def test_a_cursor_made_up(console: OpenConsole) -> None:
    answer = await (await console("analyste")).get("/console/a-lire?suite=n'importe")
    assert (answer.status, answer.location) == (303, "/console/a-lire")


async def test_nothing_to_read(console: OpenConsole) -> None:
    html = (await (await console("analyste")).get("/console/a-lire")).text
    assert "Rien à lire pour le moment" in html
