"""What was read of a layer, kept for the next time.

A diff ID names a layer's content for ever, so nothing here can become wrong. A file is written
beside its place and renamed: whoever reads it sees a whole one or none. One that is damaged all
the same is found by its checksum and ignored; so is a cache that cannot be written.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from pathlib import Path

import msgspec

from dockerlab.layers.scan import LayerFiles

FORMAT = "1"
"""Part of the path: a later version that keeps something else uses another."""
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_CHECKSUM = 16


def default_folder() -> Path:
    """Return the folder of the cache (XDG Base Directory Specification, `XDG_CACHE_HOME`)."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "dockerlab" / "layers" / FORMAT


class LayerCache:
    """Layers by diff ID, and documents of images by image ID, in one folder."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or default_folder()

    def layer(self, diff_id: str) -> LayerFiles | None:
        """Return what is kept of the layer of this diff ID."""
        data = self._read(diff_id, ".layer")
        if data is None:
            return None
        try:
            return msgspec.msgpack.decode(data, type=LayerFiles)
        except msgspec.DecodeError:
            return None

    def keep_layer(self, layer: LayerFiles) -> None:
        """Keep a layer, under the diff ID that was computed from its content."""
        self._write(layer.diff_id, ".layer", msgspec.msgpack.encode(layer))

    def document(self, image_id: str) -> bytes | None:
        """Return what `keep_document` kept for this image."""
        return self._read(image_id, ".json")

    def keep_document(self, image_id: str, data: bytes) -> None:
        """Keep a small document about an image."""
        self._write(image_id, ".json", data)

    def _path(self, digest: str, suffix: str) -> Path | None:
        if not _DIGEST.fullmatch(digest):  # it may come from an image: it must not lead elsewhere
            return None
        return self._folder / f"{digest.removeprefix('sha256:')}{suffix}"

    def _read(self, digest: str, suffix: str) -> bytes | None:
        path = self._path(digest, suffix)
        if path is None:
            return None
        try:
            data = path.read_bytes()
        except OSError:
            return None
        checksum, payload = data[:_CHECKSUM], data[_CHECKSUM:]
        return payload if checksum == _sum(payload) else None

    def _write(self, digest: str, suffix: str, payload: bytes) -> None:
        path = self._path(digest, suffix)
        if path is None:
            return
        # Without a cache everything works, only slower: a full or read-only disk is no error.
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            beside = self._folder / f".new-{os.urandom(8).hex()}"
            try:
                with beside.open("xb") as file:
                    file.write(_sum(payload))
                    file.write(payload)
                beside.replace(path)
            except BaseException:
                beside.unlink(missing_ok=True)
                raise


def _sum(payload: bytes) -> bytes:
    return hashlib.blake2b(payload, digest_size=_CHECKSUM, usedforsecurity=False).digest()
