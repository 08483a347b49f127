"""``docker save``: images into one tar, the same bytes whenever the same images are saved."""

import tarfile
from collections.abc import AsyncGenerator, Iterator, Sequence

import msgspec

from dockerlab.engine.errors import DataLoss, InvalidParameter, NotFound
from dockerlab.engine.images import archive
from dockerlab.engine.images.library import Library
from dockerlab.engine.metadata.images import Image
from dockerlab.engine.metadata.layers import Layer
from dockerlab.engine.oci import (
    CONFIG,
    INDEX,
    LAYER,
    MANIFEST,
    Descriptor,
    Digest,
    Index,
    Manifest,
    digest_of,
    encode,
)
from dockerlab.engine.reference import Reference, parse, parse_any
from dockerlab.engine.threads import unbroken
from dockerlab.engine.unpack.compression import decompressed

_BLOCK = 512
_RECORD = 20 * _BLOCK
_CHUNK = 1 << 20


class _Chosen(msgspec.Struct, frozen=True):
    """An image to save, with the names it was asked for by."""

    image: Image
    names: tuple[Reference, ...]
    layers: tuple[Layer, ...]


async def save(library: Library, names: Sequence[str]) -> AsyncGenerator[bytes, None]:
    """The archive of the images that ``names`` mean, in pieces.

    A repository without tag means all its tags; an ID saves the image without a name.

    Raises, before the first piece:
        NotFound: a name means nothing, or a layer lay in a pack that has disappeared.
        InvalidParameter: a name is malformed, or its image has no layers.

    """
    chosen = _choose(library, names)
    files: dict[str, bytes | Layer] = {}
    index: list[Descriptor] = []
    items: list[archive.Item] = []
    for one in chosen:
        files[archive.blob_path(Digest(one.image.image_id))] = library.content.read(
            Digest(one.image.image_id)
        )
        files.update({archive.blob_path(Digest(i.diff_id)): i for i in one.layers})
        manifest = encode(_manifest(library, one))
        files[archive.blob_path(digest_of(manifest))] = manifest
        index.extend(_descriptors(manifest, one.names))
        items.append(_item(one))
    files[archive.INDEX_FILE] = encode(
        Index(schema_version=2, media_type=INDEX, manifests=tuple(index))
    )
    files[archive.MANIFEST_FILE] = msgspec.json.encode(items) + b"\n"
    files[archive.LAYOUT_FILE] = archive.LAYOUT
    async with library.collector.hold() as hold:
        await hold.keep(
            blobs=[i.blob for one in chosen for i in one.layers],
            layers=[i.chain_id for one in chosen for i in one.layers],
        )
        for blob in hold.blobs:
            library.content.path(blob)
        pieces = _tar(library, files)
        while piece := await unbroken(next, pieces, b""):
            yield piece
    for one in chosen:
        if library.records.find(one.image.image_id):
            library.publish("save", one.image.image_id)


def _choose(library: Library, names: Sequence[str]) -> tuple[_Chosen, ...]:
    wanted: dict[str, tuple[Image, list[Reference]]] = {}

    def add(image: Image, *references: Reference) -> None:
        known = wanted.setdefault(image.image_id, (image, []))[1]
        known.extend(r for r in references if r.tag and not r.digest and r not in known)

    for name in names:
        reference = parse_any(name)
        if not isinstance(reference, Reference) or reference.familiar_name == "sha256":
            add(library.resolve(name))
        elif reference.tag or reference.digest:
            image = library.records.named(str(reference.stored))
            if image is None:
                raise NotFound("reference does not exist")
            add(image, reference)
        else:
            tagged = library.records.in_repository(reference.name)
            for text, image in tagged:
                add(image, parse(text))
            if not tagged:
                add(_by_id(library, name))
    return tuple(
        _Chosen(image, tuple(references), _layers(library, image))
        for image, references in wanted.values()
    )


def _by_id(library: Library, name: str) -> Image:
    try:
        return library.resolve(name)
    except NotFound:
        raise NotFound(f"No such image: {name}") from None


def _layers(library: Library, image: Image) -> tuple[Layer, ...]:
    layers = library.layers.chain(image.chain_id)
    if not layers:
        raise InvalidParameter("empty export - not implemented")
    return layers


def _manifest(library: Library, one: _Chosen) -> Manifest:
    config = Digest(one.image.image_id)
    return Manifest(
        schema_version=2,
        media_type=MANIFEST,
        config=Descriptor(CONFIG, config, library.content.size(config)),
        layers=tuple(_plain(layer) for layer in one.layers),
    )


def _plain(layer: Layer) -> Descriptor:
    """What the layer is in the archive: a tar without compression."""
    return Descriptor(LAYER, Digest(layer.diff_id), layer.tar_size)


def _descriptors(manifest: bytes, names: Sequence[Reference]) -> Iterator[Descriptor]:
    bare = Descriptor(MANIFEST, digest_of(manifest), len(manifest))
    if not names:
        yield bare
    for name in names:
        annotations = {archive.IMAGE_NAME: str(name), archive.REF_NAME: name.tag}
        yield msgspec.structs.replace(bare, annotations=annotations)


def _item(one: _Chosen) -> archive.Item:
    return archive.Item(
        config=archive.blob_path(Digest(one.image.image_id)),
        repo_tags=tuple(name.familiar for name in one.names) or None,
        layers=tuple(archive.blob_path(Digest(layer.diff_id)) for layer in one.layers),
        parent=one.image.parent or "",
        layer_sources={layer.diff_id: _plain(layer) for layer in one.layers},
    )


def _tar(library: Library, files: dict[str, bytes | Layer]) -> Iterator[bytes]:
    """The tar's bytes: sorted, and nothing in them that tells when or by whom they were made."""
    size = 0
    for piece in _members(library, files):
        size += len(piece)
        yield piece
    yield bytes(2 * _BLOCK + -(size + 2 * _BLOCK) % _RECORD)


def _members(library: Library, files: dict[str, bytes | Layer]) -> Iterator[bytes]:
    yield _header("blobs/", kind=tarfile.DIRTYPE)
    yield _header("blobs/sha256/", kind=tarfile.DIRTYPE)
    for name, data in sorted(files.items()):
        size = data.tar_size if isinstance(data, Layer) else len(data)
        yield _header(name, size=size)
        if isinstance(data, Layer):
            yield from _layer_data(library, data)
        elif data:
            yield data
        if size % _BLOCK:
            yield bytes(-size % _BLOCK)


def _layer_data(library: Library, layer: Layer) -> Iterator[bytes]:
    left = layer.tar_size
    with library.content.open(layer.blob) as file:
        for piece in decompressed(file):
            left -= len(piece)
            if left < 0:
                break
            yield piece
    if left:
        raise DataLoss(f"the layer {layer.diff_id} in the store is not as it was")


def _header(name: str, *, size: int = 0, kind: bytes = tarfile.REGTYPE) -> bytes:
    member = tarfile.TarInfo(name)
    member.type = kind
    member.mode = 0o755 if kind == tarfile.DIRTYPE else 0o644
    member.size = size
    # The archive of Docker has the times of the images; without any, it is the same every time.
    member.mtime = 0
    return member.tobuf(tarfile.GNU_FORMAT)
