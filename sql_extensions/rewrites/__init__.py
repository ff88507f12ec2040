"""Rewrites of a recognised query: one rule a file."""
