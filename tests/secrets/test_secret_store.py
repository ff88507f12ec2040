"""Secrets and connections in the metadata store: what lies there, who can open it, what a new key does."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select, text

from catalog.connections.model import ConnectorKind
from catalog.connections.outbound import Outbound
from catalog.connections.tenant import SecretGiven, TenantConnections
from catalog.errors import (
    DependentObjectsStillExist,
    DuplicateObject,
    ObjectNotInPrerequisiteState,
    UndefinedObject,
)
from catalog.secrets.keys import ServerKeys
from catalog.secrets.model import Origin, SecretSource
from catalog.secrets.outside import Outside
from catalog.secrets.tenant import TenantSecrets
from catalog.store import Store
from catalog.store.tables import secrets as table

Opener = Callable[[], Store]
VALUE = "geheim-4711"


def origin(value: str) -> Origin:
    return Origin(SecretSource.VALUE, value=value)


def secrets_of(store: Store, key: Path, tenant: str = "acme") -> TenantSecrets:
    found = store.ensure_tenant(tenant)
    return TenantSecrets(store.database, found.id, found.name, ServerKeys(key), Outside())


def connections_of(secrets: TenantSecrets) -> TenantConnections:
    return TenantConnections(secrets, Outbound())


def write_keys(path: Path, *keys: bytes) -> None:
    path.write_bytes(b"\n".join(base64.b64encode(key) for key in keys))
    path.chmod(0o600)


def sealed(store: Store) -> list[bytes]:
    with store.database.begin() as connection:
        return [bytes(value) for value in connection.execute(select(table.c.sealed).order_by(table.c.id)).scalars()]


def test_no_table_holds_a_value(store: Store, tmp_path: Path) -> None:
    secrets = secrets_of(store, tmp_path / "key")
    secrets.create("s", "ann", origin(VALUE))
    given = {"password": SecretGiven(value=VALUE + "-own")}
    connections_of(secrets).create("c", ConnectorKind.POSTGRES, "ann", {"host": "h", "database": "d"}, given)
    key = base64.b64decode((tmp_path / "key").read_bytes().splitlines()[-1])
    with store.database.begin() as connection:
        names = connection.execute(text("SELECT table_name FROM information_schema.tables WHERE table_schema='kadali'"))
        kept = "".join(
            str(connection.execute(text(f"SELECT coalesce(json_agg(t)::text, '') FROM kadali.\"{name}\" t")).scalar())
            for name in names.scalars().all()
        )
    for found in (VALUE, key.hex(), base64.b64encode(key).decode(), VALUE.encode().hex()):
        assert found not in kept
    assert "ann" in kept and len(sealed(store)) == 2
    assert secrets.value("s") == VALUE


def test_two_gateways_with_one_key_and_a_third_with_another(open_store: Opener, tmp_path: Path) -> None:
    one, two, three = open_store(), open_store(), open_store()
    secrets_of(one, tmp_path / "key").create("s", "ann", origin(VALUE))
    assert secrets_of(two, tmp_path / "key").value("s") == VALUE
    write_keys(tmp_path / "other", b"x" * 32)
    for path in (tmp_path / "other", tmp_path / "missing"):
        secrets = secrets_of(three, path)
        for use in (
            lambda found=secrets: found.value("s"),
            lambda found=secrets: found.alter("s", origin("new")),
            lambda found=secrets: found.create("t", "ann", origin("new")),
        ):
            with pytest.raises(ObjectNotInPrerequisiteState) as caught:
                use()
            assert "secret_key_file" in str(caught.value.hint)
        assert [one.name for one in secrets.list()] == ["s"]
    assert not (tmp_path / "missing").exists()
    assert secrets_of(two, tmp_path / "key").value("s") == VALUE


def test_another_tenant_sees_nothing_and_opens_nothing(store: Store, tmp_path: Path) -> None:
    acme, globex = (secrets_of(store, tmp_path / "key", name) for name in ("acme", "globex"))
    made = acme.create("s", "ann", origin(VALUE))
    assert globex.list() == () and globex.find("s") is None
    for use in (lambda: globex.value("s"), lambda: globex.value_of(made.id), lambda: globex.drop(["s"])):
        with pytest.raises(UndefinedObject):
            use()
    globex.create("s", "eve", origin("theirs"))
    with store.database.begin() as connection:
        moved = (
            "UPDATE kadali.secrets g SET sealed = a.sealed FROM kadali.secrets a WHERE g.owner='eve' AND a.owner='ann'"
        )
        connection.execute(text(moved))
    with pytest.raises(Exception, match="damaged"):
        globex.value("s")


def test_a_new_first_line_seals_everything_anew(open_store: Opener, tmp_path: Path) -> None:
    old, new = b"o" * 32, b"n" * 32
    key, second = tmp_path / "key", tmp_path / "second"
    write_keys(key, old)
    write_keys(second, old, new)
    first, other = secrets_of(open_store(), key), secrets_of(open_store(), second)
    for number in range(3):
        first.create(f"s{number}", "ann", origin(f"{VALUE}-{number}"))
    assert other.value("s0") == f"{VALUE}-0"
    before = sealed(open_store())
    write_keys(key, new, old)
    assert first.value("s1") == f"{VALUE}-1"  # no restart
    after = sealed(open_store())
    assert not set(before) & set(after)
    other.create("s3", "ann", origin(f"{VALUE}-3"))  # by the new key, although its file begins with the old one
    write_keys(key, new)
    write_keys(second, new)
    for secrets in (first, other, secrets_of(open_store(), key)):
        assert [secrets.value(f"s{number}") for number in range(4)] == [f"{VALUE}-{number}" for number in range(4)]
    write_keys(second, old)
    with pytest.raises(ObjectNotInPrerequisiteState):
        other.value("s1")


def test_a_connection_and_its_secrets(store: Store, tmp_path: Path) -> None:
    secrets = secrets_of(store, tmp_path / "key")
    connections = connections_of(secrets)
    secrets.create("pw", "ann", origin(VALUE))
    options = {"host": "h", "database": "d", "user": "u"}
    made = connections.create("crm", ConnectorKind.POSTGRES, "ann", options, {"password": SecretGiven(name="pw")})
    assert connections.secret_values(made) == {"password": VALUE} and made.option("port") == "5432"
    assert VALUE not in repr(made) + repr(SecretGiven(value=VALUE)) + repr(origin(VALUE))
    with pytest.raises(DependentObjectsStillExist) as caught:
        secrets.drop(["pw"])
    assert caught.value.detail == 'connection "crm" depends on secret "pw"'
    secrets.alter("pw", origin("rotated"))
    secrets.rename("pw", "pw2")
    assert connections.secret_values(connections.get("crm")) == {"password": "rotated"}
    connections.alter("crm", {"port": "5433"}, {"password": SecretGiven(value="own")})
    changed = connections.get("crm")
    assert connections.secret_values(changed) == {"password": "own"}
    assert dict(changed.options) == {**options, "port": "5433"} and changed.secrets["password"].name is None
    assert [one.name for one in secrets.list()] == ["pw2"] and len(sealed(store)) == 2
    secrets.drop(["pw2"])
    with pytest.raises(DuplicateObject):
        connections.create("crm", ConnectorKind.S3, "bob", {}, {})
    replaced = connections.create("crm", ConnectorKind.S3, "bob", {"bucket": "b"}, {}, replacing=True)
    assert (replaced.id, replaced.owner, dict(replaced.secrets)) == (made.id, "ann", {}) and sealed(store) == []
    connections.alter("crm", {}, {"session_token": SecretGiven(value="t")})
    connections.drop(["crm"])
    assert connections.list() == () and sealed(store) == []


def test_nothing_is_dropped_if_not_all_can_be(store: Store, tmp_path: Path) -> None:
    secrets = secrets_of(store, tmp_path / "key")
    connections = connections_of(secrets)
    for name in ("a", "b"):
        secrets.create(name, "ann", origin(VALUE))
    connections.create("c", ConnectorKind.S3, "ann", {}, {"session_token": SecretGiven(name="b")})
    for names in (["a", "b"], ["a", "nothing"]):
        with pytest.raises((DependentObjectsStillExist, UndefinedObject)):
            secrets.drop(names)
    with pytest.raises(UndefinedObject):
        connections.drop(["c", "nothing"])
    assert [one.name for one in secrets.list()] == ["a", "b"] and len(connections.list()) == 1
