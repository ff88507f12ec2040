"""Alembic's entry: runs the steps on the connection that `catalog.store.upgrade` hands over, inside its transaction."""

from alembic import context

from catalog.store.tables import SCHEMA, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table_schema=SCHEMA,
    include_schemas=True,
    compare_server_default=True,
)
context.run_migrations()
