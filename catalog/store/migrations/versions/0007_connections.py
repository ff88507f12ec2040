"""Secrets of tenants, sealed, and connections that use them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0007"
down_revision = "0006"

SCHEMA = "kadali"


def upgrade() -> None:
    op.create_table(
        "connections",
        sa.Column("id", sa.Uuid, primary_key=True),
        _tenant(),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("options", JSONB, nullable=False),
        _moment("created_at"),
        sa.Column("comment", sa.Text),
        sa.UniqueConstraint("tenant_id", "name", name="connections_tenant_id_name_key"),
        schema=SCHEMA,
    )
    op.create_table(
        "secrets",
        sa.Column("id", sa.Uuid, primary_key=True),
        _tenant(),
        sa.Column("name", sa.Text),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("reference", sa.Text),
        sa.Column("key", sa.Text),
        sa.Column("sealed", sa.LargeBinary),
        _moment("created_at"),
        _moment("changed_at"),
        sa.Column("comment", sa.Text),
        sa.UniqueConstraint("tenant_id", "name", name="secrets_tenant_id_name_key"),
        schema=SCHEMA,
    )
    of_connection = sa.ForeignKey("kadali.connections.id", ondelete="CASCADE")
    op.create_table(
        "connection_secrets",
        sa.Column("connection_id", sa.Uuid, of_connection, primary_key=True),
        sa.Column("option", sa.Text, primary_key=True),
        sa.Column("secret_id", sa.Uuid, sa.ForeignKey("kadali.secrets.id"), nullable=False),
        schema=SCHEMA,
    )
    op.create_index("connection_secrets_secret_id_idx", "connection_secrets", ["secret_id"], schema=SCHEMA)


def downgrade() -> None:
    for table in ("connection_secrets", "secrets", "connections"):
        op.drop_table(table, schema=SCHEMA)


def _tenant() -> sa.Column[object]:
    return sa.Column("tenant_id", sa.Uuid, sa.ForeignKey("kadali.tenants.id", ondelete="CASCADE"), nullable=False)


def _moment(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now())
