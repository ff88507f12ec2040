"""From Arrow columns to PostgreSQL's bytes: one family of types per file, `table` picks the rule of a column."""
