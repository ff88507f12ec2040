"""Making and altering Delta tables, and what every commit of ours notes about itself. Rows are `transaction`'s."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from deltalake import CommitProperties, DeltaTable, Field, TableFeatures
from deltalake.schema import Schema

from catalog.errors import (
    DuplicateColumn,
    DuplicateTable,
    FeatureNotSupported,
    InvalidTableDefinition,
    UndefinedColumn,
)
from catalog.model import Column
from catalog.types import BYTEA, element, format_type, storage_type
from engine.delta.errors import delta_errors
from engine.delta.features import check_properties, check_writable
from engine.delta.schema import DeltaField, delta_of, read_fields, write_field, write_schema
from engine.delta.snapshot import Snapshot, check_location, columns_of, has_log, open_table
from engine.storage.storage import LOCAL, Storage

__all__ = ["CommitInfo", "add_column", "check_columns", "columns_of", "create", "difference", "set_properties"]


@dataclass(frozen=True, slots=True)
class CommitInfo:
    """Who commits, for which query; `metadata` is the user's own text (Delta's userMetadata)."""

    user: str
    query_id: str = ""
    metadata: str | None = None

    def properties(self, max_retries: int | None = None) -> CommitProperties:
        custom: dict[str, str] = {"userName": self.user}
        if self.query_id:
            custom["queryId"] = self.query_id
        if self.metadata is not None:
            custom["userMetadata"] = self.metadata
        return CommitProperties(custom_metadata=custom, max_commit_retries=max_retries)


def spark_metadata(commit: CommitInfo) -> str:
    """What Spark is to note with a commit as userMetadata, the only place it has; `noted_by_spark` reads it."""
    told = {"userName": commit.user, "queryId": commit.query_id}
    return json.dumps({"kadali": told | ({} if commit.metadata is None else {"userMetadata": commit.metadata})})


def noted_by_spark(info: Mapping[str, Any]) -> Mapping[str, Any]:
    """A commitInfo with what `spark_metadata` has put into it in the places where our own commits have it."""
    noted = info.get("userMetadata")
    if not isinstance(noted, str) or not noted.startswith('{"kadali"'):
        return info
    try:
        told = json.loads(noted)["kadali"]
    except (json.JSONDecodeError, KeyError):
        return info
    return {**info, "userMetadata": None, **told} if isinstance(told, dict) else info


def create(
    uri: str,
    columns: Sequence[Column],
    partition_by: Sequence[str] = (),
    configuration: Mapping[str, str] | None = None,
    *,
    commit: CommitInfo,
    comment: str | None = None,
    storage: Storage = LOCAL,
    notes: Mapping[str, Mapping[str, str]] | None = None,
) -> int:
    """Make an empty table; returns its version. `notes`: further metadata of fields, by name.

    Raises DuplicateTable if there is one at the place, FeatureNotSupported for types that Delta cannot hold.
    """
    check_columns(columns, partition_by)
    place = storage.place(uri)
    check_location(place)
    check_properties(configuration or {})
    schema = Schema.from_json(write_schema(columns, notes))
    if has_log(place, storage):
        raise DuplicateTable("a Delta table exists at that location")
    with delta_errors():
        table = DeltaTable.create(
            place,
            schema,
            mode="error",
            partition_by=list(partition_by),
            description=comment,
            configuration=dict(configuration or {}),
            raise_if_key_not_exists=False,
            commit_properties=commit.properties(),
            storage_options=storage.delta(place),
        )
        if features := _missing_features(table, columns):
            table.alter.add_feature(
                features, allow_protocol_versions_increase=True, commit_properties=commit.properties()
            )
        return int(table.version())


def _missing_features(table: DeltaTable, columns: Sequence[Column]) -> list[TableFeatures]:
    """What a new table has and its protocol does not tell: Spark writes no table whose NOT NULL is not named among the
    features, where those are named at all (as for timestamps).
    """
    identity = any(column.identity is not None for column in columns)
    required = any(not column.nullable for column in columns)
    if identity:
        return [TableFeatures.AppendOnly, TableFeatures.Invariants, TableFeatures.IdentityColumns]
    named = table.protocol().writer_features
    return [TableFeatures.Invariants] if required and named and "invariants" not in named else []


def check_columns(columns: Sequence[Column], partition_by: Sequence[str] = ()) -> None:
    """What Delta asks of a table's columns beyond their types."""
    if not columns:
        raise FeatureNotSupported("tables without columns are not supported")
    seen: set[str] = set()
    for column in columns:
        if column.name.lower() in seen:
            raise DuplicateColumn(
                f'column "{column.name}" specified more than once', detail="Delta Lake ignores case in column names."
            )
        seen.add(column.name.lower())
    by_name = {column.name: column for column in columns}
    for name in partition_by:
        if name not in by_name:
            raise UndefinedColumn(f'column "{name}" named in partition key does not exist')
        if element(by_name[name].type) is not None or by_name[name].type.oid == BYTEA.oid:
            raise InvalidTableDefinition(
                f'cannot partition by column "{name}" of type {format_type(by_name[name].type)}'
            )
    if len(set(partition_by)) != len(partition_by):
        raise InvalidTableDefinition("a column appears twice in the partition key")
    if len(partition_by) == len(columns):
        raise InvalidTableDefinition("cannot use all columns for the partition key")


def add_column(uri: str, column: Column, *, commit: CommitInfo, storage: Storage = LOCAL) -> int | None:
    """Add a column at the end (NULL in all rows there are); returns the new version.

    None if the table has just this column already, which only the catalog did not know: another writer added it, or a
    crash came between the two. Raises DuplicateColumn if it is another one, FeatureNotSupported for NOT NULL: Delta
    cannot fill old rows.
    """
    table = open_table(uri, None, storage)
    with delta_errors():
        fields = read_fields(table.schema().to_json())
    check_table_writable(table, fields)
    if not column.nullable:
        raise FeatureNotSupported("a NOT NULL column cannot be added to a Delta table", hint="Add it without NOT NULL.")
    for item in fields:
        if item.name == column.name and item.nullable and item.type == delta_of(storage_type(column.type)):
            return None
        if item.name.lower() == column.name.lower():
            raise DuplicateColumn(
                f'column "{column.name}" of the Delta table already exists, as {format_type(item.pg)}'
            )
    with delta_errors():
        table.alter.add_columns(
            [Field.from_json(json.dumps(write_field(replace(column, nullable=True))))],
            commit_properties=commit.properties(),
        )
        return int(table.version())


def set_properties(uri: str, properties: Mapping[str, str], *, commit: CommitInfo, storage: Storage = LOCAL) -> int:
    """Set table properties; returns the new version. Unknown `delta.` keys are 22023."""
    check_properties(properties)
    table = open_table(uri, None, storage)
    with delta_errors():
        check_table_writable(table, read_fields(table.schema().to_json()))
        table.alter.set_table_properties(
            dict(properties), raise_if_not_exists=False, commit_properties=commit.properties()
        )
        return int(table.version())


def check_table_writable(table: DeltaTable, fields: Sequence[DeltaField]) -> None:
    """The gate on writer features for an open handle."""
    protocol, metadata = table.protocol(), table.metadata()
    check_writable(protocol.min_writer_version, protocol.writer_features or (), metadata.configuration, fields)


def difference(snapshot: Snapshot, columns: Sequence[Column]) -> list[str]:
    """How a table's columns differ from those a catalog has: one sentence each; empty if they agree."""
    found, wanted = dict(columns_of(snapshot)), {column.name: column.type for column in columns}
    sentences = [f'column "{name}" is missing' for name in wanted if name not in found]
    sentences += [f'column "{name}" is not in the catalog' for name in found if name not in wanted]
    sentences += [
        f'column "{name}" is {format_type(found[name])}, not {format_type(pg)}'
        for name, pg in wanted.items()
        if name in found and found[name] != pg
    ]
    if not sentences and list(found) != list(wanted):
        sentences.append("the columns are in another order")
    return sentences
