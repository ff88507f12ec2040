"""containerd's store of images: filled once with the large layers, copied by links into each node that starts."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from singlenode import binaries, configuration, oci
from singlenode.cache import cache_dir, made
from singlenode.namespaces import enter, inside
from singlenode.processes import Processes, ProgramError
from singlenode.requirements import cni_folder

START_TIMEOUT_S = 60.0
_IMPORT_TIMEOUT_S = 900
_LOOK_EVERY_S = 0.1


def pause_image() -> Path:
    """The image of a pod's first container, in OCI's layout, in the user's cache."""
    program = binaries.pause()

    def make(folder: Path) -> None:
        oci.write_layer(folder / "layer.tar", lambda layer: layer.file(program, "pause", 0o755))
        settings = oci.Settings(user="65535:65535", environment={}, entrypoint=("/pause",))
        oci.write_image(folder / "image", configuration.PAUSE_IMAGE, [oci.layer(folder / "layer.tar")], settings)

    return made(cache_dir() / "images" / "pause-1", make) / "image"


def prepared(images: Sequence[Path]) -> Path:
    """A folder as containerd keeps it, with these images unpacked, in the user's cache. Raises ProgramError."""
    key = hashlib.sha256("\n".join(oci.image_digest(image) for image in images).encode()).hexdigest()[:12]

    def make(target: Path) -> None:
        with tempfile.TemporaryDirectory(dir=target.parent) as work:
            processes = Processes(Path(work))
            try:
                init = enter(processes)
                plugins = cni_folder() or Path("/opt/cni/bin")
                (Path(work) / "containerd.toml").write_text(configuration.containerd(Path(work), plugins))
                processes.start_child("containerd", *inside(init), "containerd", "--config", f"{work}/containerd.toml")
                wait(processes, init, Path(work))
                for image in images:
                    import_image(init, Path(work), image)
                processes.stop("containerd")
            finally:
                processes.stop("init", patience_s=0)
            (Path(work) / "containerd").rename(target / "containerd")

    return made(cache_dir() / "k8s" / f"store-{key}", make, keep=2) / "containerd"


def copy(source: Path, target: Path) -> None:
    """Layers are never written to again: they are linked. Databases are copied."""
    done = subprocess.run(["cp", "-al", str(source), str(target)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ProgramError(f"the store of images cannot be copied: {done.stderr[-2000:]}")
    for database in [*target.glob("*/*.db"), *target.glob("*/*/*.db")]:
        fresh = database.with_name(database.name + ".copy")
        shutil.copyfile(database, fresh)
        fresh.replace(database)


def wait(processes: Processes, init: int, folder: Path) -> None:
    """Until containerd answers; raises ProgramError."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while _ctr(init, folder, "version").returncode != 0:
        processes.check("containerd")
        if time.monotonic() > deadline:
            raise ProgramError(f"containerd does not answer: {processes.output('containerd')}")
        time.sleep(_LOOK_EVERY_S)


def import_image(init: int, folder: Path, image: Path) -> None:
    """Blobs that are there already are not sent again. Raises ProgramError."""
    blobs = folder / "containerd" / "io.containerd.content.v1.content" / "blobs" / "sha256"
    known = {path.name for path in blobs.iterdir()} if blobs.is_dir() else ()
    command = [*inside(init), *_CTR, str(folder / "containerd.sock"), "--namespace", "k8s.io", "images", "import", "-"]
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as source:
        running = subprocess.Popen(command, stdin=source, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        with os.fdopen(writing, "wb") as stream:
            oci.write_archive(image, stream, known)
        output, _ = running.communicate(timeout=_IMPORT_TIMEOUT_S)
    except BrokenPipeError:
        output, _ = running.communicate(timeout=_IMPORT_TIMEOUT_S)
    if running.returncode != 0:
        raise ProgramError(f"the image cannot be imported: {output.decode('utf-8', 'replace')[-2000:]}")


_CTR = ("ctr", "--address")


def _ctr(init: int, folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    command = [*inside(init), *_CTR, str(folder / "containerd.sock"), *arguments]
    return subprocess.run(command, capture_output=True, timeout=START_TIMEOUT_S, check=False)
