"""Who has a slot: one person for each place, whatever happens, on both databases."""

import dataclasses
import datetime as dt
import multiprocessing
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, event, func, insert, select, text
from sqlalchemy.exc import IntegrityError

from actions.appointments.booking import (
    Booking,
    CoordonneesAbsentes,
    CreneauPris,
    MarqueImpossible,
    RendezVousInconnu,
    TenueExpiree,
)
from actions.appointments.codes import Codes
from actions.appointments.content import RendezVousContent
from actions.appointments.models import CodeRow, CoordonneesRow, RendezVousRow
from actions.appointments.souhaits import Souhait
from actions.appointments.vault import Coordonnees, Vault
from allobot.database import for_writing, make_engine, upgrade
from allobot.settings import PARIS
from tests.actions.appointments.other_process import book_in_a_process
from web.conversations.sql_store import SqlStore

WHO = Coordonnees("Camille Essai", "+33639981278")
MINUTE = dt.timedelta(minutes=1)


def at(day: int, hour: int, minute: int = 0, month: int = 11, year: int = 2026) -> dt.datetime:
    return dt.datetime(year, month, day, hour, minute, tzinfo=PARIS)


NINE = at(24, 9)


@pytest.fixture
def book(booking: Booking, vault: Vault, now: dt.datetime) -> Callable[..., str]:
    """Books a slot to the end; returns its id."""

    def booked(
        debut: dt.datetime = NINE, conversation: str = "c1", moment: dt.datetime = now
    ) -> str:
        rdv_id = booking.hold("52", debut, "dossier", conversation=conversation, now=moment)
        token = vault.put(WHO, conversation=conversation, now=moment)
        booking.confirm(rdv_id, token, conversation=conversation, now=moment)
        return rdv_id

    return booked


def count(engine: Engine, row: Any, *conditions: Any) -> int:
    with engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(row).where(*conditions)) or 0


# ---- a booking from end to end


def test_a_slot_is_held_then_booked(
    booking: Booking, vault: Vault, engine: Engine, now: dt.datetime
) -> None:
    rdv_id = booking.hold("52", NINE, "dette", conversation="c1", now=now)
    held = booking.find(rdv_id)
    assert held is not None
    assert (len(rdv_id), held.etat, held.debut, held.minutes) == (32, "tenu", NINE, 10)
    token = vault.put(WHO, conversation="c1", now=now)
    booked = booking.confirm(rdv_id, token, conversation="c1", now=now)
    assert booked == dataclasses.replace(held, etat="confirme", jeton=token)
    assert (booked.bureau, booked.motif, booked.mode) == ("52", "dette", "telephone")
    assert booked.debut.tzinfo is PARIS and booked.cree_le == now
    assert vault.of_appointment(rdv_id) == WHO
    assert vault.read(token, conversation="c1", now=now) is None, "it is the appointment's now"
    assert count(engine, RendezVousRow, RendezVousRow.conversation_id.is_not(None)) == 0
    assert booking.of_days("52", NINE.date(), NINE.date()) == [booked]


def test_confirming_again_changes_nothing(booking: Booking, vault: Vault, now: dt.datetime) -> None:
    rdv_id = booking.hold("52", NINE, "dossier", conversation="c1", now=now)
    token = vault.put(WHO, conversation="c1", now=now)
    first = booking.confirm(rdv_id, token, conversation="c1", now=now)
    later = now + dt.timedelta(hours=3)
    assert booking.confirm(rdv_id, token, conversation="c1", now=later) == first
    assert booking.confirm(rdv_id, None, conversation="c1", now=later) == first
    assert vault.of_appointment(rdv_id) == WHO


def test_another_conversation_cannot_confirm(
    booking: Booking, vault: Vault, now: dt.datetime
) -> None:
    rdv_id = booking.hold("52", NINE, "dossier", conversation="c1", now=now)
    token = vault.put(WHO, conversation="c2", now=now)
    with pytest.raises(TenueExpiree):
        booking.confirm(rdv_id, token, conversation="c2", now=now)
    with pytest.raises(CoordonneesAbsentes):
        booking.confirm(rdv_id, token, conversation="c1", now=now)
    assert vault.read(token, conversation="c2", now=now) == WHO


def test_a_pass_is_no_contact_detail(booking: Booking, vault: Vault, now: dt.datetime) -> None:
    rdv_id = booking.hold("52", NINE, "dossier", conversation="c1", now=now)
    token = vault.put_appointment(rdv_id, conversation="c1", now=now)
    with pytest.raises(CoordonneesAbsentes):
        booking.confirm(rdv_id, token, conversation="c1", now=now)


def test_without_contact_details_the_hold_is_renewed(
    booking: Booking, vault: Vault, now: dt.datetime
) -> None:
    rdv_id = booking.hold("52", NINE, "dossier", conversation="c1", now=now)
    for moment in (now + 9 * MINUTE, now + 18 * MINUTE):
        with pytest.raises(CoordonneesAbsentes):
            booking.confirm(rdv_id, None, conversation="c1", now=moment)
    assert place_taken(booking, NINE, now + 27 * MINUTE) == 1
    token = vault.put(WHO, conversation="c1", now=now)
    with pytest.raises(CoordonneesAbsentes):
        booking.confirm(rdv_id, token, conversation="c1", now=now + 61 * MINUTE)
    fresh = vault.put(WHO, conversation="c1", now=now + 61 * MINUTE)
    booked = booking.confirm(rdv_id, fresh, conversation="c1", now=now + 62 * MINUTE)
    assert booked.etat == "confirme"


def test_what_else_the_conversation_gave_is_erased(
    booking: Booking, vault: Vault, engine: Engine, now: dt.datetime
) -> None:
    rdv_id = booking.hold("52", NINE, "dossier", conversation="c1", now=now)
    wrong = vault.put(Coordonnees(None, "+33639981200"), conversation="c1", now=now)
    other = vault.put(WHO, conversation="c2", now=now)
    token = vault.put(WHO, conversation="c1", now=now)
    booking.confirm(rdv_id, token, conversation="c1", now=now)
    assert vault.read(wrong, conversation="c1", now=now) is None
    assert vault.read(other, conversation="c2", now=now) == WHO
    assert count(engine, CoordonneesRow) == 2


def place_taken(booking: Booking, debut: dt.datetime, now: dt.datetime | None = None) -> int:
    slots = {creneau.debut: taken for creneau, taken in booking.occupancy("52", debut.date(), now)}
    return slots[debut]


# ---- holds


def test_the_same_conversation_and_slot_give_the_same_hold(
    booking: Booking, engine: Engine, now: dt.datetime
) -> None:
    ids = {booking.hold("52", NINE, m, conversation="c1", now=now) for m in ("dossier", "dette")}
    assert len(ids) == 1
    found = booking.find(ids.pop())
    assert found is not None and found.motif == "dette", "the last word of the person"
    assert count(engine, RendezVousRow) == 1


def test_a_new_hold_releases_the_former(booking: Booking, now: dt.datetime) -> None:
    first = booking.hold("52", NINE, "dossier", conversation="c1", now=now)
    second = booking.hold("52", at(24, 10), "dossier", conversation="c1", now=now)
    assert first != second and booking.find(first) is None
    assert place_taken(booking, NINE, now) == 0
    assert place_taken(booking, at(24, 10), now) == 1


def test_when_the_new_slot_is_taken_the_former_hold_stays(
    booking: Booking, now: dt.datetime
) -> None:
    mine = booking.hold("52", NINE, "dossier", conversation="c1", now=now)
    for other in ("c2", "c3"):
        booking.hold("52", at(24, 10), "dossier", conversation=other, now=now)
    with pytest.raises(CreneauPris):
        booking.hold("52", at(24, 10), "dossier", conversation="c1", now=now)
    assert booking.find(mine) is not None


def test_a_full_slot_is_refused_and_a_released_one_is_free(
    booking: Booking, now: dt.datetime
) -> None:
    first = booking.hold("52", NINE, "dossier", conversation="c1", now=now)
    booking.hold("52", NINE, "dossier", conversation="c2", now=now)
    with pytest.raises(CreneauPris):
        booking.hold("52", NINE, "dossier", conversation="c3", now=now)
    booking.release(first)
    booking.release(first)
    assert booking.hold("52", NINE, "dossier", conversation="c3", now=now)


def test_an_expired_hold_is_free_again(booking: Booking, vault: Vault, now: dt.datetime) -> None:
    lost = booking.hold("52", NINE, "dossier", conversation="c1", now=now)
    booking.hold("52", NINE, "dossier", conversation="c2", now=now + MINUTE)
    with pytest.raises(CreneauPris):
        booking.hold("52", NINE, "dossier", conversation="c3", now=now + 9 * MINUTE)
    later = now + 10 * MINUTE
    assert NINE in debuts(booking, later)
    booking.hold("52", NINE, "dossier", conversation="c3", now=later)
    assert NINE not in debuts(booking, later)
    token = vault.put(WHO, conversation="c1", now=later)
    with pytest.raises(TenueExpiree):
        booking.confirm(lost, token, conversation="c1", now=later)
    assert vault.read(token, conversation="c1", now=later) == WHO, "still there for another slot"


def test_an_expired_hold_that_nobody_took_is_renewed(
    booking: Booking, vault: Vault, now: dt.datetime
) -> None:
    rdv_id = booking.hold("52", NINE, "dossier", conversation="c1", now=now)
    later = now + 40 * MINUTE
    token = vault.put(WHO, conversation="c1", now=later)
    assert booking.confirm(rdv_id, token, conversation="c1", now=later).etat == "confirme"
    assert place_taken(booking, NINE) == 1


def test_an_expired_hold_moves_to_the_other_place_of_its_slot(
    booking: Booking, vault: Vault, now: dt.datetime
) -> None:
    """Its own place went to somebody, but the slot has two."""
    rdv_id = booking.hold("52", NINE, "dossier", conversation="c1", now=now)
    later = now + 11 * MINUTE
    booking.hold("52", NINE, "dossier", conversation="c2", now=later)
    token = vault.put(WHO, conversation="c1", now=later)
    assert booking.confirm(rdv_id, token, conversation="c1", now=later).etat == "confirme"
    assert place_taken(booking, NINE, later) == 2


def test_a_hold_whose_hour_has_come_cannot_be_confirmed(
    booking: Booking, vault: Vault, now: dt.datetime
) -> None:
    rdv_id = booking.hold("52", NINE, "dossier", conversation="c1", now=now)
    token = vault.put(WHO, conversation="c1", now=NINE)
    with pytest.raises(TenueExpiree):
        booking.confirm(rdv_id, token, conversation="c1", now=NINE)


NOT_OFFERED = [
    at(24, 9, 5),
    at(24, 12),
    at(24, 8, 50),
    at(28, 9),  # a Saturday
    at(23, 7, 50),  # before now
    at(24, 9, month=12),  # after the horizon
    at(24, 9, year=2025),
]


def test_a_slot_that_is_not_offered_is_refused(booking: Booking, now: dt.datetime) -> None:
    for debut in NOT_OFFERED:
        with pytest.raises(CreneauPris):
            booking.hold("52", debut, "dossier", conversation="c1", now=now)


def test_an_unknown_office_or_reason_is_a_bug(booking: Booking, now: dt.datetime) -> None:
    with pytest.raises(KeyError):
        booking.hold("44", NINE, "dossier", conversation="c1", now=now)
    with pytest.raises(KeyError):
        booking.hold("52", NINE, "vacances", conversation="c1", now=now)
    with pytest.raises(KeyError):
        booking.set_exception("44", NINE, at(24, 10), 0)


def test_a_moment_written_in_another_zone_is_the_same(booking: Booking, now: dt.datetime) -> None:
    rdv_id = booking.hold("52", NINE.astimezone(dt.UTC), "dossier", conversation="c1", now=now)
    held = booking.find(rdv_id)
    assert held is not None and held.debut.isoformat() == "2026-11-24T09:00:00+01:00"
    utc = now.astimezone(dt.UTC)
    assert booking.hold("52", NINE, "dossier", conversation="c1", now=utc) == rdv_id


def test_a_naive_moment_is_a_bug(booking: Booking, engine: Engine) -> None:
    naive = dt.datetime(2026, 11, 24, 9)
    with pytest.raises(Exception, match="time zone"), engine.begin() as connection:
        connection.execute(delete(RendezVousRow).where(RendezVousRow.debut == naive))


# ---- many at once


SLOTS = [at(24, 9, minute) for minute in range(0, 60, 10)] + [
    at(24, 10, minute) for minute in (0, 10, 20, 30)
]


def test_forty_people_for_twenty_places(
    booking: Booking, vault: Vault, engine: Engine, now: dt.datetime
) -> None:
    """Each tries every slot, from another one on, until it has a place: 10 slots of 2 places."""
    barrier = threading.Barrier(40)

    def person(number: int) -> dt.datetime | None:
        name = f"c{number}"
        token = vault.put(WHO, conversation=name, now=now)
        barrier.wait()
        for rank in range(len(SLOTS)):
            debut = SLOTS[(number + rank) % len(SLOTS)]
            try:
                rdv_id = booking.hold("52", debut, "dossier", conversation=name, now=now)
            except CreneauPris:
                continue
            return booking.confirm(rdv_id, token, conversation=name, now=now).debut
        return None

    start = time.monotonic()
    with ThreadPoolExecutor(40) as threads:
        found = list(threads.map(person, range(40)))
    assert time.monotonic() - start < 30
    assert Counter(debut for debut in found if debut) == dict.fromkeys(SLOTS, 2)
    assert found.count(None) == 20
    assert_sound(engine, capacity=2)


def test_forty_people_for_the_same_slot(booking: Booking, engine: Engine, now: dt.datetime) -> None:
    barrier = threading.Barrier(40)

    def person(number: int) -> bool:
        barrier.wait()
        try:
            booking.hold("52", NINE, "dossier", conversation=f"c{number}", now=now)
        except CreneauPris:
            return False
        return True

    with ThreadPoolExecutor(40) as threads:
        assert sum(threads.map(person, range(40))) == 2
    assert_sound(engine, capacity=2)


def test_people_who_swap_their_slots_never_wait_in_a_circle(
    booking: Booking, engine: Engine, now: dt.datetime
) -> None:
    """Each goes on changing its mind among three slots, most of them full."""

    def person(number: int) -> int:
        done = 0
        for rank in range(12):
            debut = SLOTS[(number * 7 + rank * 5) % 3]
            moment = now + rank * 4 * MINUTE  # some holds expire on the way
            try:
                booking.hold("52", debut, "dossier", conversation=f"c{number}", now=moment)
                done += 1
            except CreneauPris:
                pass
        return done

    with ThreadPoolExecutor(12) as threads:
        assert sum(threads.map(person, range(12))) >= 6
    assert_sound(engine, capacity=2)


def test_a_slot_released_confirmed_and_erased_at_once(
    booking: Booking, vault: Vault, engine: Engine, now: dt.datetime
) -> None:
    """Confirming while the conversation is erased: booked, or nothing left; never half."""
    for number in range(15):
        name = f"c{number}"
        rdv_id = booking.hold("52", SLOTS[number % 7], "dossier", conversation=name, now=now)
        token = vault.put(WHO, conversation=name, now=now)
        barrier = threading.Barrier(2)

        def confirm(
            rdv_id: str = rdv_id,
            token: str = token,
            name: str = name,
            barrier: threading.Barrier = barrier,
        ) -> bool:
            barrier.wait()
            try:
                booking.confirm(rdv_id, token, conversation=name, now=now)
            except (TenueExpiree, CoordonneesAbsentes):
                return False
            return True

        def erase(name: str = name, barrier: threading.Barrier = barrier) -> None:
            barrier.wait()
            with for_writing(engine).begin() as connection:
                for row in (CoordonneesRow, RendezVousRow):
                    connection.execute(delete(row).where(row.conversation_id == name))

        with ThreadPoolExecutor(2) as threads:
            confirmed, erased = threads.submit(confirm), threads.submit(erase)
            erased.result()
            kept = booking.find(rdv_id)
            if confirmed.result():
                assert kept is not None and kept.etat == "confirme"
                assert vault.of_appointment(rdv_id) == WHO
                booking.cancel(rdv_id, now)
            else:
                assert kept is None or kept.etat == "tenu"
                assert vault.of_appointment(rdv_id) is None
                booking.release(rdv_id)


def assert_sound(engine: Engine, capacity: int) -> None:
    """No place is given twice, none is beyond the capacity."""
    row = RendezVousRow
    with engine.connect() as connection:
        places = connection.execute(
            select(row.bureau, row.debut, row.place).where(row.place.is_not(None))
        ).all()
    assert len(set(places)) == len(places)
    assert all(0 <= place < capacity for *_, place in places)
    assert max(Counter((bureau, debut) for bureau, debut, _ in places).values()) <= capacity


def test_two_processes_share_the_places(
    database_url: str, engine: Engine, content: RendezVousContent
) -> None:
    context = multiprocessing.get_context("spawn")
    queue: Any = context.Queue()
    processes = [
        context.Process(
            target=book_in_a_process, args=(database_url, content, name, SLOTS * 2, queue)
        )
        for name in ("a", "b")
    ]
    for process in processes:
        process.start()
    got = [rdv_id for _ in processes for rdv_id in queue.get(timeout=120)]
    for process in processes:
        process.join(60)
    assert len(got) == len(set(got)) == 20
    assert_sound(engine, capacity=2)


def test_the_database_itself_refuses_a_place_twice(
    booking: Booking, engine: Engine, now: dt.datetime
) -> None:
    booking.hold("52", NINE, "dossier", conversation="c1", now=now)
    row = {"bureau": "52", "debut": NINE, "minutes": 10, "motif": "dossier", "etat": "confirme"}
    again = insert(RendezVousRow).values(**row, id="x", place=0, mode="telephone", cree_le=now)
    with pytest.raises(IntegrityError), for_writing(engine).begin() as connection:
        connection.execute(again)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["hold", "confirm", "cancel", "release", "close", "open"]),
            st.integers(0, 5),
            st.integers(0, 2),
            st.integers(0, 12),
        ),
        max_size=30,
    )
)
def test_whatever_people_do_no_place_is_given_twice(
    steps: list[tuple[str, int, int, int]], tmp_path_factory: Any, content: RendezVousContent
) -> None:
    """`steps`: what is done, by whom, on which slot, how many minutes after the step before."""
    engine = make_engine(f"sqlite:///{tmp_path_factory.mktemp('rdv') / 'x.sqlite'}")
    RendezVousRow.metadata.create_all(
        engine,
        tables=[RendezVousRow.metadata.tables[name] for name in TABLES],
    )
    booking, vault = Booking(engine, content), Vault(engine, [KEY])
    moment, ids, booked = at(23, 8), {}, set()
    for action, who, slot, minutes in steps:
        moment += minutes * MINUTE
        name = f"c{who}"
        try:
            if action == "hold":
                ids[name] = booking.hold(
                    "52", SLOTS[slot], "dossier", conversation=name, now=moment
                )
            elif action == "confirm" and name in ids:
                token = vault.put(WHO, conversation=name, now=moment)
                booked.add(booking.confirm(ids[name], token, conversation=name, now=moment).id)
            elif action == "cancel" and name in ids:
                booking.cancel(ids[name], moment)
                booked.discard(ids[name])
            elif action == "release" and name in ids:
                booking.release(ids[name])
            elif action in ("close", "open"):
                capacity = 0 if action == "close" else who
                booking.set_exception("52", SLOTS[slot], SLOTS[slot] + 10 * MINUTE, capacity)
        except (CreneauPris, TenueExpiree, RendezVousInconnu):
            pass
        for rdv_id in booked:  # what was promised is kept, whatever the others do
            kept = booking.find(rdv_id)
            assert kept is not None and kept.etat == "confirme"
            assert vault.of_appointment(rdv_id) == WHO
        row = RendezVousRow
        with engine.connect() as connection:
            query = select(row.debut, row.place).where(row.place.is_not(None))
            places = connection.execute(query).all()
        assert len(set(places)) == len(places)
    engine.dispose()


KEY = "QUxMT0JPVC1FU1NBSS1BTExPQk9ULUVTU0FJLTAwMDA="
TABLES = ("rdv_rendez_vous", "rdv_coordonnees", "rdv_code", "rdv_exception")


# ---- what is free


def debuts(
    booking: Booking, now: dt.datetime, souhait: Souhait | None = None, **more: Any
) -> list[dt.datetime]:
    found = booking.free("52", souhait or Souhait(), now, **{"limit": 1000, **more})
    return [creneau.debut for creneau in found]


def test_free_slots_come_in_time_order_after_the_notice(booking: Booking, now: dt.datetime) -> None:
    assert debuts(booking, now, limit=3) == [at(23, 9), at(23, 9, 10), at(23, 9, 20)]
    assert debuts(booking, at(23, 8, 31), limit=1) == [at(23, 9, 10)]
    assert debuts(booking, at(23, 8, 30), limit=1) == [at(23, 9)]
    assert debuts(booking, at(23, 11, 30), limit=1) == [at(24, 9)]
    assert debuts(booking, at(27, 15), limit=1) == [at(30, 9)]


def test_free_slots_stop_at_the_horizon(booking: Booking, now: dt.datetime) -> None:
    every = debuts(booking, now)
    assert every[-1] == at(23, 11, 50, month=12)
    assert len(every) == 23 * 18  # weekdays from 23 November to 23 December, 18 slots each


def test_slots_already_seen_or_before_are_left_out(booking: Booking, now: dt.datetime) -> None:
    assert debuts(booking, now, after=NINE, limit=2) == [at(24, 9, 10), at(24, 9, 20)]
    seen = [at(23, 9).astimezone(dt.UTC), at(23, 9, 10)]
    assert debuts(booking, now, sauf=seen, limit=1) == [at(23, 9, 20)]


def test_the_wish_is_followed(booking: Booking, now: dt.datetime) -> None:
    thursday = Souhait(jours=(dt.date(2026, 11, 26),), apres=dt.time(10))
    assert debuts(booking, now, thursday, limit=2) == [at(26, 10), at(26, 10, 10)]
    about = Souhait(jours=(dt.date(2026, 11, 26),), a=dt.time(10, 5))
    assert debuts(booking, now, about, limit=3) == [at(26, 10), at(26, 10, 10), at(26, 9, 50)]
    soon = Souhait(a=dt.time(11), au_plus_tot=True)
    assert debuts(booking, now, soon, limit=1) == [at(23, 9)]


def test_a_taken_slot_is_not_free(
    booking: Booking, book: Callable[..., str], now: dt.datetime
) -> None:
    book(conversation="c1")
    assert NINE in debuts(booking, now)
    rdv_id = book(conversation="c2")
    assert NINE not in debuts(booking, now)
    booking.cancel(rdv_id, now)
    assert NINE in debuts(booking, now)


def test_free_asks_the_database_twice_and_is_quick(
    booking: Booking, engine: Engine, now: dt.datetime
) -> None:
    """Once for the exceptions, once for the places taken, whatever the number of both."""
    rows = [
        {
            "id": f"r{rank}",
            "bureau": "52",
            "debut": debut,
            "minutes": 10,
            "place": rank % 2,
            "motif": "dossier",
            "mode": "telephone",
            "etat": "confirme",
            "cree_le": now,
        }
        for rank, debut in enumerate(
            debut
            for debut in debuts(booking, now)
            if debut.day != 23 or debut.month == 11
            for _ in range(2)
        )
    ]
    with for_writing(engine).begin() as connection:
        connection.execute(insert(RendezVousRow), rows)
    start = time.process_time()
    assert debuts(booking, now, limit=3) == [at(23, 9, minute, month=12) for minute in (0, 10, 20)]
    assert time.process_time() - start < 0.25
    assert booking.why_none("52", Souhait(dernier=dt.date(2026, 12, 1)), now) == "complet"


WHY = [
    (Souhait(jours=(dt.date(2026, 11, 20),)), "passe"),
    (Souhait(dernier=dt.date(2026, 11, 22)), "passe"),
    (Souhait(jours=(dt.date(2026, 11, 28),)), "week_end"),
    (Souhait(jours_semaine=(5, 6)), "week_end"),
    (Souhait(jours=(dt.date(2027, 3, 1),)), "trop_loin"),
    (Souhait(premier=dt.date(2026, 12, 24)), "trop_loin"),
    (Souhait(apres=dt.time(18)), "hors_horaires"),
    (Souhait(jours=(dt.date(2026, 11, 26),), avant=dt.time(8)), "hors_horaires"),
    (
        Souhait(jours=(dt.date(2026, 11, 26),), apres=dt.time(9, 1), avant=dt.time(9, 9)),
        "hors_horaires",
    ),
    (Souhait(apres=dt.time(11), avant=dt.time(10)), "hors_horaires"),
    (Souhait(jours=(dt.date(2026, 11, 25),)), "ferme"),
    (Souhait(jours=(dt.date(2026, 11, 26),), apres=dt.time(11)), "ferme"),
]


def test_why_nothing_fits(booking: Booking, now: dt.datetime) -> None:
    booking.set_exception("52", at(25, 0), at(26, 0), 0)
    booking.set_exception("52", at(26, 11), at(26, 12), 0)
    assert [debuts(booking, now, souhait) for souhait, _ in WHY] == [[]] * len(WHY)
    found = [booking.why_none("52", souhait, now) for souhait, _ in WHY]
    assert found == [reason for _, reason in WHY]


def test_why_nothing_fits_today(booking: Booking) -> None:
    today = Souhait(jours=(dt.date(2026, 11, 23),))
    assert booking.why_none("52", today, at(23, 11, 40)) == "trop_tot"
    assert booking.why_none("52", today, at(23, 15)) == "passe"
    soon = Souhait(jours=(dt.date(2026, 11, 23),), avant=dt.time(9, 10))
    assert booking.why_none("52", soon, at(23, 8, 45)) == "trop_tot"


def test_a_public_holiday_is_why(booking: Booking) -> None:
    now = at(14, 8, month=12)
    christmas = Souhait(jours=(dt.date(2026, 12, 25),))
    assert debuts(booking, now, christmas) == []
    assert booking.why_none("52", christmas, now) == "ferie"


def test_a_full_day_is_why(booking: Booking, book: Callable[..., str], now: dt.datetime) -> None:
    wished = Souhait(jours=(NINE.date(),), avant=dt.time(9, 10))
    book(conversation="c1")
    book(conversation="c2")
    assert debuts(booking, now, wished) == []
    assert booking.why_none("52", wished, now) == "complet"


# ---- moving and cancelling


def test_a_move_keeps_contact_details_and_codes(
    booking: Booking,
    vault: Vault,
    codes: Codes,
    engine: Engine,
    book: Callable[..., str],
    now: dt.datetime,
) -> None:
    old = book()
    code = codes.issue(old, now)
    new = booking.hold("52", at(25, 10), "dossier", conversation="c9", now=now, remplace=old)
    assert booking.find(old) is not None and place_taken(booking, NINE) == 1, "not yet"
    moved = booking.confirm(new, None, conversation="c9", now=now)
    assert (moved.etat, moved.debut, moved.remplace) == ("confirme", at(25, 10), old)
    assert vault.of_appointment(new) == WHO
    assert vault.of_appointment(old) is None
    assert codes.verify(code, now).rdv_id == new
    before = booking.find(old)
    assert before is not None and (before.etat, before.jeton) == ("annule", None)
    assert place_taken(booking, NINE) == 0
    assert count(engine, CoordonneesRow) == 1
    assert booking.confirm(new, None, conversation="c9", now=now) == moved


def test_a_move_with_new_contact_details_erases_the_former(
    booking: Booking, vault: Vault, engine: Engine, book: Callable[..., str], now: dt.datetime
) -> None:
    old = book()
    other = Coordonnees(None, "+33639981299")
    new = booking.hold("52", at(25, 10), "dossier", conversation="c9", now=now, remplace=old)
    token = vault.put(other, conversation="c9", now=now)
    booking.confirm(new, token, conversation="c9", now=now)
    assert vault.of_appointment(new) == other
    assert count(engine, CoordonneesRow) == 1


def test_a_move_within_its_own_slot_works(
    booking: Booking, vault: Vault, book: Callable[..., str], now: dt.datetime
) -> None:
    old = book()
    new = booking.hold("52", NINE, "dossier", conversation="c9", now=now, remplace=old)
    booking.confirm(new, None, conversation="c9", now=now)
    assert place_taken(booking, NINE) == 1 and vault.of_appointment(new) == WHO


def test_a_move_of_what_was_cancelled_meanwhile_needs_contact_details(
    booking: Booking, vault: Vault, book: Callable[..., str], now: dt.datetime
) -> None:
    old = book()
    new = booking.hold("52", at(25, 10), "dossier", conversation="c9", now=now, remplace=old)
    booking.cancel(old, now)
    with pytest.raises(CoordonneesAbsentes):
        booking.confirm(new, None, conversation="c9", now=now)
    token = vault.put(WHO, conversation="c9", now=now)
    assert booking.confirm(new, token, conversation="c9", now=now).etat == "confirme"


def test_a_move_that_stops_half_way_changes_nothing(
    booking: Booking,
    vault: Vault,
    engine: Engine,
    book: Callable[..., str],
    now: dt.datetime,
) -> None:
    """The process dies after each statement in turn: nothing is seen of it; trying again works."""
    old = book()
    new = booking.hold("52", at(25, 10), "dossier", conversation="c9", now=now, remplace=old)
    before = everything(engine)
    died = 0
    for last in range(1, 30):
        with dying_after(engine, last) as dead:
            try:
                booking.confirm(new, None, conversation="c9", now=now)
            except Died:
                died += 1
        if not dead:
            break
        assert everything(engine) == before
    assert died >= 6
    moved = booking.find(new)
    assert moved is not None and moved.etat == "confirme"
    assert vault.of_appointment(new) == WHO


class Died(Exception):
    pass


def dying_after(engine: Engine, statements: int) -> AbstractContextManager[list[int]]:
    """Stop everything once that many statements were executed; gives a list, empty if it lived."""
    dead: list[int] = []
    seen = 0

    def after(*_: Any) -> None:
        nonlocal seen
        seen += 1
        if seen >= statements:
            dead.append(seen)
            raise Died

    @contextmanager
    def listening() -> Iterator[list[int]]:
        event.listen(engine, "after_cursor_execute", after)
        try:
            yield dead
        finally:
            event.remove(engine, "after_cursor_execute", after)

    return listening()


def everything(engine: Engine) -> dict[str, list[Any]]:
    with engine.connect() as connection:
        return {
            name: sorted(map(repr, connection.execute(text(f"SELECT * FROM {name}"))))
            for name in TABLES
        }


def test_a_first_booking_that_stops_half_way_changes_nothing(
    booking: Booking, vault: Vault, engine: Engine, now: dt.datetime
) -> None:
    rdv_id = booking.hold("52", NINE, "dossier", conversation="c1", now=now)
    token = vault.put(WHO, conversation="c1", now=now)
    before = everything(engine)
    died = 0
    for last in range(1, 30):
        with dying_after(engine, last) as dead:
            try:
                booking.confirm(rdv_id, token, conversation="c1", now=now)
            except Died:
                died += 1
        if not dead:
            break
        assert everything(engine) == before
    assert died >= 4
    assert vault.of_appointment(rdv_id) == WHO


def test_cancelling_frees_the_place_and_erases_contact_details(
    booking: Booking,
    vault: Vault,
    engine: Engine,
    book: Callable[..., str],
    now: dt.datetime,
) -> None:
    rdv_id = book()
    cancelled = booking.cancel(rdv_id, now)
    assert (cancelled.etat, cancelled.jeton) == ("annule", None)
    assert booking.cancel(rdv_id, now) == cancelled
    assert vault.of_appointment(rdv_id) is None
    assert count(engine, CoordonneesRow) == 0
    assert place_taken(booking, NINE) == 0
    with pytest.raises(TenueExpiree):
        booking.confirm(rdv_id, None, conversation="c1", now=now)
    with pytest.raises(RendezVousInconnu):
        booking.cancel("nobody", now)


def test_a_hold_may_be_cancelled_too(booking: Booking, now: dt.datetime) -> None:
    rdv_id = booking.hold("52", NINE, "dossier", conversation="c1", now=now)
    assert booking.cancel(rdv_id, now).etat == "annule"
    assert place_taken(booking, NINE, now) == 0


# ---- the Caf's side


def test_fewer_calls_at_once_after_bookings_breaks_nothing(
    booking: Booking, vault: Vault, book: Callable[..., str], now: dt.datetime
) -> None:
    first, second = book(conversation="c1"), book(conversation="c2")
    held = booking.hold("52", at(24, 9, 10), "dossier", conversation="c3", now=now)
    booking.set_exception("52", NINE, at(24, 10), 1)
    assert NINE not in debuts(booking, now)
    assert place_taken(booking, NINE) == 2
    booking.cancel(first, now)
    assert NINE not in debuts(booking, now), "the other one fills it"
    with pytest.raises(CreneauPris):
        booking.hold("52", NINE, "dossier", conversation="c4", now=now)
    booking.cancel(second, now)
    assert NINE in debuts(booking, now)
    booking.set_exception("52", NINE, at(24, 10), 0)
    token = vault.put(WHO, conversation="c3", now=now)
    kept = booking.confirm(held, token, conversation="c3", now=now)
    assert kept.etat == "confirme", "who holds a slot has it"
    closed = {
        creneau.debut: (creneau.capacite, taken)
        for creneau, taken in booking.occupancy("52", NINE.date())
    }
    assert closed[at(24, 9, 10)] == (0, 1)
    assert NINE not in closed


def test_a_slot_closed_is_not_taken_again_once_its_hold_expired(
    booking: Booking, vault: Vault, now: dt.datetime
) -> None:
    held = booking.hold("52", NINE, "dossier", conversation="c1", now=now)
    booking.set_exception("52", NINE, at(24, 10), 0)
    later = now + 20 * MINUTE
    token = vault.put(WHO, conversation="c1", now=later)
    with pytest.raises(TenueExpiree):
        booking.confirm(held, token, conversation="c1", now=later)


def test_exceptions_are_set_replaced_and_forgotten(booking: Booking, now: dt.datetime) -> None:
    booking.set_exception("52", at(24, 0), at(25, 0), 0)
    booking.set_exception("52", at(24, 0), at(25, 0), 5)
    (only,) = booking.exceptions("52")
    assert (only.debut, only.fin, only.capacite) == (at(24, 0), at(25, 0), 5)
    day = {creneau.capacite for creneau, _ in booking.occupancy("52", NINE.date())}
    assert day == {5}
    assert booking.remove_exception("52", at(24, 0), at(25, 0))
    assert not booking.remove_exception("52", at(24, 0), at(25, 0))
    assert booking.exceptions("52") == []
    with pytest.raises(ValueError, match="ends before"):
        booking.set_exception("52", at(25, 0), at(24, 0), 0)
    booking.set_exception("52", at(28, 9), at(28, 9, 30), 1)
    assert debuts(booking, now, Souhait(jours_semaine=(5,))) == [
        at(28, 9),
        at(28, 9, 10),
        at(28, 9, 20),
    ]


def test_the_calendar_of_some_days_is_without_holds(
    booking: Booking, book: Callable[..., str], now: dt.datetime
) -> None:
    later, first = book(at(25, 9), "c1"), book(NINE, "c2")
    book(at(26, 9), "c3")
    booking.hold("52", at(24, 9, 30), "dossier", conversation="c4", now=now)
    booking.cancel(later, now)
    found = booking.of_days("52", NINE.date(), dt.date(2026, 11, 25))
    assert [(rdv.id, rdv.etat) for rdv in found] == [(first, "confirme"), (later, "annule")]
    assert booking.of_days(None, NINE.date(), NINE.date()) == found[:1]
    assert booking.of_days("44", NINE.date(), NINE.date()) == []


def test_only_what_has_begun_is_marked(
    booking: Booking, book: Callable[..., str], now: dt.datetime
) -> None:
    rdv_id = book()
    with pytest.raises(MarqueImpossible):
        booking.mark(rdv_id, "honore", NINE - MINUTE)
    assert booking.mark(rdv_id, "manque", NINE).etat == "manque"
    assert booking.mark(rdv_id, "honore", NINE + MINUTE).etat == "honore"
    assert booking.cancel(rdv_id, NINE + MINUTE).etat == "honore", "it took place"
    cancelled = book(at(24, 10), "c2")
    booking.cancel(cancelled, now)
    with pytest.raises(MarqueImpossible):
        booking.mark(cancelled, "honore", at(24, 11))
    with pytest.raises(RendezVousInconnu):
        booking.mark("nobody", "honore", now)


# ---- what is kept, and until when


def test_the_purge_takes_the_past_and_what_expired(
    booking: Booking,
    vault: Vault,
    codes: Codes,
    engine: Engine,
    book: Callable[..., str],
    now: dt.datetime,
) -> None:
    old, coming = book(NINE, "c1"), book(at(14, 9, month=12), "c2")
    for rdv_id in (old, coming):
        codes.issue(rdv_id, now)
    booking.hold("52", at(25, 9), "dossier", conversation="c3", now=now)
    vault.put(WHO, conversation="c3", now=now)
    booking.set_exception("52", at(23, 9), at(23, 10), 0)
    booking.set_exception("52", at(18, 9, month=12), at(18, 10, month=12), 0)
    later = at(1, 8, month=12)
    alive = booking.hold("52", at(15, 9, month=12), "dossier", conversation="c4", now=later)
    assert booking.purge(at(25, 0), now=later) == {
        "rdv_rendez_vous": 2,
        "rdv_code": 1,
        "rdv_coordonnees": 2,
        "rdv_exception": 1,
    }
    assert booking.find(old) is None
    assert booking.find(coming) is not None and vault.of_appointment(coming) == WHO
    assert booking.find(alive) is not None
    assert set(booking.purge(at(25, 0), now=later).values()) == {0}
    assert count(engine, CodeRow) == 1


def test_by_default_the_purge_spares_a_hold_under_way(booking: Booking, now: dt.datetime) -> None:
    alive = booking.hold("52", NINE, "dossier", conversation="c1", now=now)
    booking.purge(now - dt.timedelta(days=30))
    assert booking.find(alive) is not None


async def test_erasing_the_conversation_spares_what_is_booked(
    booking: Booking, vault: Vault, engine: Engine, book: Callable[..., str], now: dt.datetime
) -> None:
    booked = book(NINE, "c1")
    held = booking.hold("52", at(25, 9), "dossier", conversation="c1", now=now)
    token = vault.put(WHO, conversation="c1", now=now)
    entry = vault.put_appointment(booked, conversation="c1", now=now)
    other = booking.hold("52", at(25, 9), "dossier", conversation="c2", now=now)
    await SqlStore(engine).erase("c1")
    assert booking.find(held) is None
    assert vault.read(token, conversation="c1", now=now) is None
    assert vault.appointment(entry, conversation="c1", now=now) is None
    kept = booking.find(booked)
    assert kept is not None and kept.etat == "confirme"
    assert vault.of_appointment(booked) == WHO
    assert booking.find(other) is not None
    assert place_taken(booking, at(25, 9), now) == 1


def test_nothing_personal_is_in_the_raw_file(
    tmp_path: Path, content: RendezVousContent, now: dt.datetime
) -> None:
    url = f"sqlite:///{tmp_path / 'raw.sqlite'}"
    upgrade(url)
    engine = make_engine(url)
    booking, vault, codes = Booking(engine, content), Vault(engine, [KEY]), Codes(engine)
    rdv_id = booking.hold("52", NINE, "dossier", conversation="une-conversation", now=now)
    token = vault.put(WHO, conversation="une-conversation", now=now)
    held = raw(tmp_path)
    booking.confirm(rdv_id, token, conversation="une-conversation", now=now)
    code = codes.issue(rdv_id, now)
    engine.dispose()
    booked = raw(tmp_path)
    assert rdv_id.encode() in booked
    for secret in ("0639981278", "639981278", "Camille", "Essai", code, code[9:].replace("-", "")):
        assert secret.encode() not in held + booked
    assert b"une-conversation" not in last_rows(url)


def raw(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def last_rows(url: str) -> bytes:
    engine = make_engine(url)
    rows = repr(everything(engine)).encode()
    engine.dispose()
    return rows
