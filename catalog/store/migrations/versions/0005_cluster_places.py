"""Limits of clusters over all gateways: places on clusters instead of numbers of queries; bytes read by day."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

SCHEMA = "kadali"


def upgrade() -> None:
    op.create_table(
        "cluster_places",
        sa.Column("instance", sa.Integer, primary_key=True),
        sa.Column("number", sa.BigInteger, primary_key=True),
        sa.Column("cluster_id", sa.Uuid, nullable=False),
        sa.Column("user", sa.Text, nullable=False),
        sa.Column("turn", sa.BigInteger, nullable=False),
        sa.Column("admitted", sa.Boolean, nullable=False),
        sa.Column("started", sa.Boolean, nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        schema=SCHEMA,
    )
    op.create_index("cluster_places_cluster_id_idx", "cluster_places", ["cluster_id"], schema=SCHEMA)
    op.create_table(
        "scans",
        sa.Column("tenant_id", sa.Uuid, sa.ForeignKey("kadali.tenants.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        schema=SCHEMA,
    )
    op.drop_table("cluster_activity", schema=SCHEMA)


def downgrade() -> None:
    op.create_table(
        "cluster_activity",
        sa.Column("cluster_id", sa.Uuid, sa.ForeignKey("kadali.clusters.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("instance", sa.Integer, primary_key=True),
        sa.Column("running", sa.Integer, nullable=False),
        sa.Column("queued", sa.Integer, nullable=False),
        schema=SCHEMA,
    )
    for table in ("scans", "cluster_places"):
        op.drop_table(table, schema=SCHEMA)
