"""What the programs that build an image have in common: it is written as an OCI archive, or said why it cannot be."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from singlenode import oci
from singlenode.binaries import BuildError
from singlenode.requirements import MissingError


def main(what: str, name: str, image: Callable[[str], Path], failures: tuple[type[Exception], ...] = ()) -> int:
    """The exit status. `image` builds an image of a given name, `name` unless one is said; it may raise `failures`."""
    parser = argparse.ArgumentParser(description=f"Build {what} as an OCI archive.")
    parser.add_argument("file", type=Path, metavar="FILE", help="the archive to write")
    parser.add_argument("--name", default=name, metavar="NAME:TAG", help=f"name in the archive, {name} unless said")
    arguments = parser.parse_args()
    expected: tuple[type[Exception], ...] = (MissingError, BuildError, *failures)
    try:
        built = image(arguments.name)
    except expected as error:
        print(error, file=sys.stderr)
        return 1
    with arguments.file.open("wb") as stream:
        oci.write_archive(built, stream)
    print(f"{arguments.file}: {arguments.name} {oci.image_digest(built)}")
    return 0
