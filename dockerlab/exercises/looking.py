"""What exercises see of an engine, as data that compares equal while nothing changes."""

from __future__ import annotations

import json
import tarfile
import tempfile
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import IO, TYPE_CHECKING, Any

from dockerlab.names import familiar_name

if TYPE_CHECKING:
    import docker

_SMALL = 10_000
"""Bytes that are read of a file in a layer, at most."""


@dataclass(frozen=True)
class ContainerSeen:
    """A container, without anything that changes by itself."""

    id: str
    name: str
    image: str
    """The name it was made from, as it was typed."""
    image_id: str
    status: str
    """`created`, `running`, `exited` …"""
    exit_code: int
    command: tuple[str, ...]
    """What follows the image's name in `docker run`, or the image's own command."""
    started: str
    """When it was started last, in the engine's words; a second start makes another of it."""
    created: str = ""
    """When it was made, in the engine's words (RFC 3339, so later ones sort later)."""


def see_container(client: docker.DockerClient, name: str) -> ContainerSeen | None:
    """Return the container of this name or ID, or None if there is none."""
    from docker.errors import NotFound  # noqa: PLC0415

    try:
        found: dict[str, Any] = client.api.inspect_container(name)
    except NotFound:
        return None
    state, config = found["State"], found["Config"]
    return ContainerSeen(
        id=found["Id"],
        name=found["Name"].removeprefix("/"),
        image=config["Image"],
        image_id=found["Image"],
        # Podman says "stopped" between the process's end and its own clearing away.
        status="exited" if state["Status"] == "stopped" else state["Status"],
        exit_code=state["ExitCode"],
        command=tuple(config.get("Cmd") or ()),
        started=state.get("StartedAt", ""),
        created=found.get("Created", ""),
    )


def see_containers(
    client: docker.DockerClient, *, image: str | None = None, name: str | None = None
) -> tuple[ContainerSeen, ...]:
    """Return the containers, ended ones included: made from `image`, with `name` in their names."""
    # By its whole ID, without "sha256:": an older Podman knows an ancestor by nothing shorter.
    ancestor = image and (see_image(client, image) or image).removeprefix("sha256:")
    filters = {key: value for key, value in (("ancestor", ancestor), ("name", name)) if value}
    listed = client.api.containers(all=True, filters=filters)
    seen = (see_container(client, entry["Id"]) for entry in listed)
    return tuple(sorted((each for each in seen if each), key=lambda each: each.id))


def see_image(client: docker.DockerClient, name: str) -> str | None:
    """Return the ID of the image that a name means, or None if it means none."""
    from docker.errors import APIError  # noqa: PLC0415

    api: Any = client.api
    try:
        return str(api.inspect_image(name)["Id"])
    except APIError as error:  # Docker answers 404, or 400 where the name cannot be one
        if error.response is not None and error.response.status_code in (400, 404):
            return None
        raise


def see_digests(client: docker.DockerClient, name: str) -> tuple[str, ...]:
    """Return the digests by which registries know an image (`nginx@sha256:…`); none if unknown."""
    if see_image(client, name) is None:
        return ()
    return tuple(sorted(client.images.get(name).attrs.get("RepoDigests") or ()))


def see_names(client: docker.DockerClient, repository: str) -> dict[str, str]:
    """Return the image names of one repository (`lab04-hello`, `lab04-*`), each with its ID."""
    found: dict[str, str] = {}
    for image in client.api.images():
        for tag in image.get("RepoTags") or []:
            name = familiar_name(tag).removeprefix("localhost/")  # Podman's, for one's own
            if fnmatchcase(name.rpartition(":")[0], repository):
                found[name] = image["Id"]
    return found


@lru_cache(maxsize=16)
def read_in_layers(client: docker.DockerClient, image_id: str, path: str) -> tuple[str, ...]:
    """Return what each layer of an image has in the file `path`, the lowest layer first.

    A file that a later layer deletes is still found in the earlier one. The whole image is read
    (`docker save`) once; an ID always means the same image. Small text files only.
    """
    found = []
    with tempfile.TemporaryFile() as saved:
        for chunk in client.images.get(image_id).save():
            saved.write(chunk)
        saved.seek(0)
        with tarfile.open(fileobj=saved) as archive:
            manifest = archive.extractfile("manifest.json")
            assert manifest is not None, "docker save always writes one"
            for name in json.load(manifest)[0]["Layers"]:
                found += _in_layer(archive.extractfile(name), path)
    return tuple(found)


def _in_layer(layer: IO[bytes] | None, path: str) -> list[str]:
    with tarfile.open(fileobj=layer) as entries:  # compressed or not: tarfile sees for itself
        for entry in entries:
            file = entries.extractfile(entry) if entry.name.lstrip("./") == path else None
            if file is not None:
                return [file.read(_SMALL).decode(errors="replace")]
    return []
