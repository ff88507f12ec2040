"""Compiles the Java in `java/` against Spark's jars and packs it: equal sources, equal bytes.

    python docker/spark/build_jar.py DISTRIBUTION       # what distribution.py makes: adds jars/kadali-spark.jar to it
    python docker/spark/build_jar.py JARS... OUT.jar    # folders of jars to compile against

Needs a JDK (17 or newer). Standard library only.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

SOURCES = Path(__file__).resolve().parent / "java"
LIBRARY = "kadali-spark.jar"
RELEASE = "17"
CHECK = "io.kadali.spark.Signatures"
"""Its main method fails where the table of functions names what is not there."""
TIMEOUT_S = 600
_EPOCH = (1980, 1, 1, 0, 0, 0)


class BuildError(Exception):
    """javac or java failed; the text is what it printed."""


def build(folders: list[Path], out: Path) -> None:
    """Compile all sources against the jars in `folders` and write `out`, whole or not at all. Raises BuildError."""
    jars = sorted(jar for folder in folders for jar in folder.glob("*.jar") if jar.name != LIBRARY)
    with tempfile.TemporaryDirectory() as work:
        classes = Path(work) / "classes"
        arguments = Path(work) / "arguments"
        words = ["-d", str(classes), "--release", RELEASE, "-encoding", "UTF-8", "-proc:none", "-nowarn", "-g"]
        words += ["-Xlint:-options", "-cp", os.pathsep.join(map(str, jars))]
        words += [str(source) for source in sorted(SOURCES.rglob("*.java"))]
        arguments.write_text("\n".join(f'"{word}"' for word in words))
        _run("javac", f"@{arguments}")
        for resource in SOURCES.rglob("*.txt"):
            target = classes / resource.relative_to(SOURCES)
            target.write_bytes(resource.read_bytes())
        _run("java", "-cp", os.pathsep.join([str(classes), *map(str, jars)]), CHECK)
        _pack(classes, out)


def _run(*command: str) -> None:
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
    if done.returncode != 0:
        raise BuildError(done.stdout + done.stderr)


def _pack(classes: Path, out: Path) -> None:
    fresh = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        with zipfile.ZipFile(fresh, "w", zipfile.ZIP_DEFLATED) as jar:
            jar.writestr(zipfile.ZipInfo("META-INF/MANIFEST.MF", _EPOCH), "Manifest-Version: 1.0\r\n\r\n")
            for file in sorted(path for path in classes.rglob("*") if path.is_file()):
                entry = zipfile.ZipInfo(file.relative_to(classes).as_posix(), _EPOCH)
                entry.compress_type = zipfile.ZIP_DEFLATED
                jar.writestr(entry, file.read_bytes())
        fresh.rename(out)
    finally:
        fresh.unlink(missing_ok=True)


def _inputs(paths: list[Path]) -> tuple[list[Path], Path]:
    if len(paths) > 1:
        return paths[:-1], paths[-1]
    jars = paths[0] / "jars"
    return [*paths[0].glob("env/lib/python3*/site-packages/pyspark/jars"), jars], jars / LIBRARY


def main() -> int:
    parser = argparse.ArgumentParser(description="Compile our Java for Spark and pack it.")
    parser.add_argument(
        "paths", type=Path, nargs="+", metavar="PATH", help="a distribution, or jar folders and OUT.jar"
    )
    folders, out = _inputs(parser.parse_args().paths)
    try:
        build(folders, out)
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    print(out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
