"""Casts to text print as the session's styles say. The engine's output functions know only the default styles."""

from __future__ import annotations

from engine.dialect.session import SessionConstants
from engine.dialect.value import refuse


def check_styles(sql: str, session: SessionConstants) -> None:
    """Raises FeatureNotSupported if the translated query prints values whose style is not the default one."""
    styles = (
        ("DateStyle", session.date_style.upper().startswith("ISO"), ("date", "timestamp", "timestamptz")),
        ("IntervalStyle", session.interval_style == "postgres", ("interval",)),
        ("bytea_output", session.bytea_output == "hex", ("bytea",)),
        ("extra_float_digits", session.extra_float_digits > 0, ("float4", "float8")),
    )
    for setting, default, types in styles:
        if not default and any(f"pg_{name}_text(" in sql for name in types):
            raise refuse(f"a cast to text under this {setting}")
