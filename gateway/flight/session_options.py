"""Session options of Flight as settings of SQL: set as by SET, read as by SHOW."""

from __future__ import annotations

from typing import Any

from catalog.errors import SqlError
from gateway.flight.messages import base
from gateway.flight.statements import Request, Statements

_UNKNOWN = ("42704", "42602")
_CATALOG, _SCHEMA = "catalog", "schema"
"""Names that clients (JDBC, ADBC) use: the database, which cannot be changed, and the current schema, which is set by
setting the search path."""


class SessionOptions:
    """Blocking."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    def set(self, request: Request, asked: Any) -> Any:
        """Each option by itself; the result names those that could not be set."""
        result = base.SetSessionOptionsResult()
        for name, value in asked.session_options.items():
            wrong = self._set(request, name, value)
            if wrong is not None:
                result.errors[name].value = wrong
        return result

    def get(self, request: Request) -> Any:
        """All settings, the database as `catalog`, the current schema as `schema`."""
        result = base.GetSessionOptionsResult()
        with request.session.core().turn(request.context) as core:
            for row in core.settings.show_all():
                result.session_options[row.name].string_value = row.value
            result.session_options[_SCHEMA].string_value = next(iter(core.settings.search_path), "")
        result.session_options[_CATALOG].string_value = request.session.principal.tenant
        return result

    def _set(self, request: Request, name: str, value: Any) -> Any:
        """The error, if there is one."""
        kind = value.WhichOneof("option_value")
        errors = base.SetSessionOptionsResult
        if name == _CATALOG:
            same = kind == "string_value" and value.string_value == request.session.principal.tenant
            return None if same else errors.INVALID_VALUE
        values, setting = _values(kind, value), "search_path" if name == _SCHEMA else name
        try:
            with request.session.core().turn(request.context) as core:
                core.before_setting_change()
                if values is None:
                    core.settings.set_default(setting)
                else:
                    core.settings.set_list(setting, values)
                if not core.transaction.in_block:
                    core.transaction.end_implicit()
        except SqlError as error:
            unknown = error.code in _UNKNOWN and not self._is_known(request, setting)
            return errors.INVALID_NAME if unknown else errors.INVALID_VALUE
        return None

    def _is_known(self, request: Request, setting: str) -> bool:
        with request.session.core().turn(request.context) as core:
            return setting.lower() in {row.name.lower() for row in core.settings.show_all()}


def _values(kind: str | None, value: Any) -> tuple[str, ...] | None:
    """None: back to the default."""
    if kind is None:
        return None
    if kind == "string_list_value":
        return tuple(value.string_list_value.values)
    given = getattr(value, kind)
    return (str(given).lower() if isinstance(given, bool) else str(given),)
