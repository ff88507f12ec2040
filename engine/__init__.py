"""What answers queries: the embedded engine, Delta writes, the metadata PostgreSQL, and the dialect they share."""
