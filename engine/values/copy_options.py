"""The options of COPY: read from what the statement says, and checked as PostgreSQL checks them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from catalog.errors import FeatureNotSupported, InvalidParameterValue, SqlSyntaxError, UndefinedColumn

Columns = Sequence[str] | Literal["*"]
"""Names of columns, or all of them."""
Value = str | int | float | bool | tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class CopyOptions:
    """What the statement says; None is "not said". `header` is "match" or a boolean."""

    format: str = "text"
    delimiter: str | None = None
    null: str | None = None
    header: bool | Literal["match"] = False
    quote: str | None = None
    escape: str | None = None
    force_quote: Columns = ()
    force_null: Columns = ()
    force_not_null: Columns = ()
    encoding: str | None = None

    @classmethod
    def of(
        cls, said: Sequence[tuple[str, Value]], columns: Sequence[str], *, to_client: bool, relation: str | None = None
    ) -> CopyOptions:
        """From the options as written: (lower-case name, value), value None where none is given; ("*",) for *.

        `columns` are the names of the columns copied, `relation` is the table's name for messages. Raises PostgreSQL's
        errors (42601, 22023, 0A000, 42703).
        """
        found: dict[str, Any] = {}
        for name, value in said:
            if name not in _READ:
                raise SqlSyntaxError(f'option "{name}" not recognized')
            if name in found:
                raise SqlSyntaxError("conflicting or redundant options")
            found[name] = _READ[name](name, value)
        options = check(cls(**found), reading=not to_client)
        for each in ("force_quote", "force_null", "force_not_null"):
            chosen(getattr(options, each), columns, relation)
        return options

    @property
    def csv(self) -> bool:
        return self.format == "csv"

    @property
    def binary(self) -> bool:
        return self.format == "binary"

    @property
    def delimiter_text(self) -> str:
        return self.delimiter if self.delimiter is not None else "," if self.csv else "\t"

    @property
    def null_text(self) -> str:
        return self.null if self.null is not None else "" if self.csv else "\\N"

    @property
    def quote_text(self) -> str:
        return self.quote if self.quote is not None else '"'

    @property
    def escape_text(self) -> str:
        return self.escape if self.escape is not None else self.quote_text


def _text(name: str, value: Value) -> str:
    if value is None:
        raise SqlSyntaxError(f"{name} requires a parameter")
    if isinstance(value, tuple):
        return ", ".join(value)
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def _format(name: str, value: Value) -> str:
    text = _text(name, value)
    if text not in ("text", "csv", "binary"):
        raise InvalidParameterValue(f'COPY format "{text}" not recognized')
    return text


def _header(name: str, value: Value) -> bool | Literal["match"]:
    if value is None:
        return True
    word = str(value).lower()
    if word == "match":
        return "match"
    if word in ("1", "0", "true", "false", "on", "off"):
        return word in ("1", "true", "on")
    raise SqlSyntaxError(f'{name} requires a Boolean value or "match"')


def _columns(name: str, value: Value) -> Columns:
    if not isinstance(value, tuple) or (value == ("*",) and name != "force_quote"):
        raise InvalidParameterValue(f'argument to option "{name}" must be a list of column names')
    return "*" if value == ("*",) else value


_READ: dict[str, Callable[[str, Value], Any]] = {
    "format": _format,
    "delimiter": _text,
    "null": _text,
    "header": _header,
    "quote": _text,
    "escape": _text,
    "encoding": _text,
    "force_quote": _columns,
    "force_null": _columns,
    "force_not_null": _columns,
}


def check(options: CopyOptions, *, reading: bool) -> CopyOptions:
    """The options themselves, if PostgreSQL would take them for COPY FROM (`reading`) or COPY TO.

    Raises 22023, 42601 or 0A000 with PostgreSQL's wording, in the order in which it checks.
    """
    if options.format not in ("text", "csv", "binary"):
        raise InvalidParameterValue(f'COPY format "{options.format}" not recognized')
    _check_encoding(options.encoding)
    _check_header(options, reading=reading)
    if options.binary:
        for said, name in ((options.delimiter, "DELIMITER"), (options.null, "NULL")):
            if said is not None:
                raise SqlSyntaxError(f"cannot specify {name} in BINARY mode")
    _check_characters(options)
    if options.header and options.binary:
        raise FeatureNotSupported("cannot specify HEADER in BINARY mode")
    _check_csv_only(options, reading=reading)
    if options.delimiter_text in options.null_text:
        raise FeatureNotSupported("COPY delimiter must not appear in the NULL specification")
    if options.csv and options.quote_text in options.null_text:
        raise FeatureNotSupported("CSV quote character must not appear in the NULL specification")
    return options


def _check_encoding(encoding: str | None) -> None:
    if encoding is None:
        return
    if encoding.lower().replace("-", "").replace("_", "") not in ("utf8", "unicode"):
        raise FeatureNotSupported(f'encoding "{encoding}" is not supported for COPY', hint="Use UTF8.")


def _check_header(options: CopyOptions, *, reading: bool) -> None:
    if options.header == "match" and not reading:
        raise FeatureNotSupported('cannot use "match" with HEADER in COPY TO')


def _check_characters(options: CopyOptions) -> None:
    delimiter, null = options.delimiter_text, options.null_text
    if len(delimiter.encode()) != 1:
        raise FeatureNotSupported("COPY delimiter must be a single one-byte character")
    if delimiter in "\r\n":
        raise InvalidParameterValue("COPY delimiter cannot be newline or carriage return")
    if "\r" in null or "\n" in null:
        raise InvalidParameterValue("COPY null representation cannot use newline or carriage return")
    if not options.csv and not options.binary and delimiter in "\\.abcdefghijklmnopqrstuvwxyz0123456789":
        raise InvalidParameterValue(f'COPY delimiter cannot be "{delimiter}"')


def _check_csv_only(options: CopyOptions, *, reading: bool) -> None:
    if not options.csv and options.quote is not None:
        raise FeatureNotSupported("COPY quote available only in CSV mode")
    if options.csv and len(options.quote_text.encode()) != 1:
        raise FeatureNotSupported("COPY quote must be a single one-byte character")
    if options.csv and options.delimiter_text == options.quote_text:
        raise InvalidParameterValue("COPY delimiter and quote must be different")
    if not options.csv and options.escape is not None:
        raise FeatureNotSupported("COPY escape available only in CSV mode")
    if options.csv and len(options.escape_text.encode()) != 1:
        raise FeatureNotSupported("COPY escape must be a single one-byte character")
    if options.force_quote and not options.csv:
        raise FeatureNotSupported("COPY force quote available only in CSV mode")
    if options.force_quote and reading:
        raise FeatureNotSupported("COPY force quote only available using COPY TO")
    for columns, name in ((options.force_not_null, "force not null"), (options.force_null, "force null")):
        if columns and not options.csv:
            raise FeatureNotSupported(f"COPY {name} available only in CSV mode")
        if columns and not reading:
            raise FeatureNotSupported(f"COPY {name} only available using COPY FROM")


def chosen(columns: Columns, names: Sequence[str], relation: str | None = None) -> frozenset[int]:
    """Positions of the columns an option names. Raises 42703."""
    if columns == "*":
        return frozenset(range(len(names)))
    for column in columns:
        if column not in names:
            of = "" if relation is None else f' of relation "{relation}"'
            raise UndefinedColumn(f'column "{column}"{of} does not exist')
    return frozenset(at for at, name in enumerate(names) if name in columns)
