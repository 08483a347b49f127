"""From a name to one image for one platform: its manifest and its config, verified."""

from collections.abc import Sequence

import msgspec

from dockerlab.engine import platform as platforms
from dockerlab.engine.distribution.manifests import decode_manifest
from dockerlab.engine.distribution.replies import Refused, blob_error, pull_error
from dockerlab.engine.distribution.source import RawManifest, Source
from dockerlab.engine.errors import DataLoss, EngineError, InvalidParameter, NotFound
from dockerlab.engine.oci import (
    Descriptor,
    Digest,
    ImageConfig,
    ImageID,
    Index,
    Manifest,
    Platform,
    digest_of,
)
from dockerlab.engine.reference import Reference

_LARGEST_CONFIG = 8 << 20
_DEEPEST_INDEX = 4


class Resolved(msgspec.Struct, frozen=True, kw_only=True):
    """An image that was found, before its layers.

    ``digest`` is of what the name stands for, an index or a manifest. ``canonical`` says whether
    it is the registry's and may be shown in RepoDigests (a pack's may not). ``source`` names who
    had it. The bytes are as they came.
    """

    reference: Reference
    digest: Digest
    canonical: bool
    source: str
    index: bytes | None
    manifest_digest: Digest
    manifest_data: bytes
    manifest: Manifest
    image_id: ImageID
    config_data: bytes
    config: ImageConfig


class Found(msgspec.Struct, frozen=True):
    """An image, and the sources that its layers may be had from, the likeliest first."""

    image: Resolved
    sources: tuple[Source, ...]


async def find(reference: Reference, sources: Sequence[Source], platform: Platform) -> Found:
    """The image in the first source that has it whole.

    Raises:
        NotFound: none has it, or none for the platform, in the registry's own words.
        InvalidParameter: what it has is no image.
        SystemFailure, DataLoss, Unauthorized: the registry does not answer, lies, or refuses.

    """
    failure: EngineError | None = None
    for place, source in enumerate(sources):
        try:
            image = await _resolve(reference, source, platform)
        except EngineError as error:
            # What the registry itself said is what the user asked to know; what its mirrors and
            # the packs said is not.
            if failure is None or (source.canonical and not source.mirror):
                failure = error
        else:
            return Found(image, (source, *sources[place + 1 :]))
    if isinstance(failure, Refused):
        raise pull_error(
            failure, familiar_name=reference.familiar_name, familiar=reference.familiar
        ) from failure
    raise failure or NotFound(f"no endpoints found for {reference.familiar}")


async def _resolve(reference: Reference, source: Source, platform: Platform) -> Resolved:
    first = await source.manifest(reference.digest or reference.tag)
    raw, index = first, None
    decoded = decode_manifest(raw, name=str(reference))
    for _ in range(_DEEPEST_INDEX):
        if not isinstance(decoded, Index):
            break
        index = index or raw.data
        chosen = platforms.choose(decoded, platform)
        raw = await source.manifest(chosen.digest)
        decoded = decode_manifest(raw, name=str(reference))
    if isinstance(decoded, Index):
        raise InvalidParameter(f"the index of {reference.familiar} points at indexes without end")
    data = await _config(source, decoded.config)
    return Resolved(
        reference=reference,
        digest=first.descriptor.digest,
        canonical=source.canonical,
        source=source.name,
        index=index,
        manifest_digest=raw.descriptor.digest,
        manifest_data=raw.data,
        manifest=decoded,
        image_id=ImageID(decoded.config.digest),
        config_data=data,
        config=_decode_config(data, decoded, raw),
    )


async def _config(source: Source, descriptor: Descriptor) -> bytes:
    if descriptor.size > _LARGEST_CONFIG:
        raise InvalidParameter(f"image config of {descriptor.size} bytes refused")
    data = bytearray()
    try:
        async for piece in source.blob(descriptor):
            data += piece
            if len(data) > _LARGEST_CONFIG:
                break
    except Refused as refused:
        raise blob_error(refused) from refused
    if digest_of(bytes(data)) != descriptor.digest:
        raise DataLoss(f"image config verification failed for digest {descriptor.digest}")
    return bytes(data)


def _decode_config(data: bytes, manifest: Manifest, raw: RawManifest) -> ImageConfig:
    try:
        config = msgspec.json.decode(data, type=ImageConfig)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidParameter(f"malformed config of {raw.descriptor.digest}: {error}") from error
    if len(config.rootfs.diff_ids) != len(manifest.layers):
        raise InvalidParameter("layers from manifest don't match image configuration")
    return config
