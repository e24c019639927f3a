"""Knowledge: the procedures, their dated versions, and what was loaded last."""

import sqlalchemy as sa
from alembic import op

revision = "0002_knowledge"
down_revision = "0001_conversations"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "procedure",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("titre", sa.String(200), nullable=False),
        sa.Column("theme", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_procedure")),
    )
    op.create_table(
        "procedure_version",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("procedure_id", sa.String(64), nullable=False),
        sa.Column("territoire", sa.String(16), nullable=False),
        sa.Column("du", sa.Date(), nullable=False),
        sa.Column("au", sa.Date(), nullable=True),
        sa.Column("contenu", sa.JSON(), nullable=False),
        sa.Column("verifie_le", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["procedure_id"],
            ["procedure.id"],
            name=op.f("fk_procedure_version_procedure_id_procedure"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_procedure_version")),
        sa.UniqueConstraint(
            "procedure_id",
            "territoire",
            "du",
            name=op.f("uq_procedure_version_procedure_id_territoire_du"),
        ),
    )
    op.create_table(
        "knowledge_state",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("empreinte", sa.String(64), nullable=False),
        sa.Column("charge_le", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_knowledge_state")),
    )


def downgrade() -> None:
    op.drop_table("knowledge_state")
    op.drop_table("procedure_version")
    op.drop_table("procedure")
