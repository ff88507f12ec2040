"""Function twins and `kadali` views in a query: found in its tree, and replaced by views that the gateway fills.

Planning runs nothing: the rows are computed by `Twin.materialise`, when the query runs. What the functions do is
`twin_functions`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
from sqlglot import exp

from catalog.errors import (
    ActiveSqlTransaction,
    FeatureNotSupported,
    InvalidTextRepresentation,
    SqlSyntaxError,
    UndefinedFunction,
    UndefinedParameter,
    UndefinedTable,
    WrongObjectType,
)
from catalog.names import TableName
from catalog.types import BOOL, INT8, TEXT, format_type, from_arrow
from engine.base import ArrowSource, Description, Field, Notice, TableRead
from engine.dialect.scanner import TokenKind, tokenize
from sql_extensions import historic, twin_functions
from sql_extensions.context import Context
from sql_extensions.evaluation import read_text
from sql_extensions.references import Reference
from sql_extensions.relations import VIRTUAL

RECORD_OID = 2249
_TYPES = {"text": TEXT, "bigint": INT8, "integer": INT8, "boolean": BOOL}


@dataclass(frozen=True, slots=True)
class Given:
    """An argument as written: a constant in text form (None: NULL), or the number of a parameter."""

    text: str | None = None
    param: int | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a function of ours; `node` is its whole expression in the tree."""

    node: exp.Expression
    function: twin_functions.TwinFunction
    arguments: tuple[tuple[str, Given], ...]


@dataclass(frozen=True, slots=True)
class Twin:
    """A view that stands for a call or a `kadali` relation. `record`: its rows as one column, of their text form."""

    view: str
    relation: str | None = None
    function: twin_functions.TwinFunction | None = None
    arguments: tuple[tuple[str, Given], ...] = ()
    record: bool = False
    column: str | None = None
    """The column's name, for functions of one value."""

    def materialise(self, context: Context) -> TableRead:
        """Compute the rows: for functions with an effect this is where it happens. Raises SqlError."""
        if self.relation is not None:
            virtual = VIRTUAL[self.relation]
            columns = tuple((field.name, from_arrow(field.type)) for field in virtual.schema)
            rows = virtual.rows(context.session)
            return TableRead(self.view, TableName("kadali", self.relation), columns, ArrowSource(rows))
        if self.function is None:
            raise TypeError("a twin is a relation or a function")
        rows = _run(context, self.function, self.arguments)
        name = TableName(self.function.schema, self.function.name)
        fields = self.function.fields
        if self.record:
            rows, fields = _records(context, rows, fields), (Field("record", TEXT),)
        elif self.column is not None:
            rows, fields = rows.rename_columns([self.column]), (dataclasses.replace(fields[0], name=self.column),)
        return TableRead(self.view, name, tuple((field.name, field.type) for field in fields), ArrowSource(rows))


def find(tree: exp.Expression) -> list[Call]:
    """The calls of our functions in a query. Raises UndefinedFunction (42883) and errors of their arguments."""
    calls: list[Call] = []
    for node in tree.find_all(exp.Anonymous):
        name = node.name.lower()
        parent = node.parent
        if isinstance(parent, exp.Dot) and parent.expression is node:
            if parent.this.name.lower() == "kadali":
                calls.append(_call(parent, node, twin_functions.function("kadali", name)))
        elif name in twin_functions.FUNCTIONS and twin_functions.FUNCTIONS[name].schema == "pg_catalog":
            calls.append(_call(node, node, twin_functions.FUNCTIONS[name]))
    return calls


def described(description: Description, calls: Sequence[Call]) -> Description:
    """PostgreSQL's description with row values of our functions as text: the form they are sent in."""
    if not calls or description.fields is None:
        return description
    fields = tuple(dataclasses.replace(f, type=TEXT) if f.type.oid == RECORD_OID else f for f in description.fields)
    return dataclasses.replace(description, fields=fields)


def for_rights(sql: str, calls: Sequence[Call]) -> str:
    """The text to have rights checked on: PostgreSQL's own functions are revoked in the shadow, ours stand for them."""
    names = {call.function.name for call in calls if call.function.schema == "pg_catalog"}
    if not names:
        return sql
    pieces: list[str] = []
    at = 0
    tokens = tokenize(sql)
    for index, token in enumerate(tokens):
        after = tokens[index + 1].text if index + 1 < len(tokens) else ""
        if token.text in names and after == "(" and token.kind in (TokenKind.WORD, TokenKind.QUOTED):
            qualified = index > 1 and tokens[index - 1].text == "."
            start = tokens[index - 2].start if qualified else token.start
            pieces.append(f"{sql[at:start]}kadali.{token.text}")
            at = token.end
    return "".join(pieces) + sql[at:]


def replace(
    tree: exp.Expression, virtual: Sequence[Reference], calls: Sequence[Call], prefix: str
) -> tuple[exp.Expression, list[Twin]]:
    """Put the name of a view, `prefix` and a number, in the place of each reference and call; changes `tree`.

    Runs nothing.
    """
    twins: list[Twin] = []
    by_name: dict[str, Twin] = {}
    for reference in virtual:
        name = reference.name.name
        if name not in VIRTUAL:
            raise UndefinedTable(f'relation "kadali.{name}" does not exist')
        if reference.spec is not None:
            raise WrongObjectType(f'"kadali.{name}" is not a Delta table: it has no earlier versions')
        twin = by_name.get(name)
        if twin is None:
            twin = by_name[name] = Twin(f"{prefix}{len(twins)}", relation=name)
            twins.append(twin)
        _rename(reference.node, twin.view, name)
    for call in calls:
        twins.append(_replace_call(call, f"{prefix}{len(twins)}"))
    return tree, twins


def _call(whole: exp.Expression, node: exp.Expression, called: twin_functions.TwinFunction) -> Call:
    arguments: dict[str, Given] = {}
    for position, item in enumerate(node.expressions):
        if isinstance(item, exp.Kwarg):
            name, value = item.this.name, item.expression
        elif position < len(called.arguments):
            name, value = called.arguments[position].name, item
        else:
            raise UndefinedFunction(f"function {called.schema}.{called.name} does not take so many arguments")
        if name not in {argument.name for argument in called.arguments}:
            raise UndefinedFunction(f'function {called.schema}.{called.name} has no argument "{name}"')
        if name in arguments:
            raise SqlSyntaxError(f'argument name "{name}" used more than once')
        arguments[name] = _given(value, called)
    for argument in called.arguments:
        if not argument.optional and argument.name not in arguments:
            raise UndefinedFunction(f'function {called.schema}.{called.name} needs its argument "{argument.name}"')
    return Call(whole, called, tuple(arguments.items()))


def _given(value: exp.Expression, called: twin_functions.TwinFunction) -> Given:
    """A constant or a parameter, casts aside (rule R6). Raises FeatureNotSupported for anything else."""
    while isinstance(value, (exp.Cast, exp.Paren)):
        value = value.this
    if isinstance(value, exp.Null):
        return Given()
    if isinstance(value, exp.Boolean):
        return Given("true" if value.this else "false")
    if isinstance(value, exp.Literal):
        return Given(value.name)
    if isinstance(value, exp.Neg) and isinstance(value.this, exp.Literal) and not value.this.is_string:
        return Given(f"-{value.this.name}")
    if isinstance(value, exp.Parameter) and value.name.isdigit():
        return Given(param=int(value.name))
    raise FeatureNotSupported(
        f"arguments of {called.schema}.{called.name} must be constants or parameters",
        hint="Compute the value first and bind it as a parameter.",
    )


def _replace_call(call: Call, view: str) -> Twin:
    node, called = call.node, call.function
    parent = node.parent
    if isinstance(parent, (exp.Table, exp.Lateral)):
        if parent.args.get("ordinality"):
            raise FeatureNotSupported(f"WITH ORDINALITY is not supported for {called.schema}.{called.name}")
        alias = parent.args.get("alias")
        column = None
        if called.columns is None:
            column = alias.name if alias is not None and alias.name else called.name
        table = exp.Table(this=exp.to_identifier(view), alias=alias)
        if alias is None or not alias.name:
            table.set("alias", exp.TableAlias(this=exp.to_identifier(called.name, quoted=True)))
        for part in ("joins", "laterals", "pivots"):
            if parent.args.get(part):
                table.set(part, parent.args[part])
        parent.replace(table)
        return Twin(view, function=called, arguments=call.arguments, column=column)
    if called.columns is None:
        column_node = exp.column(exp.to_identifier(called.name, quoted=True), table=exp.to_identifier(view))
        query = exp.Select(expressions=[column_node], from_=exp.From(this=exp.Table(this=exp.to_identifier(view))))
        node.replace(exp.Subquery(this=query))
        return Twin(view, function=called, arguments=call.arguments)
    select = parent.parent if isinstance(parent, exp.Alias) else parent
    outermost = parent if isinstance(parent, exp.Alias) else node
    if not isinstance(select, exp.Select) or outermost.arg_key != "expressions":
        raise FeatureNotSupported(
            f"{called.schema}.{called.name} can stand in FROM or by itself in the select list",
            hint=f"Write SELECT ... FROM {called.schema}.{called.name}(...).",
        )
    node.replace(exp.column(exp.to_identifier("record"), table=exp.to_identifier(view)))
    source = exp.Table(this=exp.to_identifier(view))
    if select.args.get("from_") is None:
        select.set("from_", exp.From(this=source))
    else:
        select.append("joins", exp.Join(this=source, kind="CROSS"))
    return Twin(view, function=called, arguments=call.arguments, record=True)


def _rename(node: exp.Table, view: str, name: str) -> None:
    if node.args.get("alias") is None:
        node.set("alias", exp.TableAlias(this=exp.to_identifier(name, quoted=True)))
    node.set("this", exp.to_identifier(view))
    node.set("db", None)
    node.set("catalog", None)


def _run(context: Context, called: twin_functions.TwinFunction, arguments: Sequence[tuple[str, Given]]) -> pa.Table:
    if called.action:
        _check_transaction(context, called)
    given = dict(arguments)
    values = {item.name: _value(context, item, given.get(item.name, Given())) for item in called.arguments}
    return called.run(context, values)


def _check_transaction(context: Context, called: twin_functions.TwinFunction) -> None:
    """Rule R7, as for the statements."""
    transaction = context.session.transaction
    if not transaction.in_block:
        return
    name = f"{called.schema}.{called.name}"
    if transaction.has_written:
        raise ActiveSqlTransaction(f"{name} cannot run inside a transaction block that has written")
    context.call.notice(Notice("WARNING", f"{name} was executed immediately, not undone by ROLLBACK", "01000"))


def _value(context: Context, argument: twin_functions.Argument, given: Given) -> str | None:
    """The argument in PostgreSQL's text form, checked against its type."""
    text = given.text
    if given.param is not None:
        if not 0 < given.param <= len(context.call.params):
            raise UndefinedParameter(f"there is no parameter ${given.param}")
        text = historic.param_text(context.call.params[given.param - 1], _TYPES[argument.type])
    if text is None:
        return None
    if argument.type == "boolean":
        word = text.strip().lower()
        if word in ("t", "true", "y", "yes", "on", "1"):
            return "true"
        if word in ("f", "false", "n", "no", "off", "0"):
            return "false"
        raise InvalidTextRepresentation(f'invalid input syntax for type boolean: "{text}"')
    if argument.type in ("bigint", "integer"):
        try:
            return str(int(text))
        except ValueError:
            raise InvalidTextRepresentation(f'invalid input syntax for type {argument.type}: "{text}"') from None
    return text


def _records(context: Context, rows: pa.Table, fields: Sequence[Field]) -> pa.Table:
    """Rows as PostgreSQL prints row values: it does it itself."""
    texts = [_record(context, row, fields) for row in rows.to_pylist()]
    return pa.table({"record": pa.array(texts, pa.string())})


def _record(context: Context, row: dict[str, object], fields: Sequence[Field]) -> str | None:
    casts = ", ".join(f"${n + 1}::{format_type(field.type)}" for n, field in enumerate(fields))
    values = [_text(row[field.name]) for field in fields]
    [(text,)] = read_text(context.session, f"SELECT ROW({casts})::pg_catalog.text", *values)
    return text


def _text(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, list):
        return "{" + ",".join("NULL" if item is None else _array_element(str(item)) for item in value) + "}"
    return str(value)


def _array_element(item: str) -> str:
    return '"' + item.replace("\\", "\\\\").replace('"', '\\"') + '"'
