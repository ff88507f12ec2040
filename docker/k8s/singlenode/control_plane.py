"""A control plane: etcd, kube-apiserver, kube-controller-manager and kube-scheduler as processes of one machine.

It needs no rights and no containers. Everything is lost at the end: etcd does not wait for the disk.
"""

from __future__ import annotations

import base64
import http.client
import secrets
import socket
import ssl
import subprocess
import time
import urllib.request
from pathlib import Path

from singlenode.processes import Processes, ProgramError

PARTS = ("etcd", "apiserver", "controller-manager", "scheduler")
SERVICE_RANGE = "10.96.0.0/16"
START_TIMEOUT_S = 120.0
_LOOK_EVERY_S = 0.1
_REQUEST_TIMEOUT_S = 5.0


class ControlPlane:
    """Parts by name (PARTS) may be stopped, killed and started again while it runs; ports stay the same.

    `folder`: its state, certificates and logs. `binaries`: a folder with the programs. `address`: of this machine, to
    which the API server is bound; loopback unless nodes and pods are to reach it.
    """

    def __init__(self, folder: Path, binaries: Path, address: str = "127.0.0.1") -> None:
        self.folder, self.address = folder, address
        self._binaries = binaries
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        self._processes = Processes(folder)
        self.port, self._etcd, self._peer, self._manager, self._scheduler = _free_ports(address, 5)
        self.token = self._secret("admin.token")
        self.node_token = self._secret("node.token")

    @property
    def url(self) -> str:
        """The API server's address."""
        return f"https://{self.address}:{self.port}"

    @property
    def kubeconfig(self) -> Path:
        """A file for an administrator of the cluster; there after `start`."""
        return self.folder / "kubeconfig"

    @property
    def authority(self) -> Path:
        """The certificate that clients trust."""
        return self.folder / "certs" / "apiserver.crt"

    def start(self) -> None:
        """Returns when the API server is ready; raises ProgramError, with nothing left running."""
        self._accounts()
        try:
            self.start_part("etcd")
            self.start_part("apiserver")
            self._write_kubeconfigs()
            self.start_part("controller-manager")
            self.start_part("scheduler")
        except BaseException:
            self.stop()
            raise

    def wait_for_controllers(self) -> None:
        """Until namespaces get their service accounts: before, no pod can be made. Raises ProgramError."""
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._answers("/api/v1/namespaces/default/serviceaccounts/default"):
            self._processes.check("controller-manager")
            if time.monotonic() > deadline:
                raise ProgramError(f"controllers do not work: {self._processes.output('controller-manager')}")
            time.sleep(_LOOK_EVERY_S)

    def start_part(self, name: str) -> None:
        """Raises ProgramError. For the API server it returns when it is ready."""
        self._processes.start(name, *getattr(self, "_" + name.replace("-", "_") + "_command")())
        if name == "apiserver":
            self._wait_ready(time.monotonic() + START_TIMEOUT_S)

    def stop_part(self, name: str) -> None:
        self._processes.stop(name)

    def kill_part(self, name: str) -> None:
        """At once, as a crash would end it."""
        self._processes.stop(name, patience_s=0)

    def stop(self) -> None:
        for name in reversed(PARTS):
            self._processes.stop(name, patience_s=0)  # nothing is to be kept

    def running(self) -> bool:
        return all(map(self.alive, PARTS))

    def alive(self, part: str) -> bool:
        return self._processes.pid(part) is not None

    def output(self, part: str) -> str:
        """The end of what a part printed."""
        return self._processes.output(part)

    def get(self, path: str) -> bytes:
        """What the API server answers to its administrator; raises OSError, of which HTTPError is one."""
        trust = ssl.create_default_context(cafile=str(self.authority))
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trust)
        )
        headers = {"Authorization": f"Bearer {self.token}"}
        request = urllib.request.Request(self.url + path, headers=headers)  # noqa: S310 - https, ours
        with opener.open(request, timeout=_REQUEST_TIMEOUT_S) as answer:
            content: bytes = answer.read()
        return content

    def write_kubeconfig(self, file: Path, token: str, namespace: str = "default") -> Path:
        """A file that opens the cluster to whoever the token belongs to."""
        certificate = base64.b64encode(self.authority.read_bytes()).decode()
        file.touch(mode=0o600)
        file.write_text(
            f"""apiVersion: v1
kind: Config
current-context: kadali
clusters:
- name: kadali
  cluster: {{server: "{self.url}", certificate-authority-data: {certificate}}}
users:
- name: kadali
  user: {{token: "{token}"}}
contexts:
- name: kadali
  context: {{cluster: kadali, user: kadali, namespace: "{namespace}"}}
"""
        )
        return file

    def _write_kubeconfigs(self) -> None:
        self.write_kubeconfig(self.kubeconfig, self.token)
        self.write_kubeconfig(self.folder / "node.kubeconfig", self.node_token)

    def _secret(self, name: str) -> str:
        file = self.folder / name
        if not file.exists():
            file.touch(mode=0o600)
            file.write_text(secrets.token_hex(16))
        return file.read_text()

    def _accounts(self) -> None:
        """Who may come in, and the key that signs the tokens of service accounts."""
        tokens = self.folder / "tokens.csv"
        tokens.touch(mode=0o600)
        tokens.write_text(
            f"{self.token},admin,admin,system:masters\n{self.node_token},system:node:node1,node,system:masters\n"
        )
        key = self.folder / "accounts.key"
        if not key.exists():
            key.touch(mode=0o600)
            subprocess.run(["openssl", "genrsa", "-out", str(key), "2048"], check=True, capture_output=True, timeout=60)

    def _etcd_command(self) -> list[str]:
        clients, peers = f"http://127.0.0.1:{self._etcd}", f"http://127.0.0.1:{self._peer}"
        return [
            str(self._binaries / "etcd"),
            f"--data-dir={self.folder / 'etcd'}",
            f"--listen-client-urls={clients}",
            f"--advertise-client-urls={clients}",
            f"--listen-peer-urls={peers}",
            f"--initial-advertise-peer-urls={peers}",
            f"--initial-cluster=default={peers}",
            "--unsafe-no-fsync",
            "--log-level=warn",
        ]

    def _apiserver_command(self) -> list[str]:
        key = self.folder / "accounts.key"
        issuer = "https://kubernetes.default.svc"
        loopback = self.address.startswith("127.")  # cannot be an endpoint of the Service: refused since 1.37
        return [
            str(self._binaries / "kube-apiserver"),
            f"--etcd-servers=http://127.0.0.1:{self._etcd}",
            f"--bind-address={self.address}",
            f"--advertise-address={self.address}",
            f"--secure-port={self.port}",
            f"--cert-dir={self.folder / 'certs'}",
            f"--token-auth-file={self.folder / 'tokens.csv'}",
            "--authorization-mode=Node,RBAC",
            f"--service-cluster-ip-range={SERVICE_RANGE}",
            f"--service-account-issuer={issuer}",
            f"--api-audiences={issuer}",
            f"--service-account-key-file={key}",
            f"--service-account-signing-key-file={key}",
            "--enable-admission-plugins=NodeRestriction",
            "--allow-privileged=true",
            "--kubelet-preferred-address-types=InternalIP,Hostname",
            *(["--endpoint-reconciler-type=none"] if loopback else []),
        ]

    def _controller_manager_command(self) -> list[str]:
        return [
            str(self._binaries / "kube-controller-manager"),
            f"--kubeconfig={self.kubeconfig}",
            "--leader-elect=false",
            "--bind-address=127.0.0.1",
            f"--secure-port={self._manager}",
            f"--cert-dir={self.folder / 'certs'}",
            f"--service-account-private-key-file={self.folder / 'accounts.key'}",
            f"--root-ca-file={self.authority}",
            "--use-service-account-credentials=true",
        ]

    def _scheduler_command(self) -> list[str]:
        return [
            str(self._binaries / "kube-scheduler"),
            f"--kubeconfig={self.kubeconfig}",
            "--leader-elect=false",
            "--bind-address=127.0.0.1",
            f"--secure-port={self._scheduler}",
            f"--cert-dir={self.folder / 'certs'}",
        ]

    def _wait_ready(self, deadline: float) -> None:
        while True:
            self._processes.check("etcd")
            self._processes.check("apiserver")
            if self._answers("/readyz"):
                return
            if time.monotonic() > deadline:
                raise ProgramError(f"the API server is not ready: {self._processes.output('apiserver')}")
            time.sleep(_LOOK_EVERY_S)

    def _answers(self, path: str) -> bool:
        try:
            self.get(path)
        except (OSError, http.client.HTTPException):  # not listening yet, a certificate half written, 404, 500
            return False
        return True


def _free_ports(address: str, count: int) -> list[int]:
    """Ports that nobody listens on now."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind((address, 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()
