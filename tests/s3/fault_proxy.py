"""A proxy in front of an object store that lets requests through, delays them, answers for the store, or cuts them."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

TIMEOUT_S = 60.0
_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "expect", "content-length"}


class Cut(Enum):
    """Where the connection is closed without an answer."""

    BEFORE = "the store has not heard of the request"
    AFTER = "the store has carried it out"


@dataclass(frozen=True)
class Fault:
    """What happens to one request: held for `delay_s` first, then perhaps answered with `status`, or cut."""

    delay_s: float = 0.0
    status: int | None = None
    cut: Cut | None = None


@dataclass(frozen=True)
class Seen:
    """A request as it came: `path` without the query; `conditional`: with If-None-Match."""

    method: str
    path: str
    query: str
    conditional: bool
    agent: str
    status: int
    at: float


Rule = Callable[[str, str, http.client.HTTPMessage], Fault | None]
"""(method, path, headers) -> what to do with it; None: nothing."""


class FaultProxy:
    """Listens on loopback. `rule` may be changed at any time; `seen` are the requests answered so far."""

    def __init__(self, endpoint: str) -> None:
        self.rule: Rule = lambda method, path, headers: None
        self.seen: list[Seen] = []
        self._target = urlsplit(endpoint).netloc
        self.released = threading.Event()
        """Set: requests that are held go on at once."""
        proxy = self

        class Handler(_Handler):
            faults = proxy

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def target(self) -> str:
        return self._target

    def close(self) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    faults: FaultProxy
    protocol_version = "HTTP/1.1"
    timeout = TIMEOUT_S
    disable_nagle_algorithm = True

    def _handle(self) -> None:
        parts = urlsplit(self.path)
        body = self._body()
        fault = self.faults.rule(self.command, parts.path, self.headers) or Fault()
        if fault.delay_s:
            self.faults.released.wait(fault.delay_s)
        if fault.cut is Cut.BEFORE:
            self._seen(parts, 0)
            self._hang_up()
            return
        if fault.status is not None:
            self._answer(fault.status, [], b"")
            self._seen(parts, fault.status)
            return
        status, headers, data = self._forward(body)
        self._seen(parts, status)
        if fault.cut is Cut.AFTER:
            self._hang_up()
            return
        self._answer(status, headers, data)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _handle

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        pass

    def _seen(self, parts: Any, status: int) -> None:
        conditional = self.headers.get("If-None-Match") is not None
        agent = self.headers.get("User-Agent", "")
        self.faults.seen.append(
            Seen(self.command, parts.path, parts.query, conditional, agent, status, time.monotonic())
        )

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            data = b""
            while (size := int(self.rfile.readline().split(b";")[0], 16)) > 0:
                data += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return data
        return self.rfile.read(int(self.headers.get("Content-Length", "0")))

    def _forward(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = http.client.HTTPConnection(self.faults.target, timeout=TIMEOUT_S)
        try:
            connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in _HOP_BY_HOP:
                    connection.putheader(name, value)
            connection.putheader("Content-Length", str(len(body)))
            connection.putheader("Connection", "close")
            connection.endheaders(body)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()

    def _answer(self, status: int, headers: list[tuple[str, str]], data: bytes) -> None:
        try:
            self._send(status, headers, data)
        except ConnectionError:  # the client has given up
            self.close_connection = True

    def _send(self, status: int, headers: list[tuple[str, str]], data: bytes) -> None:
        self.send_response_only(status)
        length = str(len(data))
        for name, value in headers:
            if name.lower() == "content-length" and self.command == "HEAD":
                length = value
            elif name.lower() not in _HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", length)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.close()
