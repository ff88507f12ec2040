"""Connections as the metadata store knows them: where other systems are, and which secrets open them."""
