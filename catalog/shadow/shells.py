"""SQL that makes, changes and guards the shell of a relation. Pure text: running it is `sync`'s and `ddl`'s work.

A shell must be guarded (`GUARD`) in the transaction that makes it: an unguarded one would answer with no rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import LiteralString

from catalog.model import Column, DefaultAcl, Identity, Relation, RelationKind, Schema
from catalog.names import TableName, always_quote, quote_literal
from catalog.types import BY_OID, INTERVAL, PgType, element, format_type

TypeText = Callable[[PgType], str]
"""A type as SQL text, e.g. "numeric(18,2)"."""

GUARD: LiteralString = "UPDATE pg_class SET relispopulated = false WHERE oid = ANY(%s) AND relkind = 'r'"
"""The execution guard: every scan of the relations fails with 55000 from now on (parameter: OIDs)."""
UNGUARD: LiteralString = (
    "UPDATE pg_class SET relispopulated = true WHERE relkind = 'r' AND NOT relispopulated"
    " AND position(lower(relname) in lower(%s)) > 0 RETURNING oid"
)
"""Lifts the guard of the tables whose names occur in a statement (parameter); `GUARD` must follow before the commit."""
PLANT: LiteralString = """
WITH told AS (SELECT * FROM unnest(%s::oid[], %s::int8[], %s::int8[], %s::int8[]) t (oid, row_count, bytes, files)),
kept AS (
  INSERT INTO kadali_internal.delta_size SELECT oid, row_count, bytes, files FROM told
  ON CONFLICT (oid) DO UPDATE SET row_count = excluded.row_count, bytes = excluded.bytes, files = excluded.files)
UPDATE pg_class c SET reltuples = told.row_count, relpages = least((told.bytes + 8191) / 8192, 2147483647)::int
FROM told WHERE c.oid = told.oid
"""
"""Statistics of Delta tables (parameters: OIDs, rows, bytes, files)."""
_PASSTHROUGH_TYPMOD = (1042, 1043, 1700, 1083, 1114, 1184, 1266)


def known_type(pg: PgType) -> str | None:
    """A type's text where the table of types knows it for sure, else None: PostgreSQL must be asked."""
    base = element(pg) or pg
    if base.oid not in BY_OID or (base.typmod >= 0 and base.oid not in _PASSTHROUGH_TYPMOD):
        return None
    if base.oid == 1042 and base.typmod < 0:
        return "bpchar" + ("[]" if base != pg else "")
    return format_type(pg) if pg.oid != INTERVAL.oid or pg.typmod < 0 else None


def create_schema(schema: Schema) -> list[str]:
    name = always_quote(schema.name)
    return [f"CREATE SCHEMA IF NOT EXISTS {name}", *alter_schema(schema)]


def alter_schema(schema: Schema) -> list[str]:
    """Owner, comment and rights of a schema that exists."""
    name = always_quote(schema.name)
    return [
        f"ALTER SCHEMA {name} OWNER TO {always_quote(schema.owner)}",
        f"COMMENT ON SCHEMA {name} IS {_literal_or_null(schema.comment)}",
        f"UPDATE pg_namespace SET nspacl = {_acl(schema.acl)} WHERE nspname = {quote_literal(schema.name)}",
    ]


def create_table(relation: Relation, type_text: TypeText) -> list[str]:
    """The bare shell with everything but guard, statistics and foreign keys (`add_foreign_key`)."""
    columns = ", ".join(_column_definition(column, type_text) for column in relation.columns)
    statements = [f"CREATE TABLE {_name(relation.name)} ({columns})"]
    keys = [item for item in relation.constraints if not is_foreign_key(item[1])]
    if keys:
        adds = ", ".join(f"ADD CONSTRAINT {always_quote(name)} {definition}" for name, definition in keys)
        statements.append(f"ALTER TABLE {_name(relation.name)} {adds}")
    return [*statements, *relation.indexes, *attributes(relation)]


def create_view(relation: Relation) -> list[str]:
    """The view from the user's text; the first statement sets the search_path the text was written under.

    `$user` in it is the owner, not us.
    """
    names = ", ".join(always_quote(column.name) for column in relation.columns)
    schemas = (relation.owner if schema == "$user" else schema for schema in relation.search_path)
    path = ", ".join(always_quote(schema) for schema in schemas) or "''"
    return [
        f"SET LOCAL search_path = {path}",
        f"CREATE OR REPLACE VIEW {_name(relation.name)}{f' ({names})' if names else ''} AS {relation.query}\n",
        "SET LOCAL search_path = ''",
        *attributes(relation),
    ]


def create_stand_in(relation: Relation, type_text: TypeText) -> list[str]:
    """A view with the right columns for a text PostgreSQL cannot parse; it stands on the guard and never answers."""
    columns = ", ".join(f"NULL::{type_text(column.type)} AS {always_quote(column.name)}" for column in relation.columns)
    text = f"CREATE OR REPLACE VIEW {_name(relation.name)} AS SELECT {columns} FROM kadali_internal.guard"
    return [text, *attributes(relation)]


def attributes(relation: Relation) -> list[str]:
    """Owner, comments and rights of a relation just made (where they differ from a new relation's)."""
    name, kind = _name(relation.name), _keyword(relation.kind)
    statements = [f"ALTER {kind} {name} OWNER TO {always_quote(relation.owner)}"]
    if relation.comment is not None:
        statements.append(set_comment(relation))
    if relation.acl is not None:
        statements.append(set_acl(relation))
    for column in relation.columns:
        if column.comment is not None:
            statements.append(set_column_comment(relation, column))
        if column.acl:
            statements.append(set_column_acl(relation, column))
    return statements


def set_comment(relation: Relation) -> str:
    return f"COMMENT ON {_keyword(relation.kind)} {_name(relation.name)} IS {_literal_or_null(relation.comment)}"


def set_acl(relation: Relation) -> str:
    return f"UPDATE pg_class SET relacl = {_acl(relation.acl)} WHERE oid = {_oid(relation.name)}"


def set_column_comment(relation: Relation, column: Column) -> str:
    target = f"{_name(relation.name)}.{always_quote(column.name)}"
    return f"COMMENT ON COLUMN {target} IS {_literal_or_null(column.comment)}"


def set_column_acl(relation: Relation, column: Column) -> str:
    acl = _acl(column.acl or None)
    where = f"attrelid = {_oid(relation.name)} AND attname = {quote_literal(column.name)}"
    return f"UPDATE pg_attribute SET attacl = {acl} WHERE {where}"


def is_foreign_key(definition: str) -> bool:
    return definition.startswith("FOREIGN KEY")


def add_foreign_key(table: TableName, name: str, definition: str) -> list[str]:
    """Not validated, since that would scan the shells, then marked valid, as users declared it."""
    bare = definition.removesuffix(" NOT VALID")
    added = f"ALTER TABLE {_name(table)} ADD CONSTRAINT {always_quote(name)} {bare} NOT VALID"
    where = f"conrelid = {_oid(table)} AND conname = {quote_literal(name)}"
    mark = f"UPDATE pg_constraint SET convalidated = true WHERE {where}"
    return [added] if bare != definition else [added, mark]


def alter_table(old: Relation, new: Relation, type_text: TypeText) -> list[str] | None:
    """From `old` (as it stands) to `new`, in place, keeping OIDs; None if only a new shell can: for that order of the
    columns, or columns that are generated so.

    Foreign keys of `new` that `old` lacks are left to the caller, as in `create_table`.
    """
    before = {column.name: column for column in old.columns}
    wanted = {column.name for column in new.columns}
    kept = [column.name for column in old.columns if column.name in wanted]
    if _generates_otherwise(before, new):
        return None
    if kept != [column.name for column in new.columns[: len(kept)]]:
        return None
    name = _name(new.name)
    gone = [item for item in old.constraints if not _has_constraint(new, item)]
    steps = [f"ALTER TABLE {name} DROP CONSTRAINT IF EXISTS {always_quote(item[0])} CASCADE" for item in gone]
    for index in sorted(set(old.indexes) - set(new.indexes)):
        steps.append(f"DROP INDEX IF EXISTS {_index_name(index)}")
    for column in old.columns:
        if column.name not in wanted:
            steps.append(f"ALTER TABLE {name} DROP COLUMN {always_quote(column.name)}")
    for column in new.columns:
        if column.name not in before:
            steps.append(f"ALTER TABLE {name} ADD COLUMN {_column_definition(column, type_text)}")
        else:
            steps += _alter_column(name, before[column.name], column, type_text)
    for con_name, definition in new.constraints:
        if not is_foreign_key(definition) and not _has_constraint(old, (con_name, definition)):
            steps.append(f"ALTER TABLE {name} ADD CONSTRAINT {always_quote(con_name)} {definition}")
    return [*steps, *sorted(set(new.indexes) - set(old.indexes)), *alter_attributes(old, new)]


def alter_attributes(old: Relation, new: Relation) -> list[str]:
    """Owner, comments and rights, where they differ."""
    steps: list[str] = []
    if old.owner != new.owner:
        steps.append(f"ALTER {_keyword(new.kind)} {_name(new.name)} OWNER TO {always_quote(new.owner)}")
    if old.comment != new.comment:
        steps.append(set_comment(new))
    if old.acl != new.acl or old.owner != new.owner:
        steps.append(set_acl(new))
    before = {column.name: column for column in old.columns}
    for column in new.columns:
        was = before.get(column.name)
        if column.comment != (was.comment if was else None):
            steps.append(set_column_comment(new, column))
        if column.acl != (was.acl if was else ()):
            steps.append(set_column_acl(new, column))
    return steps


def missing_foreign_keys(old: Relation | None, new: Relation) -> list[tuple[str, str]]:
    """(name, definition) of the foreign keys of `new` that its shell `old` lacks."""
    keys = [item for item in new.constraints if is_foreign_key(item[1])]
    return keys if old is None else [item for item in keys if not _has_constraint(old, item)]


def drop(kind: RelationKind, name: TableName) -> str:
    return f"DROP {_keyword(kind)} IF EXISTS {_name(name)} CASCADE"


def set_default_acls(items: Sequence[DefaultAcl]) -> list[str]:
    """All of pg_default_acl, written anew."""
    steps = ["DELETE FROM pg_default_acl"]
    for item in items:
        role = f"{quote_literal(always_quote(item.role))}::regrole"
        schema = "0" if item.schema is None else f"{quote_literal(always_quote(item.schema))}::regnamespace"
        steps.append(
            "INSERT INTO pg_default_acl SELECT pg_nextoid('pg_default_acl', 'oid', 'pg_default_acl_oid_index'),"
            f" {role}, {schema}, {quote_literal(item.kind)}, {_acl(item.acl)}"
        )
    return steps


def _alter_column(table: str, old: Column, new: Column, type_text: TypeText) -> list[str]:
    head = f"ALTER TABLE {table} ALTER COLUMN {always_quote(new.name)}"
    steps: list[str] = []
    if old.type != new.type:
        if old.default is not None:
            steps.append(f"{head} DROP DEFAULT")
        text = type_text(new.type)
        steps.append(f"{head} TYPE {text} USING NULL::{text}")
    if old.default != new.default or old.type != new.type:
        if new.default is not None:
            steps.append(f"{head} SET DEFAULT {new.default}")
        elif old.default is not None and old.type == new.type:
            steps.append(f"{head} DROP DEFAULT")
    if old.nullable != new.nullable:
        steps.append(f"{head} {'DROP' if new.nullable else 'SET'} NOT NULL")
    return steps


def _column_definition(column: Column, type_text: TypeText) -> str:
    text = f"{always_quote(column.name)} {type_text(column.type)}"
    if column.default is not None:
        text += f" DEFAULT {column.default}"
    if column.generated is not None:
        text += f" GENERATED ALWAYS AS ({column.generated}) STORED"
    if column.identity is not None:
        text += f" {_identity(column.identity)}"
    return text if column.nullable else text + " NOT NULL"


def _identity(identity: Identity) -> str:
    """With the bounds that the start needs: PostgreSQL's own are 1 and upwards, or -1 and downwards."""
    how, up = "ALWAYS" if identity.always else "BY DEFAULT", identity.step > 0
    bound = f"MINVALUE {min(identity.start, 1)}" if up else f"MAXVALUE {max(identity.start, -1)}"
    return f"GENERATED {how} AS IDENTITY (INCREMENT BY {identity.step} {bound} START WITH {identity.start})"


def _generates_otherwise(before: Mapping[str, Column], new: Relation) -> bool:
    """Also where a column changes its type from which others may be computed."""
    pairs = [(before[column.name], column) for column in new.columns if column.name in before]
    computed = any(column.generated is not None for column in (*before.values(), *new.columns))
    return any(
        (old.generated, old.identity) != (column.generated, column.identity) or (computed and old.type != column.type)
        for old, column in pairs
    )


def _has_constraint(relation: Relation, wanted: tuple[str, str]) -> bool:
    bare = (wanted[0], wanted[1].removesuffix(" NOT VALID"))
    return any((name, definition.removesuffix(" NOT VALID")) == bare for name, definition in relation.constraints)


def _index_name(definition: str) -> str:
    """`schema.index` out of pg_get_indexdef's text: the index lives in its table's schema."""
    name, _, rest = _split_identifier(definition.partition(" INDEX ")[2])
    schema, _, _ = _split_identifier(rest.removeprefix("ON ").removeprefix("ONLY "))
    return f"{schema}.{name}"


def _split_identifier(text: str) -> tuple[str, str, str]:
    """(identifier as written, the character after it, the rest)."""
    end = 0
    quoted = False
    while end < len(text) and (quoted or text[end] not in " ."):
        quoted ^= text[end] == '"'
        end += 1
    return text[:end], text[end : end + 1], text[end + 1 :]


def _name(name: TableName) -> str:
    return f"{always_quote(name.schema)}.{always_quote(name.name)}"


def _oid(name: TableName) -> str:
    return f"{quote_literal(_name(name))}::regclass"


def _keyword(kind: RelationKind) -> str:
    return "VIEW" if kind is RelationKind.VIEW else "TABLE"


def _literal_or_null(text: str | None) -> str:
    return "NULL" if text is None else quote_literal(text)


def _acl(items: Sequence[str] | None) -> str:
    if items is None:
        return "NULL"
    return f"ARRAY[{', '.join(quote_literal(item) for item in items)}]::aclitem[]"
