"""Functions whose value is fixed for a statement or a session, folded to literals."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from catalog.types import DATE, TEXT, TIME, TIMESTAMP, PgType
from engine.dialect.literals import Forms
from engine.dialect.session import SessionConstants
from engine.dialect.value import Value, refuse

_NAME = PgType(19)


def session_function(session: SessionConstants, name: str, precision: int | None, forms: Forms) -> Value | None:
    """The Value of a function without arguments; None if it is not one of these."""
    texts = {
        "current_user": session.current_user,
        "user": session.current_user,
        "current_role": session.current_user,
        "session_user": session.session_user,
        "current_catalog": session.current_database,
        "current_database": session.current_database,
        "current_schema": session.current_schema,
    }
    if name in texts:
        text = texts[name]
        return Value(
            f"CAST(NULL AS {forms.syntax.type_name(TEXT)})" if text is None else forms.syntax.string(text), _NAME
        )
    if name == "version":
        return Value(forms.syntax.string(session.version), TEXT)
    if name in ("current_timestamp", "now", "transaction_timestamp", "statement_timestamp"):
        moment = session.statement_time if name == "statement_timestamp" else session.transaction_time
        return _timestamptz(moment, precision, forms)
    local = session.local_time(session.transaction_time)
    if name == "localtimestamp":
        return forms.constants.moment(_stamp(local, precision), TIMESTAMP)
    if name == "localtime":
        return forms.constants.moment(_stamp(local, precision)[11:], TIME)
    if name == "current_date":
        return forms.constants.moment(f"{local:%Y-%m-%d}", DATE)
    if name in ("current_time", "system_user"):
        raise refuse(name)
    return None


def _timestamptz(moment: datetime, precision: int | None, forms: Forms) -> Value:
    utc = moment.astimezone(UTC).replace(tzinfo=None)
    return forms.constants.instant(_stamp(utc, precision), "UTC")


def _stamp(moment: datetime, precision: int | None) -> str:
    if precision is None or precision >= 6:
        return f"{moment:%Y-%m-%d %H:%M:%S.%f}"
    step = 10 ** (6 - precision)
    micros = int((Decimal(moment.microsecond) / step).to_integral_value(ROUND_HALF_UP)) * step
    moved = moment.replace(microsecond=0) + timedelta(microseconds=micros)
    return f"{moved:%Y-%m-%d %H:%M:%S.%f}"
