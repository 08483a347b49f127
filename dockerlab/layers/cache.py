"""What was read of a layer, kept for the next time.

A diff ID names a layer's content for ever, so nothing kept by it can become wrong. What is kept
for a place in a file is of no use once the file has changed, and goes when it has not been asked
for for a week. A file is written beside its place and renamed: whoever reads it sees a whole one or
none. One that is damaged all the same is found by its checksum and ignored; so is a cache that
cannot be written.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import time
from pathlib import Path

import msgspec

from dockerlab.layers.scan import LayerFiles

FORMAT = "2"
"""Part of the path: a later version that keeps something else uses another."""
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_CHECKSUM = 16
_AT = ".at"
_KEPT_AT = 7 * 24 * 3600
"""Seconds that what was read at a place is kept without being asked for."""


def default_folder() -> Path:
    """Return the folder of the cache (XDG Base Directory Specification, `XDG_CACHE_HOME`)."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "dockerlab" / "layers" / FORMAT


class LayerCache:
    """Layers by diff ID or by place, and documents of images, in one folder."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or default_folder()

    def layer(self, diff_id: str) -> LayerFiles | None:
        """Return what is kept of the layer of this diff ID."""
        return _layer(self._read(diff_id, ".layer"))

    def keep_layer(self, layer: LayerFiles) -> None:
        """Keep a layer under its diff ID, which must be beyond doubt."""
        self._write(layer.diff_id, ".layer", msgspec.msgpack.encode(layer))

    def layer_at(self, place: str) -> LayerFiles | None:
        """Return what was kept of a layer for this place."""
        digest = _digest(place)
        found = _layer(self._read(digest, _AT))
        path = self._path(digest, _AT)
        if found and path:
            with contextlib.suppress(OSError):
                os.utime(path)
        return found

    def keep_layer_at(self, place: str, layer: LayerFiles) -> None:
        """Keep a layer for this place, and drop what nobody asked for since a week."""
        self._write(_digest(place), _AT, msgspec.msgpack.encode(layer))
        with contextlib.suppress(OSError):
            for path in self._folder.glob(f"*{_AT}"):
                if time.time() - path.stat().st_mtime > _KEPT_AT:
                    path.unlink()

    def document(self, name: str) -> bytes | None:
        """Return what `keep_document` kept under this name."""
        return self._read(_digest(name), ".json")

    def keep_document(self, name: str, data: bytes) -> None:
        """Keep a small document about an image."""
        self._write(_digest(name), ".json", data)

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


def _layer(data: bytes | None) -> LayerFiles | None:
    try:
        return msgspec.msgpack.decode(data, type=LayerFiles) if data else None
    except msgspec.DecodeError:
        return None


def _digest(name: str) -> str:
    return f"sha256:{hashlib.sha256(name.encode()).hexdigest()}"


def _sum(payload: bytes) -> bytes:
    return hashlib.blake2b(payload, digest_size=_CHECKSUM, usedforsecurity=False).digest()
