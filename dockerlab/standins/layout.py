"""The stand-ins on disk as an OCI image layout: a pack that the embedded engine falls back to.

So that `docker run hello-world`, typed as it stands, works without a network: the engine looks
for the image here, asks the registries, and when none of them answers it takes the image from the
packs that it was started with. It looks like a pull, since it is one: manifest, layers, digests.

The layout is OCI's ("OCI Image Layout Specification"), and `index.json` names its images as
`docker save` does: `io.containerd.image.name` is the whole name
(`docker.io/library/centos:latest`), `org.opencontainers.image.ref.name` the tag.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from dockerlab.errors import StandInProblem
from dockerlab.packs.named import named_packs
from dockerlab.standins import rootfs
from dockerlab.standins.catalog import GREETING, make_standin, standin_names
from dockerlab.standins.host import host_architecture
from dockerlab.standins.image import StandIn, canonical, descriptor, digest

_FORMAT = 2
"""Part of the cache's key: raised whenever the stand-ins are made differently."""

_ANY_MACHINE = {"hello-world": ("amd64", "arm64")}


def packs(*, cache: Path | None = None, environ: Mapping[str, str] = os.environ) -> Sequence[Path]:
    """Return the image layouts to give to the embedded engine, most wanted first.

    Those that `DOCKERLAB_PACKS` names (separated as in `PATH`), then the stand-ins, which are made
    on the first call and again when this machine's programs have changed.
    """
    folder = (cache or cache_folder()) / "standins" / _fingerprint()
    if not (folder / "index.json").exists():
        write_layout(folder)
    return [*named_packs(environ), folder]


def write_layout(folder: Path) -> None:
    """Write all stand-ins that this machine can make into `folder`, in one step.

    Nothing is left of a layout that was interrupted; one that another process finished meanwhile
    is kept.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        _fill(draft, _all_standins())
        draft.chmod(0o755)
        try:
            draft.rename(folder)
        except OSError:
            if not (folder / "index.json").exists():
                raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def cache_folder() -> Path:
    """Return the folder for what can be made again (XDG Base Directory, `XDG_CACHE_HOME`).

    >>> cache_folder().name
    'dockerlab'
    """
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dockerlab"


def _all_standins() -> Iterable[list[StandIn]]:
    """Yield, for each name, its stand-ins for every architecture that can be had here."""
    for name in standin_names():
        made = []
        for architecture in _ANY_MACHINE.get(name, (host_architecture(),)):
            try:
                made.append(make_standin(name, architecture=architecture))
            except StandInProblem:
                continue  # not on this machine: the layout holds what can be had
        if made:
            yield made


def _fill(folder: Path, images: Iterable[list[StandIn]]) -> None:
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    manifests = []
    for variants in images:
        pointers = [_store(image, blobs) for image in variants]
        pointer = pointers[0] if len(pointers) == 1 else _store_index(pointers, blobs)
        annotations = {
            "io.containerd.image.name": variants[0].reference,
            "org.opencontainers.image.ref.name": variants[0].reference.rpartition(":")[2],
        }
        manifests.append({**pointer, "annotations": annotations})
    (folder / "oci-layout").write_bytes(canonical({"imageLayoutVersion": "1.0.0"}))
    (folder / "index.json").write_bytes(_index(manifests))


def _store(image: StandIn, blobs: Path) -> dict[str, object]:
    manifest = image.manifest()
    for blob in (image.config, manifest, *(layer.compressed for layer in image.layers)):
        _write_blob(blob, blobs)
    platform = {"architecture": image.architecture, "os": "linux"}
    kind = "application/vnd.oci.image.manifest.v1+json"
    return {**descriptor(kind, manifest), "platform": platform}


def _store_index(pointers: list[dict[str, object]], blobs: Path) -> dict[str, object]:
    index = _index(pointers)
    _write_blob(index, blobs)
    return descriptor("application/vnd.oci.image.index.v1+json", index)


def _index(manifests: list[dict[str, object]]) -> bytes:
    kind = "application/vnd.oci.image.index.v1+json"
    return canonical({"schemaVersion": 2, "mediaType": kind, "manifests": manifests})


def _write_blob(blob: bytes, blobs: Path) -> None:
    path = blobs / digest(blob).removeprefix("sha256:")
    if not path.exists():
        path.write_bytes(blob)


def _fingerprint() -> str:
    """Return a name for the state of this machine's programs: sizes and times, not contents."""
    state = hashlib.sha256(f"{_FORMAT} {GREETING}".encode())
    try:
        files = rootfs.host_files()
    except StandInProblem:
        files = []
    for path in files:
        status = path.stat()
        state.update(f"{path} {status.st_size} {status.st_mtime_ns}\n".encode())
    return state.hexdigest()[:16]
