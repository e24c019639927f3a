"""The appointments of a day: who sees them, contact details on demand, honoured or missed.

The number is of a range kept for fiction.
"""

import asyncio
import datetime as dt
import re

import pytest
from sqlalchemy import Engine, select

from actions.appointments.desk import Desk
from actions.appointments.rendez_vous import RendezVous
from actions.appointments.vault import Coordonnees
from allobot.settings import PARIS, Settings
from tests.web.console.conftest import OpenConsole
from web.console.models import AuditRow

TUESDAY = dt.date(2026, 11, 24)
NOON = dt.datetime.combine(TUESDAY, dt.time(12, 2), PARIS)
BEFORE = NOON - dt.timedelta(days=4)
OFFICE = "52"
NAME, PHONE, SHOWN = "Zélie <b>Quintavalle</b>", "+33639981234", "06 39 98 12 34"


@pytest.fixture
def settings(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Noon has just struck, on a Tuesday."""
    monkeypatch.setattr(Settings, "now", lambda _self: NOON)
    return settings.model_copy(update={"date": TUESDAY})


@pytest.fixture
def desk(settings: Settings, engine: Engine) -> Desk:
    return Desk.open(settings, engine)


def book(desk: Desk, day: dt.date, hour: int, minute: int = 0) -> RendezVous:
    """Book as the conversation does, some days before."""
    debut = dt.datetime.combine(day, dt.time(hour, minute), PARIS)
    talk = f"talk-{day}-{hour}-{minute}"
    held = desk.booking.hold(OFFICE, debut, "dette", conversation=talk, now=BEFORE)
    token = desk.vault.put(Coordonnees(NAME, PHONE), conversation=talk, now=BEFORE)
    return desk.booking.confirm(held, token, conversation=talk, now=BEFORE)


@pytest.fixture
def morning(desk: Desk) -> RendezVous:
    return book(desk, TUESDAY, 9, 30)


def audited(engine: Engine) -> list[tuple[str, str, str]]:
    with engine.connect() as connection:
        rows = connection.execute(select(AuditRow).order_by(AuditRow.id)).all()
    wanted = [row for row in rows if row.action.startswith(("coord", "rendez"))]
    return [(row.login, row.action, row.object) for row in wanted]


@pytest.mark.parametrize("role", ["agent", "admin"])
async def test_the_calls_of_the_day(
    console: OpenConsole, desk: Desk, morning: RendezVous, role: str
) -> None:
    book(desk, TUESDAY, 14, 10)
    book(desk, TUESDAY + dt.timedelta(days=1), 10)
    html = (await (await console(role)).get("/console/rendez-vous")).text
    assert re.findall(r'class="hour"><time[^>]*>([\d:]+)</time>', html) == ["09:30", "14:10"]
    assert desk.content.motifs["dette"].libelle in html
    assert "mardi 24 novembre 2026" in html
    assert "<strong>2</strong> appels à passer" in html
    assert html.count('value="honore"') == 1  # the afternoon has not come


async def test_contact_details_are_not_in_the_page(
    console: OpenConsole, morning: RendezVous
) -> None:
    html = (await (await console("agent")).get("/console/rendez-vous")).text
    assert "Afficher les coordonnées" in html
    for secret in ("Quintavalle", "39 98", "39981234", morning.jeton or "-"):
        assert secret not in html


async def test_contact_details_on_demand_and_noted(
    console: OpenConsole, engine: Engine, morning: RendezVous
) -> None:
    agent = await console("agent")
    await agent.get("/console/rendez-vous")
    answer = await agent.post_form(f"/console/rendez-vous/{morning.id}/coordonnees")
    assert answer.status == 200 and answer.headers["Cache-Control"] == "no-store"
    assert SHOWN in answer.text and f'href="tel:{PHONE}"' in answer.text
    assert "Zélie &lt;b&gt;Quintavalle&lt;/b&gt;" in answer.text
    assert audited(engine) == [("agent", "coordonnees_lues", morning.id)]
    again = await agent.get("/console/rendez-vous")
    assert SHOWN not in again.text  # shown once
    with engine.connect() as connection:
        trail = str(connection.execute(select(AuditRow)).all())
    assert "Quintavalle" not in trail and "39981234" not in trail


@pytest.mark.parametrize(("etat", "word"), [("honore", "Honoré"), ("manque", "Manqué")])
async def test_honoured_or_missed(
    console: OpenConsole, engine: Engine, desk: Desk, morning: RendezVous, etat: str, word: str
) -> None:
    agent = await console("agent")
    await agent.get("/console/rendez-vous")
    answer = await agent.post_form(f"/console/rendez-vous/{morning.id}/etat", {"etat": etat})
    assert answer.status == 303 and answer.location.endswith(f"#rdv-{morning.id}")
    page = await agent.get(answer.location)
    assert f">{word}</span>" in page.text and "C'est noté" in page.text
    assert 'value="honore"' not in page.text
    found = await asyncio.to_thread(desk.booking.find, morning.id)
    assert found is not None and found.etat == etat
    assert audited(engine) == [("agent", f"rendez_vous_{etat}", morning.id)]


async def test_what_has_not_begun_is_not_marked(console: OpenConsole, desk: Desk) -> None:
    later = book(desk, TUESDAY, 15)
    agent = await console("agent")
    await agent.get("/console/rendez-vous")
    answer = await agent.post_form(f"/console/rendez-vous/{later.id}/etat", {"etat": "honore"})
    assert answer.status == 400
    found = await asyncio.to_thread(desk.booking.find, later.id)
    assert found is not None and found.etat == "confirme"


@pytest.mark.parametrize("etat", ["", "annule", "confirme"])
async def test_no_other_state(console: OpenConsole, morning: RendezVous, etat: str) -> None:
    agent = await console("agent")
    await agent.get("/console/rendez-vous")
    answer = await agent.post_form(f"/console/rendez-vous/{morning.id}/etat", {"etat": etat})
    assert answer.status == 400


async def test_agents_see_today_only(
    console: OpenConsole, engine: Engine, desk: Desk, morning: RendezVous
) -> None:
    tomorrow = TUESDAY + dt.timedelta(days=1)
    other = book(desk, tomorrow, 10)
    agent, admin = await console("agent"), await console("admin")
    address = f"/console/rendez-vous?jour={tomorrow}"
    assert "mardi 24 novembre" in (await agent.get(address)).text
    assert other.id not in (await agent.get(address)).text
    refused = await agent.post_form(f"/console/rendez-vous/{other.id}/coordonnees")
    assert refused.status == 404 and SHOWN not in refused.text
    assert other.id in (await admin.get(address)).text
    shown = await admin.post_form(f"/console/rendez-vous/{other.id}/coordonnees")
    assert SHOWN in shown.text and "mercredi 25 novembre" in shown.text
    assert audited(engine) == [("admin", "coordonnees_lues", other.id)]


async def test_a_place_only_held_is_nobodys(console: OpenConsole, desk: Desk) -> None:
    debut = dt.datetime.combine(TUESDAY, dt.time(15, 0), PARIS)
    held = desk.booking.hold(OFFICE, debut, "dette", conversation="talk", now=NOON)
    html = (await (await console("agent")).get("/console/rendez-vous")).text
    assert held not in html and "Aucun rendez-vous ce jour" in html
    agent = await console("agent")
    refused = await agent.post_form(f"/console/rendez-vous/{held}/coordonnees")
    assert refused.status == 404


async def test_cancelled_details_are_gone(
    console: OpenConsole, desk: Desk, morning: RendezVous
) -> None:
    await asyncio.to_thread(desk.booking.cancel, morning.id, NOON)
    agent = await console("agent")
    html = (await agent.get("/console/rendez-vous")).text
    assert "Annulé" in html and "Afficher les coordonnées" not in html
    answer = await agent.post_form(f"/console/rendez-vous/{morning.id}/coordonnees")
    assert SHOWN not in answer.text and "ont été effacées" in answer.text


@pytest.mark.parametrize("role", ["analyste", ""])
async def test_who_may_not(console: OpenConsole, morning: RendezVous, role: str) -> None:
    browser = await console(role)
    page = await browser.get("/console/rendez-vous")
    assert page.status == (403 if role else 303)
    answer = await browser.post_form(f"/console/rendez-vous/{morning.id}/coordonnees")
    assert SHOWN not in answer.text and answer.status in (303, 403)


async def test_a_form_of_another_site(
    console: OpenConsole, engine: Engine, morning: RendezVous
) -> None:
    agent = await console("agent")
    for end in ("coordonnees", "etat"):
        address = f"/console/rendez-vous/{morning.id}/{end}"
        forged = await agent.request("POST", address, data={"csrf": "0" * 64, "etat": "manque"})
        assert forged.status == 403 and SHOWN not in forged.text
    assert audited(engine) == []


@pytest.mark.parametrize("rdv", ["x", "%00", "x" * 300, "..%2F..", "'%20OR%201=1"])
async def test_no_such_appointment(console: OpenConsole, rdv: str) -> None:
    agent = await console("agent")
    await agent.get("/console/rendez-vous")
    answer = await agent.post_form(f"/console/rendez-vous/{rdv}/coordonnees")
    assert answer.status in (404, 405)


async def test_nobody_to_call(console: OpenConsole) -> None:
    html = (await (await console("agent")).get("/console/rendez-vous")).text
    assert "Aucun rendez-vous ce jour" in html
