"""Read images from an engine into this package's types: the one place that knows the wire."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from dockerlab.layers.history import HistoryLine, match_layers
from dockerlab.layers.image import DiffID, Image, ImageID, Layer, chain_ids
from dockerlab.layers.problems import ImageMissing
from dockerlab.names import familiar_name

if TYPE_CHECKING:
    import docker

_AT_A_TIME = 4


def read_image(client: docker.DockerClient, name: str) -> Image:
    """Return the image `name` (a tag, digest or ID) of the connected engine.

    Raises:
        ImageMissing: the engine has no such image.

    """
    from docker.errors import ImageNotFound  # noqa: PLC0415

    api: Any = client.api  # its stub leaves these untyped
    try:
        inspected = api.inspect_image(name)
        history = api.history(inspected["Id"])
    except ImageNotFound as error:
        raise ImageMissing(name=name) from error
    return parse_image(inspected, history)


def read_images(client: docker.DockerClient, names: Iterable[str]) -> tuple[Image, ...]:
    """Return the images of these names, each image once, in the order of the names."""
    found = {image.id: image for image in (read_image(client, name) for name in names)}
    return tuple(found.values())


def read_all_images(client: docker.DockerClient) -> tuple[Image, ...]:
    """Return every image of the connected engine, without the unnamed stages of a build.

    Several are asked for at a time: three hundred images are six hundred questions. An image that
    is removed meanwhile is left out.
    """
    api: Any = client.api
    ids = dict.fromkeys(str(each["Id"]) for each in api.images())

    def read(image_id: str) -> Image | None:
        try:
            return read_image(client, image_id)
        except ImageMissing:
            return None

    with ThreadPoolExecutor(_AT_A_TIME) as threads:
        return tuple(image for image in threads.map(read, ids) if image)


def parse_image(inspected: Mapping[str, Any], history: Sequence[Mapping[str, Any]]) -> Image:
    """Turn the answers of `/images/{name}/json` and `/images/{name}/history` into an `Image`."""
    diff_ids = [DiffID(each) for each in (inspected.get("RootFS") or {}).get("Layers") or []]
    lines = [
        HistoryLine(created_by=line.get("CreatedBy") or "", size=line.get("Size") or 0)
        for line in reversed(history)
    ]
    return Image(
        id=ImageID(inspected["Id"]),
        tags=tuple(familiar_name(tag) for tag in inspected.get("RepoTags") or []),
        digests=tuple(familiar_name(each) for each in inspected.get("RepoDigests") or []),
        size=inspected.get("Size") or 0,
        layers=_layers(diff_ids, lines, total=inspected.get("Size") or 0),
    )


def _layers(
    diff_ids: Sequence[DiffID], lines: Sequence[HistoryLine], *, total: int
) -> tuple[Layer, ...]:
    chain = chain_ids(diff_ids)
    layers = []
    for index, line in enumerate(match_layers(lines, len(diff_ids))):
        alone = total if len(diff_ids) == 1 else None
        layers.append(
            Layer(
                diff_id=diff_ids[index],
                chain_id=chain[index],
                parent=chain[index - 1] if index else None,
                size=line.size if line else alone,
                created_by=line.command if line else "",
            )
        )
    return tuple(layers)
