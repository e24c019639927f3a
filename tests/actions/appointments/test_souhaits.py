"""What people write is in souhaits.yml; here are the properties that hold for any text."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from actions.appointments.souhaits import Souhait, read_souhait, spot_souhait, wants

CASES = YAML(typ="safe").load(Path(__file__).with_name("souhaits.yml"))
TODAY = dt.date(2026, 11, 21)
PARTS = {"le matin": (None, dt.time(12)), "l'après-midi": (dt.time(12), None)}


def written(expected: dict[str, Any] | None) -> Souhait | None:
    """The wish that a case describes."""
    if expected is None:
        return None
    fields: dict[str, Any] = {}
    for name, value in expected.items():
        if name == "nommes":
            fields["jours"] = tuple(value)
            fields["jours_semaine"] = tuple(sorted({day.weekday() for day in value}))
        elif name in {"apres", "avant", "a"}:
            fields[name] = dt.time.fromisoformat(value)
        else:
            fields[name] = tuple(value) if isinstance(value, list) else value
    return Souhait(**fields)


def cases(name: str) -> list[tuple[dt.date, str, Any]]:
    return [(day, text, wish) for day, texts in CASES[name].items() for text, wish in texts.items()]


@pytest.mark.parametrize(("today", "text", "expected"), cases("read_souhait"))
def test_reads_what_people_write(today: dt.date, text: str, expected: Any) -> None:
    assert read_souhait(text, today) == written(expected)


@pytest.mark.parametrize(("today", "text", "expected"), cases("spot_souhait"))
def test_spots_a_wish_in_a_first_sentence(today: dt.date, text: str, expected: Any) -> None:
    assert spot_souhait(text, today) == written(expected)


@pytest.mark.parametrize(("text", "expected"), CASES["wants"].items())
def test_tells_a_request_from_a_question(text: str, expected: str | None) -> None:
    assert wants(text) == expected


REFINED = [
    # said first, said then, and the same said at once
    ("mardi", "plutôt l'après-midi", "mardi après-midi"),
    ("mardi matin", "jeudi", "jeudi matin"),
    ("le matin", "après 10h", "entre 10h et 12h"),
    ("le matin", "après 14h", "après 14h"),
    ("le matin", "l'après-midi", "l'après-midi"),
    ("entre 10h et 12h", "après 11h", "entre 11h et 12h"),
    ("jeudi à 10h", "vendredi", "vendredi à 10h"),
    ("jeudi à 10h", "14h", "jeudi à 14h"),
    ("l'après-midi", "vers 15h", "l'après-midi vers 15h"),
    ("l'après-midi", "vers 10h", "vers 10h"),
    ("à 10h", "après 14h", "après 14h"),
    ("la semaine prochaine", "mardi", "mardi de la semaine prochaine"),
    ("mardi", "la semaine prochaine", "mardi de la semaine prochaine"),
    ("la semaine prochaine", "demain", "demain"),
    ("demain", "la semaine prochaine", "la semaine prochaine"),
    ("mardi", "en fin de semaine", "en fin de semaine"),
    ("en fin de semaine", "mardi", "mardi"),
    ("la semaine prochaine", "pas le mercredi", "la semaine prochaine sauf mercredi"),
    ("pas le mercredi", "ni le lundi", "sauf lundi et mercredi"),
    ("le mardi ou le jeudi", "pas le jeudi", "le mardi, sauf jeudi"),
    ("mardi", "le plus tôt possible", "le plus tôt possible"),
    ("l'après-midi", "le plus tôt possible", "le plus tôt possible l'après-midi"),
    ("le plus tôt possible", "jeudi", "jeudi"),
    ("le plus tôt possible", "le matin", "au plus tôt le matin"),
    ("mardi matin", "peu importe l'heure", "mardi matin"),
]


@pytest.mark.parametrize(("first", "then", "at_once"), REFINED)
def test_what_is_new_wins_and_the_rest_stays(first: str, then: str, at_once: str) -> None:
    # A Monday: "mardi" and "la semaine prochaine" do not meet unless the week moves the day.
    monday = dt.date(2026, 11, 23)
    one, other, both = (read_souhait(text, monday) for text in (first, then, at_once))
    assert one is not None and other is not None
    assert one.precise(other) == both


def test_an_excluded_weekday_asked_for_again_is_no_longer_excluded() -> None:
    wish = Souhait(sauf=(0, 2)).precise(Souhait(jours_semaine=(2,)))
    assert wish == Souhait(jours_semaine=(2,), sauf=(0,))


def test_a_weekday_excluded_after_being_asked_for_frees_the_days() -> None:
    tuesday = dt.date(2026, 11, 24)
    assert Souhait(jours=(tuesday,)).precise(Souhait(sauf=(1,))) == Souhait(sauf=(1,))


def test_accepts_what_every_limit_accepts() -> None:
    wish = Souhait(
        premier=dt.date(2026, 11, 23),
        dernier=dt.date(2026, 11, 27),
        sauf=(2,),
        apres=dt.time(10),
        avant=dt.time(12),
        a=dt.time(15),
    )
    assert wish.accepte(dt.datetime(2026, 11, 23, 10, 0))
    assert wish.accepte(dt.datetime(2026, 11, 27, 11, 50))
    assert not wish.accepte(dt.datetime(2026, 11, 27, 12, 0))
    assert not wish.accepte(dt.datetime(2026, 11, 23, 9, 50))
    assert not wish.accepte(dt.datetime(2026, 11, 25, 10, 0))  # a Wednesday
    assert not wish.accepte(dt.datetime(2026, 11, 30, 10, 0))


def test_a_wish_is_kept_as_json() -> None:
    wish = Souhait(jours=(dt.date(2026, 11, 24),), jours_semaine=(1,), apres=dt.time(14, 30))
    assert wish.to_json() == {"jours": ["2026-11-24"], "jours_semaine": [1], "apres": "14:30:00"}
    assert Souhait().to_json() == {}


@pytest.mark.parametrize("data", [{"apres": "midi"}, {"jours": ["demain"]}, {"ville": "Langres"}])
def test_another_json_is_refused(data: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError)):
        Souhait.from_json(data)


WORDS = sorted(
    {
        word
        for name in ("read_souhait", "spot_souhait")
        for _, text, _ in cases(name)
        for word in text.split()
    }
)
DAYS = st.dates(dt.date(2024, 1, 1), dt.date(2032, 12, 31))
TYPED = st.one_of(
    st.text(max_size=500),
    st.lists(st.sampled_from(WORDS), max_size=60).map(lambda words: " ".join(words)[:500]),
    st.lists(st.sampled_from(WORDS), max_size=60).map(lambda words: "".join(words)[:500]),
    st.from_regex(r"[0-9 .,/:h-]{0,60}", fullmatch=True),
)
WEEKDAYS = st.lists(st.integers(0, 6), unique=True, max_size=4).map(
    lambda days: tuple(sorted(days))
)
TIMES = st.none() | st.times().map(lambda at: at.replace(second=0, microsecond=0))
WISHES = st.builds(
    Souhait,
    jours=st.lists(DAYS, unique=True, max_size=3).map(tuple),
    premier=st.none() | DAYS,
    dernier=st.none() | DAYS,
    jours_semaine=WEEKDAYS,
    sauf=WEEKDAYS,
    apres=TIMES,
    avant=TIMES,
    a=TIMES,
    au_plus_tot=st.booleans(),
)


@settings(deadline=None, max_examples=300)
@given(text=TYPED, today=DAYS)
def test_any_text_gives_a_usable_wish_or_none(text: str, today: dt.date) -> None:
    for wish in (read_souhait(text, today), spot_souhait(text, today)):
        if wish is not None:
            assert Souhait.from_json(json.loads(json.dumps(wish.to_json()))) == wish
            assert None in (wish.premier, wish.dernier) or wish.premier <= wish.dernier
            assert None in (wish.apres, wish.avant) or wish.apres < wish.avant
            assert list(wish.jours) == sorted(set(wish.jours))
    assert wants(text) in {None, "prendre", "deplacer", "annuler"}


@settings(deadline=None, max_examples=200)
@given(text=TYPED)
def test_a_spotted_wish_comes_with_a_request(text: str) -> None:
    if wants(text) not in {"prendre", "deplacer"}:
        assert spot_souhait(text, TODAY) is None


@given(wish=WISHES)
def test_json_gives_the_same_wish_back(wish: Souhait) -> None:
    assert Souhait.from_json(json.loads(json.dumps(wish.to_json()))) == wish


@given(wish=WISHES, at=st.datetimes(dt.datetime(2024, 1, 1), dt.datetime(2032, 12, 31)))
def test_a_moment_is_accepted_when_its_day_and_its_time_are(wish: Souhait, at: dt.datetime) -> None:
    assert wish.accepte(at) == (wish.accepte_jour(at.date()) and wish.accepte_heure(at.time()))
    if wish.accepte(at):
        assert not wish.jours or at.date() in wish.jours
        assert at.weekday() not in wish.sauf
        assert wish.premier is None or wish.premier <= at.date()
        assert wish.avant is None or at.time() < wish.avant


@given(wish=WISHES, other=WISHES)
def test_a_refined_wish_holds_what_was_said_last(wish: Souhait, other: Souhait) -> None:
    refined = wish.precise(other)
    assert {*other.sauf} <= {*refined.sauf}
    for name in ("apres", "avant", "a"):
        if getattr(other, name) is not None:
            assert getattr(refined, name) == getattr(other, name)
    if (other.apres, other.avant, other.a) == (None, None, None):
        assert (refined.apres, refined.avant, refined.a) == (wish.apres, wish.avant, wish.a)
    if other.jours_semaine:
        assert refined.jours_semaine == other.jours_semaine
    assert refined.au_plus_tot or not other.au_plus_tot


@given(wish=WISHES)
def test_saying_nothing_more_changes_nothing(wish: Souhait) -> None:
    assert wish.precise(Souhait()) == wish


@given(today=DAYS, part=st.sampled_from(sorted(PARTS)), away=st.integers(0, 300))
def test_a_written_date_is_that_date(today: dt.date, part: str, away: int) -> None:
    day = today + dt.timedelta(away)
    apres, avant = PARTS[part]
    wish = Souhait(jours=(day,), apres=apres, avant=avant)
    assert read_souhait(f"le {day:%d/%m/%Y}, {part}", today) == wish
    assert read_souhait(f"le {day.day}/{day.month} {part}", today) == wish


@given(today=DAYS, weekday=st.integers(0, 6))
def test_a_weekday_is_within_the_week_to_come(today: dt.date, weekday: int) -> None:
    name = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")[weekday]
    wish = read_souhait(name, today)
    assert wish is not None
    (day,) = wish.jours
    assert day.weekday() == weekday
    assert 1 <= (day - today).days <= 7


@given(today=DAYS, hour=st.integers(7, 23), minute=st.integers(0, 59))
def test_a_time_on_the_clock_is_that_time(today: dt.date, hour: int, minute: int) -> None:
    at = dt.time(hour, minute)
    for text in (f"{at:%H:%M}", f"à {at:%Hh%M}", f"{hour} h {minute:02}"):
        assert read_souhait(text, today) == Souhait(a=at)


@pytest.mark.parametrize("read", [read_souhait, spot_souhait, lambda text, _: wants(text)])
@pytest.mark.parametrize(
    "piece",
    [
        "1",
        "1 ",
        "12/",
        "10h ",
        "le 3 ",
        "mardi ",
        "mardi et ",
        "pas ",
        "je ",
        "appel ",
        "rdv de ",
        "je veux ",
        "rappelez moi ",
        "semaine ",
        "fin de ",
        " ",
        ",",
        ".",
        "é",
        "dix ",
        "entre ",
    ],
)
def test_five_hundred_characters_are_read_at_once(
    read: Callable[[str, dt.date], object], piece: str
) -> None:
    text = (piece * 500)[:500]
    read(text, TODAY)

    def seconds() -> float:
        started = time.process_time()
        read(text, TODAY)
        return time.process_time() - started

    assert min(seconds() for _ in range(10)) < 0.05


@pytest.mark.parametrize("read", [read_souhait, spot_souhait])
def test_a_very_long_text_costs_no_more(read: Callable[[str, dt.date], object]) -> None:
    started = time.process_time()
    read("rappelez moi mardi " * 20_000, TODAY)
    assert time.process_time() - started < 0.5
