"""Change a table or view.

    ALTER TABLE sales.orders ADD COLUMN note text
    ALTER TABLE sales.orders ADD CONSTRAINT positive CHECK (amount > 0)
    ALTER TABLE sales.orders RENAME TO purchases

As in PostgreSQL for the actions listed. A new column is NULL in the rows there are (a DEFAULT holds for new rows only,
so one is refused on a table that has rows). NOT NULL and CHECK are tested against the rows there are, keys are not.
Columns of Delta tables cannot be dropped or renamed. A column that only the Delta table has, because another writer
added it, is taken over by ADD COLUMN with its name and type; until then INSERT leaves it NULL, and statements that
would have to rewrite it are refused. ROLLBACK leaves an added column in place if others have written to the table
meanwhile.

On a cluster a column can be given a wider type (smallint to integer to bigint, real to double precision, these integers
to double precision or numeric, numeric to one with more digits, date to timestamp), and CLUSTER BY and SET change how
the table is stored. What only Spark can do makes a table that is written, and after a change of type also read, on
clusters only. These run by themselves, outside transaction blocks.
"""

from __future__ import annotations

from dataclasses import dataclass

from catalog.errors import FeatureNotSupported
from engine.base import Action, Result
from sql_extensions import clauses, definition, table_options
from sql_extensions.context import Context
from sql_extensions.cursor import Cursor
from sql_extensions.registry import TransactionRule
from sql_extensions.table_options import StorageChange

HEADS = (("ALTER", "TABLE"), ("ALTER", "VIEW"))
SYNTAX = """ALTER TABLE [ IF EXISTS ] table action [, ...]
    action: ADD [ COLUMN ] [ IF NOT EXISTS ] column type
          | ALTER [ COLUMN ] column { SET DEFAULT expression | DROP DEFAULT | SET NOT NULL | DROP NOT NULL }
          | ADD table_constraint | DROP CONSTRAINT [ IF EXISTS ] name
          | ALTER [ COLUMN ] column [ SET DATA ] TYPE type
          | OWNER TO role
ALTER TABLE table { CLUSTER BY { ( column [, ...] ) | NONE }
                  | SET [ TBLPROPERTIES ] ( "delta.property" = value [, ...] ) }
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
_SEQUENCES = frozenset("SERIAL BIGSERIAL SMALLSERIAL SERIAL2 SERIAL4 SERIAL8 IDENTITY".split())


@dataclass(frozen=True, slots=True)
class AlterTable:
    """`storage`: instead of `sql`, which is PostgreSQL's."""

    tag: str
    sql: str
    storage: StorageChange | None = None


def parse(c: Cursor) -> AlterTable:
    tokens = c.tokens()
    c.take("IF", "EXISTS")
    c.take("ONLY")
    position = c.here()
    table = c.qualified_name()
    c.take("*")
    if c.at_end():
        c.fail("an action")
    if tokens[1].word == "TABLE" and (storage := table_options.parse_change(c, table, position)) is not None:
        return AlterTable("ALTER TABLE", "", storage)
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
        if words[0] == "ALTER" and not {"DEFAULT", "NULL", "TYPE"} & set(words):
            raise FeatureNotSupported("this change of a column is not supported", position=action[0].start + 1)
        if "TYPE" in words and words[0] == "ALTER" and {"USING", "COLLATE"} & set(words):
            raise FeatureNotSupported("USING and COLLATE are not supported", position=action[0].start + 1)
    return AlterTable(f"ALTER {tokens[1].word}", c.sql[tokens[0].start : tokens[-1].end])


EXAMPLES: dict[str, object] = {
    "ALTER TABLE t ADD COLUMN a int": AlterTable("ALTER TABLE", "ALTER TABLE t ADD COLUMN a int"),
    "ALTER TABLE t ENABLE ROW LEVEL SECURITY": "0A000 at 15",
    "ALTER TABLE t ALTER a TYPE bigint": AlterTable("ALTER TABLE", "ALTER TABLE t ALTER a TYPE bigint"),
    "ALTER TABLE t ALTER a TYPE bigint USING a::bigint": "0A000 at 15",
    "ALTER TABLE t ALTER a SET STATISTICS 5": "0A000 at 15",
    "ALTER TABLE t CLUSTER BY (a)": AlterTable("ALTER TABLE", "", StorageChange(("t",), 13, ("a",))),
    "ALTER TABLE t CLUSTER BY NONE": AlterTable("ALTER TABLE", "", StorageChange(("t",), 13, ())),
    'ALTER TABLE t SET ("delta.appendOnly" = true)': AlterTable(
        "ALTER TABLE", "", StorageChange(("t",), 13, None, {"delta.appendOnly": "true"})
    ),
}


def run(stmt: AlterTable, ctx: Context) -> Result:
    if stmt.storage is not None:
        table_options.change(ctx, stmt.storage)
        return Result(stmt.tag)
    return definition.define(ctx, stmt.sql, stmt.tag)
