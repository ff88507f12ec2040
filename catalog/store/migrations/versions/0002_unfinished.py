"""What a crash must take back or finish: definitions of transactions not committed, files still to be removed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"

SCHEMA = "kadali"
TENANT = "kadali.tenants.id"


def upgrade() -> None:
    op.create_table(
        "unfinished",
        sa.Column("tenant_id", sa.Uuid, sa.ForeignKey(TENANT, ondelete="CASCADE"), primary_key=True),
        sa.Column("transaction", sa.Text, primary_key=True),
        sa.Column("seq", sa.BigInteger, primary_key=True),
        sa.Column("instance", sa.Integer, nullable=False),
        sa.Column("undo", JSONB, nullable=False),
        schema=SCHEMA,
    )
    op.create_table(
        "removals",
        sa.Column("location", sa.Text, primary_key=True),
        sa.Column("tenant_id", sa.Uuid, sa.ForeignKey(TENANT, ondelete="CASCADE"), nullable=False),
        sa.Column("instance", sa.Integer, nullable=False),
        schema=SCHEMA,
    )


def downgrade() -> None:
    op.drop_table("removals", schema=SCHEMA)
    op.drop_table("unfinished", schema=SCHEMA)
