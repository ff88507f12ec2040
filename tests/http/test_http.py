"""The HTTP port, spoken to by a real client and by hand."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from gateway.http import server as server_module
from gateway.http.server import HttpServer, Readiness
from gateway.observers.metrics import Metrics


@dataclass
class Running:
    loop: asyncio.AbstractEventLoop
    port: int = 0
    state: Readiness = Readiness.STARTING
    metrics: Metrics = field(default_factory=lambda: Metrics("1.2.3"))

    def get(self, path: str, method: str = "GET") -> tuple[int, str, dict[str, str]]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request(method, path)
        response = connection.getresponse()
        answer = response.status, response.read().decode(), {k.lower(): v for k, v in response.getheaders()}
        connection.close()
        return answer

    def raw(self, request: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            received = b""
            while more := connection.recv(65536):
                received += more
            return received


@pytest.fixture
def running() -> Iterator[Running]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    here = Running(loop)
    with ThreadPoolExecutor(1) as workers:
        server = HttpServer(readiness=lambda: here.state, metrics=here.metrics.text, workers=workers, version="1.2.3")
        here.port = asyncio.run_coroutine_threadsafe(server.start("127.0.0.1", 0), loop).result(10)
        yield here
        asyncio.run_coroutine_threadsafe(server.close(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


def test_health(running: Running) -> None:
    status, body, headers = running.get("/health")
    assert status == 200 and json.loads(body) == {"status": "ok", "version": "1.2.3"}
    assert headers["content-type"] == "application/json" and headers["cache-control"] == "no-store"


def test_ready_only_while_clients_are_accepted(running: Running) -> None:
    for state, status in ((Readiness.STARTING, 503), (Readiness.READY, 200), (Readiness.DRAINING, 503)):
        running.state = state
        assert running.get("/ready")[:2] == (status, json.dumps({"status": state.value}) + "\n")


def test_metrics(running: Running) -> None:
    running.metrics.watch_connections(lambda: 1)
    status, body, headers = running.get("/metrics")
    assert status == 200 and headers["content-type"].startswith("text/plain; version=0.0.4")
    assert "kadali_connections 1.0" in body
    assert 'kadali_build_info{version="1.2.3"} 1.0' in body


def test_what_is_not_there(running: Running) -> None:
    assert running.get("/")[0] == 404
    status, _, headers = running.get("/health", "POST")
    assert status == 405 and headers["allow"] == "GET, HEAD"
    assert running.get("/health", "HEAD")[:2] == (200, "")
    assert running.get("/ready?x=1")[0] == 503


def test_garbage_is_answered_and_does_no_harm(running: Running) -> None:
    assert running.raw(b"hello\r\n\r\n").startswith(b"HTTP/1.1 400 ")
    assert running.raw(b"GET /" + b"x" * 8_300).startswith(b"HTTP/1.1 431 ")
    assert running.raw(b"\x00\xff" * 100) == b""
    assert running.raw(b"") == b""
    assert running.get("/health")[0] == 200


def test_a_client_that_says_nothing_is_dropped(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "REQUEST_TIMEOUT_S", 0.2)
    with socket.create_connection(("127.0.0.1", running.port), timeout=10) as connection:
        assert connection.recv(100) == b""


def test_no_more_than_so_many_connections(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "CONNECTIONS_MAX", 1)
    with socket.create_connection(("127.0.0.1", running.port), timeout=10) as first:
        first.sendall(b"GET /health HTTP/1.1\r\n")
        with socket.create_connection(("127.0.0.1", running.port), timeout=10) as second:
            assert second.recv(100) == b""
        first.sendall(b"\r\n")
        assert first.recv(100).startswith(b"HTTP/1.1 200 OK")
