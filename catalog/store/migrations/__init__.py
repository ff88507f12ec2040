"""The history of the store's tables, for Alembic; `catalog.store.upgrade` runs it."""
