"""Images for the tests, made from nothing but Python and Debian's static busybox.

Every image is the same to the byte each time, so that digests may be compared across runs.
"""

import gzip
import hashlib
import io
import json
import platform
import subprocess
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from tests.engines.programs import from_package

CREATED = "2026-01-02T03:04:05Z"
_DOCKER = "application/vnd.docker"
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True)
class Blob:
    """Bytes with their name in a registry."""

    data: bytes = field(repr=False)
    media_type: str

    @cached_property
    def digest(self) -> str:
        """The bytes' SHA-256, as `sha256:…`."""
        return f"sha256:{hashlib.sha256(self.data).hexdigest()}"

    def descriptor(self) -> dict[str, str | int]:
        """What a manifest says of them (image-spec, descriptor.md)."""
        return {"mediaType": self.media_type, "size": len(self.data), "digest": self.digest}


@dataclass(frozen=True)
class Layer:
    """One layer, as an uncompressed tar, and the command that history names for it."""

    tar: bytes = field(repr=False)
    made_by: str

    @cached_property
    def diff_id(self) -> str:
        """The digest of the uncompressed tar."""
        return f"sha256:{hashlib.sha256(self.tar).hexdigest()}"

    @cached_property
    def blob(self) -> Blob:
        """The layer as a registry keeps it: gzipped, without a time stamp."""
        return Blob(gzip.compress(self.tar, 6, mtime=0), f"{_DOCKER}.image.rootfs.diff.tar.gzip")


@dataclass(frozen=True)
class Image:
    """An image in Docker's schema 2, of layers and of the run configuration in its config."""

    layers: tuple[Layer, ...]
    run: Mapping[str, object] = field(default_factory=dict)
    architecture: str = "amd64"
    created: str = CREATED

    @cached_property
    def config(self) -> Blob:
        """The image's configuration, whose digest is the image's ID."""
        document = {
            "architecture": self.architecture,
            "os": "linux",
            "created": self.created,
            "config": dict(self.run),
            "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in self.layers]},
            "history": [{"created": CREATED, "created_by": layer.made_by} for layer in self.layers],
        }
        return Blob(json.dumps(document).encode(), f"{_DOCKER}.container.image.v1+json")

    @cached_property
    def manifest(self) -> Blob:
        """The manifest that a registry serves under the image's tag."""
        media_type = f"{_DOCKER}.distribution.manifest.v2+json"
        document = {
            "schemaVersion": 2,
            "mediaType": media_type,
            "config": self.config.descriptor(),
            "layers": [layer.blob.descriptor() for layer in self.layers],
        }
        return Blob(json.dumps(document).encode(), media_type)

    def blobs(self) -> Iterator[Blob]:
        """Everything that the manifest names."""
        yield from (layer.blob for layer in self.layers)
        yield self.config

    def archive(self, *names: str) -> bytes:
        """The image as `docker save` writes it, for `docker load`."""
        with io.BytesIO() as buffer:
            with tarfile.open(fileobj=buffer, mode="w") as archive:
                paths = [f"{layer.diff_id.removeprefix('sha256:')}.tar" for layer in self.layers]
                for path, layer in zip(paths, self.layers, strict=True):
                    _add(archive, _entry(path), layer.tar)
                config = f"{self.config.digest.removeprefix('sha256:')}.json"
                _add(archive, _entry(config), self.config.data)
                manifest = [{"Config": config, "RepoTags": list(names), "Layers": paths}]
                _add(archive, _entry("manifest.json"), json.dumps(manifest).encode())
            return buffer.getvalue()


def archive_of(images: Mapping[str, Image]) -> bytes:
    """Images by their names in one archive, as `docker save` writes it: what they share, once."""
    files: dict[str, bytes] = {}
    listed = []
    for name, image in images.items():
        layers = {f"{each.diff_id.removeprefix('sha256:')}.tar": each.tar for each in image.layers}
        config = f"{image.config.digest.removeprefix('sha256:')}.json"
        files |= {**layers, config: image.config.data}
        listed.append({"Config": config, "RepoTags": [name], "Layers": list(layers)})
    with io.BytesIO() as buffer:
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            for path, data in files.items():
                _add(archive, _entry(path), data)
            _add(archive, _entry("manifest.json"), json.dumps(listed).encode())
        return buffer.getvalue()


def layer(
    files: Mapping[str, bytes | str],
    *,
    made_by: str,
    links: Mapping[str, str] | None = None,
    directories: Sequence[str] = (),
    executable: Sequence[str] = (),
) -> Layer:
    """A layer of files, symbolic links and directories; a name ending in `/` is made 1777."""
    with io.BytesIO() as buffer:
        with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
            for name in directories:
                entry = _entry(name.rstrip("/"), mode=0o1777 if name.endswith("/") else 0o755)
                entry.type = tarfile.DIRTYPE
                archive.addfile(entry)
            for name, content in files.items():
                data = content.encode() if isinstance(content, str) else content
                _add(archive, _entry(name, mode=0o755 if name in executable else 0o644), data)
            for name, target in (links or {}).items():
                entry = _entry(name, mode=0o777)
                entry.type, entry.linkname = tarfile.SYMTYPE, target
                archive.addfile(entry)
        return Layer(buffer.getvalue(), made_by)


def busybox() -> Image:
    """A small system: a shell and the usual commands, two users, a temporary folder."""
    # Debian moved everything below /usr; releases differ in where the package has the file.
    unpacked = from_package("busybox-static", "")
    places = (unpacked / "bin/busybox", unpacked / "usr/bin/busybox")
    program = next(path for path in places if path.exists())
    base = layer(
        {
            "bin/busybox": program.read_bytes(),
            "etc/passwd": "root:x:0:0:root:/root:/bin/sh\n"
            "guest:x:1000:1000:guest:/home/guest:/bin/sh\n",
            "etc/group": "root:x:0:\nguest:x:1000:\nstaff:x:50:guest\n",
            "etc/os-release": 'ID=dockerlab-test\nNAME="dockerlab test image"\nVERSION_ID=1\n',
        },
        made_by="COPY busybox / # buildkit",
        directories=["bin", "dev", "etc", "home", "home/guest", "proc", "root", "sys", "tmp/"],
        executable=["bin/busybox"],
        links={f"bin/{name}": "busybox" for name in _applets(program)},
    )
    path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    return Image((base,), {"Env": [path], "Cmd": ["sh"]}, architecture())


def on_top_of(base: Image, *layers: Layer, **run: object) -> Image:
    """An image that shares all of `base`'s layers; `run` replaces parts of its configuration."""
    return Image((*base.layers, *layers), {**base.run, **run}, base.architecture, base.created)


def _applets(program: Path) -> list[str]:

    listed = subprocess.run([program, "--list"], capture_output=True, text=True, check=True)
    return [name for name in listed.stdout.split() if name != "busybox"]


def architecture() -> str:
    """This machine's processor, by the name that Go and images have for it."""
    return _ARCHITECTURES.get(platform.machine(), platform.machine())


def _entry(name: str, *, mode: int = 0o644) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.mode, entry.mtime = mode, 1767323045
    return entry


def _add(archive: tarfile.TarFile, entry: tarfile.TarInfo, data: bytes) -> None:
    entry.size = len(data)
    archive.addfile(entry, io.BytesIO(data))
