"""Layers and archives for the tests, with every oddity that a tar may have."""

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import zstandard


@dataclass(frozen=True)
class Member:
    """One member of a layer; a name that ends in a slash is a directory."""

    name: str
    data: bytes = b""
    mode: int = 0o644
    uid: int = 0
    gid: int = 0
    link: str = ""
    hard: bool = False
    type: bytes = field(default=b"")

    def write(self, archive: tarfile.TarFile) -> None:
        info = tarfile.TarInfo(self.name.rstrip("/") if self.name != "/" else "/")
        info.mode, info.uid, info.gid = self.mode, self.uid, self.gid
        info.mtime = 1767323045
        if self.type:
            info.type = self.type
        elif self.link:
            info.type = tarfile.LNKTYPE if self.hard else tarfile.SYMTYPE
            info.linkname = self.link
        elif self.name.endswith("/"):
            info.type = tarfile.DIRTYPE
        info.size = len(self.data)
        archive.addfile(info, io.BytesIO(self.data))


def layer(*members: Member, format: int = tarfile.PAX_FORMAT) -> bytes:
    """An uncompressed layer of these members, in this order."""
    with io.BytesIO() as buffer:
        with tarfile.open(fileobj=buffer, mode="w", format=format) as archive:
            for member in members:
                member.write(archive)
        return buffer.getvalue()


def digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def configuration(layers: Sequence[bytes], commands: Sequence[str] | None = None) -> bytes:
    made_by = commands or [f"RUN step {number}" for number in range(len(layers))]
    history: list[dict[str, object]] = [{"created_by": each} for each in made_by]
    history.insert(1, {"created_by": "/bin/sh -c #(nop)  CMD [x]", "empty_layer": True})
    rootfs = {"type": "layers", "diff_ids": [digest(each) for each in layers]}
    return json.dumps({"rootfs": rootfs, "history": history}).encode()


def archive(files: Iterable[tuple[str, bytes]], links: Mapping[str, str] | None = None) -> bytes:
    """A tar of these files, as `docker save` writes one around the layers."""
    with io.BytesIO() as buffer:
        with tarfile.open(fileobj=buffer, mode="w") as tar:
            for name, target in (links or {}).items():
                Member(name, link=target).write(tar)
            for name, data in files:
                Member(name, data).write(tar)
        return buffer.getvalue()


def new_style(layers: Sequence[bytes], name: str = "test:1") -> bytes:
    """`docker save` of Docker 25 and later: an OCI layout, and `manifest.json` beside it."""
    config = configuration(layers)
    members = [_blob(each) for each in dict.fromkeys(layers)]
    saved = {
        "Config": _blob(config)[0],
        "RepoTags": [name],
        "Layers": [_blob(each)[0] for each in layers],
    }
    return archive([*members, _blob(config), ("manifest.json", json.dumps([saved]).encode())])


def old_style(layers: Sequence[bytes], name: str = "test:1") -> bytes:
    """`docker save` up to Docker 24: a folder a layer, and links for what is there already."""
    config = configuration(layers)
    files, links, members = [], {}, []
    for number, each in enumerate(layers):
        member = f"{number:064x}/layer.tar"
        members.append(member)
        first = layers.index(each)
        if first < number:
            links[member] = f"../{first:064x}/layer.tar"
        else:
            files.append((member, each))
    config_name = f"{digest(config).removeprefix('sha256:')}.json"
    saved = {"Config": config_name, "RepoTags": [name], "Layers": members}
    last = ("manifest.json", json.dumps([saved]).encode())
    return archive([*files, (config_name, config), last], links)


def layout(
    layers: Sequence[bytes], name: str = "test:1", pack: Callable[[bytes], bytes] | None = None
) -> dict[str, bytes]:
    """The files of an OCI image layout, with an index in its index and an attestation."""
    config = configuration(layers)
    packed = [(pack or gzipped)(each) for each in layers]
    manifest = json.dumps(
        {"config": {"digest": digest(config)}, "layers": [{"digest": digest(p)} for p in packed]}
    ).encode()
    attestation = {
        "digest": digest(b"nowhere"),
        "platform": {"os": "unknown", "architecture": "unknown"},
    }
    here = {"digest": digest(manifest), "platform": {"os": "linux", "architecture": "amd64"}}
    inner = json.dumps({"manifests": [attestation, here]}).encode()
    names = {"org.opencontainers.image.ref.name": name}
    index = {"manifests": [{"digest": digest(inner), "annotations": names}]}
    blobs = dict(_blob(each) for each in (*packed, config, manifest, inner))
    marker = b'{"imageLayoutVersion": "1.0.0"}'
    return {**blobs, "index.json": json.dumps(index).encode(), "oci-layout": marker}


def gzipped(data: bytes) -> bytes:
    """Without a time stamp: the same each time."""
    return gzip.compress(data, mtime=0)


def zstd(data: bytes) -> bytes:
    return zstandard.compress(data)


def write(files: Mapping[str, bytes], folder: Path) -> Path:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def _blob(data: bytes) -> tuple[str, bytes]:
    return f"blobs/sha256/{digest(data).removeprefix('sha256:')}", data
