"""The data directory all shadows are copied from: initdb, hardening, statistics functions, our schemas, done once.

Kept in the user's cache directory under PostgreSQL's version and a hash of everything that made it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import psycopg

from catalog.postgres import EmbeddedPostgres, find_binaries

DATABASE = "kadali_template"
"""The database to rename to the tenant's."""
INITDB_OPTIONS = ("--wal-segsize=4",)


def template(work_dir: Path, *, cache_dir: Path | None = None, bin_dir: Path | None = None) -> Path:
    """A cluster directory to copy, made if it is missing (about a second).

    `work_dir` is where a server may run while it is made. Any number of processes may ask at once.
    """
    name = f"shadow-{find_binaries(bin_dir).version}-{_recipe_hash()}"
    home = cache_dir if cache_dir is not None else _user_cache()
    finished = home / name
    if (finished / "PG_VERSION").exists():
        return finished
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    work_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=".template-", dir=work_dir))
    arriving = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=home))
    try:
        scratch.chmod(0o755)
        server = EmbeddedPostgres(scratch / "t", durable=False, bin_dir=bin_dir, initdb_options=INITDB_OPTIONS)
        with server:
            _prepare(server)
        shutil.copytree(server.cluster, arriving / "cluster", symlinks=True)
        os.sync()  # the copy outlives a crash of the machine, which the server's files need not
        try:
            (arriving / "cluster").rename(finished)
        except OSError:
            if not (finished / "PG_VERSION").exists():
                raise  # not the other process that was quicker
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        shutil.rmtree(arriving, ignore_errors=True)
    return finished


def _prepare(server: EmbeddedPostgres) -> None:
    with psycopg.connect(server.conninfo("template1"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {DATABASE}".encode())
        connection.execute(f"REVOKE TEMP ON DATABASE {DATABASE} FROM PUBLIC".encode())
        connection.execute("DROP DATABASE postgres")
        connection.execute("REVOKE ALL ON DATABASE template1 FROM PUBLIC")
    with psycopg.connect(server.conninfo(DATABASE), autocommit=True) as connection:
        for text in _scripts():
            connection.execute(text.encode())
        connection.execute("VACUUM FREEZE ANALYZE pg_catalog.pg_proc")
        connection.execute("CHECKPOINT")


def _scripts() -> Iterator[str]:
    folder = resources.files("catalog.shadow") / "sql"
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(".sql"):
            yield entry.read_text(encoding="utf-8")


def _recipe_hash() -> str:
    recipe = "\0".join([*_scripts(), *INITDB_OPTIONS, repr(_prepare.__code__.co_consts)])
    return hashlib.sha256(recipe.encode()).hexdigest()[:16]


def _user_cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if base else Path.home() / ".cache") / "kadali"
