"""The conversations: what the filters keep, turning pages, one conversation in full."""

import asyncio
import datetime as dt
import html as markup
import re
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from allobot.settings import Settings
from tests.web.console.conftest import Console, OpenConsole
from tests.web.console.written_log import HOSTILE, conversation, doubtful, keep, moment, turn
from web.console.conversations import SHOWN
from web.console.filters import address, fields, read_filters
from web.console.models import AuditRow
from web.conversation_log.queries import ConversationLog

ROW = re.compile(r'<td class="worded"><a href="/console/conversations/([^"#]+)')


def listed(html: str) -> list[str]:
    return ROW.findall(html)


def audited(engine: Engine, action: str) -> list[tuple[str, str]]:
    with engine.connect() as connection:
        rows = connection.execute(select(AuditRow).where(AuditRow.action == action)).all()
    return [(row.object, row.detail) for row in rows]


async def three(engine: Engine) -> dict[str, int]:
    old = moment(60 * 24 * 40)
    return await keep(
        engine,
        ancienne=conversation(turn("la crèche", old, intent="mode_garde"), caf="44"),
        douteuse=conversation(doubtful("zzz incompréhensible", moment(90))),
        recente=conversation(turn("pension impayée", moment(30), feedback=True)),
    )


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("", ["recente", "douteuse", "ancienne"]),
        ("resultat=incompris", ["douteuse"]),
        ("sujet=mode_garde", ["ancienne"]),
        ("confiance=50", ["douteuse"]),
        ("texte=pension", ["recente"]),
        ("avis=utile", ["recente"]),
        ("lu=non", ["recente", "douteuse", "ancienne"]),
        ("lu=vu", []),
        ("etiquette=apl", []),
    ],
)
async def test_filters(console: OpenConsole, engine: Engine, query: str, kept: list[str]) -> None:
    await three(engine)
    answer = await (await console("analyste")).get(f"/console/conversations?{query}")
    assert answer.status == 200
    assert listed(answer.text) == kept


async def test_filters_by_date_and_tag(
    console: OpenConsole, engine: Engine, settings: Settings
) -> None:
    numbers = await three(engine)
    log, now = ConversationLog(engine), dt.datetime.now(dt.UTC)
    await asyncio.to_thread(log.tag, numbers["la crèche"], "garde", "analyste", now)
    analyst = await console("analyste")
    lately = settings.today() - dt.timedelta(days=7)
    recent = await analyst.get(f"/console/conversations?depuis={lately}")
    assert listed(recent.text) == ["recente", "douteuse"]
    assert f'value="{lately}"' in recent.text
    tagged = await analyst.get("/console/conversations?etiquette=garde")
    assert listed(tagged.text) == ["ancienne"]


async def test_the_same_by_message(console: OpenConsole, engine: Engine) -> None:
    await three(engine)
    analyst = await console("analyste")
    answer = await analyst.get("/console/conversations?vue=messages&resultat=repondu")
    assert listed(answer.text) == ["recente", "ancienne"]
    assert "La pension alimentaire" in answer.text  # among the subjects one may choose
    assert "/console/export?resultat=repondu" in answer.text


async def test_no_match(console: OpenConsole, engine: Engine) -> None:
    await three(engine)
    answer = await (await console("analyste")).get("/console/conversations?texte=introuvable")
    assert "Rien ne correspond" in answer.text


async def test_turning_pages_keeps_the_filters(console: OpenConsole, engine: Engine) -> None:
    talks = {
        f"c{n:03}": conversation(turn(f"question {n}", moment(10 + n)))
        for n in range(2 * SHOWN + 5)
    }
    await keep(engine, **talks)
    analyst = await console("analyste")
    pages = [await analyst.get("/console/conversations?resultat=repondu")]
    for _ in range(2):
        pages.append(await analyst.get(link(pages[-1].text, "next")))
        assert 'value="repondu" selected' in pages[-1].text
    seen = [listed(page.text) for page in pages]
    assert [len(page) for page in seen] == [SHOWN, SHOWN, 5]
    assert [name for page in seen for name in page] == sorted(talks)
    assert not re.search(r'rel="next"', pages[2].text)
    back = await analyst.get(link(pages[2].text, "prev"))
    assert listed(back.text) == seen[1]
    first = await analyst.get(link(back.text, "prev"))
    assert listed(first.text) == seen[0]
    assert 'rel="prev"' not in first.text


def link(html: str, kind: str) -> str:
    found = re.search(rf'<a(?: class="next")? href="([^"]+)" rel="{kind}"', html)
    assert found
    return markup.unescape(found[1])


async def test_a_cursor_made_up(console: OpenConsole) -> None:
    answer = await (await console("analyste")).get("/console/conversations?suite=%00&caf=52")
    assert (answer.status, answer.location) == (303, "/console/conversations?caf=52")


async def test_one_conversation(console: OpenConsole, engine: Engine) -> None:
    numbers = await keep(
        engine,
        une=conversation(
            turn(
                "ma pension",
                moment(60),
                entities=[{"entity": "departement", "value": "52"}],
                feedback=False,
                reasons=["trop_long"],
            ),
            doubtful("zzz", moment(59)),
        ),
    )
    html = (await (await console("analyste")).get("/console/conversations/une")).text
    for text in (
        "ma pension",
        "Une aide pour qui élève seul un enfant.",
        "L&#39;allocation de soutien familial (ASF)",
        "La pension alimentaire",
        "93\u202f%",
        "departement",
        "assez sûr pour répondre",
        "<code>action_repondre</code> par RulePolicy",
        "<code>asf</code>, version 2025-04-01",
        "réponse 300\u00a0ms, Rasa 210\u00a0ms, action 40\u00a0ms",
        "c&#39;est trop long",
        "Allobot était peu sûr de lui",
    ):
        assert text in html, text
    assert html.index("ma pension") < html.index("zzz")
    for number in numbers.values():
        assert f'href="/console/corrections/tour/{number}"' in html
        assert f'id="tour-{number}"' in html


async def test_every_reading_is_audited(console: OpenConsole, engine: Engine) -> None:
    await three(engine)
    analyst = await console("analyste")
    await analyst.get("/console/conversations/recente")
    assert audited(engine, "conversation_lue") == [("recente", "")]
    await analyst.get("/console/conversations?texte=pension&resultat=repondu")
    assert audited(engine, "liste_lue") == [("conversations", "resultat=repondu texte")]


async def test_reviewing_from_the_conversation(console: OpenConsole, engine: Engine) -> None:
    number = (await keep(engine, une=conversation(doubtful("zzz"))))["zzz"]
    analyst = await console("analyste")
    await analyst.get("/console/conversations/une")
    fields = {"faire": "signale", "conversation": "une"}
    answer = await analyst.post_form(f"/console/a-lire/{number}", fields)
    assert answer.location == f"/console/conversations/une?fait=signale#tour-{number}"
    page = await analyst.get(answer.location)
    assert "Signalé" in page.text and 'aria-pressed="true"' in page.text


async def test_the_way_back_stays_in_the_console(console: OpenConsole, engine: Engine) -> None:
    number = (await keep(engine, une=conversation(doubtful("zzz"))))["zzz"]
    analyst = await console("analyste")
    await analyst.get("/console/conversations/une")
    hostile = {"faire": "vu", "conversation": "//exemple.invalid/\r\nX: y"}
    answer = await analyst.post_form(f"/console/a-lire/{number}", hostile)
    assert answer.location.startswith("/console/conversations/%2F%2Fexemple.invalid%2F%0D%0AX")


async def test_a_danger_shows_its_subject_only(console: OpenConsole, engine: Engine) -> None:
    danger = turn(
        "[violences_conjugales]", outcome="danger", intent="violences_conjugales", answer=""
    )
    await keep(engine, une=conversation(danger))
    html = (await (await console("analyste")).get("/console/conversations/une")).text
    assert "[Je subis des violences]" in html
    assert "Les mots d'un message de danger ne sont jamais gardés" in html


@pytest.mark.parametrize("name", ["inconnue", "a%00b", "%F0%9F%98%80", "x" * 300])
async def test_no_such_conversation(console: OpenConsole, name: str) -> None:
    answer = await (await console("analyste")).get(f"/console/conversations/{name}")
    assert answer.status == 404


@pytest.mark.parametrize("path", ["", "/une"])
async def test_who_may_not(console: OpenConsole, engine: Engine, path: str) -> None:
    await keep(engine, une=conversation(turn("mes mots à moi")))
    agent = await (await console("agent")).get(f"/console/conversations{path}")
    assert agent.status == 403 and "mes mots" not in agent.text
    nobody = await (await console("")).get(f"/console/conversations{path}")
    assert nobody.status == 303
    assert nobody.location.startswith("/console/connexion")


async def pages_of(analyst: Console) -> str:
    texts = [
        (await analyst.get(f"/console/conversations{end}")).text
        for end in ("", "?vue=messages", "/une")
    ]
    return "".join(texts)


async def test_hostile_words_do_nothing(console: OpenConsole, engine: Engine) -> None:
    turns = [turn(text, moment(60 - n), answer=text) for n, text in enumerate(HOSTILE)]
    await keep(engine, une=conversation(*turns))
    html = await pages_of(await console("analyste"))
    assert "<script>alert" not in html and "<b>gras" not in html
    assert not set("\u202e\u202c\u200b\x07") & set(html)


@pytest.mark.parametrize(
    "texte", ["\x00", '"', "a* OR b", "'); DROP TABLE log_turn; --", "%", "é" * 500]
)
async def test_hostile_searches(console: OpenConsole, engine: Engine, texte: str) -> None:
    await three(engine)
    for view in ("", "&vue=messages"):
        answer = await (await console("analyste")).get(
            f"/console/conversations?texte={quote(texte)}{view}"
        )
        assert answer.status == 200
    assert len(listed((await (await console("analyste")).get("/console/conversations")).text)) == 3


# ---- filters


@given(
    st.dictionaries(
        st.sampled_from(
            ["depuis", "jusque", "resultat", "sujet", "confiance", "caf", "etiquette", "texte"]
        ),
        st.one_of(
            st.text(max_size=20),
            st.sampled_from(["repondu", "asf", "2026-11-02", "2026-10-01", "52", "2a", "100"]),
        ),
    )
)
def test_an_address_gives_back_its_filters(query: dict[str, str]) -> None:
    filters = read_filters(query)
    written = urlsplit(address("/console/conversations", fields(filters))).query
    assert read_filters(dict(parse_qsl(written, keep_blank_values=True))) == filters


def test_a_field_that_cannot_be_is_left_out() -> None:
    read = read_filters({"caf": "99", "confiance": "-3", "sujet": "rien", "avis": "bof", "lu": "x"})
    assert fields(read) == {}
    assert read_filters({"caf": " 2a "}).caf == "2A"
    assert read_filters({"confiance": "250"}).confiance_max == 1.0
