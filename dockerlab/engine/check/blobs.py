"""Every blob is what its digest says, and every layer's blob unpacks to what its diff ID names."""

import hashlib
from collections.abc import Iterator

from dockerlab.engine.check.finding import Finding, Kind
from dockerlab.engine.check.opened import Opened
from dockerlab.engine.errors import DataLoss, NotFound
from dockerlab.engine.metadata.layers import Layer
from dockerlab.engine.oci import Digest
from dockerlab.engine.unpack.compression import decompressed

_PIECE = 1 << 20


def check_blobs(store: Opened) -> Iterator[Finding]:
    """Read every blob once, and decompress those of layers."""
    layers: dict[Digest, list[Layer]] = {}
    for layer in store.layers.all():
        layers.setdefault(layer.blob, []).append(layer)
    digests = sorted(store.content.walk())
    for number, digest in enumerate(digests):
        store.progress("blobs", number, len(digests))
        try:
            yield from _check(store, digest, layers.get(digest, []))
        except NotFound:
            continue  # removed while we were looking
        if not store.images.needs(digest):
            yield Finding(Kind.UNREFERENCED, digest, "a blob")
    store.progress("blobs", len(digests), len(digests))


def _check(store: Opened, digest: Digest, layers: list[Layer]) -> Iterator[Finding]:
    found = hashlib.sha256()
    with store.content.open(digest) as file:
        while piece := file.read(_PIECE):
            found.update(piece)
    if f"sha256:{found.hexdigest()}" != digest:
        yield Finding(Kind.BLOB_DAMAGED, digest, f"its bytes are sha256:{found.hexdigest()}")
        return
    if layers:
        unpacked, size = _unpacked(store, digest)
        for layer in layers:
            if (unpacked, size) != (layer.diff_id, layer.tar_size):
                detail = f"{layer.diff_id} of {layer.tar_size} bytes; {unpacked} of {size} came out"
                yield Finding(Kind.LAYER_DAMAGED, layer.chain_id, detail)


def _unpacked(store: Opened, digest: Digest) -> tuple[str, int]:
    """The digest and the size of the tar in a blob."""
    found, size = hashlib.sha256(), 0
    try:
        with store.content.open(digest) as file:
            for piece in decompressed(file):
                found.update(piece)
                size += len(piece)
    except DataLoss as error:
        return str(error), size
    return f"sha256:{found.hexdigest()}", size
