"""Bring a setting, or all of them, back to what it was when the session began.

    RESET search_path
    RESET ALL

"When the session began" includes what the client sent on connecting (`options=-c ...`) and the defaults of the role.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.base import Action, Result
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor
from sql_extensions.setting_values import setting_name

HEADS = (("RESET",),)
SYNTAX = "RESET { name | TIME ZONE | TRANSACTION ISOLATION LEVEL | SESSION AUTHORIZATION | ALL }"
ACTION = Action.SESSION


@dataclass(frozen=True, slots=True)
class ResetSetting:
    name: str | None
    """None: all."""


def parse(c: Cursor) -> ResetSetting:
    if c.take("ALL"):
        return ResetSetting(None)
    for words, name in _SPELLED_OUT:
        if c.take(*words):
            return ResetSetting(name)
    return ResetSetting(setting_name(c))


_SPELLED_OUT = (
    (("TIME", "ZONE"), "timezone"),
    (("TRANSACTION", "ISOLATION", "LEVEL"), "transaction_isolation"),
    (("SESSION", "AUTHORIZATION"), "session_authorization"),
)


def run(stmt: ResetSetting, ctx: Context) -> Result:
    ctx.session.before_setting_change()
    if stmt.name is None:
        ctx.session.settings.reset_all()
    else:
        ctx.session.settings.set_default(stmt.name)
    return Result("RESET")


EXAMPLES: dict[str, object] = {
    "RESET search_path": ResetSetting("search_path"),
    "RESET ALL": ResetSetting(None),
    "RESET TIME ZONE": ResetSetting("timezone"),
    "RESET kadali.as_of": ResetSetting("kadali.as_of"),
    "RESET": "42601 at 6",
    "RESET a, b": "42601 at 8",
}
