"""The external backend: Spark Connect servers that somebody else runs; all that can be known is whether they answer."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Sequence
from urllib.parse import urlsplit
from uuid import UUID

from catalog.clusters.model import Cluster, Desired, Tier
from catalog.errors import InvalidParameterValue, SqlError
from engine.clusters.backend import Deed
from engine.clusters.sight import Driver, Problem, Sight
from engine.spark.session import ConnectSession

PROBE_EVERY_S = 10.0
PROBE_PATIENCE_S = 15.0
"""How long a server may take to answer, which may be busy."""
DEFAULT_PORT = 15002
_PROBE_USER = "kadali"
_OPTIONS = re.compile(r"/?(?:;use_ssl=(true|false))?")


class ExternalBackend:
    """Nothing is started or stopped: a suspended cluster is one that is not asked."""

    def __init__(self) -> None:
        self._probes: dict[UUID, tuple[float, str, Problem | None]] = {}
        """When which endpoint was asked, and what was wrong."""
        self._lock = threading.Lock()

    def survey(self, clusters: Sequence[Cluster]) -> None:
        known = {cluster.id for cluster in clusters}
        with self._lock:
            self._probes = {one: probe for one, probe in self._probes.items() if one in known}

    def look(self, cluster: Cluster, tier: Tier) -> Sight:
        sight = Sight(revision="", settings="", has_agent=False)
        if cluster.desired is not Desired.RUNNING:
            return sight
        try:
            endpoint = endpoint_of(cluster.spec.url or "")
        except InvalidParameterValue as error:
            driver = Driver("", cluster.restarts, "", problem=Problem(error.message, lasting=True))
        else:
            problem = self._probe(cluster, endpoint)
            driver = Driver(endpoint, cluster.restarts, "", ready=problem is None, endpoint=endpoint, problem=problem)
        return Sight(revision="", settings="", applied="", on=True, driver=driver, has_agent=False)

    def act(self, cluster: Cluster, tier: Tier, deed: Deed) -> None:
        """There is nothing to do."""

    def close(self) -> None:
        with self._lock:
            self._probes.clear()

    def _probe(self, cluster: Cluster, endpoint: str) -> Problem | None:
        now = time.monotonic()
        with self._lock:
            known = self._probes.get(cluster.id)
        if known is not None and known[1] == endpoint and now - known[0] < PROBE_EVERY_S:
            return known[2]
        problem = probe(endpoint, cluster.token)
        with self._lock:
            self._probes[cluster.id] = (now, endpoint, problem)
        return problem


def probe(endpoint: str, token: str) -> Problem | None:
    """Ask a Connect server for its version; None if it answers."""
    session = ConnectSession(endpoint, token, _PROBE_USER, reconnect_s=PROBE_PATIENCE_S)
    try:
        session.driver()
    except SqlError as error:
        return Problem(error.message + (f": {error.detail}" if error.detail else ""), lasting=True)
    finally:
        session.close()
    return None


def endpoint_of(url: str) -> str:
    """What `sc://host[:port][/;use_ssl=true]` means to `engine.spark.client`: `host:port`, and `/;use_ssl=true` behind
    it where the connection is to be TLS. Raises InvalidParameterValue; other parameters in the URL are refused.
    """
    parts = urlsplit(url)
    try:
        port = parts.port or DEFAULT_PORT
    except ValueError:
        port = 0
    options = _OPTIONS.fullmatch(parts.path)
    if parts.scheme != "sc" or not parts.hostname or not port or options is None or parts.query or parts.username:
        raise InvalidParameterValue(
            f'invalid url: "{url}"',
            hint="It is sc://host:port, with /;use_ssl=true behind it for TLS; the token is an option of its own.",
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{host}:{port}" + ("/;use_ssl=true" if options[1] == "true" else "")


def address_of(url: str) -> str:
    """`host:port` alone. Raises InvalidParameterValue."""
    return endpoint_of(url).partition("/")[0]
