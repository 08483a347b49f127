"""Which image an archive or a layout holds, and which of its members are its layers."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dockerlab.layers.blobs import Blobs
from dockerlab.layers.history import HistoryLine
from dockerlab.layers.image import DiffID, ImageID
from dockerlab.layers.problems import ArchiveDamaged, NotAnImage
from dockerlab.layers.wire import Configuration, Descriptor, Manifest, SavedImage, parse
from dockerlab.names import familiar_name, full_name

_DIGEST = re.compile(r"(sha256|sha512):([0-9a-f]{64,128})")
_REFERENCES = ("io.containerd.image.name", "org.opencontainers.image.ref.name")
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
_MAX_DEPTH = 4
"""Indexes may hold indexes (image-index.md); more than this nobody makes."""


@dataclass(frozen=True, slots=True)
class Part:
    """A layer as its image names it; `digest` is that of the blob as stored, if it is known."""

    diff_id: DiffID
    member: str
    digest: str | None
    created_by: str


@dataclass(frozen=True, slots=True)
class Contents:
    """An image: its ID, its names, its layers from the lowest."""

    id: ImageID
    tags: tuple[str, ...]
    parts: tuple[Part, ...]


def find_image(blobs: Blobs, name: str | None = None) -> Contents:
    """Return the image of this name in an archive or a layout; without a name, the first.

    Raises:
        NotAnImage: there is no image, or none of this name.
        ArchiveDamaged: its documents cannot be read, or contradict each other.

    """
    saved = blobs.document("manifest.json")
    if saved is not None:
        return _saved(blobs, parse(saved, tuple[SavedImage, ...]), name)
    index = blobs.document("index.json")
    if index is None:
        raise NotAnImage()
    return _in_layout(blobs, parse(index, Manifest), name)


def command_of(created_by: str) -> str:
    """Return a command of the history without the wrapping that builders put around it."""
    return HistoryLine(created_by, 0).command


def _saved(blobs: Blobs, images: Sequence[SavedImage], name: str | None) -> Contents:
    for image in images:
        tags = image.repo_tags or ()
        if name is None or full_name(name) in {full_name(tag) for tag in tags}:
            break
    else:
        raise NotAnImage()
    data = _needed(blobs, image.config)
    image_id = image.config.removeprefix("blobs/sha256/").removesuffix(".json")
    members = image.layers or ()
    digests = [
        f"sha256:{member.removeprefix('blobs/sha256/')}" if "blobs/sha256/" in member else None
        for member in members
    ]
    parts = _parts(parse(data, Configuration), members, digests)
    names = tuple(familiar_name(tag) for tag in tags)
    return Contents(ImageID(f"sha256:{image_id.removeprefix('sha256:')}"), names, parts)


def _in_layout(blobs: Blobs, index: Manifest, name: str | None) -> Contents:
    for descriptor in index.manifests or ():
        names = tuple(_names(descriptor))
        wanted = name is None or full_name(name) in {full_name(each) for each in names}
        manifest = _manifest(blobs, descriptor, _MAX_DEPTH) if wanted else None
        if manifest is None or manifest.config is None:
            continue
        data = _needed(blobs, _member(manifest.config.digest))
        layers = manifest.layers or ()
        members = [_member(each.digest) for each in layers]
        parts = _parts(parse(data, Configuration), members, [each.digest for each in layers])
        tags = tuple(familiar_name(each) for each in names)
        return Contents(ImageID(manifest.config.digest), tags, parts)
    raise NotAnImage()


def _names(descriptor: Descriptor) -> Iterator[str]:
    notes = descriptor.annotations or {}
    found = next((notes[key] for key in _REFERENCES if notes.get(key)), None)
    if found:
        yield found


def _manifest(blobs: Blobs, descriptor: Descriptor, depth: int) -> Manifest | None:
    """Return the manifest that a descriptor leads to, for this machine if there are several."""
    document = parse(_needed(blobs, _member(descriptor.digest)), Manifest)
    if document.manifests is None:
        return document
    architecture = _ARCHITECTURES.get(os.uname().machine, os.uname().machine)
    usable = [each for each in document.manifests if _is_usable(each)]
    usable.sort(key=lambda each: _architecture(each) != architecture)
    for each in usable if depth else ():
        try:
            found = _manifest(blobs, each, depth - 1)
        except NotAnImage:
            continue  # `docker save` writes the whole index, and the blobs of one platform
        if found is not None:
            return found
    return None


def _is_usable(descriptor: Descriptor) -> bool:
    # An attestation stands in an index as a manifest for the platform unknown/unknown.
    return descriptor.platform is None or descriptor.platform.os != "unknown"


def _architecture(descriptor: Descriptor) -> str:
    return descriptor.platform.architecture if descriptor.platform else ""


def _member(digest: str) -> str:
    found = _DIGEST.fullmatch(digest)
    if not found:  # it becomes part of a path
        raise ArchiveDamaged("layers.document_damaged")
    return f"blobs/{found[1]}/{found[2]}"


def _needed(blobs: Blobs, member: str) -> bytes:
    data = blobs.document(member)
    if data is None:
        raise NotAnImage()
    return data


def _parts(
    configuration: Configuration, members: Sequence[str], digests: Sequence[str | None]
) -> tuple[Part, ...]:
    diff_ids = configuration.rootfs.diff_ids or ()
    if len(diff_ids) != len(members):
        raise ArchiveDamaged("layers.document_damaged")
    lines = [line for line in configuration.history or () if not line.empty_layer]
    commands = [command_of(line.created_by or "") for line in lines][: len(diff_ids)]
    commands += [""] * (len(diff_ids) - len(commands))
    return tuple(
        Part(DiffID(diff_id), member, digest, command)
        for diff_id, member, digest, command in zip(
            diff_ids, members, digests, commands, strict=True
        )
    )
