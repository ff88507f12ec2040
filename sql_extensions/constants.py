"""What a session's functions answer (current_user, now() ...), fixed for one statement."""

from __future__ import annotations

from datetime import UTC, datetime

from engine.dialect import SessionConstants
from sql_extensions.context import Context


def session_constants(context: Context) -> SessionConstants:
    """What `current_user`, `now()`, casts to text and their like are for this statement."""
    session = context.session
    path = session.settings.search_path
    return SessionConstants(
        current_user=session.principal.user,
        session_user=session.principal.user,
        current_database=session.tenant.name,
        current_schema=path[0] if path else None,
        search_path=path,
        transaction_time=session.transaction.touch(),
        statement_time=datetime.now(UTC),
        time_zone=session.settings.time_zone,
        date_style=session.settings.date_style,
        interval_style=session.settings.interval_style,
        bytea_output=session.settings.bytea_output,
        extra_float_digits=session.settings.extra_float_digits,
        version=session.settings.show("server_version")[1],
    )
