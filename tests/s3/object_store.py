"""A real S3-compatible server (versitygw) for tests: built once into the user's cache, one process on loopback."""

from __future__ import annotations

import os
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from tests.clients.downloads import go_program
from tests.ports import free_port

VERSION = "1.8.0"
BUCKET = "lake"
ACCESS_KEY, SECRET_KEY = "tests", "no secret, of tests"
START_S, STOP_S = 20.0, 20.0


def versitygw() -> Path:
    """The program, built by Go where it is not in the cache yet (two minutes). Skips where there is no Go."""
    return go_program("github.com/versity/versitygw/cmd/versitygw", VERSION)


@dataclass
class ObjectStore:
    """One server over `root`, whose folders are the buckets; `bucket_dir` holds what is in the bucket `lake`.

    `host`: the address it listens on.
    """

    root: Path
    access_key: str = ACCESS_KEY
    secret_key: str = SECRET_KEY
    host: str = "127.0.0.1"
    port: int = 0
    process: subprocess.Popen[bytes] | None = None

    @property
    def endpoint(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def bucket_dir(self) -> Path:
        return self.root / BUCKET

    def start(self) -> ObjectStore:
        """Returns once requests are answered."""
        self.bucket_dir.mkdir(parents=True, exist_ok=True)
        self.port = self.port or free_port(self.host)
        keys = {"ROOT_ACCESS_KEY_ID": self.access_key, "ROOT_SECRET_ACCESS_KEY": self.secret_key}
        command = [str(versitygw()), "--keep-alive", "--quiet", "--port", f"{self.host}:{self.port}", "posix"]
        with (self.root.parent / f"{self.root.name}.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, str(self.root)], env=os.environ | keys, stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + START_S
        while not self._answers():
            assert self.process.poll() is None, f"the object store ended with status {self.process.returncode}"
            assert time.monotonic() < deadline, "the object store does not answer"
            time.sleep(0.02)
        return self

    def settings(self, endpoint: str | None = None) -> dict[str, str]:
        """Settings of a gateway for this store, as variables of its environment."""
        return {
            "KADALI_S3_ENDPOINT": endpoint or self.endpoint,
            "KADALI_S3_ACCESS_KEY_ID": self.access_key,
            "KADALI_S3_SECRET_ACCESS_KEY": self.secret_key,
        }

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(STOP_S)
            self.process = None

    def _answers(self) -> bool:
        try:
            urllib.request.urlopen(self.endpoint, timeout=1).close()
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False
        return True
