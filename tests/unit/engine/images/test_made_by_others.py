"""Layouts as BuildKit, stargz-snapshotter and others write them: every layer becomes its files."""

import gzip
import hashlib
import io
import json
import os
import struct
import tarfile

import zstandard

from tests.engines.images import Blob
from tests.unit.engine.images.conftest import Lab
from tests.unit.engine.unpack.tars import LINK, archive, member

_OCI = "application/vnd.oci.image"
FILES = 2000


def estargz(tar: bytes, names: list[str]) -> bytes:
    """A member of gzip for each entry, the table of contents, and the footer that points to it.

    As stargz-snapshotter's docs/estargz.md has it; to a reader of gzip it is one stream.
    """
    toc = json.dumps({"version": 1, "entries": [{"name": n, "type": "reg"} for n in names]})
    landmark = member(b".prefetch.landmark", data=b"\x0f")
    body = gzip.compress(tar[:-1024], mtime=0) + gzip.compress(landmark, mtime=0)
    index = gzip.compress(archive(member(b"stargz.index.json", data=toc.encode())), mtime=0)
    extra = b"SG" + struct.pack("<H", 22) + b"%016xSTARGZ" % len(body)
    footer = b"\x1f\x8b\x08\x04" + bytes(4) + b"\x00\xff" + struct.pack("<H", len(extra)) + extra
    return body + index + footer + b"\x01\x00\x00\xff\xff" + bytes(8)


def layout(layers: list[tuple[bytes, str]]) -> bytes:
    """An OCI layout of one image called `others:1`, of blobs and their compression."""
    blobs = [Blob(data, f"{_OCI}.layer.v1.tar{kind}") for data, kind in layers]
    plain = [_plain(data, kind) for data, kind in layers]
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {},
        "rootfs": {"type": "layers", "diff_ids": [_digest(data) for data in plain]},
        "history": [{"created_by": "ENV a=b", "empty_layer": True}, {"created_by": "COPY . /"}],
    }
    described = Blob(json.dumps(config).encode(), f"{_OCI}.config.v1+json")
    document = {
        "schemaVersion": 2,
        "mediaType": f"{_OCI}.manifest.v1+json",
        "config": described.descriptor(),
        "layers": [blob.descriptor() for blob in blobs],
    }
    manifest = Blob(json.dumps(document).encode(), f"{_OCI}.manifest.v1+json")
    named = {"annotations": {"io.containerd.image.name": "docker.io/library/others:1"}}
    index = {"schemaVersion": 2, "manifests": [{**manifest.descriptor(), **named}]}
    files = {f"blobs/{b.digest.replace(':', '/')}": b.data for b in (*blobs, described, manifest)}
    files |= {
        "oci-layout": b'{"imageLayoutVersion":"1.0.0"}',
        "index.json": json.dumps(index).encode(),
    }
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def _plain(data: bytes, kind: str) -> bytes:
    if kind == "+zstd":
        return zstandard.ZstdDecompressor().decompressobj().decompress(data)
    return gzip.decompress(data) if kind == "+gzip" else data


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _files(lab: Lab, top: str | None) -> dict[bytes, bytes]:
    """All files of a chain of layers, the uppermost of a name."""
    found: dict[bytes, bytes] = {}
    while top is not None:
        directory = os.fsencode(lab.snapshots.directory(top))
        for folder, _, names in os.walk(directory):
            for name in names:
                path = os.path.join(folder, name)  # noqa: PTH118 - bytes
                with open(path, "rb") as file:  # noqa: PTH123 - bytes
                    found.setdefault(os.path.relpath(path, directory), file.read())
        top = lab.snapshots.stat(top).parent
    return found


async def test_every_kind_of_layer_in_one_image(lab: Lab) -> None:
    first = archive(member(b"a/one", data=b"1"), member(b"a/raw-\xff", data=b"not UTF-8"))
    many = archive(*(member(b"many/%04d" % n, data=b"%d" % n) for n in range(FILES)))
    across = archive(member(b"a/again", LINK, target=b"a/one"))
    loaded = await lab.load(
        layout(
            [
                (estargz(first, ["a/one"]), "+gzip"),
                (zstandard.compress(many), "+zstd"),
                (archive(), ""),
                (gzip.compress(across), "+gzip"),
            ]
        )
    )
    assert [record.stream for record in loaded] == ["Loaded image: others:1\n"]
    found = _files(lab, lab.images.resolve("others:1").chain_id)
    assert found[b"a/one"] == found[b"a/again"] == b"1"
    assert found[b"a/raw-\xff"] == b"not UTF-8"
    assert found[b".prefetch.landmark"] == b"\x0f"
    assert b"stargz.index.json" in found
    assert sum(name.startswith(b"many/") for name in found) == FILES
    assert lab.images.history("others:1")[-1].created_by == "ENV a=b"
