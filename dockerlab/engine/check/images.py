"""Every image that is listed is whole: row, manifest, config and layers tell the same."""

from collections.abc import Iterator

from dockerlab.engine.check.finding import Finding, Kind
from dockerlab.engine.check.opened import Opened
from dockerlab.engine.errors import DataLoss
from dockerlab.engine.metadata.images import Image
from dockerlab.engine.oci import Digest, ImageConfig, Manifest, chain_ids, decode


def check_images(store: Opened) -> Iterator[Finding]:
    """Hold every image against what it consists of."""
    images = store.images.all()
    for number, image in enumerate(images):
        store.progress("images", number, len(images))
        yield from _check(store, image)
    store.progress("images", len(images), len(images))


def _check(store: Opened, image: Image) -> Iterator[Finding]:
    layers = store.layers.chain(image.chain_id)
    needed = [Digest(image.image_id), image.manifest, *(layer.blob for layer in layers)]
    missing = [digest for digest in dict.fromkeys(needed) if not store.content.has(digest)]
    for digest in missing:
        yield Finding(Kind.BLOB_MISSING, digest, f"needed by image {image.image_id}")
    if needed[0] in missing or needed[1] in missing:
        return
    try:
        manifest = decode(store.content.read(image.manifest), Manifest)
        config = decode(store.content.read(needed[0]), ImageConfig)
    except DataLoss as error:
        yield Finding(Kind.IMAGE_INCONSISTENT, image.image_id, str(error))
        return
    chain = chain_ids(config.rootfs.diff_ids)
    told = {
        "the manifest names another config": manifest.config.digest == needed[0],
        "the manifest names other layers": (
            [layer.digest for layer in manifest.layers] == [layer.blob for layer in layers]
        ),
        "the config names other layers": (
            list(chain) == [layer.chain_id for layer in layers]
            and image.chain_id == (chain[-1] if chain else None)
        ),
        "its size is not that of its layers": image.size == sum(layer.size for layer in layers),
    }
    for detail, right in told.items():
        if not right:
            yield Finding(Kind.IMAGE_INCONSISTENT, image.image_id, detail)
