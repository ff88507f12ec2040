"""Users: who may enter which database, with verifiers that a real PostgreSQL accepts and makes."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.errors import (
    DuplicateObject,
    InsufficientPrivilege,
    InvalidAuthorization,
    InvalidCatalogName,
    InvalidName,
    InvalidPassword,
    ReservedName,
    UndefinedObject,
)
from catalog.postgres import EmbeddedPostgres
from catalog.principal import Principal
from catalog.scram import Verifier, matches, mock_verifier, parse_verifier, scram_verifier
from catalog.store import Store

PASSWORDS = (
    "secret",
    "ñandú ｆｕｌｌ",
    "a\u00a0b",
    "soft\u00adhyphen",
    "\u0627\u0644",
    "ſ",
    "½",
    "\u0627a",
    "x\u0007é",
    "①",
)


@pytest.fixture
def demo(store: Store) -> Store:
    store.create_tenant("demo")
    store.create_tenant("other")
    return store


def test_login(demo: Store) -> None:
    demo.users.add("anna", "demo", "secret", admin=True)
    demo.users.add("bob", "other", "secret")
    assert demo.users.login("anna", "demo", "127.0.0.1:1") == Principal("anna", "demo", True, "127.0.0.1:1")
    assert demo.users.login("bob", "other") == Principal("bob", "other")
    with pytest.raises(InvalidCatalogName, match='database "nowhere" does not exist') as raised:
        demo.users.login("anna", "nowhere")
    assert raised.value.code == "3D000"
    with pytest.raises(InsufficientPrivilege, match='permission denied for database "other"'):
        demo.users.login("anna", "other")
    with pytest.raises(InvalidAuthorization, match='role "carl" does not exist'):
        demo.users.login("carl", "demo")


def test_one_password_in_all_databases(demo: Store) -> None:
    demo.users.add("anna", "demo", "secret")
    with pytest.raises(DuplicateObject, match='role "anna" already exists'):
        demo.users.add("anna", "demo", "secret")
    with pytest.raises(InvalidPassword, match="another password"):
        demo.users.add("anna", "other", "guess")
    demo.users.add("anna", "other", "secret", admin=True)
    assert [(u.name, u.database, u.admin) for u in demo.users.list()] == [
        ("anna", "demo", False),
        ("anna", "other", True),
    ]
    demo.users.set_admin("anna", "demo", admin=True)
    assert demo.users.login("anna", "demo").admin


def test_dropping(demo: Store) -> None:
    demo.users.add("anna", "demo", "secret")
    demo.users.add("anna", "other", "secret")
    demo.users.drop("anna", "demo")
    assert [user.database for user in demo.users.list()] == ["other"]
    assert matches("secret", demo.users.verifier("anna"))
    with pytest.raises(UndefinedObject):
        demo.users.drop("anna", "demo")
    demo.users.drop("anna")
    assert not matches("secret", demo.users.verifier("anna"))
    with pytest.raises(UndefinedObject, match='role "anna" does not exist'):
        demo.users.drop("anna")
    with pytest.raises(UndefinedObject):
        demo.users.set_password("anna", "x")


def test_names_and_passwords_that_cannot_be(demo: Store) -> None:
    for name, error in (("pg_x", ReservedName), ("public", ReservedName), ("", InvalidName), ("x" * 64, InvalidName)):
        with pytest.raises(error):
            demo.users.add(name, "demo", "secret")
    for password in ("", "x" * 2000, "a\0"):
        with pytest.raises(InvalidPassword):
            demo.users.add("anna", "demo", password)
    with pytest.raises(InvalidCatalogName):
        demo.users.add("anna", "nowhere", "secret")
    assert demo.users.list() == []


def test_unknown_users_look_the_same_each_time_and_on_every_gateway(open_store: Callable[[], Store]) -> None:
    one, two = open_store(), open_store()
    assert one.users.verifier("ghost") == two.users.verifier("ghost") != one.users.verifier("phantom")
    assert parse_verifier(one.users.verifier("ghost")).iterations == 4096


@pytest.mark.parametrize("password", PASSWORDS)
def test_postgres_makes_the_same_verifier(metadata_postgres: EmbeddedPostgres, password: str) -> None:
    with psycopg.connect(metadata_postgres.conninfo("postgres")) as connection:
        connection.execute("SET password_encryption = 'scram-sha-256'")
        quoted = psycopg.sql.Literal(password).as_string(connection)
        connection.execute(f"CREATE ROLE somebody PASSWORD {quoted}")
        row = connection.execute("SELECT rolpassword FROM pg_authid WHERE rolname = 'somebody'").fetchone()
        connection.rollback()
    assert row is not None
    assert scram_verifier(password, salt=parse_verifier(row[0]).salt) == row[0]
    assert matches(password, row[0]) and not matches(password + "x", row[0])


def test_what_is_no_verifier() -> None:
    good = scram_verifier("x")
    for bad in ("", "md5abc", good[:-1], good.replace("256", "512"), good + "$", good.replace("4096", "0")):
        with pytest.raises(ValueError, match="not a SCRAM"):
            parse_verifier(bad)


@given(st.integers(1, 10**6), st.binary(min_size=1, max_size=32), st.binary(min_size=32, max_size=32))
def test_verifiers_are_read_as_written(iterations: int, salt: bytes, key: bytes) -> None:
    verifier = Verifier(iterations, salt, key, key[::-1])
    assert parse_verifier(str(verifier)) == verifier


def test_a_mock_does_not_tell_the_secret() -> None:
    assert mock_verifier("a", b"1" * 32) != mock_verifier("a", b"2" * 32)
