"""The first tables: tenants, users, schemas, relations, the change feed, histories."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None

SCHEMA = "kadali"
TENANT = "kadali.tenants.id"


def _moment(name: str, *, nullable: bool = True, now: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, server_default=sa.func.now() if now else None)


def _tenant_id(*, index: bool = False) -> sa.Column[object]:
    return sa.Column("tenant_id", sa.Uuid, sa.ForeignKey(TENANT, ondelete="CASCADE"), primary_key=True, index=index)


def upgrade() -> None:
    op.create_table(
        "server_secrets",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("value", sa.LargeBinary, nullable=False),
        schema=SCHEMA,
    )
    op.create_table(
        "tenants",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("name", sa.Text, nullable=False, unique=True),
        sa.Column("seq", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("default_acls", JSONB, nullable=False, server_default="[]"),
        _moment("created_at", nullable=False, now=True),
        schema=SCHEMA,
    )
    op.create_table(
        "users",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("verifier", sa.Text, nullable=False),
        _moment("created_at", nullable=False, now=True),
        schema=SCHEMA,
    )
    op.create_table(
        "memberships",
        sa.Column("user_name", sa.Text, sa.ForeignKey("kadali.users.name", ondelete="CASCADE"), primary_key=True),
        _tenant_id(index=True),
        sa.Column("admin", sa.Boolean, nullable=False),
        schema=SCHEMA,
    )
    _catalog()
    _queries()


def _catalog() -> None:
    op.create_table(
        "schemas",
        _tenant_id(),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("document", JSONB, nullable=False),
        schema=SCHEMA,
    )
    op.create_table(
        "relations",
        sa.Column("tenant_id", sa.Uuid, primary_key=True),
        sa.Column("schema", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("location", sa.Text),
        *(sa.Column(name, sa.BigInteger) for name in ("delta_version", "rows", "bytes", "files")),
        sa.Column("pending", sa.Text),
        sa.Column("instance", sa.Integer),
        sa.Column("document", JSONB, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "schema"], ["kadali.schemas.tenant_id", "kadali.schemas.name"], onupdate="CASCADE"
        ),
        sa.Index("relations_pending_idx", "pending", postgresql_where=sa.text("pending IS NOT NULL")),
        schema=SCHEMA,
    )
    op.create_table(
        "catalog_changes",
        _tenant_id(),
        sa.Column("seq", sa.BigInteger, primary_key=True),
        sa.Column("ordinal", sa.Integer, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("op", "schema", "name")),
        schema=SCHEMA,
    )
    op.create_table(
        "schema_history",
        _tenant_id(),
        sa.Column("schema", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("seq", sa.BigInteger, primary_key=True),
        _moment("at", nullable=False, now=True),
        sa.Column("document", JSONB(none_as_null=True)),
        schema=SCHEMA,
    )


def _queries() -> None:
    op.create_table(
        "queries",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("instance", sa.Integer, nullable=False),
        sa.Column("pid", sa.Integer),
        *(sa.Column(name, sa.Text) for name in ("user", "tenant", "cluster", "engine", "route_reason")),
        sa.Column("state", sa.Text, nullable=False),
        _moment("queued_at", nullable=False),
        _moment("started_at"),
        _moment("ended_at"),
        *(sa.Column(name, sa.BigInteger) for name in ("rows", "bytes", "bytes_scanned")),
        sa.Column("cache_hit", sa.Boolean),
        sa.Column("sqlstate", sa.Text),
        sa.Column("error", sa.Text),
        sa.Column("query", sa.Text, nullable=False),
        sa.Index("queries_tenant_queued_at_idx", "tenant", "queued_at"),
        sa.Index("queries_queued_at_idx", "queued_at"),
        sa.Index("queries_unended_idx", "instance", postgresql_where=sa.text("ended_at IS NULL")),
        schema=SCHEMA,
    )


def downgrade() -> None:
    for table in (
        "queries",
        "schema_history",
        "catalog_changes",
        "relations",
        "schemas",
        "memberships",
        "users",
        "tenants",
        "server_secrets",
    ):
        op.drop_table(table, schema=SCHEMA)
