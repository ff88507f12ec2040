"""The embedded engine: DuckDB answers SELECT over Delta tables. Writes are `engine.delta`."""
