"""The conversation log that analysts read."""

import sqlalchemy as sa
import sqlalchemy.dialects.postgresql
from alembic import op

revision = "0006_conversation_log"
down_revision = "0005_rendez_vous"
branch_labels = None
depends_on = None

NOT_READ = sa.text("etat IS NULL AND priority > 0")
READ = sa.text("etat IS NOT NULL")
COVERED = ("id", "outcome", "intent", "caf", "confidence", "etat", "feedback")

# Words are stems already (web/conversation_log/search.py), and positions are of no use.
SQLITE_TEXT = """
    CREATE VIRTUAL TABLE log_text
    USING fts5(words, tokenize = 'unicode61', detail = none, columnsize = 0)
"""
SQLITE_FORGET = """
    CREATE TRIGGER log_turn_forget AFTER DELETE ON log_turn BEGIN
        DELETE FROM log_text WHERE rowid = OLD.id;
        UPDATE log_cursor SET words_to_merge = 1 WHERE words_to_merge = 0;
    END
"""
# The log may be written while its conversation is erased: the eraser waits for the writer, who
# locks the conversation, then removes what it wrote, which the eraser had not seen.
POSTGRESQL_FORGET = """
    CREATE FUNCTION log_forget() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        DELETE FROM log_conversation WHERE conversation_id = OLD.id;
        RETURN NULL;
    END $$
"""
POSTGRESQL_TRIGGER = """
    CREATE TRIGGER log_forget AFTER DELETE ON conversation
    FOR EACH ROW EXECUTE FUNCTION log_forget()
"""


def upgrade() -> None:
    op.create_table(
        "log_conversation",
        sa.Column("conversation_id", sa.String(255), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("turns", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("caf", sa.String(3), nullable=True),
        sa.Column("falc", sa.Boolean(), nullable=False),
        sa.Column("device", sa.String(16), nullable=True),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("last_event", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("conversation_id", name=op.f("pk_log_conversation")),
    )
    op.create_index(
        "ix_log_conversation_recent",
        "log_conversation",
        ["last_at", "conversation_id", "outcome", "caf"],
    )
    op.create_index(
        "ix_log_conversation_outcome",
        "log_conversation",
        ["outcome", "last_at", "conversation_id", "caf"],
    )
    op.create_table(
        "log_turn",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("conversation_id", sa.String(255), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("message", sa.String(36), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("intent", sa.String(64), nullable=True),
        sa.Column("confidence", sa.Double(), nullable=True),
        sa.Column("margin", sa.Double(), nullable=True),
        sa.Column("ranking", sa.JSON(), nullable=False),
        sa.Column("entities", sa.JSON(), nullable=False),
        sa.Column("band", sa.String(16), nullable=True),
        sa.Column("policy", sa.String(64), nullable=True),
        sa.Column("action", sa.String(64), nullable=True),
        sa.Column("procedure", sa.String(64), nullable=True),
        sa.Column("version", sa.String(32), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("caf", sa.String(3), nullable=True),
        sa.Column("reply_ms", sa.Integer(), nullable=True),
        sa.Column("action_ms", sa.Integer(), nullable=True),
        sa.Column("gateway_ms", sa.Integer(), nullable=True),
        sa.Column("feedback", sa.Boolean(), nullable=True),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("reformulation", sa.Boolean(), nullable=False),
        sa.Column("priority", sa.Double(), nullable=False),
        sa.Column("priority_reasons", sa.JSON(), nullable=False),
        sa.Column("etat", sa.String(16), nullable=True),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["log_conversation.conversation_id"],
            name=op.f("fk_log_turn_conversation_id_log_conversation"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_turn")),
        sa.UniqueConstraint("conversation_id", "at", name=op.f("uq_log_turn_conversation_id_at")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_log_turn_recent", "log_turn", ["day", *COVERED])
    for column in ("outcome", "intent"):
        others = [name for name in COVERED if name != column]
        op.create_index(f"ix_log_turn_{column}", "log_turn", [column, "day", *others])
    op.create_index(
        "ix_log_turn_etat",
        "log_turn",
        ["etat", "day", "id"],
        sqlite_where=READ,
        postgresql_where=READ,
    )
    op.create_index(
        "ix_log_turn_queue",
        "log_turn",
        ["priority", "id"],
        sqlite_where=NOT_READ,
        postgresql_where=NOT_READ,
    )
    op.create_table(
        "log_review",
        sa.Column("turn_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("conversation_id", sa.String(255), nullable=False),
        sa.Column("etat", sa.String(16), nullable=True),
        sa.Column("reviewer", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        _of_turn("log_review"),
        sa.PrimaryKeyConstraint("turn_id", name=op.f("pk_log_review")),
    )
    op.create_table(
        "log_tag",
        sa.Column("turn_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("tag", sa.String(40), nullable=False),
        sa.Column("conversation_id", sa.String(255), nullable=False),
        sa.Column("author", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        _of_turn("log_tag"),
        sa.PrimaryKeyConstraint("turn_id", "tag", name=op.f("pk_log_tag")),
    )
    op.create_index(op.f("ix_log_tag_tag_turn_id"), "log_tag", ["tag", "turn_id"])
    op.create_table(
        "log_note",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("turn_id", sa.Integer(), nullable=False),
        sa.Column("conversation_id", sa.String(255), nullable=False),
        sa.Column("author", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        _of_turn("log_note"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_note")),
    )
    op.create_index(op.f("ix_log_note_turn_id"), "log_note", ["turn_id"])
    for name in ("log_review", "log_tag", "log_note"):
        op.create_index(op.f(f"ix_{name}_conversation_id"), name, ["conversation_id"])
    for name, unit in (("log_hour", "hour"), ("log_day", "day")):
        op.create_table(
            name,
            sa.Column("kind", sa.String(16), nullable=False),
            sa.Column(unit, sa.Integer(), autoincrement=False, nullable=False),
            sa.Column("key", sa.String(64), nullable=False),
            sa.Column("n", sa.Integer(), nullable=False),
            sa.PrimaryKeyConstraint("kind", unit, "key", name=op.f(f"pk_{name}")),
            sqlite_with_rowid=False,
        )
    op.create_table(
        "log_cursor",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("mark", sa.String(64), nullable=True),
        sa.Column("feedback_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("quiet_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("words_to_merge", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_cursor")),
    )
    op.execute(
        "INSERT INTO log_cursor (id, revision, event_id, words_to_merge) VALUES (1, 0, 0, false)"
    )
    if op.get_bind().dialect.name == "sqlite":
        op.execute(SQLITE_TEXT)
        op.execute(SQLITE_FORGET)
        return
    op.create_table(
        "log_text",
        sa.Column("turn_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("words", sa.dialects.postgresql.TSVECTOR(), nullable=False),
        _of_turn("log_text"),
        sa.PrimaryKeyConstraint("turn_id", name=op.f("pk_log_text")),
    )
    op.create_index("ix_log_text_words", "log_text", ["words"], postgresql_using="gin")
    op.execute(POSTGRESQL_FORGET)
    op.execute(POSTGRESQL_TRIGGER)


def _of_turn(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["turn_id"],
        ["log_turn.id"],
        name=op.f(f"fk_{table}_turn_id_log_turn"),
        ondelete="CASCADE",
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER log_turn_forget")
    else:
        op.execute("DROP TRIGGER log_forget ON conversation")
        op.execute("DROP FUNCTION log_forget")
    for name in ("cursor", "day", "hour", "text", "note", "tag", "review", "turn", "conversation"):
        op.drop_table(f"log_{name}")
