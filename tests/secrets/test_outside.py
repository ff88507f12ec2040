"""Values of secrets that are not in the store: what is listed is read, nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from catalog.errors import (
    FeatureNotSupported,
    InsufficientPrivilege,
    InvalidParameterValue,
    IoError,
    ObjectNotInPrerequisiteState,
    SqlError,
)
from catalog.secrets.model import Origin, SecretSource
from catalog.secrets.outside import VALUE_BYTES_MAX, Listed, Outside, listed


def env(name: str) -> Origin:
    return Origin(SecretSource.ENV, name)


def file(path: Path | str) -> Origin:
    return Origin(SecretSource.FILE, str(path))


def test_entries() -> None:
    assert listed(None) == listed(" , ") == ()
    assert listed("A, acme:B") == (Listed("A"), Listed("B", "acme"))
    assert listed("/run/s,acme:/run/a") == (Listed("/run/s"), Listed("/run/a", "acme"))


def test_nothing_is_read_by_default(tmp_path: Path) -> None:
    for origin in (env("HOME"), file("/etc/hostname"), file(tmp_path)):
        with pytest.raises(InsufficientPrivilege):
            Outside().read(origin, "acme")
    with pytest.raises(FeatureNotSupported):
        Outside().read(Origin(SecretSource.KUBERNETES, "n/s", "k"), "acme")


def test_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KADALI_TEST_ONE", "one")
    monkeypatch.setenv("KADALI_TEST_TWO", "two")
    monkeypatch.setenv("KADALI_TEST_EMPTY", "")
    outside = Outside(listed("KADALI_TEST_ONE, acme:KADALI_TEST_TWO, KADALI_TEST_NONE, KADALI_TEST_EMPTY"))
    assert outside.read(env("KADALI_TEST_ONE"), "globex") == "one"
    assert outside.read(env("KADALI_TEST_TWO"), "acme") == "two"
    for name in ("KADALI_TEST_TWO", "PATH", "", "acme:KADALI_TEST_TWO"):
        with pytest.raises(InsufficientPrivilege):
            outside.read(env(name), "globex")
    with pytest.raises(ObjectNotInPrerequisiteState):
        outside.read(env("KADALI_TEST_NONE"), "acme")
    with pytest.raises(InvalidParameterValue):
        outside.read(env("KADALI_TEST_EMPTY"), "acme")


def test_files(tmp_path: Path) -> None:
    allowed, other = tmp_path / "allowed", tmp_path / "allowed-not"
    for folder in (allowed, other):
        folder.mkdir()
        (folder / "pw").write_text("geheim\n")
    outside = Outside(paths=listed(str(allowed)))
    assert outside.read(file(allowed / "pw"), "acme") == "geheim"
    (allowed / "..data").mkdir()
    (allowed / "..data" / "k8s").write_text("mounted")
    (allowed / "k8s").symlink_to("..data/k8s")
    assert outside.read(file(allowed / "k8s"), "acme") == "mounted"
    (allowed / "out").symlink_to(other / "pw")
    (allowed / "up").symlink_to(tmp_path)
    for path in (other / "pw", allowed / "out", allowed / ".." / "allowed-not" / "pw", allowed / "up/allowed-not/pw"):
        with pytest.raises(InsufficientPrivilege):
            outside.read(file(path), "acme")
    for path in ("allowed/pw", "", "pw", f"{allowed}/pw\0"):
        with pytest.raises(InsufficientPrivilege):
            outside.read(file(path), "acme")
    of_one = Outside(paths=listed(f"acme:{allowed}"))
    assert of_one.read(file(allowed / "pw"), "acme") == "geheim"
    with pytest.raises(InsufficientPrivilege):
        of_one.read(file(allowed / "pw"), "globex")


def test_what_is_no_value(tmp_path: Path) -> None:
    outside = Outside(paths=listed(str(tmp_path)))
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "folder").mkdir()
    for name, content in {
        "empty": b"",
        "long": b"x" * (VALUE_BYTES_MAX + 1),
        "bytes": b"\xff",
        "zero": b"a\0b",
    }.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "most").write_bytes(b"x" * VALUE_BYTES_MAX + b"\r\n")
    assert len(outside.read(file(tmp_path / "most"), "acme")) == VALUE_BYTES_MAX
    for name in ("empty", "long", "bytes", "zero", "fifo", "missing"):
        with pytest.raises((ObjectNotInPrerequisiteState, InvalidParameterValue)):
            outside.read(file(tmp_path / name), "acme")
    with pytest.raises((ObjectNotInPrerequisiteState, IoError)):
        outside.read(file(tmp_path / "folder"), "acme")


@pytest.mark.parametrize("reference", ["", "secret", "/secret", "namespace/", "a/b/c"])
def test_a_secret_of_kubernetes_is_named_by_two_words(reference: str) -> None:
    outside = Outside(kubernetes=lambda *_: "never")
    with pytest.raises(SqlError) as caught:
        outside.read(Origin(SecretSource.KUBERNETES, reference, "k"), "acme")
    assert caught.value.code == "22023"
