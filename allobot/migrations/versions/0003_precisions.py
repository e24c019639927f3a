"""The answers to precise questions about a subject."""

import sqlalchemy as sa
from alembic import op

revision = "0003_precisions"
down_revision = "0002_knowledge"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "precision",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("procedure_id", sa.String(64), nullable=False),
        sa.Column("rang", sa.Integer(), nullable=False),
        sa.Column("territoire", sa.String(16), nullable=False),
        sa.Column("du", sa.Date(), nullable=False),
        sa.Column("au", sa.Date(), nullable=True),
        sa.Column("contenu", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["procedure_id"],
            ["procedure.id"],
            name=op.f("fk_precision_procedure_id_procedure"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_precision")),
    )
    op.create_index(op.f("ix_precision_procedure_id"), "precision", ["procedure_id"])
    # What was loaded before knew no precisions: the next start loads again.
    op.execute(sa.text("DELETE FROM knowledge_state"))


def downgrade() -> None:
    op.drop_table("precision")
