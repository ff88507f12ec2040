"""Spark as an engine: a thin Spark Connect client, and a driver on this machine. Clusters are `engine.clusters`."""
