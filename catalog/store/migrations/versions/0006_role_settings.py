"""Settings that sessions of a role, or of everyone, begin with."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0006"
down_revision = "0005"

SCHEMA = "kadali"
TABLES = ("memberships", "tenants")


def upgrade() -> None:
    for table in TABLES:
        settings = sa.Column("settings", JSONB, nullable=False, server_default="{}")
        op.add_column(table, settings, schema=SCHEMA)


def downgrade() -> None:
    for table in TABLES:
        op.drop_column(table, "settings", schema=SCHEMA)
