"""PostgreSQL servers of our own: finding the binaries, running a server over a data directory.

What the servers are used for (metadata store, shadow catalog) lives elsewhere.
"""

from catalog.postgres.binaries import Binaries, EmbeddedPostgresError, find_binaries
from catalog.postgres.server import EmbeddedPostgres

__all__ = ["Binaries", "EmbeddedPostgres", "EmbeddedPostgresError", "find_binaries"]
