"""Tables as statements name them: resolved along the search path, with their rights and their statistics.

How a query's tables are found is in `references`; what they hold at another time in `historic`.
"""

from __future__ import annotations

from collections.abc import Sequence

from catalog.errors import (
    FeatureNotSupported,
    InsufficientPrivilege,
    ReadOnlySqlTransaction,
    UndefinedTable,
    WrongObjectType,
)
from catalog.model import CatalogSnapshot, Relation, RelationKind, Statistics
from catalog.names import TableLocation, TableName, always_quote
from sql_extensions.cursor import Cursor
from sql_extensions.evaluation import read_text
from sql_extensions.names import Name, dotted
from sql_extensions.session import Session
from sql_extensions.tenant import Tenant

SYSTEM_SCHEMAS = frozenset({"pg_catalog", "information_schema", "pg_toast"})
OWN_SCHEMA = "kadali"


def take_name(c: Cursor) -> Name:
    """A table's name from a statement, with its position."""
    position = c.here()
    return Name(c.qualified_name(), position)


def find(parts: Sequence[str], snapshot: CatalogSnapshot, search_path: Sequence[str]) -> Relation | None:
    """The relation a one to three part name means; None if there is none in the catalog."""
    schemas = (parts[-2],) if len(parts) > 1 else search_path
    return next(
        (found for schema in schemas if (found := snapshot.relations.get(TableName(schema, parts[-1]))) is not None),
        None,
    )


def resolve(parts: Sequence[str], session: Session, position: int | None = None) -> Relation:
    """The table or view a name means. Rights are not checked here.

    Raises UndefinedTable (42P01), FeatureNotSupported for another database, WrongObjectType for PostgreSQL's own
    relations and those of schema kadali.
    """
    if len(parts) > 2 and parts[0] != session.tenant.name:
        raise FeatureNotSupported(
            f'cross-database references are not implemented: "{dotted(parts)}"', position=position
        )
    found = find(parts, session.tenant.catalog.snapshot(), session.settings.search_path)
    if found is not None:
        return found
    schema = parts[-2] if len(parts) > 1 else ""
    if schema in SYSTEM_SCHEMAS or schema == OWN_SCHEMA or (not schema and parts[-1].startswith("pg_")):
        raise WrongObjectType(f'"{parts[-1]}" is not a Delta table', position=position)
    raise UndefinedTable(f'relation "{dotted(parts[-2:])}" does not exist', position=position)


def resolve_table(parts: Sequence[str], session: Session, position: int | None = None) -> Relation:
    """As `resolve`, for Delta tables only: a view raises WrongObjectType (42809), and so does a table not committed."""
    relation = resolve(parts, session, position)
    if relation.kind is not RelationKind.TABLE or relation.location is None:
        raise WrongObjectType(f'"{relation.name.name}" is not a table', position=position)
    return relation


def location_of(relation: Relation) -> str:
    """The Delta table's URI. Raises WrongObjectType for a view."""
    if relation.location is None:
        raise WrongObjectType(f'"{relation.name.name}" is not a table')
    return relation.location


def owns(relation: Relation, session: Session) -> bool:
    """Whether the user may maintain the table: its owner and administrators may."""
    return session.principal.admin or relation.owner == session.principal.user


def require_owner(relation: Relation, session: Session) -> None:
    """Raises InsufficientPrivilege (42501) unless the user owns the table or is an administrator."""
    if not owns(relation, session):
        raise InsufficientPrivilege(f"must be owner of table {relation.name.name}")


def require_privilege(relation: Relation, privilege: str, session: Session) -> None:
    """Raises InsufficientPrivilege (42501) unless the user has `privilege` (SELECT, TRUNCATE, ...) on the relation.

    PostgreSQL decides, on the shell; a role without USAGE on the schema is told so, as PostgreSQL does.
    """
    rows = read_text(
        session,
        "SELECT pg_catalog.has_schema_privilege(n.oid, 'USAGE'), pg_catalog.has_table_privilege(c.oid, $3)"
        " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = $1 AND c.relname = $2",
        relation.name.schema,
        relation.name.name,
        privilege,
    )
    usage, granted = rows[0] if rows else ("f", "f")
    if usage != "t":
        raise InsufficientPrivilege(f"permission denied for schema {relation.name.schema}")
    if granted != "t":
        kind = "view" if relation.kind is RelationKind.VIEW else "table"
        raise InsufficientPrivilege(f"permission denied for {kind} {relation.name.name}")


def refresh(tenant: Tenant, relation: Relation, *, at_once: bool = False) -> Statistics:
    """After a change of a table's version: what its newest version holds, told to the catalog.

    Cheap: the log's folder is looked at, and nothing is read if the version is known already. The shadow follows with
    the catalog's next saving, or `at_once`.
    """
    location = location_of(relation)
    snapshot = tenant.engine.snapshots.at(TableLocation(location))
    statistics = snapshot.statistics()
    tenant.catalog.record_statistics(relation.name, location, statistics)
    if at_once:
        tenant.shadow.set_statistics({relation.name: statistics})
    return statistics


def refuse_time_travel(session: Session) -> None:
    """Raises ReadOnlySqlTransaction (25006) if the session reads another time than now: nothing may be written then."""
    as_of = session.settings.as_of
    if as_of is not None:
        raise ReadOnlySqlTransaction(
            f"the session reads as of {as_of}: tables cannot be written", hint="End it with TIME TRAVEL OFF."
        )


def alias_text(alias: str | None) -> str:
    """` AS "alias"` as SQL, or nothing."""
    return "" if alias is None else f" AS {always_quote(alias)}"
