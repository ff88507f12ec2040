"""Makes a Spark distribution in a folder: an environment with pyspark, the jars for Delta Lake, and our own jar.

    python docker/spark/distribution.py DIR

DIR gets `env/bin/python` with pyspark, `jars/*.jar`, the driver program `agent.py`, and an archive of classes that is
good for the Java of this machine. Needs Maven and a JDK (17 or newer), and reaches the registries of Python and Maven
through their own clients. Standard library only. The image of the pods is made in image.py.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from xml.sax.saxutils import escape

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "k8s"))

from singlenode import commands
from singlenode.cache import cache_dir, made

HERE = Path(__file__).resolve().parent
SPARK_VERSION = "4.2.0"
PYTHON_PACKAGES = (f"pyspark=={SPARK_VERSION}",)
"""The agent needs nothing else: py4j comes with pyspark."""
AWS_VERSION = "2.35.4"
AWS_MODULES = (
    "annotations apache-client arns auth aws-core aws-query-protocol aws-xml-protocol checksums "
    "checksums-spi crt-core endpoints-spi http-auth http-auth-aws http-auth-aws-eventstream http-auth-spi "
    "http-client-spi identity-spi json-utils metrics-spi netty-nio-client profiles protocol-core regions "
    "retries retries-spi s3 s3-transfer-manager sdk-core sts third-party-jackson-core utils utils-lite"
)
"""Of the AWS SDK, what hadoop-aws calls: its bundle has 686 MB, these have 10."""
JARS = (
    "io.delta:delta-spark_4.2_2.13:4.4.0",
    "io.delta:delta-storage:4.4.0",
    "org.postgresql:postgresql:42.7.8",
    "org.apache.hadoop:hadoop-aws:3.5.0",
    "software.amazon.s3.analyticsaccelerator:analyticsaccelerator-s3:1.3.1",
    "software.amazon.eventstream:eventstream:1.0.1",
    "org.reactivestreams:reactive-streams:1.0.4",
    *[f"software.amazon.awssdk:{module}:{AWS_VERSION}" for module in AWS_MODULES.split()],
)
"""Named one by one: with their dependencies Hadoop, Parquet and Jackson would come twice, older."""
LIBRARY = "kadali-spark.jar"
PROGRAM = ("agent.py", "machine.py", "rehearsal.py")
"""The driver program, and the modules it needs."""
CLASS_ARCHIVE = "classes.jsa"
NEEDS = {"mvn": "maven", "java": "openjdk-17-jdk-headless", "javac": "openjdk-17-jdk-headless"}
"""Programs, and Debian's packages that have them."""
TIMEOUT_S = 1800


class DistributionError(Exception):
    """A program is missing or failed; the text says which, and what it printed last."""


def missing() -> dict[str, str]:
    """Programs that are not installed here, with the packages that have them."""
    return {program: package for program, package in NEEDS.items() if shutil.which(program) is None}


def key() -> str:
    """Names what `make_base` makes: another Python, another version of anything, another key."""
    python = "{}.{}".format(*sys.version_info[:2])
    text = "\n".join([python, *PYTHON_PACKAGES, *JARS])
    return f"{SPARK_VERSION}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def library_key() -> str:
    """Names what `add_library` adds: the hash of our Java sources and of what compiles them."""
    digest = hashlib.sha256()
    for file in [HERE / "build_jar.py", *sorted((HERE / "java").rglob("*"))]:
        if file.is_file() and "__pycache__" not in file.parts:
            digest.update(f"{file.relative_to(HERE)}\0".encode() + file.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def make(target: Path, archive: bool = True) -> None:
    """The whole distribution in `target`, which appears when it is complete, but for the `archive` of classes. Raises
    DistributionError.
    """
    fresh = target.with_name(f"{target.name}.{os.getpid()}.making")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.parent.mkdir(parents=True, exist_ok=True)
    try:
        make_base(fresh)
        add_library(fresh)
        for name in PROGRAM:
            shutil.copyfile(HERE / name, fresh / name)
        replace(fresh, target)
        if archive:
            add_archive(target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def make_base(target: Path) -> None:
    """What does not depend on our own sources. Raises DistributionError."""
    absent = missing()
    if absent:
        programs, packages = ", ".join(absent), " ".join(sorted(set(absent.values())))
        raise DistributionError(f"not installed here: {programs} (Debian: apt-get install {packages})")
    (target / "jars").mkdir(parents=True, exist_ok=True)
    _run(sys.executable, "-m", "venv", str(target / "env"))
    python = str(target / "env" / "bin" / "python")
    _run(python, "-m", "pip", "--disable-pip-version-check", "--quiet", "install", *PYTHON_PACKAGES)
    _fetch_jars(JARS, target / "jars")


def cached_base() -> Path:
    """What `make_base` makes, in the user's cache. Raises DistributionError."""
    return made(cache_dir() / "spark" / f"base-{key()}", make_base)


def make_linked(target: Path) -> None:
    """The whole distribution but for the driver program: the cached base by links, and our own jar beside its jars.

    Raises DistributionError.
    """
    base = cached_base()
    (target / "jars").mkdir(parents=True)
    (target / "env").symlink_to(base / "env")
    for jar in (base / "jars").iterdir():
        (target / "jars" / jar.name).hardlink_to(jar)
    add_library(target)


def add_library(target: Path) -> None:
    """Our own jar, compiled against what is in `target`. Raises DistributionError."""
    _run(sys.executable, str(HERE / "build_jar.py"), str(target))


def add_archive(target: Path) -> None:
    """The archive of classes with which drivers start faster, for the Java of this machine. Raises DistributionError.

    It knows the jars by their paths: made where they stay. A distribution without one works as well.
    """
    python, fresh = target / "env" / "bin" / "python", target / f"{CLASS_ARCHIVE}.{os.getpid()}"
    try:
        _run(str(python), str(HERE / "archive.py"), str(fresh), "--class-path", f"{target}/jars/*")
        fresh.rename(target / CLASS_ARCHIVE)
    finally:
        fresh.unlink(missing_ok=True)


def spark_home(target: Path) -> Path:
    """The folder of pyspark in a distribution, with `bin` and `jars`. Raises DistributionError."""
    for found in target.glob("env/lib/python3*/site-packages/pyspark"):
        return found
    raise DistributionError(f"there is no Spark distribution in {target}")


def replace(fresh: Path, target: Path) -> None:
    """Put `fresh` in the place of `target`, by rename, so that what lies there is always whole."""
    if target.exists():
        if not (target / "jars").is_dir() and any(target.iterdir()):
            raise DistributionError(f"{target} is something else than a Spark distribution: it is left alone")
        shutil.rmtree(target)
    fresh.rename(target)


def _fetch_jars(artifacts: Iterable[str], folder: Path) -> None:
    """Exactly these jars, by one run of Maven."""
    artifacts = tuple(artifacts)
    items = ""
    for artifact in artifacts:
        group, name, version = map(escape, artifact.split(":"))
        items += f"<artifactItem><groupId>{group}</groupId><artifactId>{name}</artifactId>"
        items += f"<version>{version}</version></artifactItem>"
    project = f"""<project><modelVersion>4.0.0</modelVersion>
<groupId>io.kadali</groupId><artifactId>spark-jars</artifactId><version>1</version><packaging>pom</packaging>
<build><plugins><plugin><artifactId>maven-dependency-plugin</artifactId><configuration>
<outputDirectory>{escape(str(folder.absolute()))}</outputDirectory><artifactItems>{items}</artifactItems>
</configuration></plugin></plugins></build></project>
"""
    with tempfile.TemporaryDirectory() as work:
        (Path(work) / "pom.xml").write_text(project)
        _run("mvn", "-q", "-B", "-f", f"{work}/pom.xml", "dependency:copy")
    absent = [name for name in ("-".join(a.split(":")[1:]) + ".jar" for a in artifacts) if not (folder / name).exists()]
    if absent:
        raise DistributionError(f"Maven did not fetch {', '.join(absent)}")


def _run(*command: str) -> None:
    commands.output(*command, timeout_s=TIMEOUT_S, failed=DistributionError)


def main() -> int:
    parser = argparse.ArgumentParser(description="Make a Spark distribution in a folder.")
    parser.add_argument("directory", type=Path, metavar="DIR", help="the folder; one of an earlier run is replaced")
    parser.add_argument("--without-archive", action="store_true", help="make no archive of classes: it is to be moved")
    arguments = parser.parse_args()
    try:
        make(arguments.directory.absolute(), not arguments.without_archive)
    except DistributionError as error:
        print(error, file=sys.stderr)
        return 1
    print(arguments.directory)
    return 0


if __name__ == "__main__":
    sys.exit(main())
