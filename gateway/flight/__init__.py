"""The Arrow Flight SQL door: bulk reads and writes, on the same sessions and `execute()` as the PostgreSQL door."""
