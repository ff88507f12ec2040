"""MERGE beside a real PostgreSQL: the same tags, errors and rows."""

from __future__ import annotations

from tests.statements.player import Player

TABLES = [
    "CREATE TABLE player.t (id int, name varchar(5), n numeric(10,2) DEFAULT 7 CHECK (n < 1000), c char(3))",
    "CREATE TABLE player.s (id int, name text, n numeric(10,2), gone boolean)",
    "INSERT INTO player.t VALUES (1, 'one', 1, 'aa'), (2, 'two', 2, 'bbb'), (3, 'thr', 3, NULL), (NULL, 'no', 0, 'z')",
    "INSERT INTO player.s VALUES (2, 'deux', 22, false), (3, 'trois', 33, true),"
    " (4, 'quatr', 44, false), (NULL, '', 0, NULL)",
]
MERGES = [
    "MERGE INTO player.t USING player.s ON t.id = s.id WHEN MATCHED THEN UPDATE SET name = s.name, n = DEFAULT",
    "MERGE INTO player.t AS x USING player.s y ON x.id = y.id WHEN MATCHED AND y.gone THEN DELETE"
    " WHEN MATCHED THEN UPDATE SET (name, n) = (y.name, x.n + y.n)"
    " WHEN NOT MATCHED THEN INSERT (id, name, n) VALUES (y.id, y.name, DEFAULT)",
    "MERGE INTO player.t USING player.s ON t.id = s.id WHEN NOT MATCHED AND s.id IS NULL THEN DO NOTHING"
    " WHEN NOT MATCHED THEN INSERT VALUES (s.id, s.name)",
    "MERGE INTO player.t USING player.s ON t.id = s.id WHEN MATCHED AND s.gone THEN DO NOTHING"
    " WHEN MATCHED THEN DELETE",
    "MERGE INTO player.t USING (SELECT 2 AS id UNION ALL SELECT 2) v ON t.id = v.id WHEN MATCHED THEN DELETE",
    "MERGE INTO player.t USING (SELECT 2 AS id UNION ALL SELECT 2) v ON t.id = v.id WHEN MATCHED THEN DO NOTHING",
    "MERGE INTO player.t USING (VALUES (9)) v(k) ON t.id = v.k WHEN NOT MATCHED THEN INSERT DEFAULT VALUES",
    "MERGE INTO player.t USING (VALUES (9)) v(k) ON false WHEN NOT MATCHED THEN INSERT (id, c) VALUES (k, 'abcd')",
    "MERGE INTO player.t USING player.s ON t.id = s.id WHEN MATCHED THEN UPDATE SET n = 5000",
    "MERGE INTO player.t USING player.s ON t.id = s.id WHEN MATCHED THEN UPDATE SET nothing = 1",
    "MERGE INTO player.t USING player.s ON t.id = s.id WHEN MATCHED THEN UPDATE SET id = s.nothing",
    "MERGE INTO player.t USING player.s ON id = id WHEN MATCHED THEN DELETE",
    "MERGE INTO player.t USING player.t AS u ON t.id = u.id + 1 WHEN MATCHED THEN UPDATE SET id = u.id + 10"
    " WHEN NOT MATCHED THEN INSERT (id) VALUES (u.id + 100)",
    "WITH w AS (SELECT * FROM player.s WHERE NOT gone) MERGE INTO player.t USING w ON t.id = w.id"
    " WHEN MATCHED THEN UPDATE SET name = upper(w.name) WHEN NOT MATCHED THEN INSERT (id, name) VALUES (w.id, w.name)",
    "MERGE INTO player.nowhere USING player.s ON true WHEN MATCHED THEN DELETE",
]
CONTENT = "SELECT id, name, n, c, c = 'bbb' FROM player.t ORDER BY id, name, n"


def test_merge(players: tuple[Player, Player]) -> None:
    ours, theirs = players
    for sql in MERGES:
        script = [*TABLES, sql, CONTENT, "DROP TABLE player.t, player.s"]
        told, wanted = ([each.simple(line)[:-1] for line in script] for each in (ours, theirs))
        for line, mine, right in zip(script, told, wanted, strict=True):
            assert mine == right, f"{sql}\n{line}"


def test_staged_rows_are_merged(players: tuple[Player, Player]) -> None:
    """What the transaction has written before counts, and a ROLLBACK takes all of it back."""
    script = [
        *TABLES,
        "BEGIN",
        "INSERT INTO player.t VALUES (4, 'four', 4, 'x')",
        "MERGE INTO player.t USING player.s ON t.id = s.id WHEN MATCHED THEN UPDATE SET n = 0"
        " WHEN NOT MATCHED THEN INSERT (id) VALUES (-1)",
        "MERGE INTO player.t USING player.t u ON t.id = u.id AND t.n = 0 WHEN MATCHED THEN DELETE"
        " WHEN NOT MATCHED THEN INSERT (id, n) VALUES (u.id, 100)",
        CONTENT,
        "ROLLBACK",
        CONTENT,
    ]
    ours, theirs = players
    for line in script:
        assert ours.simple(line)[:-1] == theirs.simple(line)[:-1], line


def test_the_target_in_its_own_condition(players: tuple[Player, Player]) -> None:
    """Named without its schema there, it is still the same table."""
    script = [
        *TABLES,
        "SET search_path = player",
        "UPDATE t SET name = 'max' WHERE id = (SELECT max(id) FROM t)",
        "DELETE FROM t WHERE n < (SELECT avg(t.n) FROM t) AND t.id IS NOT NULL",
        CONTENT,
    ]
    ours, theirs = players
    for line in script:
        assert ours.simple(line)[:-1] == theirs.simple(line)[:-1], line
