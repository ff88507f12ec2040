"""Writes down what a real PostgreSQL 16 answers to every conversation: run it after adding one, read the difference."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from tests.wire import conversation
from tests.wire.oracle import FOLDER, real_postgres
from tests.wire.raw_client import RawClient


def main() -> None:
    wanted = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder, real_postgres(Path(folder)) as address:
        for path in sorted(FOLDER.glob("*.pgt")):
            if wanted and path.stem not in wanted:
                continue
            found = conversation.read(path)
            for each in found:
                with RawClient(address) as client:
                    client.log_in()
                    for block in each.blocks:
                        block.expected = conversation.exchange(client, block)
            conversation.write(path, found)


if __name__ == "__main__":
    main()
