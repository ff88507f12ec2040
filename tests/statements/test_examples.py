"""Every EXAMPLE of every statement: parsed values, and errors with their positions."""

from __future__ import annotations

import re

import pytest

from catalog.errors import SqlError
from sql_extensions.registry import StatementSpec, specs
from sql_extensions.statement import recognise

CASES = [(spec, sql, expected) for spec in specs() for sql, expected in spec.examples.items()]
_ERROR = re.compile(r"([0-9A-Z]{5}) at (\d+)\Z")


def _ids(value: object) -> str | None:
    return value if isinstance(value, str) else None


@pytest.mark.parametrize(("spec", "sql", "expected"), CASES, ids=_ids)
def test_example(spec: StatementSpec, sql: str, expected: object) -> None:
    """`...` means that it parses: for values that hold a whole statement."""
    error = _ERROR.match(expected) if isinstance(expected, str) else None
    if error is None:
        (statement,) = recognise(sql)
        assert statement.spec is spec
        assert expected is ... or statement.tree == expected
        return
    with pytest.raises(SqlError) as caught:
        recognise(sql)
    assert (caught.value.code, caught.value.position) == (error.group(1), int(error.group(2)))


@pytest.mark.parametrize("spec", specs(), ids=lambda spec: " ".join(spec.heads[0]))
def test_documentation(spec: StatementSpec) -> None:
    first, blank, *rest = spec.doc.split("\n")
    assert first.endswith((".", ":")) and len(first) <= 120
    assert not blank and any(line.startswith("    ") for line in rest), "an example follows the first line"
    assert spec.syntax and spec.examples
    written = set(re.findall(r"\w+", spec.syntax))
    assert any(set(head) <= written for head in spec.heads), "the syntax shows the head"
