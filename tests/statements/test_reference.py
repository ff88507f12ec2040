"""The committed reference pages are those the statements give."""

from __future__ import annotations

from pathlib import Path

import pytest

from sql_extensions import reference
from sql_extensions.registry import specs

FOLDER = Path(__file__).parents[2] / "docs" / "reference" / "sql"


@pytest.mark.parametrize("name", sorted(reference.pages()))
def test_page_is_in_step(name: str) -> None:
    assert (FOLDER / name).read_text() == reference.pages()[name], "run `make docs`"


def test_no_page_is_left_over() -> None:
    assert {path.name for path in FOLDER.glob("*.md")} == set(reference.pages())


def test_every_statement_has_a_page_in_the_index() -> None:
    index = reference.index_page()
    assert all(f"({reference.page_name(spec)})" in index for spec in specs())
