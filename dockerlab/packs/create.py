"""Make a pack from the images of an engine, and of the registries that the engine can reach."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dockerlab.labels import STANDIN_LABEL
from dockerlab.messages import text
from dockerlab.packs.bundle import ENDING, write_bundle
from dockerlab.packs.layout import (
    INDEX_FILE,
    LAYOUT,
    LAYOUT_FILE,
    Descriptor,
    Index,
    Pack,
    PackedImage,
    Variant,
    encode,
    named,
    read_pack,
)
from dockerlab.packs.problems import PackDamaged, PackMissing, PackProblem
from dockerlab.packs.saved import take_apart

if TYPE_CHECKING:
    import docker


def create_pack(
    client: docker.DockerClient,
    path: Path,
    images: Sequence[str],
    *,
    platforms: Sequence[str] = (),
    pull: bool = False,
    say: Callable[[str], object] = str,
    progress: Callable[[int], object] = int,
) -> Pack:
    """Write the `images` (whole names) to `path`: a folder, or one file if it ends in `.tar.zst`.

    An image that the engine has is taken as it is; with `pull`, or with `platforms` such as
    `linux/arm64`, each is asked of its registry. What was pulled for the pack only is removed from
    the engine again, and a name that moved goes back to the image that it had. What an interrupted
    run had finished is kept beside `path` and not fetched again.

    Raises:
        PackProblem: with the sentence that says what to do.

    """
    if path.exists():
        raise PackProblem("pack.exists", path=path)
    draft = path.with_name(f".{path.name}.draft")
    with _only_one(draft, path), unhurried(client):
        kept = _kept(draft)
        entries = {image.name: image.entry for image in kept.values()}
        wanted = sorted(set(images))
        for image in wanted:
            variants = _still_wanted(kept.get(image), platforms, client)
            if variants:
                say(text("pack.kept_from_before", name=image))
            for platform in platforms or ("",):
                if platform not in variants:
                    variants[platform] = _fetch(client, draft, image, platform, pull, say, progress)
                    entries[image] = named(image, variants.values(), draft)
                    _write_index(draft, entries.values())
            entries[image] = named(image, variants.values(), draft)
        _write_index(draft, [entries[image] for image in wanted])
        pack = _without_the_rest(draft)
        if not path.name.endswith(ENDING):
            draft.rename(path)
            return Pack(path, pack.images)
        say(text("pack.compressing", path=path))
        write_bundle(pack, path, progress=progress)
        shutil.rmtree(draft)
    return Pack(path, pack.images)


def _still_wanted(
    image: PackedImage | None, platforms: Sequence[str], client: docker.DockerClient
) -> dict[str, Variant]:
    """Return what an interrupted run has of an image, by the platforms that are wanted now.

    Without any the engine's own is meant, which is called "".
    """
    if image is None:
        return {}
    own = client.version()
    names = {name: name for name in platforms} or {"": f"{own['Os']}/{own['Arch']}"}
    return {
        name: variant
        for name, platform in names.items()
        for variant in image.variants
        if variant.platform.suits(platform)
    }


def _fetch(
    client: docker.DockerClient,
    draft: Path,
    image: str,
    platform: str,
    pull: bool,
    say: Callable[[str], object],
    progress: Callable[[int], object],
) -> Variant:
    with _at_hand(client, image, platform=platform, pull=pull, say=say) as image_id:
        if STANDIN_LABEL in client.images.get(image_id).labels:
            raise PackProblem("pack.stand_in", name=image)
        say(text("pack.saving", name=image))
        variant = take_apart(client.api.get_image(image_id), draft, name=image, progress=progress)
    if platform and not variant.platform.suits(platform):
        raise PackProblem(
            "pack.other_platform", name=image, platform=platform, found=variant.platform
        )
    return variant


@contextmanager
def _at_hand(
    client: docker.DockerClient,
    image: str,
    *,
    platform: str,
    pull: bool,
    say: Callable[[str], object],
) -> Iterator[str]:
    """Give the ID of the image, pulled if need be, and leave the engine's names as they were."""
    before = image_id(client, image)
    if before and not pull and not platform:
        yield before
        return
    known = {str(each["Id"]) for each in client.api.images(all=True)}
    say(text("pack.pulling", name=image, platform=platform))
    _pull(client, image, platform)
    pulled = image_id(client, image)
    if pulled is None:
        raise PackProblem("pack.not_pulled", name=image, reason="")
    try:
        yield pulled
    finally:
        _put_back(client, image, before=before, pulled=pulled, is_new=pulled not in known)


def _put_back(
    client: docker.DockerClient, image: str, *, before: str | None, pulled: str, is_new: bool
) -> None:
    from docker.errors import APIError  # noqa: PLC0415

    if before == pulled:
        return
    with suppress(APIError):  # a container made meanwhile may hold it: then it simply stays
        if before is None:
            client.api.remove_image(image)
            return
        repository, _, tag = image.rpartition(":")
        client.api.tag(before, repository, tag)
        if is_new and not client.images.get(pulled).tags:
            client.api.remove_image(pulled)


def _pull(client: docker.DockerClient, image: str, platform: str) -> None:
    from docker.errors import APIError  # noqa: PLC0415

    repository, _, tag = image.rpartition(":")
    try:
        for step in client.api.pull(
            repository, tag=tag, platform=platform or None, stream=True, decode=True
        ):
            if "error" in step:
                raise PackProblem("pack.not_pulled", name=image, reason=step["error"])
    except APIError as error:
        reason = error.explanation or str(error)
        raise PackProblem("pack.not_pulled", name=image, reason=reason) from error


def image_id(client: docker.DockerClient, name: str) -> str | None:
    """Return the ID of the engine's image of this name, None if it has none.

    Raises:
        PackProblem: the engine refuses to say.

    """
    from docker.errors import APIError, ImageNotFound  # noqa: PLC0415

    api: Any = client.api  # its stub leaves these untyped
    try:
        return str(api.inspect_image(name)["Id"])
    except ImageNotFound:
        return None
    except APIError as error:
        reason = error.explanation or str(error)
        raise PackProblem("pack.not_pulled", name=name, reason=reason) from error


def _kept(draft: Path) -> dict[str, PackedImage]:
    """Return what an interrupted run left, if it left anything that can be used."""
    (draft / "blobs" / "sha256").mkdir(parents=True, exist_ok=True)
    (draft / LAYOUT_FILE).write_bytes(LAYOUT)
    try:
        return {image.name: image for image in read_pack(draft).images}
    except (PackMissing, PackDamaged):
        return {}


def _write_index(draft: Path, entries: Iterable[Descriptor]) -> None:
    ordered = sorted(entries, key=lambda entry: sorted(entry.annotations.items()))
    part = draft / f"{INDEX_FILE}.part"
    part.write_bytes(encode(Index(tuple(ordered))))
    part.replace(draft / INDEX_FILE)


def _without_the_rest(draft: Path) -> Pack:
    """Remove what no image of the pack needs: left by a run that was interrupted."""
    pack = read_pack(draft)
    needed = {digest.removeprefix("sha256:") for digest in pack.blobs()}
    for file in (draft / "blobs" / "sha256").iterdir():
        if file.name not in needed:
            file.unlink()
    for folder in draft.glob("ingest-*"):
        shutil.rmtree(folder)
    return pack


@contextmanager
def _only_one(draft: Path, path: Path) -> Iterator[None]:
    """Hold the draft, so that two runs do not write the same pack at once."""
    draft.mkdir(parents=True, exist_ok=True)
    handle = os.open(draft, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise PackProblem("pack.busy", path=path) from error
    finally:
        os.close(handle)


@contextmanager
def unhurried(client: docker.DockerClient) -> Iterator[None]:
    """Wait as long as it takes: an engine may prepare a large archive before it sends a byte."""
    api: Any = client.api  # its stub does not know that None means for ever
    usual = api.timeout
    api.timeout = None
    try:
        yield
    finally:
        api.timeout = usual
