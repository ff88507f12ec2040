"""What is DuckDB's of the dialect: the text written for it, and the functions registered in it."""
