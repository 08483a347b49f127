"""Pictures of what is on the connected engine, by the names a learner types."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dockerlab.graph import Drawing, Process, draw_containers, draw_sharing
from dockerlab.layers import Image, read_all_images, read_image, read_images, share
from dockerlab.notebook.lesson import learner_client
from dockerlab.notebook.removal import plan_removal, related

if TYPE_CHECKING:
    import docker

MOST_CONTAINERS = 6
"""How many containers a picture shows: the newest ones of an image that has more."""


def show_layers(
    *names: str, removing: str | Sequence[str] = (), client: docker.DockerClient | None = None
) -> Drawing:
    """Draw the layers of the images `names`, each layer once, and who shares it.

    Without names: of all images that have a tag; with `removing`: of what shares layers with it.
    `removing` asks what `docker rmi` of these would free, and marks the layers that would go. All
    images of the engine are counted for that, drawn or not. Nothing is removed.

    Raises:
        ImageMissing: the engine has no image of one of these names.

    """
    engine = client or learner_client()
    if not removing:
        return draw_sharing(share(read_images(engine, names or _all_tags(engine))))
    wanted = [removing] if isinstance(removing, str) else list(removing)
    everything = share({image.id: image for image in _all_images(engine, wanted)}.values())
    removal = plan_removal(engine, wanted, everything)
    shown = read_images(engine, [*names, *wanted]) if names else related(everything, removal)
    return draw_sharing(share(shown), removal=removal)


def _all_images(client: docker.DockerClient, wanted: Sequence[str]) -> list[Image]:
    return [*read_images(client, wanted), *read_all_images(client)]


def _all_tags(client: docker.DockerClient) -> list[str]:
    return sorted(tag for image in client.images.list() for tag in image.tags)


def show_containers(image: str, *, client: docker.DockerClient | None = None) -> Drawing:
    """Draw `image` and the containers that were made from it, oldest first.

    Raises:
        ImageMissing: the engine has no image of this name.

    """
    engine = client or learner_client()
    api: Any = engine.api
    found = read_image(engine, image)
    # By its whole ID, without "sha256:": an older Podman knows an ancestor by nothing shorter.
    ancestor = {"ancestor": found.id.removeprefix("sha256:")}
    newest_first = api.containers(all=True, filters=ancestor)[:MOST_CONTAINERS]
    made = [_process(api.inspect_container(entry["Id"])) for entry in reversed(newest_first)]
    return draw_containers(found, made)


def _process(inspected: dict[str, Any]) -> Process:
    state = inspected["State"]
    has_ended = state.get("Status") in {"exited", "dead", "stopped"}
    return Process(
        id=inspected["Id"],
        exit_code=state.get("ExitCode") if has_ended else None,
        is_running=bool(state.get("Running")),
    )
