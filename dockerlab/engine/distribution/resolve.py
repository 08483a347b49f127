"""From a name to one image for one platform: its manifest and its config, verified."""

import contextlib
from collections.abc import AsyncGenerator, Sequence

import msgspec

from dockerlab.engine import platform as platforms
from dockerlab.engine.distribution.manifests import decode_manifest
from dockerlab.engine.distribution.replies import Refused, blob_error, pull_error
from dockerlab.engine.distribution.silence import Silence
from dockerlab.engine.distribution.source import RawManifest, Source
from dockerlab.engine.distribution.transport import Dropped, Unreachable
from dockerlab.engine.errors import DataLoss, EngineError, InvalidParameter, NotFound
from dockerlab.engine.oci import (
    Descriptor,
    Digest,
    ImageConfig,
    ImageID,
    Index,
    Manifest,
    Platform,
    decode,
    digest_of,
)
from dockerlab.engine.reference import Reference

_LARGEST_CONFIG = 8 << 20
_DEEPEST_INDEX = 4
_ATTEMPTS = 4


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


class Located(msgspec.Struct, frozen=True):
    """``source`` has something by that name; whether it is whole is yet to be seen."""

    source: str


class Found(msgspec.Struct, frozen=True):
    """An image, and the sources that its layers may be had from, the likeliest first."""

    image: Resolved
    sources: tuple[Source, ...]


class Inspected(msgspec.Struct, frozen=True):
    """What a registry has under a name, and the platforms that it is for."""

    descriptor: Descriptor
    platforms: tuple[Platform, ...]


async def find(
    reference: Reference, sources: Sequence[Source], platform: Platform, silence: Silence
) -> AsyncGenerator[Located | Found, None]:
    """The image in the first source that has it whole; ``Found`` comes last.

    A source may be there twice, to be asked again should it not answer the first time. Who does not
    answer is noted in ``silence``.

    Raises:
        NotFound: none has it, or none for the platform, in the registry's own words.
        InvalidParameter: what it has is no image.
        Unauthorized, TooManyRequests: the registry refuses, for now or for this user.
        SystemFailure, DataLoss: the registry does not answer, or lies.

    """
    failure: EngineError = NotFound(f"no endpoints found for {reference.familiar}")
    asked: set[str] = set()
    answered: set[str] = set()
    for place, source in enumerate(sources):
        if source.name in answered:
            continue
        asked.add(source.name)
        begun = silence.clock()
        try:
            first = await source.manifest(reference.digest or reference.tag)
            decoded = decode_manifest(first, name=str(reference))
            yield Located(source.name)
            image = await _complete(reference, source, first, decoded, platform)
        except EngineError as error:
            if isinstance(error, Unreachable):
                silence.note(source, since=begun)
            else:
                answered.add(source.name)
            # What the registry itself said is what the user asked to know; what its mirrors and
            # the packs said is not.
            if place == 0 or (source.canonical and not source.mirror):
                failure = error
        else:
            silence.broken(source)
            others = (each for each in sources[place + 1 :] if each.name not in asked)
            yield Found(image, (source, *others))
            return
    raise pull_error(failure, reference) if isinstance(failure, Refused) else failure


async def inspect(reference: Reference, source: Source) -> Inspected:
    """What one source has under a name, for ``docker manifest`` and its like; raises as find."""
    try:
        raw = await source.manifest(reference.digest or reference.tag)
    except Refused as refused:
        raise pull_error(refused, reference) from refused
    decoded = decode_manifest(raw, name=str(reference))
    if isinstance(decoded, Index):
        listed = tuple(entry.platform for entry in decoded.manifests if entry.platform)
        return Inspected(raw.descriptor, listed)
    data = await _config(source, decoded.config, reference)
    config = _decode_config(data, decoded, raw)
    own = Platform(architecture=config.architecture, os=config.os, variant=config.variant)
    return Inspected(raw.descriptor, (own,))


async def _complete(
    reference: Reference,
    source: Source,
    first: RawManifest,
    decoded: Manifest | Index,
    platform: Platform,
) -> Resolved:
    raw = first
    for _ in range(_DEEPEST_INDEX):
        if not isinstance(decoded, Index):
            break
        raw = await source.manifest(platforms.choose(decoded, platform).digest)
        decoded = decode_manifest(raw, name=str(reference))
    if isinstance(decoded, Index):
        raise InvalidParameter(f"the index of {reference.familiar} points at indexes without end")
    data = await _config(source, decoded.config, reference)
    return Resolved(
        reference=reference,
        digest=first.descriptor.digest,
        canonical=source.canonical,
        source=source.name,
        index=None if raw is first else first.data,
        manifest_digest=raw.descriptor.digest,
        manifest_data=raw.data,
        manifest=decoded,
        image_id=ImageID(decoded.config.digest),
        config_data=data,
        config=_decode_config(data, decoded, raw),
    )


async def _config(source: Source, descriptor: Descriptor, reference: Reference) -> bytes:
    what = "error pulling image configuration"
    if descriptor.size > _LARGEST_CONFIG:
        raise InvalidParameter(f"{what}: {descriptor.size} bytes are too many")
    data = await _read(source, descriptor, reference)
    if digest_of(data) != descriptor.digest:
        raise DataLoss(f"{what}: image config verification failed for digest {descriptor.digest}")
    return data


async def _read(source: Source, descriptor: Descriptor, reference: Reference) -> bytes:
    for _ in range(_ATTEMPTS - 1):
        with contextlib.suppress(Dropped):
            return await _read_once(source, descriptor, reference)
    return await _read_once(source, descriptor, reference)


async def _read_once(source: Source, descriptor: Descriptor, reference: Reference) -> bytes:
    data = bytearray()
    try:
        async with contextlib.aclosing(source.blob(descriptor)) as pieces:
            async for piece in pieces:
                data += piece
                if len(data) > descriptor.size:
                    break
    except Refused as refused:
        raise blob_error(refused, reference) from refused
    return bytes(data)


def _decode_config(data: bytes, manifest: Manifest, raw: RawManifest) -> ImageConfig:
    try:
        config = decode(data, ImageConfig)
    except DataLoss as error:
        raise InvalidParameter(f"malformed config of {raw.descriptor.digest}: {error}") from error
    if len(config.rootfs.diff_ids) != len(manifest.layers):
        raise InvalidParameter("layers from manifest don't match image configuration")
    return config
