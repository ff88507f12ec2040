"""The SQL the gateway understands: recognising statements, and one file for each statement of our own."""
