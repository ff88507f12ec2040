"""Generated: the messages of Spark Connect. See README.md."""
