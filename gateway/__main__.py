"""Start here: the command `kadali`, or `python -m gateway`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from gateway.cli.main import run


def main(arguments: Sequence[str] | None = None) -> int:
    return run(sys.argv[1:] if arguments is None else arguments)


if __name__ == "__main__":
    sys.exit(main())
