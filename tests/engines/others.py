"""Layers and images as tools of others write them: estargz, zstd, zstd:chunked, OCI manifests."""

import gzip
import hashlib
import json
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import zstandard

from tests.engines.images import CREATED, Blob, architecture
from tests.unit.engine.unpack.tars import archive, member

_OCI = "application/vnd.oci.image"
_SKIPPABLE = b"\x50\x2a\x4d\x18"
"""The magic number of a zstd frame that is passed over (RFC 8878, section 3.1.2)."""


@dataclass(frozen=True)
class Packed:
    """A layer's blob, as packed by somebody: `kind` is `+gzip`, `+zstd` or nothing."""

    data: bytes = field(repr=False)
    plain: bytes = field(repr=False)
    """What comes out of it: for estargz more than went in."""
    kind: str = ""
    annotations: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def blob(self) -> Blob:
        """The blob with its media type."""
        return Blob(self.data, f"{_OCI}.layer.v1.tar{self.kind}")


def plain(tar: bytes) -> Packed:
    """Not compressed at all."""
    return Packed(tar, tar)


def gzipped(tar: bytes) -> Packed:
    """Compressed as by everybody."""
    return Packed(gzip.compress(tar, mtime=0), tar, "+gzip")


def zstd(tar: bytes) -> Packed:
    """As BuildKit's `compression=zstd`."""
    return Packed(zstandard.compress(tar), tar, "+zstd")


def estargz(tar: bytes, names: Sequence[str]) -> Packed:
    """A member of gzip for each entry, the table of contents, and the footer that points to it.

    As stargz-snapshotter's docs/estargz.md has it; to a reader of gzip it is one stream.
    """
    toc = json.dumps({"version": 1, "entries": [{"name": n, "type": "reg"} for n in names]})
    landmark = member(b".prefetch.landmark", data=b"\x0f", pax={b"comment": b"landmark"})
    body = gzip.compress(tar[:-1024], mtime=0) + gzip.compress(landmark, mtime=0)
    index = gzip.compress(archive(member(b"stargz.index.json", data=toc.encode())), mtime=0)
    extra = b"SG" + struct.pack("<H", 22) + b"%016xSTARGZ" % len(body)
    footer = b"\x1f\x8b\x08\x04" + bytes(4) + b"\x00\xff" + struct.pack("<H", len(extra)) + extra
    data = body + index + footer + b"\x01\x00\x00\xff\xff" + bytes(8)
    digest = f"sha256:{hashlib.sha256(toc.encode()).hexdigest()}"
    return Packed(
        data, gzip.decompress(data), "+gzip", {"containerd.io/snapshot/stargz/toc.digest": digest}
    )


def zstd_chunked(tar: bytes) -> Packed:
    """A frame for each piece, then its manifest and its footer in frames that are passed over.

    As containers/storage writes `zstd:chunked`: to a reader of zstd it is one stream.
    """
    pieces = [tar[start : start + 4096] for start in range(0, len(tar), 4096)]
    body = b"".join(map(zstandard.compress, pieces))
    manifest = zstandard.compress(json.dumps({"version": 1, "entries": []}).encode())
    place = len(body) + 8
    footer = struct.pack("<5Q", place, len(manifest), len(manifest), 1, 0) + b"GNUlInUx"
    checksum = f"sha256:{hashlib.sha256(manifest).hexdigest()}"
    return Packed(
        body + _passed_over(manifest) + _passed_over(footer),
        tar,
        "+zstd",
        {
            "io.github.containers.zstd-chunked.manifest-checksum": checksum,
            "io.github.containers.zstd-chunked.manifest-position": (
                f"{place}:{len(manifest)}:{len(manifest)}:1"
            ),
        },
    )


def _passed_over(data: bytes) -> bytes:
    return _SKIPPABLE + struct.pack("<I", len(data)) + data


@dataclass(frozen=True)
class OciImage:
    """An image with an OCI manifest."""

    layers: tuple[Packed, ...]
    run: Mapping[str, object] = field(default_factory=dict)

    @cached_property
    def config(self) -> Blob:
        """The image's configuration, whose digest is the image's ID."""
        diff_ids = [f"sha256:{hashlib.sha256(each.plain).hexdigest()}" for each in self.layers]
        document = {
            "architecture": architecture(),
            "os": "linux",
            "created": CREATED,
            "config": dict(self.run),
            "rootfs": {"type": "layers", "diff_ids": diff_ids},
            "history": [
                {"created_by": "ENV a=b", "empty_layer": True},
                *({"created_by": "COPY . /"} for _ in self.layers),
            ],
        }
        return Blob(json.dumps(document).encode(), f"{_OCI}.config.v1+json")

    @cached_property
    def manifest(self) -> Blob:
        """The manifest that a registry serves under the image's tag."""
        layers = [
            {**each.blob.descriptor(), "annotations": dict(each.annotations)}
            for each in self.layers
        ]
        document = {
            "schemaVersion": 2,
            "mediaType": f"{_OCI}.manifest.v1+json",
            "config": self.config.descriptor(),
            "layers": layers,
        }
        return Blob(json.dumps(document).encode(), f"{_OCI}.manifest.v1+json")

    def blobs(self) -> Iterator[Blob]:
        """Everything that the manifest names."""
        yield from (layer.blob for layer in self.layers)
        yield self.config
