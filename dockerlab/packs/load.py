"""Give a pack's images to an engine."""

from __future__ import annotations

import tarfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dockerlab.packs.create import image_id, unhurried
from dockerlab.packs.layout import Pack, PackedImage, Variant, blob_path, encode
from dockerlab.packs.problems import PackDamaged, PackProblem
from dockerlab.packs.verify import verify_pack

if TYPE_CHECKING:
    import docker

_CHUNK = 1 << 20
_BLOCK = 512


@dataclass
class Loaded:
    """What became of a pack's images, by name.

    `new`: loaded; `present`: the engine had the same image; `kept`: the engine has another image
    of this name, which was left as it is; `unsuitable`: the pack has it for other platforms only.
    """

    platform: str = ""
    new: list[str] = field(default_factory=list)
    present: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    unsuitable: list[str] = field(default_factory=list)


def load_pack(
    client: docker.DockerClient,
    pack: Pack,
    *,
    images: Sequence[str] = (),
    platform: str = "",
    replace: bool = False,
    progress: Callable[[int], object] = int,
) -> Loaded:
    """Load the pack's images, or those of these whole names, after every digest was checked.

    An image is loaded for the engine's own platform, unless another `platform` such as
    `linux/arm64` is given. One that the engine has under the same name is replaced only if
    `replace` is true.

    Raises:
        PackDamaged: a blob is missing or not what it says; nothing was loaded.
        PackProblem: the pack has no image of a name, or the engine refused.

    """
    chosen = _chosen(pack, images)
    for fault in verify_pack(Pack(pack.folder, chosen), progress=progress):
        raise PackDamaged(path=pack.folder, part=f"{fault.digest} ({', '.join(fault.images)})")
    version = client.version()
    loaded = Loaded(platform or f"{version['Os']}/{version['Arch']}")
    wanted: list[tuple[str, Variant]] = []
    for image in chosen:
        variant = _variant_for(image, loaded.platform)
        if variant is None:
            loaded.unsuitable.append(image.name)
            continue
        there = image_id(client, image.name)
        if there in (variant.config.digest, variant.manifest.digest):
            loaded.present.append(image.name)
        elif there and not replace:
            loaded.kept.append(image.name)
        else:
            loaded.new.append(image.name)
            wanted.append((image.name, variant))
    if wanted:
        _send(client, pack.folder, wanted, progress)
    return loaded


def _chosen(pack: Pack, names: Sequence[str]) -> tuple[PackedImage, ...]:
    there = {image.name: image for image in pack.images}
    for name in names:
        if name not in there:
            raise PackProblem("pack.not_in_it", path=pack.folder, name=name)
    return tuple(there[name] for name in sorted(set(names) or there))


def _variant_for(image: PackedImage, platform: str) -> Variant | None:
    return next((each for each in image.variants if each.platform.suits(platform)), None)


def _send(
    client: docker.DockerClient,
    folder: Path,
    images: Sequence[tuple[str, Variant]],
    progress: Callable[[int], object],
) -> None:
    from docker.errors import APIError  # noqa: PLC0415

    def told() -> Iterator[bytes]:
        for chunk in _archive(folder, images):
            progress(len(chunk))
            yield chunk

    # Not `client.images.load`: it looks for what was loaded, and Podman names all in one line.
    api: Any = client.api  # its stub says bytes; what is iterable is streamed
    try:
        with unhurried(client):
            for step in api.load_image(told()) or ():
                if "error" in step:
                    raise PackProblem("pack.refused", reason=step["error"])
    except APIError as error:
        raise PackProblem("pack.refused", reason=error.explanation or error) from error


def _archive(folder: Path, images: Iterable[tuple[str, Variant]]) -> Iterator[bytes]:
    """What `docker load` reads, of every engine and age: Docker's `manifest.json` and the blobs."""
    items = []
    blobs: dict[str, Path] = {}
    for name, variant in images:
        for blob in (variant.config, *variant.layers):
            blobs[_member(blob.digest)] = blob_path(folder, blob.digest)
        layers = [_member(layer.digest) for layer in variant.layers]
        items.append(
            {"Config": _member(variant.config.digest), "RepoTags": [name], "Layers": layers}
        )
    manifest = encode(items)
    yield _header("manifest.json", len(manifest)) + manifest + bytes(-len(manifest) % _BLOCK)
    for member, path in blobs.items():
        size = path.stat().st_size
        yield _header(member, size)
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                yield chunk
        yield bytes(-size % _BLOCK)
    yield bytes(2 * _BLOCK)


def _header(name: str, size: int) -> bytes:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o644
    return member.tobuf(tarfile.GNU_FORMAT)


def _member(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"
