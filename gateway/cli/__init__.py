"""The command `kadali`."""
