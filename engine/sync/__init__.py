"""What is done with the rows of a source: Delta tables made, evolved and filled, exactly once."""
