"""The server's log: how lines look, and one line for each statement that failed (or for every one, if wanted)."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import IO

from gateway.settings import LogFormat, Settings
from sql_extensions.call import Call, Outcome
from sql_extensions.redaction import concealed, redacted

SQL_CHARACTERS_MAX = 2_000
_log = logging.getLogger("kadali.statements")
_FIELDS = "kadali_fields"
_CLIENT_AT_FAULT = ("0A", "2", "3", "42", "57014")


class LogObserver:
    """The object is the observer of calls."""

    def __init__(self, *, every_statement: bool) -> None:
        self._every_statement = every_statement

    def __call__(self, call: Call, outcome: Outcome) -> None:
        level = _level(call)
        if (call.error is None and not self._every_statement) or not _log.isEnabledFor(level):
            return
        fields = {
            "id": call.id,
            "user": call.principal.user,
            "database": call.principal.tenant,
            "peer": call.principal.peer,
            "pid": call.pid,
            "outcome": outcome.value,
            "engine": call.route.engine if call.route else None,
            "seconds": round(call.seconds, 6),
            "rows": call.rows,
            "bytes": call.bytes,
        }
        if call.error is not None:
            fields |= {"sqlstate": call.error.code, "error": concealed(call.error.message, call.sql)}
        sql = redacted(call.sql)
        fields["sql"] = sql if len(sql) <= SQL_CHARACTERS_MAX else sql[:SQL_CHARACTERS_MAX] + "…"
        _log.log(level, "statement %s", outcome.value, extra={_FIELDS: fields}, exc_info=_internal(call))


def set_up_logging(settings: Settings, stream: IO[str] | None = None) -> None:
    """All of the process's log to standard error, in the format the settings name."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines() if settings.log_format is LogFormat.JSON else TextLines())
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    for name in ("kadali", "gateway", "sql_extensions", "engine", "catalog"):
        logging.getLogger(name).setLevel(settings.log_level.value.upper())


class TextLines(logging.Formatter):
    """`2026-01-02 03:04:05.678 UTC [WARNING] kadali.store: text key=value`, one line for each record."""

    def format(self, record: logging.LogRecord) -> str:
        when = datetime.fromtimestamp(record.created, UTC).isoformat(sep=" ", timespec="milliseconds")[:23]
        line = f"{when} UTC [{record.levelname}] {record.name}: {record.getMessage()}"
        fields = getattr(record, _FIELDS, {})
        line += "".join(f" {name}={_plain(value)}" for name, value in fields.items() if value is not None)
        line = "".join(c if c.isprintable() else repr(c)[1:-1] for c in line)  # nothing forges a line or moves a cursor
        return line + ("\n" + self.formatException(record.exc_info) if record.exc_info else "")


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, logger, message, the fields of a statement, traceback."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= getattr(record, _FIELDS, {})
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def _level(call: Call) -> int:
    """Mistakes of clients are information; what an operator should look into is a warning, a bug an error."""
    if call.error is None:
        return logging.INFO
    if call.error.code == "XX000":
        return logging.ERROR
    return logging.INFO if call.error.code.startswith(_CLIENT_AT_FAULT) else logging.WARNING


def _internal(call: Call) -> BaseException | None:
    return call.error if call.error is not None and call.error.code == "XX000" else None


def _plain(value: object) -> str:
    text = str(value)
    plain = text.isprintable() and not any(character in text for character in ' "=')
    return text if text and plain else json.dumps(text, ensure_ascii=False)
