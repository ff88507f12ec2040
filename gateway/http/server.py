"""The HTTP port: GET /health, /ready, /metrics. A few lines of HTTP/1.1 on asyncio; one request per connection."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from concurrent.futures import Executor
from enum import Enum

HEAD_BYTES_MAX = 8_192
REQUEST_TIMEOUT_S = 10.0
CONNECTIONS_MAX = 64
_log = logging.getLogger("kadali.http")


class Readiness(Enum):
    """Whether clients are accepted now."""

    STARTING = "starting"
    READY = "ready"
    DRAINING = "draining"


class HttpServer:
    """`readiness()` is asked on the loop; `metrics()` gives Prometheus' text and runs in `workers`."""

    def __init__(
        self, *, readiness: Callable[[], Readiness], metrics: Callable[[], bytes], workers: Executor, version: str
    ) -> None:
        self._readiness = readiness
        self._metrics = metrics
        self._workers = workers
        self._version = version
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def start(self, host: str, port: int) -> int:
        """Returns the port listened on. Raises OSError if it is taken."""
        self._server = await asyncio.start_server(self._serve, host, port, limit=HEAD_BYTES_MAX)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Stop listening and hang up. Idempotent."""
        if self._server is not None:
            self._server.close()
            for writer in list(self._open):
                writer.close()
            await self._server.wait_closed()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._open) >= CONNECTIONS_MAX:
            writer.close()
            return
        self._open.add(writer)
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT_S):
                writer.write(await self._answer(reader))
                await writer.drain()
                writer.close()
                await writer.wait_closed()
        except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            _log.debug("HTTP connection ended early: %r", error)
        finally:
            self._open.discard(writer)
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader) -> bytes:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError:
            return _response(431, {"error": "request header fields too large"})
        parts = head.split(b"\r\n", 1)[0].split(b" ")
        if len(parts) != 3 or not parts[2].startswith(b"HTTP/1."):
            return _response(400, {"error": "bad request"})
        method, target = parts[0], parts[1].split(b"?")[0]
        if method not in (b"GET", b"HEAD"):
            return _response(405, {"error": "method not allowed"}, {"Allow": "GET, HEAD"})
        whole = await self._resource(target)
        return whole[: whole.index(b"\r\n\r\n") + 4] if method == b"HEAD" else whole

    async def _resource(self, target: bytes) -> bytes:
        match target:
            case b"/health":
                return _response(200, {"status": "ok", "version": self._version})
            case b"/ready":
                state = self._readiness()
                return _response(200 if state is Readiness.READY else 503, {"status": state.value})
            case b"/metrics":
                text = await asyncio.get_running_loop().run_in_executor(self._workers, self._metrics)
                return _encoded(200, text, {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})
        return _response(404, {"error": "not found"})


_REASONS = {
    200: "OK",
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    431: "Request Header Fields Too Large",
    503: "Service Unavailable",
}


def _response(status: int, content: dict[str, str], headers: dict[str, str] | None = None) -> bytes:
    body = json.dumps(content).encode() + b"\n"
    return _encoded(status, body, {"Content-Type": "application/json"} | (headers or {}))


def _encoded(status: int, body: bytes, headers: dict[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} {_REASONS[status]}"]
    fixed = {"Content-Length": str(len(body)), "Cache-Control": "no-store", "Connection": "close"}
    lines += [f"{name}: {value}" for name, value in (headers | fixed).items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
