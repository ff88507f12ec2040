"""Builds the image of Spark's pods, without Docker: Debian with Java and Python, the distribution, and our own files.

    python docker/spark/image.py FILE [--name NAME:TAG]

FILE is an OCI archive: `docker load -i FILE`, `kind load image-archive FILE`, `ctr -n k8s.io images import FILE`. Needs
mmdebstrap (Debian's package) beside what distribution.py needs. Layers are kept in the user's cache; a change of our
own files costs seconds. The Dockerfile beside this one makes the same with Docker.

One layer is the archive of classes with which Java starts faster: made by a driver that is started in the layers below.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "k8s"))

import distribution
from singlenode import archives, debian, oci, unpacked
from singlenode.cache import cache_dir, made

HERE = Path(__file__).resolve().parent
NAME = "localhost/kadali/spark:dev"
PACKAGES = ("openjdk-17-jre-headless", "python3-minimal", "libpython3-stdlib", "libnss-wrapper", "ca-certificates")
"""libnss-wrapper: see entrypoint.sh."""
PYTHON_FOLDER = "opt/python"
CLASS_ARCHIVE = f"opt/kadali/{distribution.CLASS_ARCHIVE}"
ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "JAVA_HOME": "/usr/lib/jvm/default",
    "SPARK_HOME": f"/{PYTHON_FOLDER}/pyspark",
    "PYTHONPATH": f"/{PYTHON_FOLDER}",
    "PYSPARK_PYTHON": "python3",
    "PYTHONUNBUFFERED": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
}
OWN_FILES = (*distribution.PROGRAM, "entrypoint.sh", "decom.sh")
ARCHIVE_TIMEOUT_S = 1200
_DROPPED = ("examples/", "R/", "data/", "tests/", "jars/rocksdbjni-")
"""Of pyspark, what no cluster uses; RocksDB keeps the state of streams, which are not offered."""


def layers() -> Path:
    """The image without our own files, as `image` gives the whole: to be unpacked in advance."""
    base = _base()
    settings = oci.Settings(user="", environment={}, entrypoint=())

    def make(folder: Path) -> None:
        oci.write_image(folder / "image", "localhost/kadali/spark-layers:dev", base, settings)

    key = hashlib.sha256(" ".join(layer.digest for layer in base).encode()).hexdigest()[:12]
    return made(cache_dir() / "images" / f"spark-layers-{key}", make) / "image"


def image(name: str = NAME, library: Path | None = None) -> Path:
    """A folder with the image in OCI's layout, in the user's cache. Raises MissingError, BuildError, DistributionError.

    `library`: our jar where it has been compiled; else it is compiled here.
    """
    base = _base()
    digests = [layer.digest for layer in base]
    whole = hashlib.sha256("\n".join([*digests, name, _own_key(library)]).encode()).hexdigest()[:12]

    def make(folder: Path) -> None:
        jar = library or _compile(folder / "distribution")
        _own_layer(folder / "own.tar", jar)
        own = oci.layer(folder / "own.tar")
        settings = oci.Settings(
            user=f"{debian.USER}:{debian.USER}",
            environment={**ENVIRONMENT, "KADALI_CLASS_ARCHIVE": f"/{CLASS_ARCHIVE}"},
            entrypoint=("/opt/entrypoint.sh",),
            work_dir="/tmp",  # noqa: S108 - in the container
        )
        oci.write_image(folder / "image", name, (*base, own), settings)

    return made(cache_dir() / "images" / f"spark-{whole}", make) / "image"


def _base() -> tuple[oci.Layer, ...]:
    """The layers that do not depend on what changes with us."""
    below = _debian(), _spark()
    return *below, _classes(below)


def _debian() -> oci.Layer:
    """The lowest layer: what Debian has."""
    java = 'ln -s "$(ls -d "$1"/usr/lib/jvm/java-17-openjdk-*/ | xargs basename)" "$1/usr/lib/jvm/default"'
    return debian.layer(PACKAGES, "spark", "/tmp", [java])  # noqa: S108 - in the container


def _spark() -> oci.Layer:
    """Above it: pyspark, py4j and the jars that others make."""
    base = distribution.cached_base()

    def make(folder: Path) -> None:
        home = distribution.spark_home(base)

        def fill(layer: oci.LayerWriter) -> None:
            layer.folder("opt/spark/kadali")  # where a driver's settings are mounted
            layer.tree(home, f"{PYTHON_FOLDER}/pyspark", _dropped)
            layer.tree(home.parent / "py4j", f"{PYTHON_FOLDER}/py4j")
            for jar in sorted((base / "jars").glob("*.jar")):
                layer.file(jar, f"{PYTHON_FOLDER}/pyspark/jars/{jar.name}")

        oci.write_layer(folder / "layer.tar", fill)

    return oci.layer(made(cache_dir() / "images" / f"spark-layer-{distribution.key()}", make) / "layer.tar")


def _classes(below: tuple[oci.Layer, ...]) -> oci.Layer:
    """The archive of classes: good for exactly this Java and these jars, by their paths and times. Our own jar, which
    changes more often, is not in it: Java takes what comes behind.
    """
    programs = ("archive.py", "machine.py", "rehearsal.py")
    digest = hashlib.sha256(" ".join(layer.digest for layer in below).encode())
    for program in programs:
        digest.update((HERE / program).read_bytes())

    def make(folder: Path) -> None:
        with tempfile.TemporaryDirectory(dir=folder) as work:
            root = Path(work) / "root"
            unpacked.unpack(below, root)
            (root / "opt" / "kadali").mkdir(exist_ok=True)
            for program in programs:
                (root / "opt" / "kadali" / program).write_bytes((HERE / program).read_bytes())
            command = ("python3", "/opt/kadali/archive.py", f"/{CLASS_ARCHIVE}")
            unpacked.run(root, *command, environment={**ENVIRONMENT, "HOME": "/tmp"}, timeout_s=ARCHIVE_TIMEOUT_S)  # noqa: S108
            oci.write_layer(folder / "layer.tar", lambda layer: layer.file(root / CLASS_ARCHIVE, CLASS_ARCHIVE))

    key = digest.hexdigest()[:12]
    return oci.layer(made(cache_dir() / "images" / f"spark-classes-{key}", make) / "layer.tar")


def _dropped(name: str) -> bool:
    return name.startswith(_DROPPED) or name.endswith(".cmd")


def _own_key(library: Path | None) -> str:
    digest = hashlib.sha256(library.read_bytes() if library else distribution.library_key().encode())
    for name in OWN_FILES:
        digest.update((HERE / name).read_bytes())
    return digest.hexdigest()


def _compile(work: Path) -> Path:
    """Our jar, compiled against what the middle layer has."""
    distribution.make_linked(work)
    return work / "jars" / distribution.LIBRARY


def _own_layer(file: Path, library: Path) -> None:
    """The upper layer: our jar and our programs."""

    def fill(layer: oci.LayerWriter) -> None:
        layer.file(library, f"{PYTHON_FOLDER}/pyspark/jars/{distribution.LIBRARY}", 0o644)
        for module in distribution.PROGRAM:
            layer.file(HERE / module, f"opt/kadali/{module}", 0o644)
        layer.file(HERE / "entrypoint.sh", "opt/entrypoint.sh", 0o755)
        layer.file(HERE / "decom.sh", "opt/decom.sh", 0o755)

    oci.write_layer(file, fill)


if __name__ == "__main__":
    sys.exit(archives.main("the image of Spark's pods", NAME, image, (distribution.DistributionError,)))
