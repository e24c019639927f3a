"""Keeps out of Rasa's file what a person in danger wrote, anyone's personal data, and codes.

While the message is answered the words are there, in memory; they are never written. What comes
back at the next message is « [violences_conjugales] », or the text masked: the gateway masks before
Rasa, this is for other channels and for what it would let through. Used from endpoints.yml.

Several Rasas may share it: in PostgreSQL from any machine, in a SQLite file on one.
"""

from __future__ import annotations

import contextlib
import copy
import itertools
import json
import logging
import operator
import time
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa  # type: ignore[import-untyped]
from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import SQLTrackerStore, TrackerStore
from rasa.shared.core.constants import ACTION_SESSION_START_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import BotUttered, Event, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from allobot import sqlite
from allobot.dangers import DANGERS
from allobot.masking import mask
from allobot.masking.codes import hide_codes_in
from bot.classifier import SECOND

logger = logging.getLogger(__name__)

# What the gateway says of a message (web/rasa_client.py): nothing of the person.
ABOUT = ("message", "device", "received")
NAMES_ONLY = ("intent", "intent_ranking", "bande", SECOND)  # of parse_data: no word of the person


SCHEMA = "rasa"  # in PostgreSQL, apart from the application's tables (allobot/database.py)
MAKING = 0x52617361  # any number, the same in every process: PostgreSQL's advisory lock
KNOWN = "allobot_known"  # attribute of a tracker: what of it is in the database
EVENTS = SQLTrackerStore.SQLEvent.__table__
EXTENT = sa.select(sa.func.count(), sa.func.max(EVENTS.c.id)).where(
    EVENTS.c.sender_id == sa.bindparam("sender")
)
RECENT = 300  # conversations under way whose tracker stays in memory, about 150 kB each
RECENT_SECONDS = 600  # after the last message


class StoreDown(BaseException):
    """The database does not answer: the message ends there, and the gateway says where to turn.

    Not an Exception: Rasa would catch it, then go on as in a new conversation, or give an answer
    that the next message knows nothing of.
    """


class DiscreetTrackerStore(SQLTrackerStore):
    """Rasa's SQL store, whose rows quote nothing of a talk about danger.

    What a message adds is written in one transaction, after what is there: two Rasas that would
    speak in one conversation leave whole turns, one after the other.
    """

    def __init__(
        self,
        domain: Domain | None = None,
        host: str | None = None,
        dialect: str = "sqlite",
        db: str = "rasa.db",
        event_broker: EventBroker | None = None,
    ) -> None:
        """`host` is a SQLAlchemy URL; without one, `db` is a SQLite file.

        Raises sqlalchemy.exc.OperationalError when the database does not answer: whoever started
        us decides whether to try again.
        """
        url = sa.engine.make_url(host) if host else sa.engine.URL.create(dialect, database=db)
        self.engine = make_engine(url)
        _make_table(self.engine)
        self.sessionmaker = sa.orm.sessionmaker(bind=self.engine)
        self._recent = _Recent()
        TrackerStore.__init__(self, domain, event_broker)

    async def stream_events(self, tracker: DialogueStateTracker) -> None:
        """No event leaves for a broker: it would carry the words."""

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Add what is new. The tracker serves the next message too, when it says what rows say.

        Raises StoreDown.
        """
        sender = tracker.sender_id
        known: _Known | None = getattr(tracker, KNOWN, None)
        if known is None:  # of another origin: counted as Rasa does
            with _or_down(), self.session_scope() as session:
                new = list(super()._additional_events(session, tracker))
        else:
            new = list(itertools.islice(tracker.events, known.events, None))
        written = [discreet(event) for event in new]
        with _or_down(), self.engine.begin() as connection:
            if written:
                rows = [_row(sender, event) for event in written]
                connection.execute(EVENTS.insert(), rows)
            count, last = self._extent(connection, sender)
        setattr(tracker, KNOWN, _Known(len(tracker.events), count, last, self.domain))
        alone = known is not None and count == known.rows + len(new)
        if alone and all(map(operator.is_, written, new)):
            self._recent.put(sender, tracker)

    async def _retrieve(
        self, sender_id: str, fetch_events_from_all_sessions: bool
    ) -> DialogueStateTracker | None:
        recent = self._recent.take(sender_id)
        with _or_down(), self.session_scope() as session:
            extent = self._extent(session, sender_id)
            if extent == (0, None):
                return None
            if (
                recent is not None
                and not fetch_events_from_all_sessions
                and getattr(recent, KNOWN) == _Known(len(recent.events), *extent, self.domain)
            ):
                return recent
            query = self._event_query(session, sender_id, fetch_events_from_all_sessions)
            rows = query.with_entities(self.SQLEvent.data).all()
        events = [json.loads(data) for (data,) in rows]
        tracker = DialogueStateTracker.from_dict(sender_id, events, self.domain.slots)
        setattr(tracker, KNOWN, _Known(len(tracker.events), *extent, self.domain))
        return tracker

    def _event_query(
        self, session: Any, sender_id: str, fetch_events_from_all_sessions: bool
    ) -> Any:
        """The events in the order they were kept, whatever the clocks of the Rasas said.

        Rasa's own query leaves out what a clock that was set back dates from before the session.
        """
        event = self.SQLEvent
        query = session.query(event).filter(event.sender_id == sender_id)
        if not fetch_events_from_all_sessions:
            begun = (
                session.query(sa.func.coalesce(sa.func.max(event.id), 0))
                .filter(
                    event.sender_id == sender_id,
                    event.action_name == ACTION_SESSION_START_NAME,
                )
                .scalar_subquery()
            )
            query = query.filter(event.id >= begun)
        return query.order_by(event.id)

    def _extent(self, connection: Any, sender: str) -> tuple[int, int | None]:
        """How many rows a conversation has, and the last one's number."""
        count, last = connection.execute(EXTENT, {"sender": sender}).one()
        return count, last


class _Known(NamedTuple):
    """How many events of a tracker are in the database, in how many rows, to which; its domain."""

    events: int
    rows: int
    last: int | None
    domain: Domain | None  # a model that replaces another has its own slots


class _Recent:
    """Trackers of the conversations under way, so that a message need not replay the others.

    One that was taken comes back when it is saved: whatever fails in between is forgotten.
    """

    def __init__(self) -> None:
        self._trackers: OrderedDict[str, tuple[float, DialogueStateTracker]] = OrderedDict()

    def put(self, sender: str, tracker: DialogueStateTracker) -> None:
        now = time.monotonic()
        self._trackers[sender] = (now, tracker)
        self._trackers.move_to_end(sender)
        for name, (saved, _) in [*self._trackers.items()]:  # the oldest first
            if len(self._trackers) <= RECENT and saved >= now - RECENT_SECONDS:
                break
            del self._trackers[name]

    def take(self, sender: str) -> DialogueStateTracker | None:
        _, tracker = self._trackers.pop(sender, (0.0, None))
        return tracker


def _row(sender: str, event: Event) -> dict[str, Any]:
    """A row of Rasa's table."""
    data = event.as_dict()
    return {
        "sender_id": sender,
        "type_name": event.type_name,
        "timestamp": data.get("timestamp"),
        "intent_name": data.get("parse_data", {}).get("intent", {}).get("name"),
        "action_name": data.get("name"),
        "data": json.dumps(data),
    }


@contextlib.contextmanager
def _or_down() -> Iterator[None]:
    try:
        yield
    except sa.exc.SQLAlchemyError as error:
        logger.error("the tracker store does not answer: %s", type(error).__name__)
        raise StoreDown from error


def make_engine(url: sa.engine.URL) -> sa.engine.Engine:
    """An engine with its time-outs set, that never quotes a row in an error; opens nothing."""
    if url.get_backend_name() == "sqlite":
        engine = sa.create_engine(
            url,
            connect_args={"timeout": sqlite.BUSY_SECONDS, "check_same_thread": False},
            hide_parameters=True,
            # One connection kept open: Rasa's store works in one thread.
            poolclass=sa.pool.QueuePool,
            pool_size=1,
            max_overflow=1,
        )
        sa.event.listen(engine, "connect", _prepare_sqlite)
        return engine
    limits = f"-c statement_timeout={sqlite.BUSY_SECONDS}s -c lock_timeout={sqlite.BUSY_SECONDS}s"
    return sa.create_engine(
        url.set(drivername="postgresql+psycopg2"),
        connect_args={
            "connect_timeout": sqlite.BUSY_SECONDS,
            "tcp_user_timeout": sqlite.BUSY_SECONDS * 1000,  # a server that vanished
            "options": limits,
        },
        execution_options={"schema_translate_map": {None: SCHEMA}},
        hide_parameters=True,
        pool_size=2,
        max_overflow=2,
        pool_timeout=sqlite.BUSY_SECONDS,
        pool_pre_ping=True,  # a server that was started again
    )


def _prepare_sqlite(connection: Any, _record: object) -> None:
    sqlite.prepare(connection)  # several Rasas read while one writes


def _make_table(engine: sa.engine.Engine) -> None:
    """Make what is missing; two Rasas may do it together."""
    in_file = engine.dialect.name == "sqlite"
    if in_file and engine.url.database:
        Path(engine.url.database).touch(mode=0o600)
    with engine.begin() as connection:
        if in_file:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": MAKING})
            found = sa.text("SELECT to_regnamespace(:name) IS NOT NULL")
            if not connection.execute(found, {"name": SCHEMA}).scalar():
                connection.exec_driver_sql(f"CREATE SCHEMA {SCHEMA}")
        DiscreetTrackerStore.Base.metadata.create_all(connection)


def discreet(event: Event) -> Event:
    """The event, or a copy without words of danger, personal data, nor an appointment's code."""
    if isinstance(event, BotUttered):
        return _without_codes(event)
    if not isinstance(event, UserUttered):
        return event
    category = _danger(event)
    if category is not None:
        return _quiet(event, f"[{category}]")
    # Everything Rasa derives from the text repeats it, in a form that may hide a number.
    kept = set(
        _strings([event.text, event.entities, *map(_unknown, (event.metadata, event.parse_data))])
    )
    if any(mask(string).kinds for string in kept):
        return _quiet(event, mask(event.text or "").text)
    return event


def _quiet(event: UserUttered, text: str) -> UserUttered:
    parsed = {name: event.parse_data[name] for name in NAMES_ONLY if name in event.parse_data}
    quiet = copy.copy(event)
    about = {name: event.metadata[name] for name in ABOUT if name in (event.metadata or {})}
    quiet.text, quiet.entities, quiet.metadata = text, [], about
    quiet.parse_data = {
        **parsed,
        "text": text,
        "entities": [],
        "metadata": about,
        "message_id": event.message_id,
    }
    return quiet


def _unknown(value: dict[str, Any] | None) -> dict[str, Any]:
    """What may hold words of the person: a random id may look like somebody's number."""
    known = {*ABOUT, *NAMES_ONLY, "message_id"}
    return {
        name: _unknown(item) if isinstance(item, dict) else item
        for name, item in (value or {}).items()
        if name not in known
    }


def _without_codes(event: BotUttered) -> BotUttered:
    text, data = hide_codes_in(event.text), hide_codes_in(event.data)
    if (text, data) == (event.text, event.data):
        return event
    quiet = copy.copy(event)
    quiet.text, quiet.data = text, data
    return quiet


def _strings(value: Any) -> Iterator[str]:
    """Every string inside."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from _strings(list(value.values()))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _strings(item)


def _danger(event: UserUttered) -> str | None:
    """The category that a message speaks of, first or second."""
    names = (event.intent_name, event.parse_data.get(SECOND))
    return next((name for name in names if name in DANGERS), None)
