"""What a tenant's catalog holds: schemas, tables, views, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from catalog.names import TableName
from catalog.types import PgType


class RelationKind(Enum):
    TABLE = "table"
    VIEW = "view"


@dataclass(frozen=True, slots=True)
class Identity:
    """GENERATED ALWAYS, or BY DEFAULT, AS IDENTITY: numbers from `start` on, `step` apart, with gaps."""

    always: bool
    start: int = 1
    step: int = 1


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `default` and `generated` (what a generated column is computed as) are SQL text as pg_get_expr prints
    it; `acl` are PostgreSQL aclitems on the column.
    """

    name: str
    type: PgType
    nullable: bool = True
    default: str | None = None
    comment: str | None = None
    acl: tuple[str, ...] = ()
    identity: Identity | None = None
    generated: str | None = None


@dataclass(frozen=True, slots=True)
class Statistics:
    """Of one Delta version: rows, bytes and files live in it."""

    version: int
    rows: int
    bytes: int
    files: int


@dataclass(frozen=True, slots=True)
class Relation:
    """A table or view.

    `location` is the Delta table's URI (tables only). `constraints` are (name, definition as pg_get_constraintdef
    prints it); `indexes` are whole CREATE INDEX statements as pg_get_indexdef prints them, without those behind
    constraints.
    `query` is a view's text as the user wrote it, `search_path` what was in force then: the engine expands that, not
    PostgreSQL's deparsed text. `pending` names the transaction that has created it and not yet committed.
    """

    name: TableName
    kind: RelationKind
    owner: str
    columns: tuple[Column, ...]
    location: str | None = None
    partition_by: tuple[str, ...] = ()
    comment: str | None = None
    constraints: tuple[tuple[str, str], ...] = ()
    indexes: tuple[str, ...] = ()
    query: str | None = None
    search_path: tuple[str, ...] = ()
    acl: tuple[str, ...] | None = None
    """aclitems; None: the owner's default rights only."""
    statistics: Statistics | None = None
    pending: str | None = None


@dataclass(frozen=True, slots=True)
class Schema:
    name: str
    owner: str
    comment: str | None = None
    acl: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class DefaultAcl:
    """What ALTER DEFAULT PRIVILEGES said, a row of pg_default_acl.

    `schema` None is everywhere; `kind` is r (tables), S, f, T or n; `acl` are aclitems.
    """

    role: str
    schema: str | None
    kind: str
    acl: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CatalogSnapshot:
    """All of a tenant's catalog at change number `seq`. `roles` are the users who may log in: name -> administrator."""

    seq: int
    schemas: dict[str, Schema] = field(default_factory=dict)
    relations: dict[TableName, Relation] = field(default_factory=dict)
    roles: dict[str, bool] = field(default_factory=dict)
    settings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """What sessions begin with, by role; under the empty name for everyone."""
    default_acls: tuple[DefaultAcl, ...] = ()
    defined: int = 0
    """Number of the last change to a definition or a role: statistics do not count."""
