"""Corrections of what the bot understood."""

import sqlalchemy as sa
from alembic import op

revision = "0008_corrections"
down_revision = "0007_console"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "correction",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("turn_id", sa.BigInteger(), nullable=False),
        sa.Column("conversation_id", sa.String(255), nullable=False),
        sa.Column("text", sa.String(4000), nullable=False),
        sa.Column("found", sa.String(100), nullable=False),
        sa.Column("nature", sa.String(20), nullable=False),
        sa.Column("intent", sa.String(100), nullable=True),
        sa.Column("reason", sa.String(500), nullable=True),
        sa.Column("entities", sa.JSON(), nullable=False),
        sa.Column("etat", sa.String(20), nullable=False),
        sa.Column("author", sa.String(100), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(100), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("motif", sa.String(500), nullable=True),
        sa.Column("exported_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_correction")),
        sa.UniqueConstraint("turn_id", name=op.f("uq_correction_turn_id")),
    )
    op.create_index(op.f("ix_correction_conversation_id"), "correction", ["conversation_id"])
    op.create_index(op.f("ix_correction_etat"), "correction", ["etat"])


def downgrade() -> None:
    op.drop_table("correction")
