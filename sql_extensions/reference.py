"""The reference pages of the statements, written from their modules: docs/reference/sql/*.md."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pyarrow as pa

from catalog.types import format_type
from engine.base import Action
from sql_extensions.registry import StatementSpec, TransactionRule, fields_of, specs

_NOTE = "Generated from `{}` by `make docs`; do not edit."
_GROUPS = {
    Action.READ: "Reading",
    Action.WRITE: "Changing data",
    Action.DEFINE: "Defining schemas, tables and views",
    Action.MAINTAIN: "Keeping tables",
    Action.ADMIN: "Rights and administration",
    Action.SESSION: "The session: settings, transactions, cursors",
}
_TRANSACTIONS = {
    TransactionRule.TRANSACTIONAL: "Takes part in the transaction: undone by `ROLLBACK`.",
    TransactionRule.IMMEDIATE: (
        "Runs at once, with a WARNING, in a transaction block that has written nothing, and is not undone by "
        "`ROLLBACK`; refused (25001) in a block that has written."
    ),
    TransactionRule.FREE: None,
}


def pages() -> dict[str, str]:
    """The text of each page by file name."""
    listed = {page_name(spec): statement_page(spec) for spec in specs()}
    return {"README.md": index_page(), **listed}


def page_name(spec: StatementSpec) -> str:
    return f"{_module_name(spec)}.md"


def title(spec: StatementSpec) -> str:
    """The shortest spellings for each first word: ALTER TABLE, ALTER VIEW; not CREATE OR REPLACE VIEW."""
    lengths: dict[str, int] = {}
    for head in spec.heads:
        lengths[head[0]] = min(len(head), lengths.get(head[0], len(head)))
    return ", ".join(" ".join(head) for head in spec.heads if len(head) == lengths[head[0]])


def statement_page(spec: StatementSpec) -> str:
    """The page of one statement, in Markdown."""
    first, _, rest = spec.doc.strip().partition("\n")
    parts = [
        f"# {title(spec)}",
        _NOTE.format(f"sql_extensions/statements/{_module_name(spec)}.py"),
        first,
        f"```\n{spec.syntax}\n```",
        _fenced(rest.strip("\n")),
    ]
    columns: pa.Schema | None = getattr(sys.modules[spec.parse.__module__], "COLUMNS", None)
    if columns is not None:
        rows = "\n".join(f"| `{field.name}` | {format_type(field.type)} |" for field in fields_of(columns))
        parts.append(f"## Columns\n\n| column | type |\n|---|---|\n{rows}")
    rule = _TRANSACTIONS[spec.transaction]
    if rule is not None:
        parts.append(f"## In transactions\n\n{rule}")
    parts.append("## Examples\n\n" + "\n\n".join(_examples(spec)))
    return "\n\n".join(part for part in parts if part) + "\n"


def index_page() -> str:
    """The table of contents."""
    parts = [
        "# SQL reference",
        _NOTE.format("sql_extensions/statements"),
        "Queries (`SELECT`, `VALUES`, `TABLE`, `WITH`) are PostgreSQL's. These statements are handled by the gateway; "
        "those with names of PostgreSQL's statements behave as there, except where their pages say otherwise.",
    ]
    for action, name in _GROUPS.items():
        lines = [
            f"- [{title(spec)}]({page_name(spec)}): {_sentence(spec)}" for spec in specs() if spec.action is action
        ]
        if lines:
            parts.append(f"## {name}\n\n" + "\n".join(lines))
    return "\n\n".join(parts) + "\n"


def _sentence(spec: StatementSpec) -> str:
    sentence = spec.doc.strip().partition("\n")[0]
    return sentence[0].lower() + sentence[1:]


def _module_name(spec: StatementSpec) -> str:
    return spec.parse.__module__.rpartition(".")[2]


def _fenced(text: str) -> str:
    """Indented blocks as fenced ones, in SQL."""
    lines: list[str] = []
    inside = False
    for line in text.split("\n"):
        code = line.startswith("    ")
        if code != inside and (code or line.strip()):
            while not code and lines and not lines[-1].strip():
                lines.pop()
            lines += ["```sql"] if code else ["```", ""]
            inside = code
        lines.append(line[4:] if code else line)
    if inside:
        lines.append("```")
    return "\n".join(lines).strip("\n")


def _examples(spec: StatementSpec) -> Iterator[str]:
    good = [sql for sql, expected in spec.examples.items() if not isinstance(expected, str)]
    bad = [(sql, expected) for sql, expected in spec.examples.items() if isinstance(expected, str)]
    if good:
        yield "```sql\n" + "\n".join(f"{sql};" for sql in good) + "\n```"
    if bad:
        yield "Refused:\n\n| statement | error |\n|---|---|\n" + "\n".join(
            f"| `{sql.replace('|', chr(92) + '|')}` | {expected.replace(' at ', ' at character ')} |"
            for sql, expected in bad
        )
