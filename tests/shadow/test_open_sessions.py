"""Idle sessions share a bounded number of connections; who gave its up gets another, with its settings."""

from __future__ import annotations

from catalog.shadow.instance import ShadowInstance
from catalog.shadow.open_sessions import OpenSessions
from catalog.shadow.session import ShadowSession


def test_the_longest_unused_gives_up(shop: ShadowInstance) -> None:
    held = OpenSessions(2)
    one, two, three = (ShadowSession(shop, "bob", opened=held.opened) for _ in range(3))
    one.set("search_path", "sales")
    two.evaluate("SELECT 1")
    one.evaluate("SELECT 1")
    three.evaluate("SELECT 1")
    assert (one.is_open, two.is_open, three.is_open) == (True, False, True)
    two.evaluate("SELECT 1")
    assert not one.is_open
    assert one.show("search_path") == "sales"


def test_rows_under_way_are_not_lost(shop: ShadowInstance) -> None:
    held = OpenSessions(1)
    reading, other = (ShadowSession(shop, "bob", opened=held.opened) for _ in range(2))
    answer = reading.query("SELECT generate_series(1, 100000)")
    other.evaluate("SELECT 1")
    assert reading.is_open
    assert answer.rows is not None
    assert len(answer.rows.all()) == 100_000
    other.close()
    other.evaluate("SELECT 1")
    assert not reading.is_open
