"""What clusters have used, by day, and whether a budget's end has been told of."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

SCHEMA = "kadali"
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    counted = sa.Column("usage_at", MOMENT, nullable=False, server_default=sa.func.now())
    op.add_column("clusters", counted, schema=SCHEMA)
    op.add_column("clusters", sa.Column("budget_noted", sa.Date), schema=SCHEMA)
    op.create_table(
        "cluster_usage",
        sa.Column("cluster_id", sa.Uuid, primary_key=True),
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("tenant_id", sa.Uuid, sa.ForeignKey("kadali.tenants.id", ondelete="CASCADE"), nullable=False),
        sa.Column("cluster", sa.Text, nullable=False),
        sa.Column("worker_s", sa.Double, nullable=False),
        sa.Column("driver_s", sa.Double, nullable=False),
        sa.Column("cost", sa.Double, nullable=False),
        schema=SCHEMA,
    )
    op.create_index("cluster_usage_tenant_id_day_idx", "cluster_usage", ["tenant_id", "day"], schema=SCHEMA)


def downgrade() -> None:
    op.drop_table("cluster_usage", schema=SCHEMA)
    for column in ("budget_noted", "usage_at"):
        op.drop_column("clusters", column, schema=SCHEMA)
