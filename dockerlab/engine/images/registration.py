"""The way in: layers are unpacked, then the image appears, whole, in one transaction.

``pull``, ``load``, ``import`` and the builder all end here.
"""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from dockerlab.engine.content.store import ContentStore
from dockerlab.engine.errors import DataLoss, EngineError, InvalidParameter
from dockerlab.engine.gc import Hold
from dockerlab.engine.images.archive import in_dockers_words
from dockerlab.engine.images.library import Library
from dockerlab.engine.images.unpacking import Read, Unpacker, WrongLayer
from dockerlab.engine.metadata.images import NEVER, Image
from dockerlab.engine.metadata.layers import Layer
from dockerlab.engine.oci import (
    CONFIG,
    LAYER,
    LAYER_GZIP,
    LAYER_ZSTD,
    MANIFEST,
    Descriptor,
    Digest,
    ImageConfig,
    ImageID,
    Manifest,
    chain_ids,
    decode,
    digest_of,
    encode,
)
from dockerlab.engine.reference import Reference
from dockerlab.engine.threads import unbroken
from dockerlab.engine.timestamp import parse_rfc3339


class Incoming:
    """An image on its way in. Its layers are given from the base up, then it is registered."""

    def __init__(self, library: Library, unpacker: Unpacker, hold: Hold, config: bytes) -> None:
        """Use ``Registrar.incoming``."""
        self._library = library
        self._unpacker = unpacker
        self.hold = hold
        self._config_data = config
        self.image_id = ImageID(digest_of(config))
        self.config = decode_config(config)
        self.chain = chain_ids(self.config.rootfs.diff_ids)
        self.layers: list[Layer] = []

    async def present(self) -> int:
        """How many layers, from the base up, are unpacked already; they count as given."""
        for chain_id in self.chain[len(self.layers) :]:
            layer = self._unpacker.find(chain_id)
            if layer is None:
                break
            await self.hold.keep(blobs=[layer.blob])
            if not self._library.content.has(layer.blob):
                break
            self.layers.append(layer)
        return len(self.layers)

    async def inherit(self, number: int) -> None:
        """Count as given what is ``present``: the parent's ``number`` layers, perhaps one more.

        Raises:
            NotFound: a blob of the parent's has gone, with the pack that it was in.

        """
        if await self.present() < number:
            lost = self._unpacker.find(self.chain[len(self.layers)])
            if lost is not None:
                self._library.content.path(lost.blob)

    async def add(self, blob: Digest, *, read: Read = lambda _: None) -> Layer:
        """Unpack the next layer, whose blob is in the content store and held.

        Raises:
            DataLoss: the blob is damaged, or is not the layer that the config names.
            DiskFull: no space is left.

        """
        place = len(self.layers)
        try:
            layer = await self._unpacker.unpack(
                blob,
                diff_id=self.config.rootfs.diff_ids[place],
                parent=self.chain[place - 1] if place else None,
                read=read,
            )
        except WrongLayer as error:
            raise DataLoss(
                f'invalid diffID for layer {place}: expected "{error.expected}", got "{error.got}"'
            ) from error
        except DataLoss as error:
            raise in_dockers_words(error) from error
        self.layers.append(layer)
        return layer

    async def register(
        self,
        *,
        manifest: bytes | None = None,
        names: Iterable[Reference] = (),
        parent: ImageID | None = None,
        tagged: int = NEVER,
        built: bool = False,
    ) -> Image:
        """Make the image appear, with these names, once all its layers are given.

        ``manifest`` is kept if it names the very blobs that are here; otherwise one is made.
        ``built`` says that this engine made it, so that later builds may trust it as their cache.

        Raises:
            InvalidParameter: the config tells of another number of layers.
            DiskFull: no space is left; the image does not appear.

        """
        if len(self.layers) != len(self.chain):
            raise InvalidParameter(
                f"invalid manifest, layers length mismatch: expected {len(self.chain)}, "
                f"got {len(self.layers)}"
            )
        document = self._manifest(manifest)
        image_id = self.image_id
        await self.hold.keep(blobs=[Digest(image_id), digest_of(document)])
        for blob in (self._config_data, document):
            await unbroken(self._library.content.add, blob)
        image = Image(
            image_id=image_id,
            manifest=digest_of(document),
            chain_id=self.chain[-1] if self.chain else None,
            parent=parent,
            size=sum(layer.size for layer in self.layers),
            created=parse_rfc3339(self.config.created) if self.config.created else 0,
            tagged=tagged,
            names=tuple(str(name.stored) for name in names),
        )
        self._write(image, built=built)
        return self._library.records.find(image_id) or image

    def _write(self, image: Image, *, built: bool) -> None:
        with self._library.database.transaction():
            self._library.layers.add(self.layers)
            self._library.records.add(image)
            if built:
                self._library.records.mark_built(image.image_id)
        for layer in self.layers:
            self._unpacker.registered(layer)

    def _manifest(self, given: bytes | None) -> bytes:
        blobs = [layer.blob for layer in self.layers]
        if given is not None and [i.digest for i in decode(given, Manifest).layers] == blobs:
            return given
        return encode_manifest(self._library.content, self._config_data, blobs)


class Registrar:
    """Lets images in."""

    def __init__(self, library: Library, *, layer_limit: int | None = None) -> None:
        self._library = library
        self._unpacker = Unpacker(
            layers=library.layers,
            content=library.content,
            snapshots=library.snapshots,
            unregistered=library.collector.unregistered,
            limit=layer_limit,
        )

    @asynccontextmanager
    async def incoming(self, config: bytes) -> AsyncIterator[Incoming]:
        """Begin to let in the image with this config; what was unpacked in vain is removed.

        Raises:
            DataLoss: it is no image config.

        """
        async with self._library.collector.hold() as hold:
            incoming = Incoming(self._library, self._unpacker, hold, config)
            await hold.keep(layers=incoming.chain)
            yield incoming


def decode_config(data: bytes) -> ImageConfig:
    """An image config whose times can be read, for Linux.

    Raises:
        DataLoss: it is none, or for another system.

    """
    try:
        config = decode(data, ImageConfig)
    except DataLoss:
        if b'"rootfs"' in data or not data.lstrip().startswith(b"{"):
            raise
        raise DataLoss("invalid image JSON, no RootFS key") from None
    if config.os not in ("", "linux"):
        raise DataLoss(f"cannot load {config.os} image on linux")
    try:
        for text in (config.created, *(step.created for step in config.history)):
            if text:
                parse_rfc3339(text)
    except EngineError as error:
        raise DataLoss(f"invalid image config: {error}") from error
    return config


def encode_manifest(content: ContentStore, config: bytes, blobs: Iterable[Digest]) -> bytes:
    """The bytes of an OCI manifest for a config and for layers in the content store."""
    manifest = Manifest(
        schema_version=2,
        media_type=MANIFEST,
        config=Descriptor(CONFIG, digest_of(config), len(config)),
        layers=tuple(
            Descriptor(layer_type(content, blob), blob, content.size(blob)) for blob in blobs
        ),
    )
    return encode(manifest)


def layer_type(content: ContentStore, blob: Digest) -> str:
    """The media type of a layer, by its first bytes."""
    with content.open(blob) as file:
        head = file.read(4)
    if head.startswith(b"\x1f\x8b"):
        return LAYER_GZIP
    return LAYER_ZSTD if head == b"\x28\xb5\x2f\xfd" else LAYER
