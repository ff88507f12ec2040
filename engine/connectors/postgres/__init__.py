"""PostgreSQL as a source: its catalog, its rows as one moment sees them, and its log of changes."""
