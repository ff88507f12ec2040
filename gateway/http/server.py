"""The HTTP port: GET /health, /ready, /metrics, and the Spark UI of clusters below /tenants/.

A few lines of HTTP/1.1 on asyncio; one request per connection.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable
from concurrent.futures import Executor
from enum import Enum

from gateway.http.message import HEAD_BYTES_MAX, HttpError, Request, answer, json_answer, read_request, without_body
from gateway.http.spark_ui import PREFIX, SparkUi

REQUEST_TIMEOUT_S = 10.0
CONNECTIONS_MAX = 64
_log = logging.getLogger("kadali.http")


class Readiness(Enum):
    """Whether clients are accepted now."""

    STARTING = "starting"
    READY = "ready"
    DRAINING = "draining"


class HttpServer:
    """`readiness()` is asked on the loop; `metrics()` gives Prometheus' text and runs in `workers`.

    `ui` None: there is none. `tls`: everything is HTTPS.
    """

    def __init__(
        self,
        *,
        readiness: Callable[[], Readiness],
        metrics: Callable[[], bytes],
        workers: Executor,
        version: str,
        ui: SparkUi | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._readiness = readiness
        self._metrics = metrics
        self._workers = workers
        self._version = version
        self._ui, self._tls = ui, tls
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def start(self, host: str, port: int) -> int:
        """Returns the port listened on. Raises OSError if it is taken."""
        handshake_s = None if self._tls is None else REQUEST_TIMEOUT_S
        self._server = await asyncio.start_server(
            self._serve, host, port, limit=HEAD_BYTES_MAX, ssl=self._tls, ssl_handshake_timeout=handshake_s
        )
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
            await self._respond(reader, writer)
            async with asyncio.timeout(REQUEST_TIMEOUT_S):
                await writer.drain()
                writer.close()
                await writer.wait_closed()
        except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            _log.debug("HTTP connection ended early: %r", error)
        finally:
            self._open.discard(writer)
            writer.close()

    async def _respond(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        bodies = True
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT_S):
                request = await read_request(reader)
                bodies = request.method != "HEAD"
                if not request.path.startswith(PREFIX):
                    whole = await self._resource(request)
                    writer.write(whole if bodies else without_body(whole))
                    return
            if self._ui is None:
                raise HttpError(404, "not found")
            if self._readiness() is not Readiness.READY:
                raise HttpError(503, "the server is starting or shutting down", {"Retry-After": "5"})
            await self._ui.serve(request, writer, str(writer.get_extra_info("peername")[0]))
        except HttpError as error:
            whole = json_answer(error.status, {"error": error.text}, error.headers)
            writer.write(whole if bodies else without_body(whole))

    async def _resource(self, request: Request) -> bytes:
        match request.path:
            case "/health":
                return json_answer(200, {"status": "ok", "version": self._version})
            case "/ready":
                state = self._readiness()
                return json_answer(200 if state is Readiness.READY else 503, {"status": state.value})
            case "/metrics":
                text = await asyncio.get_running_loop().run_in_executor(self._workers, self._metrics)
                return answer(200, text, {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})
        raise HttpError(404, "not found")
