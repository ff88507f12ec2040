"""Settling who a client is."""
