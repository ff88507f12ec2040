"""The Spark UI through the HTTP port: who gets in, what is passed on, what a driver cannot do to the client."""

from __future__ import annotations

import asyncio
import base64
import http.client
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from catalog.clusters.model import ClusterState, Desired, Observed
from catalog.clusters.store import Clusters
from catalog.clusters.tenant import TenantClusters
from catalog.clusters.tiers import BUILT_IN
from catalog.store import Store
from gateway.auth import password as password_module
from gateway.cluster_backends import web_url
from gateway.configuration import load
from gateway.http import spark_ui as ui_module
from gateway.http.login import BasicLogin
from gateway.http.server import HttpServer, Readiness
from gateway.http.spark_ui import SparkUi
from gateway.listening import is_loopback
from gateway.pgwire.tls import load_http_tls
from gateway.settings import Settings
from tests.clusters.samples import SPEC
from tests.ports import free_port

ETL = "/tenants/acme/clusters/etl/ui"


class FakeDriver(BaseHTTPRequestHandler):
    """Stands for the UI of a driver; what it was asked is kept in `asked`."""

    asked: list[tuple[str, str, dict[str, str]]]

    def do_GET(self) -> None:
        self.asked.append((self.command, self.path, {k.lower(): v for k, v in self.headers.items()}))
        if self.path == "/":
            self._redirect(f"http://{self.headers['Host']}/jobs/")
        elif self.path == "/evil":
            self._redirect("http://elsewhere.example/jobs/")
        elif self.path == "/mean":
            self.send_response(200)
            self.send_header("Set-Cookie", "session=1")
            self.send_header("X-Frame-Options", "ALLOWALL")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
        else:
            body = b"x" * 200_000 if self.path == "/big" else f"page {self.path}".encode()
            self.send_response(404 if self.path == "/missing" else 200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Set-Cookie", "session=1")
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

    do_HEAD = do_GET

    def log_message(self, *_: object) -> None:
        """Not on the terminal."""

    def _redirect(self, to: str) -> None:
        self.send_response(302)
        self.send_header("Location", to)
        self.end_headers()


@dataclass
class Door:
    """The HTTP port, and what stands behind it."""

    clusters: TenantClusters
    store: Clusters
    driver: int
    asked: list[tuple[str, str, dict[str, str]]]
    ui: SparkUi
    loop: asyncio.AbstractEventLoop
    port: int = 0
    state: Readiness = Readiness.READY
    tls: ssl.SSLContext | None = field(default=None)

    def get(
        self, path: str, user: str = "ann", password: str = "secret", method: str = "GET", **headers: str
    ) -> tuple[int, str, dict[str, str]]:
        if user:
            told = base64.b64encode(f"{user}:{password}".encode()).decode()
            headers["Authorization"] = f"Basic {told}"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        found = answer.status, answer.read().decode(), {k.lower(): v for k, v in answer.getheaders()}
        connection.close()
        return found

    def observed(self, **fields: object) -> None:
        """What the reconciler would have seen of the cluster etl."""
        seen = Observed(ClusterState.RUNNING, endpoint="127.0.0.1:1", ui=f"http://127.0.0.1:{self.driver}")
        self.store.observe(self.clusters.get("etl").id, replace(seen, **fields))  # type: ignore[arg-type]
        self.clusters.list(fresh=True)


@pytest.fixture
def driver() -> Iterator[tuple[int, list[tuple[str, str, dict[str, str]]]]]:
    asked: list[tuple[str, str, dict[str, str]]] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Driver", (FakeDriver,), {"asked": asked}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server.server_address[1], asked
    server.shutdown()
    thread.join(10)
    server.server_close()


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    made = asyncio.new_event_loop()
    thread = threading.Thread(target=made.run_forever)
    thread.start()
    yield made
    made.call_soon_threadsafe(made.stop)
    thread.join(10)
    made.close()


@pytest.fixture
def opener(
    store: Store, driver: tuple[int, list[tuple[str, str, dict[str, str]]]], loop: asyncio.AbstractEventLoop
) -> Iterator[Callable[..., Door]]:
    """Makes the port with a cluster etl of acme that runs; ann owns it, bob may monitor it, carl may use it."""
    tenant = store.ensure_tenant("acme")
    store.ensure_tenant("globex")
    for name in ("ann", "bob", "carl"):
        store.users.add(name, "acme", "secret")
    store.users.add("greta", "globex", "secret", admin=True)
    clusters = Clusters(store.database, store.instance)
    mine = TenantClusters(clusters, tenant.id, "acme", lambda: BUILT_IN.of("acme"), dict(BUILT_IN.sizes))
    mine.create("etl", replace(SPEC, initially_suspended=True), "ann")
    mine.want("etl", Desired.RUNNING, "ann")
    mine.grant("etl", ["MONITOR"], "bob")
    mine.grant("etl", ["USAGE", "OPERATE"], "carl")
    servers: list[HttpServer] = []
    pool = ThreadPoolExecutor(2)

    def make(*, secure: bool = True, tls: ssl.SSLContext | None = None) -> Door:
        ui = SparkUi(BasicLogin(store.users), lambda _: mine, pool, secure=secure)
        door = Door(mine, clusters, driver[0], driver[1], ui, loop)
        server = HttpServer(
            readiness=lambda: door.state, metrics=lambda: b"", workers=pool, version="1", ui=ui, tls=tls
        )
        door.port = asyncio.run_coroutine_threadsafe(server.start("127.0.0.1", 0), loop).result(10)
        servers.append(server)
        door.observed()
        return door

    yield make
    for server in servers:
        asyncio.run_coroutine_threadsafe(server.close(), loop).result(10)
    pool.shutdown()


@pytest.fixture
def door(opener: Callable[..., Door]) -> Door:
    return opener()


def test_a_page_is_passed_on_as_it_is(door: Door) -> None:
    status, body, headers = door.get(f"{ETL}/jobs/job/?id=3&x=%20y", **{"Cookie": "a=b", "Accept": "text/html"})
    assert (status, body) == (200, "page /jobs/job/?id=3&x=%20y")
    assert headers["content-type"] == "text/html"
    assert headers["x-frame-options"] == "SAMEORIGIN" and headers["x-content-type-options"] == "nosniff"
    assert "default-src 'self'" in headers["content-security-policy"] and headers["cache-control"] == "no-store"
    assert "set-cookie" not in headers
    [(method, path, told)] = door.asked
    assert (method, path) == ("GET", "/jobs/job/?id=3&x=%20y")
    assert told["x-forwarded-context"] == ETL and told["accept"] == "text/html"
    assert "authorization" not in told and "cookie" not in told


def test_other_answers_are_passed_on_too(door: Door) -> None:
    assert door.get(f"{ETL}/missing")[0] == 404
    assert door.get(f"{ETL}/jobs/", method="HEAD")[:2] == (200, "")
    assert door.get(f"{ETL}/big")[1] == "x" * 200_000


def test_redirections_stay_below_the_cluster(door: Door) -> None:
    status, _, headers = door.get(f"{ETL}/")
    assert (status, headers["location"]) == (302, f"{ETL}/jobs/")
    status, _, headers = door.get(ETL)
    assert (status, headers["location"]) == (308, f"{ETL}/")
    assert door.get(f"{ETL}/evil")[0] == 502
    assert door.get(f"{ETL}/mean")[0] == 502


def test_who_gets_in(door: Door) -> None:
    status, body, headers = door.get(f"{ETL}/jobs/", user="")
    assert status == 401 and headers["www-authenticate"].startswith('Basic realm="kadali acme"')
    for user, password, wanted in (
        ("ann", "secret", 200),
        ("bob", "secret", 200),
        ("carl", "secret", 403),
        ("greta", "secret", 403),
        ("ann", "Secret", 401),
        ("nobody", "secret", 401),
        ("ann", "x" * 2000, 401),
    ):
        assert door.get(f"{ETL}/jobs/", user, password)[0] == wanted, user
    assert door.get("/tenants/nowhere/clusters/etl/ui/")[0] == 403
    assert len(door.asked) == 2
    assert "secret" not in body


def test_rights_count_as_they_are_now(door: Door) -> None:
    door.clusters.grant("etl", ["MONITOR"], "bob", revoke=True)
    assert door.get(f"{ETL}/jobs/", "bob")[0] == 403
    door.clusters.grant("etl", ["MONITOR"], "public")
    assert door.get(f"{ETL}/jobs/", "carl")[0] == 200


def test_guessing_ends_soon(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(password_module, "FAILURES_MAX", 3)
    found = [door.get(f"{ETL}/jobs/", "ann", f"guess {n}")[0] for n in range(3)]
    status, _, headers = door.get(f"{ETL}/jobs/")
    assert (found, status) == ([401, 401, 401], 429) and 0 < int(headers["retry-after"]) <= 61
    assert door.get(f"{ETL}/jobs/", "bob")[0] == 200, "others are not held up"
    monkeypatch.setattr(password_module, "FAILURES_S", 0.0)
    assert door.get(f"{ETL}/jobs/")[0] == 200


def test_what_is_not_there(door: Door) -> None:
    for path in (
        "/tenants/acme/clusters/other/ui/",
        "/tenants/",
        "/tenants/acme/clusters/etl",
        "/tenants/a%00/clusters/e/ui/",
    ):
        assert door.get(path)[0] == 404, path
    assert door.get(f"{ETL}/jobs/", method="POST")[0] == 405
    door.observed(state=ClusterState.SUSPENDED, ui=None)
    status, body, _ = door.get(f"{ETL}/jobs/")
    assert status == 503 and "is suspended" in body
    door.observed(ui=f"http://127.0.0.1:{free_port()}")
    assert door.get(f"{ETL}/jobs/")[0] == 502
    door.observed(ui="file:///etc/passwd")
    assert door.get(f"{ETL}/jobs/")[0] == 503
    door.state = Readiness.DRAINING
    assert door.get(f"{ETL}/jobs/")[0] == 503
    assert door.asked == []


@pytest.mark.parametrize("path", ["/jobs/job/kill/?id=1", "/jobs/job/%6bill/?id=1", "/stages/stage/KILL"])
def test_nothing_is_killed(door: Door, path: str) -> None:
    assert door.get(ETL + path)[0] == 403
    assert door.asked == []


@pytest.mark.parametrize("query", ["doAs=root", "a=1&DOAS=root", "do%41s=root", "terminate=true"])
def test_nobody_acts_as_somebody_else(door: Door, query: str) -> None:
    assert door.get(f"{ETL}/jobs/?{query}")[0] == 400
    assert door.asked == []


def test_a_driver_that_says_nothing_is_given_up(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ui_module, "ANSWER_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        door.observed(ui=f"http://127.0.0.1:{mute.getsockname()[1]}")
        assert door.get(f"{ETL}/jobs/")[0] == 504


def test_an_endless_answer_is_cut_off(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ui_module, "BODY_BYTES_MAX", 1000)
    assert door.get(f"{ETL}/big")[1] == "x" * 1000


def test_probes_find_a_place(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ui_module, "REQUESTS_MAX", 0)
    assert door.get(f"{ETL}/jobs/")[0] == 503
    assert door.get("/health")[0] == 200


def test_without_tls_only_on_loopback(opener: Callable[..., Door]) -> None:
    status, body, _ = opener(secure=False).get(f"{ETL}/jobs/")
    assert status == 403 and "TLS" in body
    assert [is_loopback(host) for host in ("127.0.0.1", "localhost", "::1", "0.0.0.0", "::", "192.0.2.1")] == [
        True, True, True, False, False, False,
    ]  # fmt: skip


def test_with_tls(opener: Callable[..., Door], tmp_path: Path) -> None:
    context = load_http_tls(load({"data_dir": str(tmp_path), "http_tls": "on"}, environment={}))
    assert context is not None
    assert load_http_tls(load({"data_dir": str(tmp_path)}, environment={})) is None
    door = opener(tls=context)
    trusting = ssl.create_default_context(cafile=str(tmp_path / "tls" / "server.crt"))
    connection = http.client.HTTPSConnection("127.0.0.1", door.port, timeout=20, context=trusting)
    told = base64.b64encode(b"ann:secret").decode()
    connection.request("GET", f"{ETL}/jobs/", headers={"Authorization": f"Basic {told}"})
    assert connection.getresponse().read() == b"page /jobs/"
    connection.close()
    with pytest.raises((ConnectionError, http.client.HTTPException)):
        door.get(f"{ETL}/jobs/")


@pytest.mark.parametrize(
    ("options", "url"),
    [
        ({}, "http://127.0.0.1:8080"),
        ({"http_tls": True, "host": "::1", "http_port": 8443}, "https://[::1]:8443"),
        ({"host": "0.0.0.0"}, ""),
        ({"http_port": 0}, ""),
        ({"host": "0.0.0.0", "http_url": "https://lake.example/kadali/"}, "https://lake.example/kadali"),
    ],
)
def test_links_begin_where_users_reach_the_server(options: dict[str, Any], url: str) -> None:
    assert web_url(Settings(**options)) == url
