"""The Spark UI of clusters through the HTTP port: /tenants/DATABASE/clusters/NAME/ui/..., for users who may MONITOR.

Only the address that the reconciler has seen of that cluster is ever asked; pages are passed on as they are.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

from catalog.clusters.model import Cluster
from catalog.clusters.tenant import TenantClusters
from catalog.errors import SqlError, UndefinedObject
from catalog.principal import Principal
from gateway.http.login import BasicLogin
from gateway.http.message import HttpError, Request, head, parse_headers
from sql_extensions.cluster_state import has_right

PREFIX = "/tenants/"
REQUESTS_MAX = 32
"""At once, so that probes always find a place."""
CONNECT_S, ANSWER_S, WHOLE_S = 5.0, 30.0, 120.0
BODY_BYTES_MAX = 64 << 20
_UPSTREAM_HEAD_MAX = 32_768
_CHUNK = 65_536
_PATH = re.compile(r"/tenants/([^/]+)/clusters/([^/]+)/ui(/.*)?")
_PASSED = ("accept", "accept-encoding", "accept-language", "if-modified-since", "if-none-match")
"""Headers of the request that the UI is given. Never the password."""
_RETURNED = (
    "Content-Type",
    "Content-Length",
    "Content-Encoding",
    "Content-Disposition",
    "Content-Security-Policy",
    "Cache-Control",
    "Last-Modified",
    "ETag",
    "Expires",
    "Vary",
    "X-XSS-Protection",
)
_SECURE: Mapping[str, str] = {
    "X-Frame-Options": "SAMEORIGIN",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; frame-ancestors 'self'; form-action 'self'; base-uri 'none'"
)
"""Where Spark names none itself."""


@dataclass(frozen=True, slots=True)
class _Target:
    """Where a request goes: the UI's address, what its pages are below of for the client, path and query there."""

    host: str
    port: int
    prefix: str
    path: str

    @property
    def authority(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class SparkUi:
    """`clusters` are those of a tenant, by its name; `workers` run what blocks: passwords, the metadata store.

    `secure` False: passwords would travel in the clear, so nobody is let in.
    """

    def __init__(
        self, login: BasicLogin, clusters: Callable[[str], TenantClusters], workers: Executor, *, secure: bool
    ) -> None:
        self._login, self._clusters, self._workers, self._secure = login, clusters, workers, secure
        self._requests = 0

    async def serve(self, request: Request, writer: asyncio.StreamWriter, peer: str) -> None:
        """Answer a request for a path that begins with PREFIX. Raises HttpError, as long as nothing is sent."""
        if not self._secure:
            raise HttpError(403, "the Spark UI needs TLS: set http_tls, or listen on a loopback address only")
        if self._requests >= REQUESTS_MAX:
            raise HttpError(503, "too many requests", {"Retry-After": "1"})
        self._requests += 1
        try:
            async with asyncio.timeout(WHOLE_S):
                target = await asyncio.get_running_loop().run_in_executor(self._workers, self._target, request, peer)
                await _pass_on(request, target, writer)
        finally:
            self._requests -= 1

    def _target(self, request: Request, peer: str) -> _Target:
        found = _PATH.fullmatch(request.path)
        if found is None:
            raise HttpError(404, "not found")
        try:
            database, name = unquote(found[1], errors="strict"), unquote(found[2], errors="strict")
        except UnicodeDecodeError as error:
            raise HttpError(400, "bad request") from error
        if not (database + name).isprintable():
            raise HttpError(404, "not found")
        prefix = f"{PREFIX}{quote(database, safe='')}/clusters/{quote(name, safe='')}/ui"
        try:
            principal = self._login.principal(request, database, peer)
            cluster = self._monitored(principal, name)
        except SqlError as error:
            raise HttpError(503, "the metadata store cannot be reached") from error
        if found[3] is None:
            raise HttpError(308, "moved", {"Location": f"{prefix}/"})
        _check_harmless(found[3], request.query)
        host, port = _address(cluster)
        return _Target(host, port, prefix, found[3] + (f"?{request.query}" if request.query else ""))

    def _monitored(self, principal: Principal, name: str) -> Cluster:
        try:
            cluster = self._clusters(principal.tenant).get(name)
        except UndefinedObject as error:
            raise HttpError(404, error.message) from error
        if not has_right(cluster, principal, "MONITOR"):
            raise HttpError(403, f"permission denied for cluster {name}")
        return cluster


def _address(cluster: Cluster) -> tuple[str, int]:
    parts = urlsplit(cluster.observed.ui or "")
    if not cluster.state.answers or parts.scheme != "http" or parts.hostname is None:
        state = cluster.state.value.lower()
        raise HttpError(503, f'cluster "{cluster.name}" is {state}: it has no Spark UI now', {"Retry-After": "5"})
    return parts.hostname, parts.port or 80


def _check_harmless(path: str, query: str) -> None:
    """Reading only: nothing is killed from here, and nobody acts as somebody else."""
    plain = unquote(path).lower()
    if "kill" in plain.split("/"):
        raise HttpError(403, "work is ended by CANCEL QUERY and ALTER CLUSTER, not here")
    if any(unquote(part.partition("=")[0]).lower() in ("doas", "terminate") for part in query.split("&")):
        raise HttpError(400, "bad request")


async def _pass_on(request: Request, target: _Target, writer: asyncio.StreamWriter) -> None:
    """The UI's answer, as it comes. Raises HttpError if there is none."""
    try:
        async with asyncio.timeout(CONNECT_S):
            upstream, asking = await asyncio.open_connection(target.host, target.port, limit=_UPSTREAM_HEAD_MAX)
    except (OSError, TimeoutError) as error:
        raise HttpError(502, "the driver's UI cannot be reached") from error
    try:
        status, headers = await _ask(request, target, upstream, asking)
        writer.write(head(status, _returned(headers, target)))
        await _stream(upstream, writer)
    finally:
        asking.close()
        with suppress(OSError):
            await asking.wait_closed()


async def _ask(
    request: Request, target: _Target, upstream: asyncio.StreamReader, asking: asyncio.StreamWriter
) -> tuple[int, dict[str, str]]:
    """Status and headers. HTTP/1.0: the answer's body ends with the connection, in one piece."""
    lines = [f"{request.method} {target.path} HTTP/1.0", f"Host: {target.authority}"]
    lines += [f"X-Forwarded-Context: {target.prefix}", "Connection: close"]
    lines += [f"{name}: {request.headers[name]}" for name in _PASSED if name in request.headers]
    try:
        async with asyncio.timeout(ANSWER_S):
            asking.write("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n")
            await asking.drain()
            first, *rest = (await upstream.readuntil(b"\r\n\r\n"))[:-4].split(b"\r\n")
            status = int(first.split(b" ")[1])
            headers = parse_headers(rest)
    except TimeoutError as error:
        raise HttpError(504, "the driver's UI does not answer") from error
    except (
        OSError,
        asyncio.IncompleteReadError,
        asyncio.LimitOverrunError,
        HttpError,
        ValueError,
        IndexError,
    ) as error:
        raise HttpError(502, "the driver's UI gave no proper answer") from error
    if not 200 <= status < 600 or "transfer-encoding" in headers:
        raise HttpError(502, "the driver's UI gave no proper answer")
    return status, headers


def _returned(headers: Mapping[str, str], target: _Target) -> dict[str, str]:
    found = {name: headers[name.lower()] for name in _RETURNED if name.lower() in headers}
    if "location" in headers:
        found["Location"] = _moved(headers["location"], target)
    found.setdefault("Cache-Control", "no-store")
    found.setdefault("Content-Security-Policy", _POLICY)
    return found | dict(_SECURE)


def _moved(location: str, target: _Target) -> str:
    """A redirection within the UI, as the client must follow it. Raises HttpError for one to elsewhere."""
    parts = urlsplit(location)
    if (parts.netloc and parts.netloc != target.authority) or parts.scheme not in ("", "http", "https"):
        raise HttpError(502, "the driver's UI led elsewhere")
    query = f"?{parts.query}" if parts.query else ""
    if not parts.netloc and not parts.path.startswith("/"):
        return parts.path + query
    path = parts.path if parts.path.startswith(target.prefix + "/") else target.prefix + (parts.path or "/")
    return path + query


async def _stream(upstream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Beyond BODY_BYTES_MAX the answer is cut off."""
    left = BODY_BYTES_MAX
    while left > 0 and (part := await upstream.read(min(_CHUNK, left))):
        writer.write(part)
        await writer.drain()
        left -= len(part)
