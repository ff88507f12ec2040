"""Rewriting of PostgreSQL's regular expressions: what is refused because engines would disagree or suffer."""

from __future__ import annotations

import pytest

from engine.dialect.regex import rewrite
from engine.dialect.value import Unsupported


@pytest.mark.parametrize("pattern", ["a*", "(a|b)?", "", "a{0,3}", "^", "a|b*", "(?:x*)y*"])
def test_patterns_that_may_match_nothing(pattern: str) -> None:
    assert rewrite(pattern).empty


@pytest.mark.parametrize("pattern", ["a", "a+", "a*b", "^x$", "(ab)", "a{2}", "[0-9]{1,3}"])
def test_patterns_that_match_something(pattern: str) -> None:
    assert not rewrite(pattern).empty


@pytest.mark.parametrize("pattern", ["((a{200}){200}){200}", "(([a-z]{255}){255})+", "(?:(?:ab){250}){250}"])
def test_nested_repetitions_are_bounded(pattern: str) -> None:
    with pytest.raises(Unsupported, match="repetitions"):
        rewrite(pattern)


def test_usual_repetitions_are_fine() -> None:
    assert rewrite("^(a{1,3}){2}([0-9]{1,3}\\.){3}[0-9]{1,255}$").text.startswith("(?s)^")
