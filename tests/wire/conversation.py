"""Conversations as text files: what a client sends, and what a server must answer, message by message.

    # a comment
    send
    Query {"sql": "select 1"}
    ----
    RowDescription ["?column? 23 4 -1 0"]
    DataRow ["1"]
    CommandComplete "SELECT 1"
    ReadyForQuery I

A block ends with an empty line. `send` waits for as many ReadyForQuery as there are Query, Sync and FunctionCall, and
no longer than to a CopyInResponse; `send 2` waits for two; `send until NAME` waits for that message; `closed` as last
line: the connection is closed.

The expectations are PostgreSQL's own words: `python tests/wire/rewrite.py` writes them down anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.wire.raw_client import Closed, RawClient, build, show

CYCLES = ("Query", "Sync", "FunctionCall")


@dataclass
class Block:
    """One exchange. `comments` are the lines before it."""

    comments: list[str]
    until: str | None
    cycles: int | None
    sent: list[tuple[str, str]] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def text(self) -> str:
        head = f"send until {self.until}" if self.until is not None else f"send {self.cycles or ''}".rstrip()
        sent = [f"{name} {fields}".rstrip() for name, fields in self.sent]
        return "\n".join([*self.comments, head, *sent, "----", *self.expected]) + "\n"


@dataclass
class Conversation:
    """A title (its first comment line) and its blocks; it begins on a fresh connection."""

    title: str
    blocks: list[Block]


def read(path: Path) -> list[Conversation]:
    """The conversations of a file; a line of `====` begins a new one."""
    found = []
    for part in path.read_text().split("====\n"):
        blocks = list(_blocks(part.splitlines()))
        title = blocks[0].comments[0].lstrip("# ").rstrip(".")
        found.append(Conversation(title, blocks))
    return found


def write(path: Path, conversations: list[Conversation]) -> None:
    path.write_text("====\n".join("\n".join(block.text() for block in each.blocks) for each in conversations))


def _blocks(lines: list[str]) -> Iterator[Block]:
    comments: list[str] = []
    block: Block | None = None
    answers = False
    for line in [*lines, ""]:
        if block is None:
            if line.startswith("#"):
                comments.append(line)
            elif line.startswith("send"):
                count = line.removeprefix("send ")
                cycles = int(count) if count.isdigit() else None
                block, comments, answers = Block(comments, line.partition(" until ")[2] or None, cycles), [], False
        elif line == "----":
            answers = True
        elif not line and answers:
            yield block
            block = None
        elif answers:
            block.expected.append(line)
        elif line:
            name, _, fields = line.partition(" ")
            block.sent.append((name, fields))


def exchange(client: RawClient, block: Block) -> list[str]:
    """Send a block and give the answer as lines."""
    client.send(*(build(name, json.loads(fields or "{}")) for name, fields in block.sent))
    ready = block.cycles or sum(name in CYCLES for name, _ in block.sent)
    heard: list[str] = []
    try:
        while ready or block.until is not None or not heard:
            line = show(*client.receive())
            heard.append(line)
            name = line.partition(" ")[0]
            if block.until is not None:
                if name == block.until:
                    break
            elif name == "CopyInResponse" and block.cycles is None:
                break
            elif name == "ReadyForQuery":
                ready -= 1
                if not ready:
                    break
    except (Closed, ConnectionResetError):
        heard.append("closed")
    return heard
