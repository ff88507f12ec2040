"""The store's own tables, as SQLAlchemy sees them. How they came to be is in `migrations/`; a test compares the two."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB

SCHEMA = "kadali"
"""The PostgreSQL schema that holds everything of ours; an ordinary database owner may create it."""

metadata = MetaData(
    schema=SCHEMA,
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
    },
)

server_secrets = Table(
    "server_secrets",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

tenants = Table(
    "tenants",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("seq", BigInteger, nullable=False, server_default="0"),
    Column("default_acls", JSONB, nullable=False, server_default="[]"),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("settings", JSONB, nullable=False, server_default="{}"),
)
"""`seq` is the number of the tenant's last catalog change: its row lock puts the changes into one order.

`settings` are those that everyone's sessions begin with; those of a role are in `memberships`.
"""

users = Table(
    "users",
    metadata,
    Column("name", Text, primary_key=True),
    Column("verifier", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)

memberships = Table(
    "memberships",
    metadata,
    Column("user_name", Text, ForeignKey(users.c.name, ondelete="CASCADE"), primary_key=True),
    Column("tenant_id", Uuid, ForeignKey(tenants.c.id, ondelete="CASCADE"), primary_key=True, index=True),
    Column("admin", Boolean, nullable=False),
    Column("settings", JSONB, nullable=False, server_default="{}"),
)

schemas = Table(
    "schemas",
    metadata,
    Column("tenant_id", Uuid, ForeignKey(tenants.c.id, ondelete="CASCADE"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("document", JSONB, nullable=False),
)

relations = Table(
    "relations",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("schema", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("location", Text),
    Column("delta_version", BigInteger),
    Column("rows", BigInteger),
    Column("bytes", BigInteger),
    Column("files", BigInteger),
    Column("pending", Text),
    Column("instance", Integer),
    Column("document", JSONB, nullable=False),
    ForeignKeyConstraint(["tenant_id", "schema"], [schemas.c.tenant_id, schemas.c.name], onupdate="CASCADE"),
    Index("relations_pending_idx", "pending", postgresql_where="pending IS NOT NULL"),
)
"""`location` is relative to the lake's root where it lies below it; `instance` is the gateway that made it pending."""

unfinished = Table(
    "unfinished",
    metadata,
    Column("tenant_id", Uuid, ForeignKey(tenants.c.id, ondelete="CASCADE"), primary_key=True),
    Column("transaction", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("instance", Integer, nullable=False),
    Column("undo", JSONB, nullable=False),
)
"""Definitions of transactions that are still open: what takes change number `seq` back, should `instance` die."""

removals = Table(
    "removals",
    metadata,
    Column("location", Text, primary_key=True),
    Column("tenant_id", Uuid, ForeignKey(tenants.c.id, ondelete="CASCADE"), nullable=False),
    Column("instance", Integer, nullable=False),
)
"""Delta files that belong to no relation: of tables about to be created, or dropped and not yet removed."""

catalog_changes = Table(
    "catalog_changes",
    metadata,
    Column("tenant_id", Uuid, ForeignKey(tenants.c.id, ondelete="CASCADE"), primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("op", Text, nullable=False),
    Column("schema", Text, nullable=False),
    Column("name", Text, nullable=False),
)

schema_history = Table(
    "schema_history",
    metadata,
    Column("tenant_id", Uuid, ForeignKey(tenants.c.id, ondelete="CASCADE"), primary_key=True),
    Column("schema", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("document", JSONB(none_as_null=True)),
)
"""Every definition a relation has had; `document` NULL: dropped or renamed away."""

queries = Table(
    "queries",
    metadata,
    Column("id", Text, primary_key=True),
    Column("instance", Integer, nullable=False),
    Column("pid", Integer),
    Column("user", Text),
    Column("tenant", Text),
    Column("cluster", Text),
    Column("engine", Text),
    Column("route_reason", Text),
    Column("state", Text, nullable=False),
    Column("queued_at", DateTime(timezone=True), nullable=False),
    Column("started_at", DateTime(timezone=True)),
    Column("ended_at", DateTime(timezone=True)),
    Column("rows", BigInteger),
    Column("bytes", BigInteger),
    Column("bytes_scanned", BigInteger),
    Column("cache_hit", Boolean),
    Column("sqlstate", Text),
    Column("error", Text),
    Column("query", Text, nullable=False),
    Index("queries_tenant_queued_at_idx", "tenant", "queued_at"),
    Index("queries_queued_at_idx", "queued_at"),
    Index("queries_unended_idx", "instance", postgresql_where="ended_at IS NULL"),
)

clusters = Table(
    "clusters",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Uuid, ForeignKey(tenants.c.id, ondelete="CASCADE"), nullable=False),
    Column("name", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("spec", JSONB, nullable=False),
    Column("desired", Text, nullable=False),
    Column("generation", BigInteger, nullable=False),
    Column("restarts", Integer, nullable=False),
    Column("workers_wanted", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    Column("observed_generation", BigInteger, nullable=False),
    Column("workers", Integer, nullable=False),
    Column("endpoint", Text),
    Column("ui", Text),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("state_since", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("last_used", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("abort_before", DateTime(timezone=True)),
    Column("token", Text, nullable=False),
    Column("comment", Text),
    Column("acl", JSONB, nullable=False, server_default="[]"),
    Column("started_by", Text),
    Column("usage_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("budget_noted", Date),
    Index("clusters_tenant_id_name_idx", "tenant_id", "name", unique=True, postgresql_where="desired <> 'TERMINATED'"),
)
"""What is wanted and, in `state` to `ui`, what the reconciler has seen. Dropped ones stay until nothing is left.

`usage_at`: until when cluster_usage has what it used. `budget_noted`: the start of the period whose budget it is known
to have used up.
"""

cluster_events = Table(
    "cluster_events",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("tenant_id", Uuid, ForeignKey(tenants.c.id, ondelete="CASCADE"), nullable=False),
    Column("cluster_id", Uuid, nullable=False),
    Column("cluster", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    Column("kind", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("user", Text),
    Column("workers", Integer),
    Index("cluster_events_tenant_id_id_idx", "tenant_id", "id"),
    Index("cluster_events_cluster_id_id_idx", "cluster_id", "id"),
)
"""Outlive their cluster: billing reads them."""

cluster_usage = Table(
    "cluster_usage",
    metadata,
    Column("cluster_id", Uuid, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("tenant_id", Uuid, ForeignKey(tenants.c.id, ondelete="CASCADE"), nullable=False),
    Column("cluster", Text, nullable=False),
    Column("worker_s", Double, nullable=False),
    Column("driver_s", Double, nullable=False),
    Column("cost", Double, nullable=False),
    Index("cluster_usage_tenant_id_day_idx", "tenant_id", "day"),
)
"""What a cluster has used on a day (UTC), until its `usage_at`; outlives it, as its events do."""

cluster_places = Table(
    "cluster_places",
    metadata,
    Column("instance", Integer, primary_key=True),
    Column("number", BigInteger, primary_key=True),
    Column("cluster_id", Uuid, nullable=False),
    Column("user", Text, nullable=False),
    Column("turn", BigInteger, nullable=False),
    Column("admitted", Boolean, nullable=False),
    Column("started", Boolean, nullable=False),
    Column("since", DateTime(timezone=True), nullable=False),
    Index("cluster_places_cluster_id_idx", "cluster_id"),
)
"""Places on clusters that a gateway's queries hold or wait for; those of gateways that live no more do not count.

They are served in the order of their turns. `started`: the cluster answers, so that one who is admitted works.
"""

scans = Table(
    "scans",
    metadata,
    Column("tenant_id", Uuid, ForeignKey(tenants.c.id, ondelete="CASCADE"), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("bytes", BigInteger, nullable=False),
)
"""What tenants with a limit have read on a day (UTC), or have set aside to read."""

connections = Table(
    "connections",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Uuid, ForeignKey(tenants.c.id, ondelete="CASCADE"), nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("options", JSONB, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("comment", Text),
    UniqueConstraint("tenant_id", "name"),
)
"""Where other systems are. What is secret of an option is in `secrets`, by `connection_secrets`."""

secrets = Table(
    "secrets",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Uuid, ForeignKey(tenants.c.id, ondelete="CASCADE"), nullable=False),
    Column("name", Text),
    Column("owner", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("reference", Text),
    Column("key", Text),
    Column("sealed", LargeBinary),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("changed_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("comment", Text),
    UniqueConstraint("tenant_id", "name"),
)
"""`sealed` is the value, sealed with a key that is not in this database; NULL: it is elsewhere, at `reference`.

`name` NULL: of a connection, by `connection_secrets`, and gone with it.
"""

connection_secrets = Table(
    "connection_secrets",
    metadata,
    Column("connection_id", Uuid, ForeignKey(connections.c.id, ondelete="CASCADE"), primary_key=True),
    Column("option", Text, primary_key=True),
    Column("secret_id", Uuid, ForeignKey(secrets.c.id), nullable=False, index=True),
)
"""Which secret an option of a connection has: one that is used cannot be dropped."""
