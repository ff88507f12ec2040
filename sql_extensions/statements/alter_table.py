"""Change a table or view.

    ALTER TABLE sales.orders ADD COLUMN note text
    ALTER TABLE sales.orders ADD CONSTRAINT positive CHECK (amount > 0)
    ALTER TABLE sales.orders RENAME TO purchases

As in PostgreSQL for the actions listed. A new column is NULL in the rows there are (a DEFAULT holds for new rows only,
so one is refused on a table that has rows). NOT NULL and CHECK are tested against the rows there are, keys are not.
Columns of Delta tables cannot be dropped, renamed or retyped here. A column that only the Delta table has, because
another writer added it, is taken over by ADD COLUMN with its name and type; until then INSERT leaves it NULL, and
statements that would have to rewrite it are refused. ROLLBACK leaves an added column in place if others have written to
the table meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass

from catalog.errors import FeatureNotSupported
from engine.base import Action, Result
from sql_extensions import clauses, definition
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor
from sql_extensions.registry import TransactionRule

HEADS = (("ALTER", "TABLE"), ("ALTER", "VIEW"))
SYNTAX = """ALTER TABLE [ IF EXISTS ] table action [, ...]
    action: ADD [ COLUMN ] [ IF NOT EXISTS ] column type
          | ALTER [ COLUMN ] column { SET DEFAULT expression | DROP DEFAULT | SET NOT NULL | DROP NOT NULL }
          | ADD table_constraint | DROP CONSTRAINT [ IF EXISTS ] name
          | OWNER TO role
ALTER { TABLE | VIEW } [ IF EXISTS ] name { RENAME TO new_name | SET SCHEMA new_schema }"""
ACTION = Action.DEFINE
TRANSACTION = TransactionRule.TRANSACTIONAL
_ALLOWED = (
    ("ADD",),
    ("ALTER",),
    ("DROP", "CONSTRAINT"),
    ("OWNER", "TO"),
    ("RENAME", "TO"),
    ("RENAME", "CONSTRAINT"),
    ("SET", "SCHEMA"),
)
_SEQUENCES = frozenset("SERIAL BIGSERIAL SMALLSERIAL SERIAL2 SERIAL4 SERIAL8 GENERATED IDENTITY".split())


@dataclass(frozen=True, slots=True)
class AlterTable:
    tag: str
    sql: str


def parse(c: Cursor) -> AlterTable:
    tokens = c.tokens()
    c.take("IF", "EXISTS")
    c.take("ONLY")
    c.qualified_name()
    c.take("*")
    if c.at_end():
        c.fail("an action")
    for action in clauses.comma_parts(c.rest()):
        words = tuple(token.word for token in action)
        if not any(words[: len(allowed)] == allowed for allowed in _ALLOWED):
            name = " ".join(word for word in words[:2] if word)
            raise FeatureNotSupported(
                f"ALTER TABLE ... {name} is not supported", position=action[0].start + 1 if action else None
            )
        for token in action:
            if token.word in _SEQUENCES:
                raise FeatureNotSupported(f"{token.word.lower()} columns are not supported", position=token.start + 1)
        if words[0] == "ALTER" and not {"DEFAULT", "NULL"} & set(words):
            raise FeatureNotSupported("changing a column's type is not supported", position=action[0].start + 1)
    return AlterTable(f"ALTER {tokens[1].word}", c.sql[tokens[0].start : tokens[-1].end])


EXAMPLES: dict[str, object] = {
    "ALTER TABLE t ADD COLUMN a int": AlterTable("ALTER TABLE", "ALTER TABLE t ADD COLUMN a int"),
    "ALTER TABLE t ENABLE ROW LEVEL SECURITY": "0A000 at 15",
    "ALTER TABLE t ALTER a TYPE bigint": "0A000 at 15",
}


def run(stmt: AlterTable, ctx: Context) -> Result:
    return definition.define(ctx, stmt.sql, stmt.tag)
