"""How a target's columns follow those of its source: a comparison and a plan, as data. `target` carries it out.

A column is known by what the source numbers it (noted in the field's metadata), else by its name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

import pyarrow as pa

from catalog.errors import DatatypeMismatch, DuplicateColumn
from catalog.model import Column
from catalog.types import PgType, format_type, storage_type
from engine.connectors.model import SourceColumn, SourceTable
from engine.delta.schema import SPARK_CHAR_KEY, DeltaField, read_fields, write_schema
from engine.delta.table import check_columns
from engine.sync.widening import common_type

SOURCE_KEY = "kadali.source"
"""Field metadata: `<id of the source's table>.<number of its column>`."""


class OnSchemaChange(Enum):
    """EVOLVE: the target follows. IGNORE: it stays, and takes what fits it. FAIL: any change is an error."""

    EVOLVE = "evolve"
    IGNORE = "ignore"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Evolution:
    """What becomes of a target. `fields`: its columns from now on; `origins`: by new name, the column whose values
    they have now (none: NULL). All empty: nothing changes.

    `rewritten`: the rows have to be written anew; else `grown`: the schema alone, and `retold`: metadata of columns.
    `changes`: a sentence each. `reread`: columns whose old rows may have other values at the source than here.
    """

    changes: tuple[str, ...] = ()
    fields: tuple[DeltaField, ...] = ()
    origins: Mapping[str, str] = field(default_factory=dict)
    rewritten: bool = False
    grown: bool = False
    retold: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    reread: tuple[str, ...] = ()


def fields_of(source: SourceTable, added: Sequence[Column] = ()) -> tuple[DeltaField, ...]:
    """The columns of a new target. Raises FeatureNotSupported, DuplicateColumn."""
    columns = [Column(column.name, column.type, column.nullable) for column in source.columns]
    check_columns([*columns, *added])
    tags = {column.name: {SOURCE_KEY: _tag(source, column)} for column in source.columns}
    return read_fields(write_schema([*columns, *added], tags))


def arrow_schema(fields: Sequence[DeltaField]) -> pa.Schema:
    """As deltalake takes a schema that is to become the table's."""
    return pa.schema([pa.field(item.name, item.arrow, item.nullable, _texts(item)) for item in fields])


def plan(
    fields: Sequence[DeltaField], source: SourceTable, added: Sequence[Column], rule: OnSchemaChange, relation: str
) -> Evolution:
    """Compare a target's `fields` with the source's columns. `added` are the sync's own, which no rule concerns.

    Raises DatatypeMismatch (42804), with what differs as detail.
    """
    compared = _Comparison(fields, source)
    if rule is OnSchemaChange.FAIL and compared.differences:
        raise DatatypeMismatch(
            f'columns of the source have changed since "{relation}" took them',
            detail="\n".join(compared.differences),
            hint="ON SCHEMA CHANGE EVOLVE lets the table follow.",
        )
    if rule is OnSchemaChange.IGNORE:
        unfit = compared.unfit()
        if unfit:
            raise DatatypeMismatch(
                f'columns of "{relation}" cannot take what the source has now',
                detail="\n".join(unfit),
                hint="ON SCHEMA CHANGE EVOLVE lets the table follow.",
            )
        return _grown_by(Evolution(fields=tuple(fields)), fields, added, source)
    if compared.impossible:
        raise DatatypeMismatch(
            f'columns of "{relation}" cannot hold what the source has now',
            detail="\n".join(compared.impossible),
            hint="RESYNC the table, or let it go on with ON SCHEMA CHANGE IGNORE.",
        )
    return _grown_by(compared.evolution(), fields, added, source)


class _Comparison:
    """What differs, and how each column of the target would go on."""

    def __init__(self, fields: Sequence[DeltaField], source: SourceTable) -> None:
        self.differences: list[str] = []
        self.impossible: list[str] = []
        self._changes: list[str] = []
        self._fields, self._source = fields, source
        self._new = {item.name: item for item in fields_of(source)}
        self._origin = _matched(fields, source)
        taken = set(self._origin.values())
        self.unmatched = [item for item in fields if item.name not in taken and item.name not in self._new]
        self._given_up = [item for item in fields if item.name not in taken and item.name in self._new]
        by_name = {item.name: item for item in fields}
        self._result = {
            column.name: self._column(column, by_name.get(self._origin.get(column.name, "")))
            for column in source.columns
        }
        for item in self.unmatched:
            self._dropped(item, source)
        self.differences += self.impossible

    def evolution(self) -> Evolution:
        place = {item.name: at for at, item in enumerate(self._fields)}
        kept = {item.name: replace(item, nullable=True) for item in self.unmatched}
        going_on = {**kept, **self._result}
        origins = {**{name: name for name in kept}, **self._origin}
        order = sorted(going_on, key=lambda name: place.get(origins.get(name, ""), len(place)))
        found = tuple(going_on[name] for name in order)
        before = {item.name: item for item in self._fields}
        grown = len(found) > len(before)
        relaxed = any(name in before and going_on[name].nullable != before[name].nullable for name in going_on)
        rewritten = (
            bool(self._given_up)
            or (relaxed and not grown)  # deltalake takes over NULL only together with a new column
            or any(name != origin or before[origin].type != going_on[name].type for name, origin in origins.items())
        )
        retold = {
            name: told
            for name in going_on
            if name in before and (told := _retold(before[name], going_on[name])) is not None
        }
        new = [name for name in order if name not in origins]
        reread = [*new, *(name for name in origins if before[origins[name]].type != going_on[name].type)]
        return Evolution(
            tuple(self._changes), found, origins, rewritten, grown, {} if rewritten else retold, tuple(reread)
        )

    def unfit(self) -> list[str]:
        """What cannot stay as it is: rows are matched by name and every value has to fit."""
        names = {column.name: column.type for column in self._source.columns}
        found = [
            f'column "{item.name}" is NOT NULL and not in the source'
            for item in self._fields
            if not item.nullable and item.name not in names
        ]
        for item in self._fields:
            come = names.get(item.name)
            common = None if come is None else _common(item, come)
            temporal = pa.types.is_temporal(item.arrow) and common != item.pg  # a cast would cut the time off
            if come is not None and (common is None or temporal):
                found.append(
                    f'column "{item.name}" is {format_type(item.pg)} here and {format_type(come)} at the source'
                )
        return found

    def _column(self, column: SourceColumn, have: DeltaField | None) -> DeltaField:
        """The target's column for one of the source."""
        new = self._new[column.name]
        if have is None:
            text = f'column "{column.name}" of type {format_type(column.type)} is new'
            self._differs(text)
            return replace(new, nullable=True)
        if have.name != column.name:
            self._differs(f'column "{have.name}" is "{column.name}" now')
        nullable = have.nullable
        if column.nullable and not have.nullable:
            self._differs(f'column "{column.name}" may be NULL now')
            nullable = True
        common = _common(have, column.type)
        if common is None:
            self.impossible.append(
                f'column "{column.name}" is {format_type(have.pg)} here and {format_type(column.type)} at the source'
            )
            return have
        if have.pg != column.type:
            self.differences.append(
                f'column "{column.name}" was {format_type(have.pg)} and is {format_type(column.type)} now'
            )
        if common == have.pg:
            return replace(have, name=column.name, nullable=nullable)
        self._changes.append(f'column "{column.name}" is {format_type(common)} now, not {format_type(have.pg)}')
        kept = {key: value for key, value in have.metadata.items() if key in (SOURCE_KEY, "comment")}
        [made] = read_fields(write_schema([Column(column.name, common, nullable)], {column.name: kept}))
        return made

    def _dropped(self, item: DeltaField, source: SourceTable) -> None:
        if not item.nullable:
            self._differs(f'column "{item.name}" is not in the source: it may be NULL now')
        elif str(item.metadata.get(SOURCE_KEY, "")).startswith(f"{source.id}."):
            self.differences.append(f'column "{item.name}" is no longer in the source')

    def _differs(self, text: str) -> None:
        self.differences.append(text)
        self._changes.append(text)


def _matched(fields: Sequence[DeltaField], source: SourceTable) -> dict[str, str]:
    """By name of the source's column: the target's column that is it."""
    by_tag = {str(item.metadata[SOURCE_KEY]): item.name for item in fields if SOURCE_KEY in item.metadata}
    found = {column.name: by_tag[tag] for column in source.columns if (tag := _tag(source, column)) in by_tag}
    taken = set(found.values())
    for item in fields:
        another = str(item.metadata.get(SOURCE_KEY, "")).startswith(f"{source.id}.")
        if item.name not in taken and not another and any(column.name == item.name for column in source.columns):
            found.setdefault(item.name, item.name)
    return found


def _grown_by(
    evolution: Evolution, before: Sequence[DeltaField], added: Sequence[Column], source: SourceTable
) -> Evolution:
    """With the sync's own columns, which the source must not have."""
    for column in added:
        if any(each.name.lower() == column.name.lower() for each in source.columns):
            raise DuplicateColumn(f'column "{column.name}" exists at the source: name another one with AS')
        have = next((item for item in before if item.name == column.name), None)
        if have is None:
            [made] = read_fields(write_schema([column]))
            sentence = f'column "{column.name}" is added by the sync'
            evolution = replace(
                evolution,
                fields=(*evolution.fields, made),
                changes=(*evolution.changes, sentence),
                origins=evolution.origins or {item.name: item.name for item in before},
                grown=True,
            )
        elif have.pg != column.type:
            raise DatatypeMismatch(
                f'column "{column.name}" of the target is of type {format_type(have.pg)}, '
                f"not {format_type(column.type)}"
            )
    check_columns([Column(item.name, item.pg) for item in evolution.fields])
    return evolution


def _common(have: DeltaField, come: PgType) -> PgType | None:
    """None also for a column of a kind that no PostgreSQL type is stored as (a struct, written by others)."""
    return common_type(have.pg, come) if storage_type(have.pg).equals(have.arrow) else None


def _retold(before: DeltaField, now: DeltaField) -> dict[str, str] | None:
    """The metadata that a column gets, if it is another. It can be added to only: a limit of Spark's is set to none."""
    old, new = _texts(before), _texts(now)
    if old == new:
        return None
    return new if SPARK_CHAR_KEY in new or SPARK_CHAR_KEY not in old else {**new, SPARK_CHAR_KEY: "string"}


def _tag(source: SourceTable, column: SourceColumn) -> str:
    return f"{source.id}.{column.number}"


def _texts(item: DeltaField) -> dict[str, str]:
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in item.metadata.items()}
