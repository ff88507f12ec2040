"""Container images by hand: layers are plain tar files, an image is a folder in OCI's layout, an archive is that folder
as a tar file, as `ctr images import`, `docker load` and `kind load image-archive` take it."""

from __future__ import annotations

import hashlib
import io
import json
import platform
import shutil
import tarfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_EPOCH_S = 1_000_000_000  # the time of every file of ours: the same content makes the same layer
_BLOCK = 1 << 20
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
_MEDIA = "application/vnd.oci.image."


@dataclass(frozen=True, slots=True)
class Layer:
    """A tar file, uncompressed, and its SHA-256 in hex."""

    file: Path
    digest: str


@dataclass(frozen=True, slots=True)
class Settings:
    """What a container of the image runs, and as whom (`user`: UID:GID)."""

    user: str
    environment: Mapping[str, str]
    entrypoint: Sequence[str]
    command: Sequence[str] = ()
    work_dir: str = "/"
    ports: Sequence[int] = ()


class LayerWriter:
    """Adds files to a layer as root's, readable by all, with a fixed time."""

    def __init__(self, archive: tarfile.TarFile) -> None:
        self._archive = archive
        self._folders: set[str] = set()

    def tree(self, source: Path, target: str, drop: Callable[[str], bool] = lambda name: False) -> None:
        """A folder with what is below it; `drop` is asked with names relative to it. Compiled Python is left out."""
        for path in sorted(source.rglob("*")):
            name = path.relative_to(source).as_posix()
            if "__pycache__" in path.parts or path.is_dir() or drop(name):
                continue
            self.file(path, f"{target}/{name}")

    def file(self, source: Path, target: str, mode: int | None = None) -> None:
        """Links are followed; `mode` is the source's own, unless said."""
        with source.open("rb") as content:
            status = source.stat()
            self._add(content, status.st_size, target, mode or (0o755 if status.st_mode & 0o100 else 0o644))

    def text(self, content: str, target: str, mode: int = 0o644) -> None:
        data = content.encode()
        self._add(io.BytesIO(data), len(data), target, mode)

    def folder(self, target: str, owner: int = 0, mode: int = 0o755) -> None:
        self._parents(target)
        self._folder(target, owner, mode)

    def link(self, target: str, to: str) -> None:
        self._parents(target)
        entry = self._entry(target)
        entry.type, entry.linkname = tarfile.SYMTYPE, to
        self._archive.addfile(entry)

    def _add(self, content: IO[bytes], size: int, target: str, mode: int) -> None:
        self._parents(target)
        entry = self._entry(target)
        entry.size, entry.mode = size, mode
        self._archive.addfile(entry, content)

    def _parents(self, target: str) -> None:
        parts = target.strip("/").split("/")[:-1]
        for i in range(1, len(parts) + 1):
            self._folder("/".join(parts[:i]), 0, 0o755)

    def _folder(self, target: str, owner: int, mode: int) -> None:
        name = target.strip("/")
        if name in self._folders or name in ("etc", "opt", "usr", "var", "var/lib"):  # those of the lowest layer
            return
        self._folders.add(name)
        entry = self._entry(name)
        entry.type, entry.mode, entry.uid, entry.gid = tarfile.DIRTYPE, mode, owner, owner
        self._archive.addfile(entry)

    @staticmethod
    def _entry(target: str) -> tarfile.TarInfo:
        entry = tarfile.TarInfo(target.strip("/"))
        entry.mtime = _EPOCH_S
        return entry


def write_layer(file: Path, fill: Callable[[LayerWriter], None]) -> None:
    with tarfile.open(file, "w", format=tarfile.GNU_FORMAT) as archive:
        fill(LayerWriter(archive))


def layer(file: Path) -> Layer:
    """The digest is computed once, and kept beside the file, which does not change."""
    known = file.with_name(file.name + ".sha256")
    if not known.exists():
        with file.open("rb") as content:
            known.write_text(hashlib.file_digest(content, "sha256").hexdigest())
    return Layer(file, known.read_text())


def write_image(folder: Path, name: str, layers: Sequence[Layer], settings: Settings) -> None:
    """An image called `name` (REGISTRY/NAME:TAG) in an empty folder. Layers are linked there, not copied."""
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    for one in layers:
        try:
            (blobs / one.digest).hardlink_to(one.file)
        except OSError:  # another filesystem
            shutil.copyfile(one.file, blobs / one.digest)
    config = {
        "architecture": _ARCHITECTURES.get(platform.machine(), platform.machine()),
        "os": "linux",
        "config": {
            "User": settings.user,
            "Env": [f"{key}={value}" for key, value in settings.environment.items()],
            "Entrypoint": list(settings.entrypoint),
            "Cmd": list(settings.command),
            "WorkingDir": settings.work_dir,
            "ExposedPorts": {f"{port}/tcp": {} for port in settings.ports},
        },
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{one.digest}" for one in layers]},
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": _MEDIA + "manifest.v1+json",
        "config": _blob(blobs, config, "config.v1+json"),
        "layers": [
            {"mediaType": _MEDIA + "layer.v1.tar", "digest": f"sha256:{one.digest}", "size": one.file.stat().st_size}
            for one in layers
        ],
    }
    described = _blob(blobs, manifest, "manifest.v1+json")
    annotations = {"io.containerd.image.name": name, "org.opencontainers.image.ref.name": name.rsplit(":", 1)[1]}
    index = {
        "schemaVersion": 2,
        "mediaType": _MEDIA + "index.v1+json",
        "manifests": [{**described, "annotations": annotations}],
    }
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    (folder / "index.json").write_text(json.dumps(index))


def write_archive(image: Path, stream: IO[bytes], known: Collection[str] = ()) -> None:
    """The image of a folder as one tar file, without the blobs `known` (SHA-256) to whoever reads it."""
    with tarfile.open(fileobj=stream, mode="w|", format=tarfile.GNU_FORMAT, bufsize=_BLOCK) as archive:
        for path in _parts(image):
            if path.name in known:
                continue
            archive.add(path, path.relative_to(image).as_posix())


def image_digest(image: Path) -> str:
    """Of its manifest: names exactly this content."""
    digest: str = json.loads((image / "index.json").read_text())["manifests"][0]["digest"]
    return digest


def _parts(image: Path) -> Iterator[Path]:
    yield image / "oci-layout"
    yield image / "index.json"
    yield from sorted((image / "blobs" / "sha256").iterdir())


def _blob(blobs: Path, content: Mapping[str, object], kind: str) -> dict[str, object]:
    data = json.dumps(content).encode()
    digest = hashlib.sha256(data).hexdigest()
    (blobs / digest).write_bytes(data)
    return {"mediaType": _MEDIA + kind, "digest": f"sha256:{digest}", "size": len(data)}
