"""The relations and functions of schema `kadali` that users see: declared here as empty guarded twins.

They have names, columns and signatures for catalog queries and Describe; the gateway itself computes what they answer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from catalog.model import Column
from catalog.names import always_quote, quote_literal
from catalog.types import format_type

SCHEMA = "kadali"


@dataclass(frozen=True, slots=True)
class KadaliRelation:
    """A relation `kadali.<name>`."""

    name: str
    columns: tuple[Column, ...]
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class KadaliFunction:
    """A function `<schema>.<name>(<arguments>) RETURNS <returns>`.

    `arguments` is SQL text with defaults ("name text, version bigint DEFAULT NULL"), `returns` too ("TABLE(a int)",
    "SETOF record", "text").
    """

    name: str
    arguments: str
    returns: str
    comment: str | None = None
    schema: str = SCHEMA


KadaliObject = KadaliRelation | KadaliFunction


def digest(objects: Sequence[KadaliObject], template: str) -> str:
    """Of what a shadow is made from besides the tenant's catalog."""
    return hashlib.sha256(repr((template, tuple(objects))).encode()).hexdigest()


def declared(connection: psycopg.Connection[Any]) -> str | None:
    """The digest `declare` was called with in this shadow; None if it was not."""
    row = connection.execute("SELECT digest FROM kadali_internal.state WHERE object = 'objects'").fetchone()
    return None if row is None else str(row[0])


def declare(connection: psycopg.Connection[Any], objects: Sequence[KadaliObject], made_from: str) -> None:
    """Make the objects, in one transaction. For other objects the shadow must be made anew."""
    with connection.transaction():
        for item in objects:
            for statement in _relation(item) if isinstance(item, KadaliRelation) else _function(item):
                connection.execute(statement.encode())
        connection.execute("INSERT INTO kadali_internal.state VALUES ('objects', 0, %s)", [made_from])


def _relation(item: KadaliRelation) -> list[str]:
    name = f"{SCHEMA}.{always_quote(item.name)}"
    columns = ", ".join(
        f"{always_quote(column.name)} {format_type(column.type)}{'' if column.nullable else ' NOT NULL'}"
        for column in item.columns
    )
    comments = [
        f"COMMENT ON COLUMN {name}.{always_quote(column.name)} IS {quote_literal(column.comment)}"
        for column in item.columns
        if column.comment is not None
    ]
    if item.comment is not None:
        comments.append(f"COMMENT ON TABLE {name} IS {quote_literal(item.comment)}")
    return [
        f"CREATE TABLE {name} ({columns})",
        *comments,
        f"GRANT SELECT ON {name} TO PUBLIC",
        f"UPDATE pg_class SET relispopulated = false WHERE oid = {quote_literal(name)}::regclass",
    ]


def _function(item: KadaliFunction) -> list[str]:
    name = f"{always_quote(item.schema)}.{always_quote(item.name)}"
    message = quote_literal(f"function {item.schema}.{item.name} cannot be used in a query on catalog relations")
    body = f"BEGIN RAISE EXCEPTION USING ERRCODE = '0A000', MESSAGE = {message}; END"
    statements = [
        f"CREATE SCHEMA IF NOT EXISTS {always_quote(item.schema)}",
        f"GRANT USAGE ON SCHEMA {always_quote(item.schema)} TO PUBLIC",
        f"CREATE FUNCTION {name}({item.arguments}) RETURNS {item.returns} LANGUAGE plpgsql VOLATILE AS "
        + quote_literal(body),
    ]
    if item.comment is not None:
        # The signature as PostgreSQL knows it: the newest function is the one just made.
        statements.append(
            "DO $do$ BEGIN EXECUTE format('COMMENT ON FUNCTION %s IS %L', (SELECT max(oid)::regprocedure FROM pg_proc"
            f" WHERE proname = {quote_literal(item.name)}), {quote_literal(item.comment)}); END $do$"
        )
    return statements
