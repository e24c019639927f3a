"""Appointments, their codes, and the vault of contact details."""

import sqlalchemy as sa
from alembic import op

revision = "0005_rendez_vous"
down_revision = "0004_feedback"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rdv_exception",
        sa.Column("position", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("bureau", sa.String(8), nullable=False),
        sa.Column("debut", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fin", sa.DateTime(timezone=True), nullable=False),
        sa.Column("capacite", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_rdv_exception")),
        sa.UniqueConstraint("bureau", "debut", "fin", name=op.f("uq_rdv_exception_bureau_debut_fin")),
    )
    op.create_table(
        "rdv_rendez_vous",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("bureau", sa.String(8), nullable=False),
        sa.Column("debut", sa.DateTime(timezone=True), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=True),
        sa.Column("motif", sa.String(64), nullable=False),
        sa.Column("mode", sa.String(16), nullable=False),
        sa.Column("etat", sa.String(8), nullable=False),
        sa.Column("conversation_id", sa.String(64), nullable=True),
        sa.Column("expire_le", sa.DateTime(timezone=True), nullable=True),
        sa.Column("jeton", sa.String(32), nullable=True),
        sa.Column("remplace", sa.String(32), nullable=True),
        sa.Column("cree_le", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rdv_rendez_vous")),
        sa.UniqueConstraint(
            "bureau", "debut", "place", name=op.f("uq_rdv_rendez_vous_bureau_debut_place")
        ),
    )
    op.create_index(op.f("ix_rdv_rendez_vous_debut"), "rdv_rendez_vous", ["debut"])
    op.create_index(
        op.f("ix_rdv_rendez_vous_conversation_id"), "rdv_rendez_vous", ["conversation_id"]
    )
    op.create_table(
        "rdv_code",
        sa.Column("position", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("reference", sa.String(4), nullable=False),
        sa.Column("hache", sa.String(128), nullable=False),
        sa.Column("rdv_id", sa.String(32), nullable=False),
        sa.Column("essais", sa.Integer(), nullable=False),
        sa.Column("verrou", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cree_le", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["rdv_id"],
            ["rdv_rendez_vous.id"],
            name=op.f("fk_rdv_code_rdv_id_rdv_rendez_vous"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_rdv_code")),
        sa.UniqueConstraint("reference", name=op.f("uq_rdv_code_reference")),
    )
    op.create_index(op.f("ix_rdv_code_rdv_id"), "rdv_code", ["rdv_id"])
    op.create_table(
        "rdv_coordonnees",
        sa.Column("jeton", sa.String(32), nullable=False),
        sa.Column("nature", sa.String(16), nullable=False),
        sa.Column("chiffre", sa.Text(), nullable=False),
        sa.Column("conversation_id", sa.String(64), nullable=True),
        sa.Column("rdv_id", sa.String(32), nullable=True),
        sa.Column("expire_le", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["rdv_id"],
            ["rdv_rendez_vous.id"],
            name=op.f("fk_rdv_coordonnees_rdv_id_rdv_rendez_vous"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("jeton", name=op.f("pk_rdv_coordonnees")),
    )
    op.create_index(
        op.f("ix_rdv_coordonnees_conversation_id"), "rdv_coordonnees", ["conversation_id"]
    )
    op.create_index(op.f("ix_rdv_coordonnees_rdv_id"), "rdv_coordonnees", ["rdv_id"])


def downgrade() -> None:
    op.drop_table("rdv_coordonnees")
    op.drop_table("rdv_code")
    op.drop_table("rdv_rendez_vous")
    op.drop_table("rdv_exception")
