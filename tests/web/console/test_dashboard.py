"""The dashboard: its figures, its comparison, what it says when there is nothing."""

import datetime as dt
import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from allobot.settings import Settings
from tests.web.console.conftest import OpenConsole
from tests.web.console.written_log import conversation, doubtful, keep, moment, turn
from web.console.periods import (
    LONGEST,
    OLDEST,
    Period,
    last_days,
    read_asked,
    read_date,
    read_period,
)
from web.console.showing import duration, number, percent, signed

TODAY = dt.date(2026, 11, 21)
SPACES = re.compile(r"\s+")


def flat(page: str) -> str:
    """The words of a page, with plain blanks."""
    return SPACES.sub(" ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


async def test_the_figures_of_a_period(console: OpenConsole, engine: Engine) -> None:
    await keep(
        engine,
        one=conversation(
            turn("l'asf", moment(60), feedback=True),
            turn("et la pension", moment(58), intent="pension_alimentaire"),
            doubtful("zzz", moment(56), feedback=False, reasons=["pas_clair"]),
        ),
        two=conversation(turn("parler à quelqu'un", moment(50), outcome="personne")),
    )
    page = flat((await (await console("analyste")).get("/console")).text)
    assert "Messages 4 Conversations 2" in page
    assert "Messages pas compris 25,0 %" in page
    assert "Passés à une personne 25,0 %" in page
    assert "Avis « utile » 50,0 % 2 avis" in page
    assert "L'allocation de soutien familial (ASF) 2" in page
    assert "La pension alimentaire 1" in page
    assert "Ce n'est pas clair 1 100,0 %" in page
    assert "À lire d'abord 1 messages qui attendent" in page
    assert "Mesuré sur 4 réponses." in page


async def test_two_periods_side_by_side(
    console: OpenConsole, engine: Engine, settings: Settings
) -> None:
    lately, before = moment(60), moment(60 + 7 * 24 * 60)
    await keep(
        engine,
        now=conversation(turn("a", lately), turn("b", lately + dt.timedelta(seconds=1))),
        then=conversation(
            turn("c", before),
            doubtful("d", before + dt.timedelta(seconds=1)),
            turn("e", before + dt.timedelta(seconds=2)),
            turn("f", before + dt.timedelta(seconds=3)),
        ),
    )
    week = last_days(7, settings.today())
    analyst = await console("analyste")
    answer = await analyst.get(f"/console?depuis={week.depuis}&jusque={week.jusque}&avec=avant")
    page = flat(answer.text)
    assert "Messages 2 −50 % contre 4" in page
    assert "Messages pas compris 0,0 % −25,0 pt contre 25,0 %" in page
    assert 'class="change good"' in answer.text  # fewer messages not understood
    assert "Messages, période comparée" in answer.text


async def test_nothing_yet(console: OpenConsole) -> None:
    page = flat((await (await console("analyste")).get("/console?depuis=2026-01-01")).text)
    assert "Aucun message sur cette période" in page
    assert "python -m allobot logs demo" in page
    assert "<canvas" not in page


async def test_each_chart_has_its_table(
    console: OpenConsole, engine: Engine, settings: Settings
) -> None:
    await keep(engine, one=conversation(turn("bonjour")))
    week = last_days(7, settings.today())
    address = f"/console?depuis={week.depuis}&jusque={week.jusque}"
    page = (await (await console("analyste")).get(address)).text
    figures = re.findall(r"<figure data-chart>.*?</figure>", page, re.DOTALL)
    assert len(figures) == 3  # by day, hour by hour, hours of the day
    for figure in figures:
        assert "<details>" in figure and 'data-series="' in figure
        values = [int(value) for value in re.findall(r'data-value="(\d+)"', figure)]
        assert 1 in values


async def test_no_script_but_ours(console: OpenConsole) -> None:
    answer = await (await console("analyste")).get("/console")
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy and "unsafe" not in policy
    tags = re.findall(r"<script[^>]*>(.*?)</script>", answer.text, re.DOTALL)
    assert tags and not any(tags)
    assert not re.search(r"\son[a-z]+=|style=", answer.text)


@pytest.mark.parametrize("role", ["agent", ""])
async def test_who_may_not(console: OpenConsole, role: str) -> None:
    answer = await (await console(role)).get("/console")
    assert answer.status == (403 if role else 303)


@pytest.mark.parametrize(
    "query",
    ["depuis=hier", "depuis=2026-13-45", "jusque=0001-01-01", "avec=rien", "depuis=9999-12-31"],
)
async def test_strange_dates_are_left_out(console: OpenConsole, query: str) -> None:
    answer = await (await console("analyste")).get(f"/console?{query}")
    assert answer.status == 200


# ---- periods


def test_the_last_thirty_days_by_default() -> None:
    assert read_period({}, TODAY) == Period(dt.date(2026, 10, 23), TODAY)
    assert read_period({}, TODAY).days == 30


def test_dates_in_any_order() -> None:
    query = {"depuis": "2026-11-10", "jusque": "2026-11-01"}
    assert read_period(query, TODAY) == Period(dt.date(2026, 11, 1), dt.date(2026, 11, 10))


def test_one_date_alone() -> None:
    assert read_period({"depuis": "2026-11-01"}, TODAY) == Period(dt.date(2026, 11, 1), TODAY)
    assert read_period({"jusque": "2026-11-01"}, TODAY).days == 30


def test_the_period_before() -> None:
    asked = read_asked({"depuis": "2026-11-08", "jusque": "2026-11-14", "avec": "avant"}, TODAY)
    assert asked.compare == Period(dt.date(2026, 11, 1), dt.date(2026, 11, 7))


def test_a_year_before_has_the_same_weekdays() -> None:
    asked = read_asked({"depuis": "2026-11-09", "jusque": "2026-11-15", "avec": "annee"}, TODAY)
    assert asked.compare is not None
    assert asked.compare.depuis == dt.date(2025, 11, 10)
    assert asked.compare.depuis.weekday() == asked.period.depuis.weekday() == 0


def test_other_dates() -> None:
    query = {"avec": "autre", "avec_depuis": "2026-02-01", "avec_jusque": "2026-02-28"}
    asked = read_asked(query, TODAY)
    assert asked.compare == Period(dt.date(2026, 2, 1), dt.date(2026, 2, 28))


@given(st.text(max_size=12), st.text(max_size=12), st.text(max_size=8))
def test_any_address_gives_a_period(depuis: str, jusque: str, avec: str) -> None:
    asked = read_asked({"depuis": depuis, "jusque": jusque, "avec": avec}, TODAY)
    assert OLDEST <= asked.period.depuis <= asked.period.jusque
    assert asked.period.days <= LONGEST + 1


@given(st.dates())
def test_a_date_of_the_bots_life(date: dt.date) -> None:
    known = dt.date(2020, 1, 1) <= date <= dt.date(9998, 12, 31)
    assert read_date(date.isoformat()) == (date if known else None)


# ---- figures


def test_figures_in_french() -> None:
    assert number(1234567) == "1\u202f234\u202f567"
    assert number(12.345, 1) == "12,3"
    assert percent(0.1234) == "12,3\u202f%"
    assert duration(320) == "320\u00a0ms"
    assert duration(1250) in ("1,2\u00a0s", "1,3\u00a0s")
    assert (signed("4", 4), signed("4", -4), signed("0", 0)) == ("+4", "\u22124", "=")
    assert number(None) == percent(None) == duration(None) == "–"
