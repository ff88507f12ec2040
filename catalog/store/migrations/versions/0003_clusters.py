"""Clusters: what tenants want, what has been seen of it, and what happened."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"

SCHEMA = "kadali"
TENANT = "kadali.tenants.id"
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "clusters",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("tenant_id", sa.Uuid, sa.ForeignKey(TENANT, ondelete="CASCADE"), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("spec", JSONB, nullable=False),
        sa.Column("desired", sa.Text, nullable=False),
        sa.Column("generation", sa.BigInteger, nullable=False),
        sa.Column("restarts", sa.Integer, nullable=False),
        sa.Column("workers_wanted", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("observed_generation", sa.BigInteger, nullable=False),
        sa.Column("workers", sa.Integer, nullable=False),
        sa.Column("endpoint", sa.Text),
        sa.Column("ui", sa.Text),
        sa.Column("created_at", MOMENT, nullable=False, server_default=sa.func.now()),
        sa.Column("state_since", MOMENT, nullable=False, server_default=sa.func.now()),
        sa.Column("last_used", MOMENT, nullable=False, server_default=sa.func.now()),
        sa.Column("abort_before", MOMENT),
        sa.Column("token", sa.Text, nullable=False),
        sa.Column("comment", sa.Text),
        sa.Column("acl", JSONB, nullable=False, server_default="[]"),
        sa.Column("started_by", sa.Text),
        schema=SCHEMA,
    )
    op.create_index(
        "clusters_tenant_id_name_idx",
        "clusters",
        ["tenant_id", "name"],
        unique=True,
        schema=SCHEMA,
        postgresql_where=sa.text("desired <> 'TERMINATED'"),
    )
    op.create_table(
        "cluster_events",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("tenant_id", sa.Uuid, sa.ForeignKey(TENANT, ondelete="CASCADE"), nullable=False),
        sa.Column("cluster_id", sa.Uuid, nullable=False),
        sa.Column("cluster", sa.Text, nullable=False),
        sa.Column("at", MOMENT, nullable=False, server_default=sa.func.clock_timestamp()),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("user", sa.Text),
        sa.Column("workers", sa.Integer),
        schema=SCHEMA,
    )
    op.create_index("cluster_events_tenant_id_id_idx", "cluster_events", ["tenant_id", "id"], schema=SCHEMA)
    op.create_index("cluster_events_cluster_id_id_idx", "cluster_events", ["cluster_id", "id"], schema=SCHEMA)
    op.create_table(
        "cluster_activity",
        sa.Column("cluster_id", sa.Uuid, sa.ForeignKey("kadali.clusters.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("instance", sa.Integer, primary_key=True),
        sa.Column("running", sa.Integer, nullable=False),
        sa.Column("queued", sa.Integer, nullable=False),
        schema=SCHEMA,
    )


def downgrade() -> None:
    for table in ("cluster_activity", "cluster_events", "clusters"):
        op.drop_table(table, schema=SCHEMA)
