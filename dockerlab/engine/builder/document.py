"""The config of an image that a build's step or a commit makes, as Docker writes it.

Beside what the image specification asks for it holds the configuration of the container that the
step ran in (``container_config``): the build cache compares it.
"""

from typing import Any

import msgspec

from dockerlab.engine import platform as platforms
from dockerlab.engine.containers.config import ContainerConfig
from dockerlab.engine.oci import DiffID, History, ImageConfig, RootFS, encode
from dockerlab.engine.timestamp import format_rfc3339

_WHEN_SET = (
    "ExposedPorts", "Healthcheck", "ArgsEscaped", "NetworkDisabled", "MacAddress", "StopSignal",
    "StopTimeout", "Shell",
)  # fmt: skip


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What made an image: ``container`` is the ID of the container that ran, if any did."""

    config: ContainerConfig
    container_config: ContainerConfig
    container: str = ""
    author: str = ""
    message: str = ""
    created: int


def image_document(parent: ImageConfig | None, step: Step, diff_id: DiffID | None) -> bytes:
    """The config of a child of ``parent``, with one more layer if there is a ``diff_id``."""
    below = parent or ImageConfig(rootfs=RootFS())
    host = platforms.host()
    created = format_rfc3339(step.created)
    history = History(
        created=created,
        created_by=" ".join(step.container_config.cmd or ()),
        author=step.author,
        comment=step.message,
        empty_layer=diff_id is None,
    )
    diff_ids = (*below.rootfs.diff_ids, *((diff_id,) if diff_id else ()))
    document: dict[str, Any] = {
        "architecture": below.architecture or host.architecture,
        "author": step.author,
        "comment": step.message,
        "config": as_docker_writes(step.config),
        "container": step.container,
        "container_config": as_docker_writes(step.container_config),
        "created": created,
        "history": [*below.history, history],
        "os": below.os or "linux",
        "os.version": below.os_version,
        "rootfs": RootFS(diff_ids=diff_ids),
        "variant": below.variant,
    }
    return encode({key: value for key, value in document.items() if value})


def as_docker_writes(config: ContainerConfig) -> dict[str, Any]:
    """A configuration as a JSON object, without what Docker leaves out."""
    found: dict[str, Any] = msgspec.to_builtins(config)
    return {key: value for key, value in found.items() if value or key not in _WHEN_SET}
