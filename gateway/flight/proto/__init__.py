"""Generated: the messages of Arrow Flight and Flight SQL. See README.md."""
