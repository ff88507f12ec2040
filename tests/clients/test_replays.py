"""What tools send that cannot run here (DBeaver, Metabase, ...), replayed from sql/replays.sql on both servers.

The file's paragraphs are query strings. A line before one says how it is sent: `-- extended` (Parse, Bind, Execute),
`-- binary` (the same, results in binary), `-- copy` (COPY TO STDOUT), `-- as bob` (the rest of the tool); or how its
answer is compared: `-- shape` (columns and whether there are rows: object ids, sizes and plans differ), `-- refused
CODE` (an error here, and not sent to PostgreSQL).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import pq

from tests.clients.sides import Pair, Side

SOURCE = Path(__file__).with_name("sql") / "replays.sql"
MARKS = ("extended", "binary", "copy", "shape", "as bob")
DONE = (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK, pq.ExecStatus.EMPTY_QUERY)


@dataclass(frozen=True, slots=True)
class Step:
    sql: str
    marks: frozenset[str]
    refused: bytes | None = None


def replays(text: str) -> dict[str, list[Step]]:
    found: dict[str, list[Step]] = {}
    for part in text.split("\n\n"):
        lines = part.strip("\n").split("\n")
        if lines[0].startswith("--- "):
            found[lines.pop(0).removeprefix("--- ")] = []
        marks, refused = set(), None
        while lines and lines[0].removeprefix("-- ") in MARKS:
            marks.add(lines.pop(0).removeprefix("-- "))
        if lines[0].startswith("-- refused "):
            refused = lines.pop(0).removeprefix("-- refused ").encode()
        found[list(found)[-1]].append(Step("\n".join(lines), frozenset(marks), refused))
    return found


REPLAYS = replays(SOURCE.read_text())


def answers(connection: psycopg.Connection[Any], step: Step) -> Iterator[Any]:
    """For each result of the step: status, tag, columns and rows, or SQLSTATE, message and position."""
    pgconn = connection.pgconn
    if "copy" in step.marks:
        with connection.cursor().copy(step.sql) as copy:
            yield sorted(bytes(block) for block in copy)
        return
    if step.marks & {"extended", "binary"}:
        pgconn.send_query_params(step.sql.encode(), None, result_format=int("binary" in step.marks))
    else:
        pgconn.send_query(step.sql.encode())
    while (result := pgconn.get_result()) is not None:
        if result.status not in DONE:
            fields = (
                pq.DiagnosticField.SQLSTATE,
                pq.DiagnosticField.MESSAGE_PRIMARY,
                pq.DiagnosticField.STATEMENT_POSITION,
            )
            yield [result.error_field(field) for field in fields]
            continue
        columns = [(result.fname(c), result.ftype(c), result.fmod(c), result.fformat(c)) for c in range(result.nfields)]
        rows = [[result.get_value(r, c) for c in range(result.nfields)] for r in range(result.ntuples)]
        yield result.status, result.command_status, columns, rows


def shape(answer: Any) -> Any:
    return [(status, columns, bool(rows)) for status, _, columns, rows in answer]


@pytest.mark.parametrize("tool", list(REPLAYS))
def test_replay(pair: Pair, tool: str) -> None:
    user = "bob" if any("as bob" in step.marks for step in REPLAYS[tool]) else "alice"

    def play(side: Side) -> list[Any]:
        with side.connect(user) as connection:
            return [
                list(answers(connection, step)) if side is pair.kadali or step.refused is None else []
                for step in REPLAYS[tool]
            ]

    ours, theirs = pair.ask(play)
    for step, mine, other in zip(REPLAYS[tool], ours, theirs, strict=True):
        if step.refused is not None:
            assert [answer[0] for answer in mine] == [step.refused], step.sql
        elif "shape" in step.marks:
            assert shape(mine) == shape(other), step.sql
        else:
            assert mine == other, step.sql
