"""Which version of a table a query reads, and with which columns: specifications and the session's time, resolved.

Finding specifications in a query's text is `rewrites.time_travel`; the versions themselves are `engine.delta.log`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from catalog.errors import (
    DatetimeFieldOverflow,
    FeatureNotSupported,
    InvalidParameterValue,
    SqlError,
    UndefinedColumn,
    UndefinedObject,
    UndefinedParameter,
    WrongObjectType,
)
from catalog.model import Relation, RelationKind
from catalog.names import TableLocation
from catalog.types import INT8, TEXT, PgType, arrow_type
from engine.base import Notice, Param
from engine.delta import log
from engine.delta.snapshot import columns_of
from sql_extensions import as_of, tables
from sql_extensions.context import Context
from sql_extensions.evaluation import read_text
from sql_extensions.names import dotted
from sql_extensions.rewrites.rewritten import Rewritten
from sql_extensions.rewrites.time_spec import SpecKind, TimeSpec, ValueKind
from sql_extensions.session import Session

Columns = tuple[tuple[str, PgType], ...]

_EVALUATED = "SELECT (EXTRACT(EPOCH FROM ({})::pg_catalog.timestamptz) * 1000000)::pg_catalog.int8"


def effective(relation: Relation, spec: TimeSpec | None, session: Session) -> TimeSpec | None:
    """The specification that counts for a table: its own, else the session's; None: it is read as it is now."""
    if spec is not None:
        return spec
    value = session.settings.as_of
    return None if value is None else as_of.spec_for(value, relation)


def version_of(ctx: Context, relation: Relation, spec: TimeSpec | None) -> int | None:
    """The version to read, resolved now; None for the newest.

    Raises 22023 for a version that does not exist, 55000 for one whose files VACUUM has removed, 22008 for a time
    before the first commit, 42704 for a tag, 42809 for what is no table. A time after the last commit gives a NOTICE.
    """
    wanted = effective(relation, spec, ctx.session)
    return None if wanted is None else resolve(ctx, relation, wanted, tell=True)


def resolve(ctx: Context, relation: Relation, spec: TimeSpec, *, tell: bool = False) -> int:
    """The version a specification means. Raises as `version_of`; `tell`: with its NOTICE."""
    try:
        return _resolve(ctx, relation, spec, tell=tell)
    except SqlError as error:
        if error.position is None and spec.value_position:
            error.position = spec.value_position
        raise


def _resolve(ctx: Context, relation: Relation, spec: TimeSpec, *, tell: bool) -> int:
    if relation.kind is RelationKind.VIEW:
        raise FeatureNotSupported(
            f'time travel on view "{relation.name.name}" is not supported',
            hint="Set the time for the session: TIME TRAVEL TO TIMESTAMP '...'",
            position=spec.position or None,
        )
    uri = tables.location_of(relation)
    snapshots = ctx.session.tenant.engine.snapshots
    name = str(relation.name)
    if spec.kind is SpecKind.TAG:
        text = _parameter(ctx, spec) if spec.value is ValueKind.PARAMETER else spec.text
        raise UndefinedObject(f'snapshot "{text}" does not exist')
    latest = snapshots.latest_version(uri)
    if spec.kind is SpecKind.VERSION:
        version = _number(ctx, spec)
        if not 0 <= version <= latest:
            raise InvalidParameterValue(
                f"version {version} of {name} does not exist", detail=f"Its latest version is {latest}."
            )
    else:
        version = _at(ctx, uri, name, latest, moment(ctx, spec), tell=tell)
    if version != latest:
        log.check_version(uri, version, name, snapshots)
    return version


def moment(ctx: Context, spec: TimeSpec) -> datetime:
    """The time a TIMESTAMP specification means. PostgreSQL evaluates it: zones, 'yesterday', intervals are its own."""
    if spec.value is ValueKind.PARAMETER:
        text = _parameter(ctx, spec)
        [(micros,)] = read_text(ctx.session, _EVALUATED.format("$1::pg_catalog.text"), text)
    elif spec.value is ValueKind.LITERAL:
        [(micros,)] = read_text(ctx.session, _EVALUATED.format("$1::pg_catalog.text"), spec.text)
    else:
        micros = _evaluated(ctx, spec)
    if micros is None:
        raise InvalidParameterValue("the time of a time travel specification must not be null")
    try:
        return datetime.fromtimestamp(int(micros) / 1_000_000, UTC)
    except (ValueError, OverflowError) as error:
        raise DatetimeFieldOverflow("timestamp out of range") from error


def columns_at(ctx: Context, relation: Relation, spec: TimeSpec | None, version: int) -> Columns:
    """The columns to show of a version: its own, or the table's present ones for time_travel(NULL::table, ...).

    A column of the present table keeps the PostgreSQL type of the catalog where it is stored the same way.
    """
    snapshot = ctx.session.tenant.engine.snapshots.at(TableLocation(tables.location_of(relation), version))
    stored = columns_of(snapshot)
    present = {column.name: column.type for column in relation.columns}
    if spec is not None and spec.current_columns:
        return _present_columns(relation, dict(stored))
    return tuple((name, present[name] if _same(present.get(name), pg) else pg) for name, pg in stored)


def shaped(ctx: Context, rewritten: Rewritten, relations: Sequence[Relation | None]) -> Rewritten:
    """`rewritten` with the columns of the versions read, where those are not the table's present ones.

    `relations` are those of `rewritten.specs`, in order. Only specifications without parameters are looked at: of
    others the version is not known before Bind, and the present columns describe them. Checks the right to read the
    table, since PostgreSQL no longer sees it in the text.
    """
    shapes: dict[int, Columns] = {}
    for index, (spec, relation) in enumerate(zip(rewritten.specs, relations, strict=True)):
        if relation is None or relation.kind is not RelationKind.TABLE or spec.value is ValueKind.PARAMETER:
            continue
        if spec.current_columns:
            continue
        version = resolve(ctx, relation, spec)
        columns = columns_at(ctx, relation, spec, version)
        if columns != tuple((column.name, column.type) for column in relation.columns):
            tables.require_privilege(relation, "SELECT", ctx.session)
            shapes[index] = columns
    return rewritten.shaped(shapes) if shapes else rewritten


def unwritten(ctx: Context) -> Callable[[tuple[str, ...]], TimeSpec | None] | None:
    """For `time_travel.rewrite`: the session's specification of a table whose columns were others at that time.

    Tables with the columns of today need none in the text: `version_of` knows the session's time. None: the session
    reads the present.
    """
    session = ctx.session
    if session.settings.as_of is None:
        return None
    snapshot, path = session.tenant.catalog.snapshot(), session.settings.search_path

    def find(parts: tuple[str, ...]) -> TimeSpec | None:
        relation = tables.find(parts, snapshot, path)
        if relation is None or relation.kind is not RelationKind.TABLE:
            return None
        spec = effective(relation, None, session)
        if spec is None:
            return None
        columns = columns_at(ctx, relation, spec, resolve(ctx, relation, spec))
        if columns == tuple((column.name, column.type) for column in relation.columns):
            return None
        return replace(spec, relation=parts)

    return find


def relations_of(session: Session, rewritten: Rewritten) -> tuple[Relation | None, ...]:
    """The relations that specifications name; None for those that do not exist (PostgreSQL tells).

    Raises WrongObjectType (42809) for catalog relations and those of schema kadali.
    """
    snapshot, path = session.tenant.catalog.snapshot(), session.settings.search_path
    found: list[Relation | None] = []
    for spec in rewritten.specs:
        relation = tables.find(spec.relation, snapshot, path)
        if relation is None and _is_catalog(spec.relation):
            raise WrongObjectType(
                f'"{dotted(spec.relation[-2:])}" is not a Delta table: it has no earlier versions',
                position=spec.position or None,
            )
        found.append(relation)
    return tuple(found)


def _at(ctx: Context, uri: str, name: str, latest: int, when: datetime, *, tell: bool) -> int:
    """The latest version at or before `when`."""
    storage = ctx.session.tenant.engine.storage
    newest = log.commits(uri, 1, storage)
    if newest and when > newest[0].time and newest[0].version == latest:
        shown = newest[0].time.isoformat(sep=" ", timespec="milliseconds")
        text = f"{name} has no commit after {shown}: its latest version {latest} is read"
        if tell and when > datetime.now(UTC):
            ctx.call.notice(Notice("NOTICE", text))
        return latest
    return log.version_at(uri, when, storage)


def _number(ctx: Context, spec: TimeSpec) -> int:
    text = _parameter(ctx, spec) if spec.value is ValueKind.PARAMETER else spec.text
    try:
        return int(text or "")
    except ValueError:
        raise InvalidParameterValue(f'invalid version: "{text}"') from None


def _parameter(ctx: Context, spec: TimeSpec) -> str:
    """The value bound to the specification's parameter, as text."""
    number = int(spec.text)
    if number > len(ctx.call.params) or number < 1:
        raise UndefinedParameter(f"there is no parameter ${number}", position=spec.value_position or None)
    param = ctx.call.params[number - 1]
    value = param_text(param, spec.param_type or TEXT)
    if value is None:
        raise InvalidParameterValue("the value of a time travel specification must not be null")
    return value


def param_text(param: Param, declared: PgType) -> str | None:
    """A bound parameter in PostgreSQL's text form; `declared` is its type unless the client gave one."""
    if param.data is None:
        return None
    if not param.binary:
        return param.data.decode()
    pg = PgType(param.type_oid) if param.type_oid else declared
    return as_of.binary_text(pg, param.data)


def _evaluated(ctx: Context, spec: TimeSpec) -> str | None:
    """An expression of constants and now(): evaluated by PostgreSQL, in a place where no column can be named."""
    try:
        [(micros,)] = read_text(ctx.session, _EVALUATED.format(spec.text))
    except UndefinedColumn as error:
        raise FeatureNotSupported(
            "the time of a time travel specification must be a constant expression",
            position=spec.value_position or None,
        ) from error
    except UndefinedParameter as error:
        raise FeatureNotSupported(
            "a parameter cannot be part of an expression in a time travel specification",
            hint="Bind the whole time as the parameter.",
            position=spec.value_position or None,
        ) from error
    except SqlError as error:
        error.position = spec.value_position or None
        raise
    return micros


def _present_columns(relation: Relation, stored: dict[str, PgType]) -> Columns:
    for column in relation.columns:
        if column.name in stored and not _widens(stored[column.name], column.type):
            raise FeatureNotSupported(
                f'column "{column.name}" had another type in that version, which cannot be widened',
                hint="Read the version with its own columns: kadali.time_travel('table', version => n).",
            )
    return tuple((column.name, column.type) for column in relation.columns)


def _widens(old: PgType, new: PgType) -> bool:
    """Whether every value of `old` is one of `new`: the same storage, or a larger integer or float."""
    order = {21: 0, 23: 1, 20: 2, 700: 3, 701: 4}
    if old.oid in order and new.oid in order:
        return order[old.oid] <= order[new.oid] and not (old == INT8 and new.oid in (700, 701))
    return bool(arrow_type(old) == arrow_type(new))


def _same(present: PgType | None, stored: PgType) -> bool:
    return present is not None and present.oid == stored.oid and present.typmod == stored.typmod


def _is_catalog(relation: tuple[str, ...]) -> bool:
    if len(relation) > 1:
        return relation[-2] in tables.SYSTEM_SCHEMAS or relation[-2] == tables.OWN_SCHEMA
    return relation[0].startswith("pg_")
