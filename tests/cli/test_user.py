"""kadali user: with a server, without one, and twice at the same moment."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from catalog.scram import matches
from gateway.configuration import load
from gateway.data_folder import DataFolder
from gateway.metadata import Metadata
from gateway.settings import Settings
from tests.cli.conftest import Run


@pytest.fixture
def settings(folder: Path) -> Settings:
    return load({"data_dir": str(folder / "data")}, environment={})


@pytest.fixture
def server(settings: Settings) -> Iterator[Metadata]:
    """What a running server does to its data folder."""
    folder = DataFolder(settings.data_dir)
    folder.hold()
    running = Metadata(settings, folder)
    yield running
    running.close()
    folder.release()


def test_without_a_server(kadali: Run, settings: Settings) -> None:
    data = ["--data-dir", str(settings.data_dir)]
    added = kadali("user", "add", "anna", "--database", "shop", "--admin", "--password-stdin", *data, stdin="geheim\n")
    assert (added.returncode, added.stdout) == (0, "")
    assert added.stderr == 'added administrator "anna" to database "shop"\n'
    made_up = kadali("user", "add", "bob", "--database", "shop", *data)
    password = made_up.stdout.strip()
    assert made_up.returncode == 0 and len(password) == 20
    listed = kadali("user", "list", *data).stdout.splitlines()
    assert [line.split()[:3] for line in listed] == [
        ["user", "database", "admin"],
        ["anna", "shop", "yes"],
        ["bob", "shop", "no"],
    ]
    again = kadali("user", "add", "bob", "--database", "shop", "--password-stdin", *data, stdin=password)
    assert again.returncode == 1 and again.stderr == 'kadali: error: role "bob" already exists\n'
    assert kadali("user", "password", "bob", "--password-stdin", *data, stdin="neu").returncode == 0
    assert kadali("user", "drop", "anna", *data).returncode == 0
    gone = kadali("user", "drop", "anna", "--database", "shop", *data)
    assert gone.returncode == 1 and 'role "anna" does not exist' in gone.stderr
    folder = DataFolder(settings.data_dir)
    folder.hold()
    metadata = Metadata(settings, folder)
    try:
        assert [(user.name, user.database) for user in metadata.store.users.list()] == [("bob", "shop")]
        assert matches("neu", metadata.store.users.verifier("bob"))
    finally:
        metadata.close()
        folder.release()


def test_with_a_server(kadali: Run, server: Metadata, settings: Settings) -> None:
    done = kadali(
        "user", "add", "anna", "--database", "shop", "--password-stdin", "--data-dir", str(settings.data_dir), stdin="x"
    )
    assert done.returncode == 0, done.stderr
    assert server.store.users.login("anna", "shop").user == "anna"


def test_two_at_the_same_moment(kadali: Run, settings: Settings) -> None:
    def add(name: str) -> int:
        where = ["--database", "shop", "--data-dir", str(settings.data_dir)]
        return kadali("user", "add", name, "--password-stdin", *where, stdin="x").returncode

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(add, ["anna", "bob"])) == [0, 0]
    listed = kadali("user", "list", "--database", "shop", "--data-dir", str(settings.data_dir)).stdout
    assert "anna" in listed and "bob" in listed


def test_what_is_refused_makes_nothing(kadali: Run, settings: Settings) -> None:
    data = ["--data-dir", str(settings.data_dir)]
    empty = kadali("user", "add", "anna", "--database", "shop", "--password-stdin", *data)
    assert empty.returncode == 1 and "a password has 1 to 1024 bytes" in empty.stderr
    reserved = kadali("user", "add", "pg_anna", "--database", "shop", "--password-stdin", *data, stdin="x")
    assert reserved.returncode == 1 and 'role name "pg_anna" is reserved' in reserved.stderr
    assert not settings.data_dir.exists()


def test_with_a_metadata_server_of_ones_own(kadali: Run, folder: Path, store_url: str) -> None:
    where = ["--catalog-url", store_url, "--data-dir", str(folder / "data")]
    added = kadali("user", "add", "anna", "--database", "shop", "--password-stdin", *where, stdin="x")
    assert added.returncode == 0, added.stderr
    assert "anna  shop" in kadali("user", "list", *where).stdout
    assert not (folder / "data" / "metadata").exists(), "no embedded server is started"
    lost = kadali("user", "list", "--catalog-url", "postgresql://nobody@127.0.0.1:1/none")
    assert lost.returncode == 1 and "kadali: error: the metadata store cannot be reached" in lost.stderr
