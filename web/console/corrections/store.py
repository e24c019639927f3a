"""All the SQL of corrections, and what they read of the conversation log.

Every moment is an aware datetime, in UTC. Methods block: a handler calls them in a thread.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, cast

from sqlalchemy import (
    JSON,
    Boolean,
    Connection,
    DateTime,
    Engine,
    Float,
    Row,
    Select,
    String,
    Table,
    column,
    delete,
    func,
    insert,
    select,
    table,
    update,
)

from allobot.database import for_writing
from web.console.corrections.models import CorrectionRow
from web.console.corrections.patch import Entity, Example
from web.conversations.tracker_events import Tracker, events_of

MOST = 20_000  # messages looked at for those that say the same
BATCH = 500  # keys in one statement

# The read model (web/conversation_log/models.py), by the columns used here.
TURN = table(
    "log_turn",
    column("id"),
    column("conversation_id", String),
    column("event_id"),
    column("at", DateTime(timezone=True)),
    column("text", String),
    column("intent", String),
    column("confidence", Float),
    column("ranking", JSON),
    column("entities", JSON),
    column("band", String),
    column("action", String),
    column("answer", String),
    column("outcome", String),
    column("feedback", Boolean),
)
CORRECTION = cast(Table, CorrectionRow.__table__)


class Etat(StrEnum):
    """Where a correction stands."""

    PROPOSED = "proposee"
    AGREED = "validee"
    EXPORTED = "exportee"
    REJECTED = "rejetee"


class Nature(StrEnum):
    """What a correction says."""

    INTENT = "intention"
    NEW = "nouveau_sujet"
    SKIP = "ne_pas_apprendre"


class SamePerson(Exception):
    """Two people are needed, and the author alone agrees."""


class NotDecidable(Exception):
    """The correction is gone, or no longer waits for that decision."""


@dataclass(frozen=True)
class Turn:
    """A message of the log, and what was understood: `ranking` is (intent, confidence) pairs."""

    id: int
    conversation_id: str
    at: dt.datetime
    text: str
    intent: str | None
    confidence: float | None
    ranking: list[tuple[str, float]]
    entities: list[Entity]
    band: str | None
    action: str | None
    answer: str | None
    outcome: str | None
    feedback: bool | None


@dataclass(frozen=True)
class Wanted:
    """What should have been understood; `intent` is the name of the subject when it is new."""

    nature: Nature
    intent: str | None = None
    reason: str | None = None
    entities: tuple[Entity, ...] = ()


@dataclass(frozen=True)
class Correction:
    """A correction as the pages show it."""

    id: int
    turn_id: int
    conversation_id: str
    text: str
    found: str
    wanted: Wanted
    etat: Etat
    author: str
    proposed_at: dt.datetime
    decided_by: str | None = None
    decided_at: dt.datetime | None = None
    motif: str | None = None
    exported_at: dt.datetime | None = None

    def example(self) -> Example:
        """Return it as a message to learn."""
        return Example(self.id, self.wanted.intent or "", self.text, self.wanted.entities)


@dataclass(frozen=True)
class Events:
    """Rasa's events of a conversation, and the intent each corrected message should have."""

    events: list[dict[str, Any]]
    corrected: Mapping[int, str] = field(default_factory=dict)  # by position in `events`


class Corrections:
    """Corrections in the application's database; `tracker` is Rasa's own store."""

    def __init__(self, engine: Engine, tracker: Tracker) -> None:
        """Open nothing yet."""
        self._engine = engine
        self._tracker = tracker

    # ---- the log

    def turn(self, turn_id: int) -> Turn | None:
        """Return a message of the log."""
        found = self.turns([turn_id])
        return found[0] if found else None

    def turns(self, ids: Sequence[int]) -> list[Turn]:
        """Return messages of the log, in the order of `ids`; those erased since are left out."""
        with self._engine.connect() as connection:
            rows = [row for part in _parts(ids) for row in _turn_rows(connection, part)]
        known = {row.id: _turn(row) for row in rows}
        return [known[turn_id] for turn_id in ids if turn_id in known]

    def uncorrected(self, limit: int = MOST) -> list[tuple[int, str]]:
        """Return (turn, text) of the last messages in words that nobody corrected yet."""
        done = select(CORRECTION.c.id).where(CORRECTION.c.turn_id == TURN.c.id).exists()
        chosen = (
            select(TURN.c.id, TURN.c.text)
            .where(~done, ~TURN.c.text.startswith("["), ~TURN.c.text.startswith("/"))
            .order_by(TURN.c.id.desc())
            .limit(limit)
        )
        with self._engine.connect() as connection:
            return [(row.id, row.text) for row in connection.execute(chosen)]

    def events(self, conversation_id: str) -> Events:
        """Return what Rasa keeps of a conversation, with the corrections that were agreed on.

        Raises StoreUnavailable when Rasa's store cannot be read.
        """
        kept = events_of(self._tracker, conversation_id)
        agreed = (
            select(TURN.c.event_id, CORRECTION.c.intent)
            .join_from(TURN, CORRECTION, CORRECTION.c.turn_id == TURN.c.id)
            .where(
                CORRECTION.c.conversation_id == conversation_id,
                CORRECTION.c.nature == Nature.INTENT,
                CORRECTION.c.etat.in_((Etat.AGREED, Etat.EXPORTED)),
            )
        )
        with self._engine.connect() as connection:
            intents = {row.event_id: row.intent for row in connection.execute(agreed)}
        places = {place: intents[key] for place, (key, _) in enumerate(kept) if key in intents}
        return Events([event for _, event in kept], places)

    # ---- corrections

    def of_turn(self, turn_id: int) -> Correction | None:
        """Return the correction of a message."""
        return self._one(_corrections().where(CORRECTION.c.turn_id == turn_id))

    def get(self, correction_id: int) -> Correction | None:
        """Return a correction."""
        return self._one(_corrections().where(CORRECTION.c.id == correction_id))

    def page(
        self, etat: Etat | None, *, before: int | None = None, limit: int = 50
    ) -> list[Correction]:
        """Return the last corrections, those of a state, those older than `before`."""
        chosen = _corrections().order_by(CORRECTION.c.id.desc()).limit(limit)
        if etat is not None:
            chosen = chosen.where(CORRECTION.c.etat == etat)
        if before is not None:
            chosen = chosen.where(CORRECTION.c.id < before)
        return self._all(chosen)

    def to_export(self) -> list[Correction]:
        """Return the corrections of intents that were agreed on, the first proposed first."""
        return self._all(
            _corrections()
            .where(CORRECTION.c.etat == Etat.AGREED, CORRECTION.c.nature == Nature.INTENT)
            .order_by(CORRECTION.c.id)
        )

    def counts(self) -> dict[Etat, int]:
        """Return how many corrections are in each state."""
        chosen = select(CORRECTION.c.etat, func.count()).group_by(CORRECTION.c.etat)
        with self._engine.connect() as connection:
            known = {str(etat): int(count) for etat, count in connection.execute(chosen)}
        return {etat: known.get(etat, 0) for etat in Etat}

    def propose(
        self, turn_ids: Sequence[int], wanted: Wanted, author: str, now: dt.datetime
    ) -> dict[int, int]:
        """Propose the same correction for messages, in place of those they had.

        Return the correction of each message (turn: correction); a message erased since has none.
        """
        made: dict[int, int] = {}
        with for_writing(self._engine).begin() as connection:
            for part in _parts(turn_ids):
                turns = [_turn(row) for row in _turn_rows(connection, part)]
                connection.execute(delete(CORRECTION).where(CORRECTION.c.turn_id.in_(part)))
                for turn in turns:
                    values = _values(turn, wanted, author, now)
                    done = connection.execute(insert(CORRECTION).values(values))
                    key = done.inserted_primary_key
                    assert key is not None
                    made[turn.id] = key[0]
        return made

    def agree(
        self, correction_id: int, who: str, now: dt.datetime, *, two_people: bool
    ) -> Correction:
        """Agree to a correction. Raises SamePerson, NotDecidable."""
        with for_writing(self._engine).begin() as connection:
            known = _found(connection, correction_id)
            if known.etat is not Etat.PROPOSED:
                raise NotDecidable
            if two_people and known.author == who:
                raise SamePerson
            _decide(connection, known, Etat.AGREED, who, now, None)
        return known

    def reject(
        self, correction_id: int, who: str, now: dt.datetime, motif: str | None
    ) -> Correction:
        """Reject a correction that is not exported, as its author too may. Raises NotDecidable."""
        with for_writing(self._engine).begin() as connection:
            known = _found(connection, correction_id)
            if known.etat not in (Etat.PROPOSED, Etat.AGREED):
                raise NotDecidable
            _decide(connection, known, Etat.REJECTED, who, now, motif)
        return known

    def exported(self, ids: Sequence[int], now: dt.datetime) -> int:
        """Note that corrections are in the training data; return how many were not yet noted."""
        total = 0
        with for_writing(self._engine).begin() as connection:
            for part in _parts(ids):
                done = connection.execute(
                    update(CORRECTION)
                    .where(CORRECTION.c.id.in_(part), CORRECTION.c.etat == Etat.AGREED)
                    .values(etat=Etat.EXPORTED, exported_at=now)
                )
                total += done.rowcount
        return total

    def _one(self, chosen: Select[Any]) -> Correction | None:
        found = self._all(chosen)
        return found[0] if found else None

    def _all(self, chosen: Select[Any]) -> list[Correction]:
        with self._engine.connect() as connection:
            return [_correction(row) for row in connection.execute(chosen)]


def _corrections() -> Select[Any]:
    return select(CORRECTION)


def _found(connection: Connection, correction_id: int) -> Correction:
    row = connection.execute(_corrections().where(CORRECTION.c.id == correction_id)).one_or_none()
    if row is None:
        raise NotDecidable
    return _correction(row)


def _decide(
    connection: Connection,
    known: Correction,
    etat: Etat,
    who: str,
    now: dt.datetime,
    motif: str | None,
) -> None:
    done = connection.execute(
        update(CORRECTION)
        .where(CORRECTION.c.id == known.id, CORRECTION.c.etat == known.etat)
        .values(etat=etat, decided_by=who, decided_at=now, motif=motif)
    )
    if not done.rowcount:  # somebody decided in between
        raise NotDecidable


def _turn_rows(connection: Connection, ids: Sequence[int]) -> list[Row[Any]]:
    return list(connection.execute(select(TURN).where(TURN.c.id.in_(ids))))


def _turn(row: Row[Any]) -> Turn:
    return Turn(
        id=row.id,
        conversation_id=row.conversation_id,
        at=_utc(row.at),
        text=row.text or "",
        intent=row.intent,
        confidence=row.confidence,
        ranking=[(item["name"], float(item["confidence"])) for item in row.ranking or []],
        entities=[
            entity for item in row.entities or [] if (entity := _entity(item, row.text or ""))
        ],
        band=row.band,
        action=row.action,
        answer=row.answer,
        outcome=row.outcome,
        feedback=row.feedback,
    )


def _entity(item: Mapping[str, Any], text: str) -> Entity | None:
    """Return an entity as Rasa found it, by its words; None when they are not in the text."""
    value = str(item.get("value") or "")
    words = text[item["start"] : item["end"]] if {"start", "end"} <= item.keys() else value
    if not words or words not in text:
        return None
    return Entity(words, str(item.get("entity", "")), value if value not in ("", words) else None)


def _values(turn: Turn, wanted: Wanted, author: str, now: dt.datetime) -> dict[str, Any]:
    return {
        "turn_id": turn.id,
        "conversation_id": turn.conversation_id,
        "text": turn.text[:4000],
        "found": turn.intent or "",
        "nature": wanted.nature,
        "intent": wanted.intent,
        "reason": wanted.reason,
        "entities": [
            {"text": it.text, "entity": it.entity, "value": it.value} for it in wanted.entities
        ],
        "etat": Etat.PROPOSED,
        "author": author,
        "proposed_at": now,
    }


def _correction(row: Row[Any]) -> Correction:
    entities = tuple(Entity(it["text"], it["entity"], it.get("value")) for it in row.entities)
    return Correction(
        id=row.id,
        turn_id=row.turn_id,
        conversation_id=row.conversation_id,
        text=row.text,
        found=row.found,
        wanted=Wanted(Nature(row.nature), row.intent, row.reason, entities),
        etat=Etat(row.etat),
        author=row.author,
        proposed_at=_utc(row.proposed_at),
        decided_by=row.decided_by,
        decided_at=row.decided_at and _utc(row.decided_at),
        motif=row.motif,
        exported_at=row.exported_at and _utc(row.exported_at),
    )


def _parts(ids: Iterable[int]) -> Iterable[list[int]]:
    kept = list(dict.fromkeys(ids))
    return (kept[at : at + BATCH] for at in range(0, len(kept), BATCH))


def _utc(moment: dt.datetime) -> dt.datetime:
    """Return an aware moment: SQLite gives back UTC without its zone."""
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
