"""Spark as an engine: a thin Spark Connect client, and a driver on this machine. Clusters are `engine.clusters`."""

SPARK_VERSION = "4.2.0"
"""The one whose protocol the client speaks and whose dialect queries are written in: clusters run it."""
