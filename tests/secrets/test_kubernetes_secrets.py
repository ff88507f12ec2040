"""Secrets of Kubernetes as values, by an API server that answers as Kubernetes does for lists."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from catalog.errors import ConnectionFailure, InsufficientPrivilege, ObjectNotInPrerequisiteState
from catalog.secrets.outside import KubernetesReader
from engine.clusters.kubernetes import KubernetesApi
from engine.clusters.secrets import secret_reader

SECRETS = {
    "crm": {"data": {"password": base64.b64encode(b"geheim").decode(), "raw": base64.b64encode(b"\xff").decode()}},
    "lake-keys": {
        "metadata": {"labels": {"app.kubernetes.io/managed-by": "kadali"}},
        "data": {"key": base64.b64encode(b"the lake's").decode()},
    },
    "account": {"type": "kubernetes.io/service-account-token", "data": {"token": "eA=="}},
}
NAMESPACE = "/api/v1/namespaces/kadali-acme/secrets"
ASKED: list[str] = []


class Api(BaseHTTPRequestHandler):
    """Lists of Secrets by name, in the namespace of acme."""

    def do_GET(self) -> None:
        ASKED.append(self.path)
        url = urlsplit(self.path)
        name = parse_qs(url.query).get("fieldSelector", [""])[0].removeprefix("metadata.name=")
        here = url.path == NAMESPACE
        body = json.dumps({"items": [SECRETS[name]] if name in SECRETS else []} if here else {}).encode()
        self.send_response(200 if here else 403)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing on standard error."""


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KubernetesReader]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    config: Path = tmp_path_factory.mktemp("kube") / "config"
    cluster = {"server": f"http://127.0.0.1:{server.server_address[1]}"}
    parts = {
        "clusters": [{"name": "c", "cluster": cluster}],
        "users": [{"name": "u", "user": {}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
    }
    config.write_text(json.dumps({"apiVersion": "v1", "kind": "Config", "current-context": "x", **parts}))
    yield secret_reader(KubernetesApi(str(config)), "kadali-")
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_key_of_ones_own_namespace(read: KubernetesReader) -> None:
    assert read("acme", "kadali-acme", "crm", "password") == "geheim"


@pytest.mark.parametrize("namespace", ["kadali-globex", "default", "kube-system", "kadali-acme2"])
def test_other_namespaces_are_not_even_asked_for(read: KubernetesReader, namespace: str) -> None:
    asked = len(ASKED)
    with pytest.raises(InsufficientPrivilege):
        read("acme", namespace, "crm", "password")
    assert len(ASKED) == asked


@pytest.mark.parametrize(("name", "key"), [("lake-keys", "key"), ("account", "token")])
def test_what_is_the_servers_own_is_not_given(read: KubernetesReader, name: str, key: str) -> None:
    with pytest.raises(InsufficientPrivilege):
        read("acme", "kadali-acme", name, key)


@pytest.mark.parametrize(
    ("name", "key"),
    [("crm", "none"), ("crm", "raw"), ("none", "x"), ("crm,metadata.name!=x", "password"), ("../crm", "x")],
)
def test_what_there_is_not(read: KubernetesReader, name: str, key: str) -> None:
    with pytest.raises(ObjectNotInPrerequisiteState):
        read("acme", "kadali-acme", name, key)


def test_an_api_server_that_refuses(read: KubernetesReader) -> None:
    with pytest.raises(ConnectionFailure):
        read("globex", "kadali-globex", "crm", "password")
